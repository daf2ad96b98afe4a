"""The things around the figure: mat, wall, chair, couch, bed, doorway, mirror, pole, bands and what hands hold."""

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from flows.media.contacts import Moment
from flows.media.poses import Picture, Prop
from flows.media.rig import Body, Floats, turn_y, unit
from flows.media.shade import Solid

Corner = Sequence[float]
BAND = 0.008  # metres between the skin and a loop around the legs


def solids(picture: Picture, moment: Moment, points: Floats) -> list[Solid]:
    """Returns all things of a picture at one moment; `points` is the figure's skin, for bands around the legs."""
    result: list[Solid] = []
    for prop in picture.props:
        if prop.kind in _STANDING:
            result.extend(_placed(prop, _STANDING[prop.kind](prop)))
        elif prop.kind == "mini_band":
            result.append(_mini_band(Body.load(picture.body), points, prop))
        else:
            result.append(_held(prop, moment.posed.joints))
    return result


def reflection(picture: Picture, points: Floats) -> Floats | None:
    """Returns the figure's skin as it lies behind the glass of the picture's mirror, none without a mirror."""
    mirror = next((prop for prop in picture.props if prop.kind == "mirror"), None)
    if mirror is None:
        return None
    out = turn_y(mirror.turn) @ np.array([0.0, 0.0, 1.0])
    distance = (points - (mirror.at[0], 0, mirror.at[1])) @ out
    return np.asarray(points - 2 * distance[:, None] * out)


def _box(low: Corner, high: Corner, colour: str, *, casts: bool = True) -> Solid:
    points = np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])
    sides = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
    faces = [triangle for a, b, c, d in sides for triangle in ((a, b, c), (a, c, d))]
    return Solid(points, np.array(faces), colour, casts)


def _placed(prop: Prop, parts: Iterable[Solid]) -> list[Solid]:
    """Returns the parts turned about the upright and moved to their place on the floor."""
    at = prop.at or (0.0, 0.0)
    shift = (at[0], at[1], at[2]) if len(at) == 3 else (at[0], 0.0, at[1])
    turn = turn_y(prop.turn)
    return [Solid(part.points @ turn.T + shift, part.faces, part.colour, part.casts) for part in parts]


def _mat(prop: Prop) -> list[Solid]:
    width, length = prop.size or (0.7, 1.75)
    return [_box((-width / 2, -0.016, -length / 2), (width / 2, -0.002, length / 2), "mat", casts=False)]


def _wall(prop: Prop) -> list[Solid]:
    width, height = prop.size or (1.2, 1.6)
    return [_box((-width / 2, 0, -0.06), (width / 2, height, 0), "wall", casts=False)]


def _block(colour: str) -> Callable[[Prop], list[Solid]]:
    """Returns the maker of a block whose middle of the underside is `at`."""

    def make(prop: Prop) -> list[Solid]:
        width, height, depth = prop.size
        return [_box((-width / 2, 0, -depth / 2), (width / 2, height, depth / 2), colour)]

    return make


def _chair(prop: Prop) -> list[Solid]:
    height = prop.size[0] if prop.size else 0.44
    legs = [
        _box((x - 0.02, 0, z - 0.02), (x + 0.02, height - 0.04, z + 0.02), "wood")
        for x in (-0.19, 0.19)
        for z in (-0.18, 0.18)
    ]
    rails = [_box((x - 0.02, height, -0.22), (x + 0.02, height + 0.44, -0.18), "wood") for x in (-0.19, 0.19)]
    back = _box((-0.21, height + 0.26, -0.215), (0.21, height + 0.44, -0.185), "wood")
    return [*legs, *rails, back, _box((-0.21, height - 0.04, -0.22), (0.21, height, 0.22), "wood")]


def _couch(prop: Prop) -> list[Solid]:
    """Returns a couch that faces forward, its front edge at `at`."""
    width, height = prop.size or (0.75, 0.34)
    seat = _box((-width / 2, 0, -0.45), (width / 2, height, 0), "bench")
    return [seat, _box((-width / 2, 0, -0.60), (width / 2, height + 0.32, -0.45), "pad")]


def _bed(prop: Prop) -> list[Solid]:
    width, height, length = prop.size or (0.9, 0.48, 1.9)
    frame = _box((-width / 2, 0.10, -length / 2), (width / 2, height - 0.14, length / 2), "wood")
    legs = [
        _box((x - 0.03, 0, z - 0.03), (x + 0.03, 0.10, z + 0.03), "wood")
        for x in (-width / 2 + 0.06, width / 2 - 0.06)
        for z in (-length / 2 + 0.06, length / 2 - 0.06)
    ]
    return [*legs, frame, _box((-width / 2, height - 0.14, -length / 2), (width / 2, height, length / 2), "bench")]


def _doorway(prop: Prop) -> list[Solid]:
    """Returns two jambs with a piece of wall beside each and the lintel above them; the way through is along z."""
    width, height = prop.size or (0.8, 1.5)
    inner, outer, wall = width / 2, width / 2 + 0.07, width / 2 + 0.42
    parts = []
    for left in (1.0, -1.0):
        for low, high, depth, colour in ((inner, outer, 0.09, "wood"), (outer, wall, 0.06, "wall")):
            x = sorted((left * low, left * high))
            parts.append(_box((x[0], 0, -depth), (x[1], height, depth), colour, casts=False))
    return parts


def _mirror(prop: Prop) -> list[Solid]:
    """Returns a mirror whose glass looks forward."""
    width, height = prop.size or (0.9, 1.75)
    x, low = width / 2, 0.04
    bars = (
        ((-x - 0.03, low - 0.03), (-x, height + 0.03)),
        ((x, low - 0.03), (x + 0.03, height + 0.03)),
        ((-x, low - 0.03), (x, low)),
        ((-x, height), (x, height + 0.03)),
    )
    frame = [_box((*start, -0.02), (*end, 0.012), "wood", casts=False) for start, end in bars]
    return [*frame, _box((-x, low, -0.02), (x, height, 0), "mirror", casts=False)]


def _pole(prop: Prop) -> list[Solid]:
    height = prop.size[0] if prop.size else 1.7
    return [_tube([(0, 0, 0), (0, height, 0)], 0.022, "metal")]


def _cushion(prop: Prop) -> list[Solid]:
    """Returns a soft block whose middle of the underside is `at`."""
    around, up = np.meshgrid(np.linspace(0, 2 * np.pi, 33)[:-1], np.linspace(-np.pi / 2, np.pi / 2, 15))

    def round_off(value: Floats) -> Floats:
        return np.asarray(np.sign(value) * np.abs(value) ** 0.45)

    x, z = round_off(np.cos(around)) * round_off(np.cos(up)), round_off(np.sin(around)) * round_off(np.cos(up))
    points = np.stack([x, round_off(np.sin(up)) + 1, z], -1).reshape(-1, 3) * np.array(prop.size) / 2
    return [Solid(points, _rings(15, 32)[:, ::-1], "pillow")]


def _rings(rows: int, count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    faces = []
    for row in range(rows - 1):
        for k in range(count):
            a, b = row * count + k, row * count + (k + 1) % count
            faces += [(a, b, a + count), (b, b + count, a + count)]
    return np.array(faces)


def _tube(path: Sequence[Corner], radius: float, colour: str, count: int = 14) -> Solid:
    line = np.asarray(path, float)
    points = []
    for i, point in enumerate(line):
        along = unit(line[min(i + 1, len(line) - 1)] - line[max(i - 1, 0)])
        one = unit(np.cross(along, (0.3, 1.0, 0.2)))
        two = np.cross(along, one)
        turns = 2 * np.pi * np.arange(count) / count
        points.append(point + radius * (np.cos(turns)[:, None] * one + np.sin(turns)[:, None] * two))
    return Solid(np.concatenate(points), _rings(len(line), count), colour)


def _held(prop: Prop, joints: Mapping[str, Floats]) -> Solid:
    """Returns what the hands hold: a band from an anchor, a stick through both, or a weight between them."""
    ends = prop.to or ("hand_l_tip", "hand_r_tip")
    grips = [0.5 * (joints[end] + joints[end.removesuffix("_tip")]) for end in ends]
    middle = np.mean(grips, axis=0)
    if prop.kind == "band":
        anchor = np.array(prop.at)
        return _tube([anchor + (middle - anchor) * k / 5 for k in range(6)], 0.009, "band", 10)
    if prop.kind == "stick":
        half = 0.5 * (prop.size[0] if prop.size else 1.2) * unit(grips[0] - grips[-1])
        return _tube([middle - half, middle + half], 0.014, "wood")
    radius = prop.size[0] / 2 if prop.size else 0.09
    return _tube([middle + np.array([0, k * radius, 0]) for k in (-1, -0.99, 0.99, 1)], radius, "pad", 20)


def _mini_band(body: Body, points: Floats, prop: Prop) -> Solid:
    """Returns a loop around both legs at a height of the standing body, tight around where the legs are now."""
    height, width = prop.at[0], prop.size[0] if prop.size else 0.045
    legs = body.region[:, 0] < 0.1
    level = body.paint[:, 1] - height
    # More than the loop covers, because a leg goes through it aslant.
    ring = legs & (np.abs(level) < width / 2 + 0.02)
    left, right = (points[ring & (sign * body.paint[:, 0] > 0)].mean(0) for sign in (1, -1))
    up = points[legs & (np.abs(level - 0.08) < 0.02)].mean(0) - points[legs & (np.abs(level + 0.06) < 0.02)].mean(0)
    across = unit(left - right)
    along = unit(up - across * (up @ across))
    deep = np.cross(along, across)
    middle = (left + right) / 2
    flat = np.stack([(points[ring] - middle) @ across, (points[ring] - middle) @ deep], 1)
    turns = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    # Every point grows to a small circle, so that no skin comes through the long sides either.
    loop = _hull((flat[:, None] + BAND * np.stack([np.cos(turns), np.sin(turns)], 1)).reshape(-1, 2))
    edge = middle + loop[:, :1] * across + loop[:, 1:] * deep
    faces = _rings(2, len(loop))
    both = np.concatenate([edge - width / 2 * along, edge + width / 2 * along])
    return Solid(both, np.concatenate([faces, faces[:, ::-1]]), "band", casts=False)


def _hull(points: Floats) -> Floats:
    """Returns the corners of the convex hull of points in a plane, in order (Andrew's monotone chain)."""
    ordered = points[np.lexsort((points[:, 1], points[:, 0]))]

    def half(along: Floats) -> list[Floats]:
        chain: list[Floats] = []
        for point in along:
            while len(chain) > 1 and _left_turn(chain[-2], chain[-1], point) <= 0:
                chain.pop()
            chain.append(point)
        return chain[:-1]

    return np.array(half(ordered) + half(ordered[::-1]))


def _left_turn(a: Floats, b: Floats, c: Floats) -> float:
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))


_STANDING: Mapping[str, Callable[[Prop], list[Solid]]] = {
    "mat": _mat,
    "wall": _wall,
    "box": _block("wood"),
    "bench": _block("bench"),
    "pad": _block("pad"),
    "chair": _chair,
    "couch": _couch,
    "bed": _bed,
    "doorway": _doorway,
    "mirror": _mirror,
    "pole": _pole,
    "cushion": _cushion,
}
