"""A small rasteriser in numpy: which triangle shows at each pixel, how deep it lies and where on it we are."""

from dataclasses import dataclass

import numpy as np

from flows.media.rig import Floats, Ints, turn_x, turn_y


@dataclass(frozen=True, slots=True)
class View:
    """A camera with a little perspective, looking at a frame of so many pixels."""

    turn: Floats
    centre: tuple[float, float]
    scale: float
    width: int
    height: int
    depth: float = 0.06

    def project(self, points: Floats) -> Floats:
        """Returns pixel x, pixel y (down) and depth in metres (farther is larger) of points in space."""
        seen = (points - (0.0, 0.4, 0.0)) @ self.turn.T
        nearer = self.scale / (1 - self.depth * seen[..., 2])
        x = self.width / 2 + seen[..., 0] * nearer - self.centre[0] * self.scale
        y = self.height / 2 - seen[..., 1] * nearer - self.centre[1] * self.scale
        return np.stack([x, y, -seen[..., 2]], -1)


def camera_turn(yaw: float, pitch: float) -> Floats:
    """Returns the turn from space to camera: right, up, towards the viewer."""
    return turn_x(pitch) @ turn_y(-yaw)


@dataclass(frozen=True, slots=True)
class Hits:
    """The pixels where something shows: their numbers, how deep it lies and which triangle it is."""

    pixel: Ints
    depth: Floats
    face: Ints


def rasterise(points: Floats, faces: Ints, width: int, height: int, *, both_sides: bool = False) -> Hits:
    """Returns the nearest triangle at every pixel; those that face away are left out unless asked for.

    A triangle is cut into rows, so that only the pixels it covers are looked at.
    """
    corners = points[faces]
    area = _cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    low = np.ceil(corners[:, :, :2].min(1)).clip(0, None)
    high = np.minimum(np.floor(corners[:, :, :2].max(1)), (width - 1, height - 1))
    seen = (np.abs(area) > 1e-9) if both_sides else (area < -1e-9)
    chosen = np.flatnonzero(seen & (high >= low).all(1))
    first, rows = low[chosen, 1].astype(np.int64), (high[chosen, 1] - low[chosen, 1] + 1).astype(np.int64)
    face, y = np.repeat(chosen, rows), np.repeat(first, rows) + _counted(rows)
    start, end = _spans(corners, np.sign(area), face, y, width)
    length = (end - start + 1).clip(0, None)
    face, y, x = np.repeat(face, length), np.repeat(y, length), np.repeat(start, length) + _counted(length)
    pixel, depth = y * width + x, _depth(corners, area, face, x, y)
    nearest = np.full(width * height, np.inf)
    np.minimum.at(nearest, pixel, depth)
    front = np.flatnonzero(depth == nearest[pixel])
    owner = np.full(width * height, -1)
    owner[pixel[front]] = face[front]
    shown = np.flatnonzero(owner >= 0)
    return Hits(shown, nearest[shown], owner[shown])


def _cross(one: Floats, two: Floats) -> Floats:
    return np.asarray(one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0])


def _counted(lengths: Ints) -> Ints:
    """Returns 0, 1, 2 ... anew for every length."""
    return np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)


def _spans(corners: Floats, sign: Floats, face: Ints, y: Ints, width: int) -> tuple[Ints, Ints]:
    """Returns the first and last pixel of each row of a triangle, between its three edges."""
    start = np.ceil(corners[:, :, 0].min(1)).clip(0, None)[face]
    end = np.minimum(np.floor(corners[:, :, 0].max(1)), width - 1)[face]
    for k in range(3):
        one, two = corners[:, k], corners[:, (k + 1) % 3]
        step = ((one[:, 1] - two[:, 1]) * sign)[face]  # how fast the inside grows along the row
        rest = (((two[:, 0] - one[:, 0]) * sign)[face]) * (y - one[face, 1])
        with np.errstate(divide="ignore", invalid="ignore"):
            at = one[face, 0] - rest / step
        start = np.where(step > 0, np.maximum(start, np.ceil(at - 1e-6)), start)
        end = np.where(step < 0, np.minimum(end, np.floor(at + 1e-6)), end)
        end = np.where((step == 0) & (rest < 0), start - 1, end)
    return start.astype(np.int64), end.astype(np.int64)


def _depth(corners: Floats, area: Floats, face: Ints, x: Ints, y: Ints) -> Floats:
    """Returns the depth at pixels of triangles; it changes evenly along the picture."""
    one, two, third = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        right = (two[:, 2] * third[:, 1] - third[:, 2] * two[:, 1]) / area
        down = (third[:, 2] * two[:, 0] - two[:, 2] * third[:, 0]) / area
    base = one[:, 2] - right * one[:, 0] - down * one[:, 1]
    return np.asarray(base[face] + right[face] * x + down[face] * y)


def corner_weights(corners: Floats, pixel: Ints, width: int) -> Floats:
    """Returns how much of each corner of its triangle (pixels x, y) a pixel shows."""
    first = corners[:, 0, :2]
    second, third = corners[:, 1, :2] - first, corners[:, 2, :2] - first
    inside = np.stack([pixel % width, pixel // width], 1) - first
    area = _cross(second, third)
    one, two = _cross(inside, third) / area, _cross(second, inside) / area
    return np.stack([1 - one - two, one, two], 1)
