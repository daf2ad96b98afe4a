"""What must hold for every picture, measured on the skeleton and the skin without drawing anything."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np

from flows.media.anatomy import LIMITS
from flows.media.contacts import Moment, movement
from flows.media.poses import Check, Picture
from flows.media.rig import Body, Floats
from flows.media.scene import framed

SUNK = 0.02  # metres that nothing may lie below the floor
CONTACT = 0.015  # metres within which a declared contact touches
REACHED = 0.025  # metres within which hands and feet reach their targets
SLIP = 0.01  # metres that a pinned joint may move
FILLED = 0.80  # of the frame's width or height, at least
HEAD = 24  # pixels that an arrow's line leaves free to the edge of the frame, for its head and halo
BENT = 157.0  # degrees that no knee or elbow passes
# The joints of each limb and half its thickness in metres.
FLESH: Mapping[str, tuple[str, str, float]] = {
    "upper arm": ("upperarm_{}", "lowerarm_{}", 0.037),
    "forearm": ("lowerarm_{}", "hand_{}", 0.024),
    "hand": ("hand_{}", "hand_{}_tip", 0.021),
    "thigh": ("thigh_{}", "calf_{}", 0.061),
    "shin": ("calf_{}", "foot_{}", 0.037),
}
ALONG = np.linspace(0.12, 0.88, 9)[:, None]


def problems(picture: Picture) -> list[str]:
    """Returns what is wrong with a picture, each with the instant and the measure; none is good."""
    moments = _instants(picture)
    found = []
    for k, moment in enumerate(moments):
        at = f"{picture.id}, {k / max(len(moments) - 1, 1):.0%}"
        found += [f"{at}: {problem}" for problem in _at_one_moment(picture, moment)]
    found += [f"{picture.id}: {problem}" for problem in _over_time(picture, moments)]
    return found


def _instants(picture: Picture) -> list[Moment]:
    """Returns five or more instants of a loop, or every keyframe of a still."""
    return movement(picture, _steps(picture))


def _steps(picture: Picture) -> int:
    """Returns how many instants lie from one keyframe to the next."""
    if picture.marks:
        return 1
    return 4 if len(picture.keyframes) == 2 else 2


def _at_one_moment(picture: Picture, moment: Moment) -> Iterator[str]:
    body = Body.load(picture.body)
    skin = body.skin(moment.posed)
    deepest = float(skin[:, 1].min())
    if deepest < -SUNK:
        bone = body.bones[int(body.main_bone[int(skin[:, 1].argmin())])]
        yield f"{bone} lies {-deepest * 100:.1f} cm below the floor (2 at most)"
    ground = moment.pose.ground or picture.ground
    for part in filter(None, [ground, *(level.group for level in picture.level)]):
        gap = float(skin[body.part(part), 1].min())
        if abs(gap) > CONTACT:
            yield f"{part} should touch the floor and is {gap * 100:+.1f} cm from it (1.5 at most)"
    yield from _targets(moment)
    yield from _angles(moment)
    yield from _crossings(moment.posed.joints)


def _targets(moment: Moment) -> Iterator[str]:
    for limb, target in moment.pose.targets.items():
        if target.weight < 1:
            continue
        side, name = limb.split("_")
        missed = float(np.linalg.norm(moment.posed.joints[f"{name}_{side[0]}"] - np.array(target.at)))
        if missed > REACHED:
            yield f"{limb} misses its target by {missed * 100:.1f} cm (2.5 at most): bring the target nearer"


def _angles(moment: Moment) -> Iterator[str]:
    for joint, motions in moment.pose.angles.items():
        for motion, degrees in motions.items():
            low, high = LIMITS[joint][motion]
            if not low - 1e-6 <= degrees <= high + 1e-6:
                yield f"{joint} {motion} is {degrees:.0f} degrees ({low:g} to {high:g})"
    joints = moment.posed.joints
    for name, chain in {"knee": ("thigh", "calf", "foot"), "elbow": ("upperarm", "lowerarm", "hand")}.items():
        for side in "lr":
            bend = 180 - _angle(*(joints[f"{bone}_{side}"] for bone in chain))
            if bend > BENT:
                yield f"{'left' if side == 'l' else 'right'} {name} is bent {bend:.0f} degrees ({BENT:g} at most)"


def _crossings(joints: Mapping[str, Floats]) -> Iterator[str]:
    """Yields limbs that go through each other: the middle line of one lies inside the other."""
    middles = {}
    for side, s in (("left", "l"), ("right", "r")):
        for limb, (start, end, _) in FLESH.items():
            first, last = joints[start.format(s)], joints[end.format(s)]
            middles[side, limb] = first + (last - first) * ALONG
    for one, other in combinations(middles, 2):
        # Clasped hands meet, and so do the parts of one bent arm or leg.
        if one[1] == other[1] == "hand" or (one[0] == other[0] and _is_leg(one[1]) == _is_leg(other[1])):
            continue
        gap = float(np.linalg.norm(middles[one][:, None] - middles[other], axis=2).min())
        if gap < max(FLESH[one[1]][2], FLESH[other[1]][2]):
            yield f"{' '.join(one)} goes through {' '.join(other)}: their middles are {gap * 100:.1f} cm apart"


def _is_leg(limb: str) -> bool:
    return limb in {"thigh", "shin"}


def _over_time(picture: Picture, moments: Sequence[Moment]) -> Iterator[str]:
    if picture.pin:
        places = np.array([moment.posed.joints[picture.pin] for moment in moments])[:, [0, 2]]
        slip = float(np.linalg.norm(places - places[0], axis=1).max())
        if slip > SLIP:
            yield f"{picture.pin} is pinned and slides {slip * 100:.1f} cm (1 at most)"
    for check in picture.checks:
        chosen = moments if check.when == "all" else [moments[(int(check.when) - 1) * _steps(picture)]]
        measured = [measure(check, moment.posed.joints) for moment in chosen]
        low, high = check.between
        if min(measured) < low or max(measured) > high:
            worst = min(measured) if min(measured) < low else max(measured)
            yield f"check {check.kind} of {', '.join(check.joints)} is {worst:.1f} ({low:g} to {high:g})"
    if picture.marks:
        return
    filled, near = framed(picture, moments)
    if filled < FILLED:
        yield f"figure and things fill only {filled:.0%} of the frame (80 % at least)"
    if near < HEAD:
        yield f"an arrow comes within {near:.0f} pixels of the edge of the frame ({HEAD} at least): change its `offset`"


def measure(check: Check, joints: Mapping[str, Floats]) -> float:
    """Returns what a check measures: degrees or centimetres, as its kind says."""
    return _MEASURES[check.kind](*(joints[joint] for joint in check.joints))


def _angle(a: Floats, b: Floats, c: Floats) -> float:
    one, two = a - b, c - b
    cosine = one @ two / max(float(np.linalg.norm(one) * np.linalg.norm(two)), 1e-9)
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def _level(a: Floats, b: Floats) -> float:
    way = b - a
    return float(abs(np.degrees(np.arctan2(way[1], np.hypot(way[0], way[2])))))


def _lean(lower: Floats, upper: Floats) -> float:
    way = upper - lower
    return float(np.degrees(np.arctan2(way[2], way[1])))


def _off_line(a: Floats, b: Floats, c: Floats) -> float:
    along = (c - a) / max(float(np.linalg.norm(c - a)), 1e-9)
    return float(np.linalg.norm((b - a) - along * ((b - a) @ along))) * 100


_MEASURES: Mapping[str, Callable[..., float]] = {
    "level": _level,
    "upright": _lean,
    "line": _off_line,
    "above": lambda a, b: float(np.hypot(a[0] - b[0], a[2] - b[2])) * 100,
    "angle": _angle,
    "apart": lambda a, b: float(np.linalg.norm(a - b)) * 100,
    "higher": lambda a, b: float(a[1] - b[1]) * 100,
    "ahead": lambda a, b: float(a[2] - b[2]) * 100,
}
