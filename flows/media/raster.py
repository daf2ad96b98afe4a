"""A small rasteriser in numpy: which triangle shows at each pixel, how deep it lies and where on it we are."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flows.media.rig import Floats, Ints, turn_x, turn_y

CHUNK = 3_000_000  # pixels looked at in one go, which bounds the memory


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
    """The pixels where something shows: their numbers, depth, triangle and the weights of its corners."""

    pixel: Ints
    depth: Floats
    face: Ints
    corner: Floats


def rasterise(points: Floats, faces: Ints, width: int, height: int, *, both_sides: bool = False) -> Hits:
    """Returns the nearest triangle at every pixel; those that face away are left out unless asked for."""
    corners = points[faces]
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    limits = np.array([width - 1, height - 1])
    low = np.ceil(corners[:, :, :2].min(1)).clip(0, None).astype(np.int64)
    high = np.minimum(np.floor(corners[:, :, :2].max(1)), limits).astype(np.int64)
    seen = (np.abs(area) > 1e-9) if both_sides else (area < -1e-9)
    seen &= (high >= low).all(1)
    faces_seen = np.flatnonzero(seen)
    spans = (high - low + 1)[faces_seen]
    sizes = spans.prod(1)
    chunks: list[tuple[NDArray[Any], ...]] = []
    start, ends = 0, np.cumsum(sizes)
    while start < len(faces_seen):
        done = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, done + CHUNK)))
        chosen = slice(start, stop)
        face = np.repeat(faces_seen[chosen], sizes[chosen])
        first = np.repeat(ends[chosen] - sizes[chosen], sizes[chosen])
        step = np.arange(done, done + len(face)) - first
        wide = np.repeat(spans[chosen, 0], sizes[chosen])
        x, y = low[face, 0] + step % wide, low[face, 1] + step // wide
        chunks.append(_inside(a, b, c, area, face, x, y, width))
        start = stop
    if not chunks:
        return Hits(np.empty(0, np.int64), np.empty(0), np.empty(0, np.int64), np.empty((0, 3)))
    pixel, depth, face, second, third = (np.concatenate(parts) for parts in zip(*chunks, strict=True))
    order = np.lexsort((face, depth, pixel))
    nearest = order[np.flatnonzero(np.diff(pixel[order], prepend=-1))]
    second, third = second[nearest], third[nearest]
    return Hits(pixel[nearest], depth[nearest], face[nearest], np.stack([1 - second - third, second, third], 1))


def _inside(
    a: Floats, b: Floats, c: Floats, area: Floats, face: Ints, x: Ints, y: Ints, width: int
) -> tuple[NDArray[Any], ...]:
    """Returns the candidates that lie in their triangle: pixel, depth, triangle, weights of the corners b and c."""
    inverse = 1 / area[face]
    ax, ay = a[face, 0], a[face, 1]
    dx, dy = x - ax, y - ay
    second = (dx * (c[face, 1] - ay) - dy * (c[face, 0] - ax)) * inverse
    third = ((b[face, 0] - ax) * dy - (b[face, 1] - ay) * dx) * inverse
    inside = (second >= -1e-6) & (third >= -1e-6) & (second + third <= 1 + 1e-6)
    face, second, third = face[inside], second[inside], third[inside]
    depth = a[face, 2] * (1 - second - third) + b[face, 2] * second + c[face, 2] * third
    return y[inside] * width + x[inside], depth, face, second, third
