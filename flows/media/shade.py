"""From posed skin and things to a picture: light, shadow, mist on far limbs, outlines and glowing muscles."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from flows.media.paint import CODE, TABLE, cloth, glow, rgb, rise
from flows.media.raster import Hits, View, corner_weights, rasterise
from flows.media.rig import Body, Floats, Ints, unit

Mask = NDArray[np.bool_]
Pixels = NDArray[np.float32]
LIGHT = unit((-0.45, 0.85, 0.55))  # in the camera's space: from the upper left, towards the viewer
DARK, LIT = np.array([0.60, 0.62, 0.74]), np.array([1.05, 1.04, 1.02])
NOTHING = -2  # the code of a pixel that shows the floor or the air


@dataclass(frozen=True, slots=True, eq=False)
class Solid:
    """A thing of one colour beside the figure."""

    points: Floats
    faces: Ints
    colour: str
    casts: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """What stands in front of the camera: a body, where its skin lies, the things around it and what works."""

    body: Body
    points: Floats
    solids: Sequence[Solid] = ()
    muscles: Sequence[str] = ()
    mirrored: Floats | None = None  # the skin's points behind a mirror's glass


@dataclass(frozen=True, slots=True)
class Style:
    """How to draw: the colours by code, whether the floor has a shadow, how misty far limbs are."""

    table: Floats
    shadow: bool = True
    mist: float = 0.16


COLOURED = Style(TABLE)


@dataclass(frozen=True, slots=True, eq=False)
class _Surface:
    """What each hit pixel shows."""

    hits: Hits
    skin: Mask
    code: Ints
    working: Floats
    face: Mask
    hand: Mask
    colour: Floats


def draw(model: Model, view: View, style: Style = COLOURED, *, fine: int = 2) -> Image.Image:
    """Returns the picture of a view that is `fine` times larger than the picture on each side."""
    canvas: Pixels = np.empty((view.height, view.width, 3), np.float32)
    canvas[:] = rgb("background")
    surface = _surface(model, view, style)
    if model.mirrored is not None:
        _reflect(model, view, style, surface)
    left, top, right, bottom = _crop(model, view, surface, fine)
    size = (bottom - top, right - left)
    x, y = surface.hits.pixel % view.width - left, surface.hits.pixel // view.width - top
    at = y * size[1] + x

    def spread(values: NDArray[Any], rest: float) -> Pixels:
        field = np.full(size[0] * size[1], rest, np.float32)
        field[at] = values
        return field.reshape(size)

    far = float(surface.hits.depth.max(initial=0))
    depth, skin = spread(surface.hits.depth, far + 1), spread(surface.skin, 0) > 0
    code, face = spread(surface.code, NOTHING).astype(np.int16), spread(surface.face, 0) > 0
    colour = surface.colour * (1 - _hollow(depth, far, fine).ravel()[at][:, None] * np.array([1.0, 0.95, 0.8]))
    colour = _mist(colour, surface, style.mist)
    patch = np.ascontiguousarray(canvas[top:bottom, left:right])
    patch.reshape(-1, 3)[at] = colour
    if style.shadow:
        on_floor = (code == NOTHING) | (code == CODE["mat"])
        shade = _shadow(model, view, (left, top, right, bottom), fine) * on_floor
        patch *= 1 - 0.30 * shade[..., None] * np.array([1, 0.93, 0.82], np.float32)
    _contour(patch, spread(surface.working > 0.38, 0) > 0, skin, depth, fine)
    gap = np.where(face, 0.09, np.where(spread(surface.hand, 0) > 0, 0.03, 0.02))
    _ink(patch, np.maximum(_edges(depth, gap, code, skin, fine), _seams(code, skin, face, fine)), rgb("line"))
    canvas[top:bottom, left:right] = patch
    picture = Image.fromarray((np.clip(canvas, 0, 1) * 255 + 0.5).astype(np.uint8))
    if fine == 1:
        return picture
    return picture.resize((view.width // fine, view.height // fine), Image.Resampling.LANCZOS)


def _surface(model: Model, view: View, style: Style) -> _Surface:
    """Returns what shows at each pixel, lit."""
    body, skin_faces = model.body, len(model.body.faces)
    points, faces = [model.points], [model.body.faces]
    codes = [np.full(skin_faces, -1)]
    for solid in model.solids:
        faces.append(solid.faces + sum(map(len, points)))
        points.append(solid.points)
        codes.append(np.full(len(solid.faces), CODE[solid.colour]))
    at, face, code_of = np.concatenate(points), np.concatenate(faces), np.concatenate(codes)
    seen = view.project(at)
    hits = rasterise(seen, face, view.width, view.height)
    code = code_of[hits.face]
    skin = code < 0
    # A thing has one colour a face; only skin is looked at pixel by pixel.
    plain = _light(style.table[code_of], np.zeros(len(face)), _flat_normals(at, face) @ view.turn.T, rim=0)
    colour = plain[hits.face]
    corners = body.faces[hits.face[skin]]
    weights = corner_weights(seen[corners], hits.pixel[skin], view.width)[:, :, None]
    normal = (weights * _smooth_normals(model.points, body.faces)[corners]).sum(1)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-12
    paint, region = (weights * body.paint[corners]).sum(1), (weights * body.region[corners]).sum(1)
    code[skin] = cloth(paint, region)
    working, face_mask, hand_mask = np.zeros(len(code)), np.zeros(len(code), bool), np.zeros(len(code), bool)
    working[skin] = glow(paint, region, model.muscles)
    face_mask[skin] = (region[:, 1] > 0.6) & (paint[:, 2] > 0.035)
    hand_mask[skin] = region[:, 2] > 0.5
    colour[skin] = _light(style.table[code[skin]], working[skin], normal @ view.turn.T, rim=0.12)
    return _Surface(hits, skin, code, working, face_mask, hand_mask, colour)


def _light(base: Floats, working: Floats, normal: Floats, *, rim: float) -> Floats:
    """Returns the lit colours: half soft shade, half the step of a drawing, and a rim of light from above."""
    red = 0.82 * working[:, None]
    base = base * (1 - red) + rgb("muscle") * red
    facing = normal @ LIGHT
    light = (0.68 * rise(-0.35, 0.75, facing) + 0.32 * rise(-0.05, 0.25, facing + 0.05))[:, None]
    tint = DARK * (1 - light) + LIT * light
    tint = np.maximum(tint, tint + (np.array([0.92, 0.9, 0.9]) - tint) * (0.6 * working[:, None]))
    edge = rise(0.62, 0.95, 1 - np.clip(normal[:, 2], 0, 1)) * np.clip(normal[:, 1] * 0.6 + 0.4, 0, 1)
    return np.asarray(base * tint + rim * edge[:, None])


def _reflect(model: Model, view: View, style: Style, surface: _Surface) -> None:
    """Paints the figure's image into the mirror's glass."""
    assert model.mirrored is not None
    inside_out = replace(model.body, faces=model.body.faces[:, ::-1])  # a reflection turns left into right
    image = _surface(Model(inside_out, model.mirrored, (), model.muscles), view, style)
    glass = np.flatnonzero(surface.code == CODE["mirror"])
    where = np.full(view.width * view.height, -1)
    where[image.hits.pixel] = np.arange(len(image.hits.pixel))
    seen = where[surface.hits.pixel[glass]]
    shown = seen >= 0
    surface.colour[glass[shown]] = 0.78 * image.colour[seen[shown]] + 0.22 * surface.colour[glass[shown]]


def _crop(model: Model, view: View, surface: _Surface, fine: int) -> tuple[int, int, int, int]:
    """Returns the part of the frame in which anything happens: left, top, right, bottom."""
    x, y = surface.hits.pixel % view.width, surface.hits.pixel // view.width
    shade = view.project(_on_floor(model.points, view))
    pad = 24 * fine
    low = np.array(
        [min(x.min(initial=view.width), shade[:, 0].min()), min(y.min(initial=view.height), shade[:, 1].min())]
    )
    high = np.array([max(x.max(initial=0), shade[:, 0].max()), max(y.max(initial=0), shade[:, 1].max())])
    left, top = np.clip(low - pad, 0, None).astype(int) // fine * fine
    right, bottom = np.minimum((high + pad).astype(int) // fine * fine, (view.width, view.height))
    return int(left), int(top), int(max(right, left + fine)), int(max(bottom, top + fine))


def _mist(colour: Floats, surface: _Surface, mist: float) -> Floats:
    """Returns the colours with a veil over what lies far behind, which parts limbs of one colour."""
    depth = surface.hits.depth
    if not surface.skin.any():
        return colour
    near, far = np.percentile(depth[surface.skin], (2, 98))
    veil = (np.clip((depth - near) / max(0.35, far - near), 0, 1) * mist * surface.skin)[:, None]
    return np.asarray(colour * (1 - veil) + rgb("background") * veil)


def _hollow(depth: Pixels, far: float, fine: int) -> Floats:
    """Returns how much darker a pixel is because things around it lie nearer."""
    coarse = np.minimum(depth[::fine, ::fine], far + 0.15).astype(np.float64)
    dark = np.zeros_like(coarse)
    for radius, strength in ((4, 2.0), (12, 0.9)):
        dark += np.clip(coarse - _blur(coarse, radius), 0, 0.12) * strength
    return _enlarge(np.clip(dark - 0.015, 0, 0.34), fine, depth.shape)


def _shadow(model: Model, view: View, box: tuple[int, int, int, int], fine: int) -> Floats:
    """Returns the soft shadow that body and things throw on the floor, 0 to 1."""
    left, top, right, bottom = box
    casters = [(model.points, model.body.faces)] + [(s.points, s.faces) for s in model.solids if s.casts]
    step = 2 * fine
    size = (-(-(bottom - top) // step), -(-(right - left) // step))
    dark = np.zeros(size[0] * size[1])
    for points, faces in casters:
        flat = view.project(_on_floor(points, view)) - (left, top, 0)
        flat[:, :2] /= step
        dark[rasterise(flat, faces, size[1], size[0], both_sides=True).pixel] = 1
    dark = dark.reshape(size)
    dark = 0.55 * _blur(dark, 3) + 0.45 * _blur(dark, 7)
    return _enlarge(dark, step, (bottom - top, right - left))


def _on_floor(points: Floats, view: View) -> Floats:
    light = view.turn.T @ LIGHT
    light = unit((light[0] * 0.35, 1.0, light[2] * 0.35))
    result = points - light * (points[:, 1:2] / light[1])
    result[:, 1] = 0
    return np.asarray(result)


def _contour(patch: Pixels, working: Mask, skin: Mask, depth: Pixels, fine: int) -> None:
    """Draws a white line around working muscles, for those who cannot tell the red."""
    line = np.zeros(working.shape, bool)
    for shift in ((0, 1), (1, 0)):
        beside = np.roll(skin, shift, (0, 1)) & (np.abs(depth - np.roll(depth, shift, (0, 1))) < 0.01)
        line |= (working != np.roll(working, shift, (0, 1))) & skin & beside
    _ink(patch, rise(0.08, 0.28, _soft(line, fine * 0.8)) * 0.75, np.ones(3))


def _edges(depth: Pixels, gap: Floats, code: NDArray[np.int16], skin: Mask, fine: int) -> Floats:
    """Returns lines, 0 to 1, where something ends in front of a gap."""
    edge = np.zeros(skin.shape, bool)
    for down, right in ((0, 1), (1, 0), (1, 1), (-1, 1)):
        before, after = np.roll(depth, (down, right), (0, 1)), np.roll(depth, (-down, -right), (0, 1))
        edge |= before + after - 2 * depth > gap
    line = rise(0.07, 0.20, _soft(edge, fine * 0.95)) * 0.92
    # Edges of mat and wall stay pale, unless the body is near.
    near = _soft(skin, 2.0 * fine) > 0.02
    line[np.isin(code, (CODE["mat"], CODE["wall"])) & ~near] *= 0.35
    return line


def _seams(code: NDArray[np.int16], skin: Mask, face: Mask, fine: int) -> Floats:
    """Returns thin lines, 0 to 1, between clothes and skin."""
    seam = np.zeros(skin.shape, bool)
    for shift in ((0, 1), (1, 0), (1, 1), (-1, 1)):
        seam |= (code != np.roll(code, shift, (0, 1))) & skin & np.roll(skin, shift, (0, 1)) & ~face
    return rise(0.10, 0.30, _soft(seam, fine * 0.75)) * 0.40


def _ink(patch: Pixels, strength: Floats, colour: Floats) -> None:
    share = strength[..., None].astype(np.float32)
    patch *= 1 - share
    patch += colour.astype(np.float32) * share


def _soft(mask: Mask, radius: float) -> Floats:
    image = Image.fromarray((mask * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(radius))
    return np.asarray(image) / 255


def _blur(field: Floats, radius: int) -> Floats:
    """Returns the field after two box blurs."""
    for _ in range(2):
        for axis in (0, 1):
            pads = [(radius + 1, radius) if axis == k else (0, 0) for k in (0, 1)]
            sums = np.cumsum(np.pad(field, pads, mode="edge"), axis=axis)
            width = 2 * radius + 1
            ahead, behind = (sums[width:], sums[:-width]) if axis == 0 else (sums[:, width:], sums[:, :-width])
            field = (ahead - behind) / width
    return field


def _enlarge(field: Floats, times: int, shape: tuple[int, ...]) -> Floats:
    if times == 1:
        return field
    image = Image.fromarray(field.astype(np.float32))
    size = (field.shape[1] * times, field.shape[0] * times)
    return np.asarray(image.resize(size, Image.Resampling.BILINEAR))[: shape[0], : shape[1]]


def _flat_normals(points: Floats, faces: Ints) -> Floats:
    corners = points[faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return np.asarray(normal / (np.linalg.norm(normal, axis=1, keepdims=True) + 1e-12))


def _smooth_normals(points: Floats, faces: Ints) -> Floats:
    corners = points[faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    result = np.zeros_like(points)
    for corner in range(3):
        for axis in range(3):
            result[:, axis] += np.bincount(faces[:, corner], normal[:, axis], len(points))
    return np.asarray(result / (np.linalg.norm(result, axis=1, keepdims=True) + 1e-12))
