"""Where a pose stands: parts on the floor, hands on knees, joints that must not slide; then the whole movement."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from flows.media.poses import Level, Picture, Pose, Target, blend
from flows.media.rig import Body, Floats, Ints, Posed


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """One instant of a movement: the pose with its place found, and the skeleton in it."""

    pose: Pose
    posed: Posed


def movement(picture: Picture, steps: int) -> list[Moment]:
    """Returns the movement from the first keyframe to the last in so many steps between each two of them.

    A cycle goes on from the last keyframe to the first, and leaves out the end, which is the beginning again.
    """
    frames = picture.keyframes
    count = len(frames) * steps if picture.cycle else (len(frames) - 1) * steps + 1
    first = settle(picture, frames[0])
    pinned = first.posed.joints[picture.pin] if picture.pin else None
    return [settle(picture, between(picture, step / steps), pinned) if step else first for step in range(count)]


def between(picture: Picture, time: float) -> Pose:
    """Returns the pose at a time that counts keyframes from 0; a movement eases in and out at each, a cycle flows."""
    frames = picture.keyframes
    index = int(time)
    part = time - index
    if part < 1e-9:
        return frames[index % len(frames)]
    if not picture.cycle:
        eased = part * part * (3 - 2 * part)
        return blend(frames[index : index + 2], (1 - eased, eased))
    around = [frames[(index + k) % len(frames)] for k in (-1, 0, 1, 2)]
    square, cube = part**2, part**3
    # Catmull-Rom: through every keyframe without a stop.
    before, after = -part / 2 + square - cube / 2, (cube - square) / 2
    return blend(around, (before, 1 - 2.5 * square + 1.5 * cube, part / 2 + 2 * square - 1.5 * cube, after))


def settle(picture: Picture, pose: Pose, pinned: Floats | None = None) -> Moment:
    """Returns the pose where its contacts hold; `pinned` is where the picture's pinned joint must stay."""
    body = Body.load(picture.body)
    ground = pose.ground or picture.ground
    moment = _tilt(body, pose, ground, picture.level)
    if picture.pin and pinned is not None:
        for _ in range(2):
            slip = pinned - moment.posed.joints[picture.pin]
            x, y, z = moment.pose.position
            held = replace(pose, position=(x + slip[0], y, z + slip[2]))
            moment = _tilt(body, held, ground, picture.level)
    return moment


def _tilt(body: Body, pose: Pose, ground: str | None, levels: tuple[Level, ...]) -> Moment:
    """Returns the pose turned until every second contact touches the floor too."""
    for level in levels * (2 if len(levels) > 1 else 1):
        part = body.part(level.group)
        turned = partial(_turned, pose, level.axis)

        def height(angle: float, part: Ints = part, turned: Callable[[float], Pose] = turned) -> float:
            return body.lowest(_rest(body, turned(angle), ground).posed, part)

        middle = pose.angles.get("root", {}).get(level.axis, 0.0)
        pose = turned(_zero(height, middle, level.range))
    return _rest(body, pose, ground)


def _zero(height: Callable[[float], float], middle: float, reach: float) -> float:
    """Returns the angle nearest to the middle at which the height is nothing; the best of those tried if none is."""
    angles = [middle + reach * k / 4 for k in range(-4, 5)]
    heights = [height(angle) for angle in angles]
    crossings = [k for k in range(8) if (heights[k] > 0) != (heights[k + 1] > 0)]
    if not crossings:
        return angles[int(np.argmin(np.abs(heights)))]
    k = min(crossings, key=lambda k: abs(k - 3.5))
    low, high, above = angles[k], angles[k + 1], heights[k] > 0
    for _ in range(10):
        angle = (low + high) / 2
        if (height(angle) > 0) == above:
            low = angle
        else:
            high = angle
    return (low + high) / 2


def _turned(pose: Pose, axis: str, angle: float) -> Pose:
    return replace(pose, angles={**pose.angles, "root": {**pose.angles.get("root", {}), axis: angle}})


def _rest(body: Body, pose: Pose, ground: str | None) -> Moment:
    """Returns the pose lowered or lifted until the part that rests on the floor touches it."""
    moment = _as_it_is(body, pose)
    for _ in range(3 if ground else 0):
        lift = body.lowest(moment.posed, body.part(ground or "all"))
        if abs(lift) < 1e-4:
            break
        x, y, z = pose.position
        pose = replace(pose, position=(x, y - lift, z))
        moment = _as_it_is(body, pose)
    return moment


def _as_it_is(body: Body, pose: Pose) -> Moment:
    placed = _hold_on(body, pose)
    return Moment(placed, body.pose(placed))


def _hold_on(body: Body, pose: Pose) -> Pose:
    """Returns the pose with points where it named joints to hold on to."""
    holding = {limb: target for limb, target in pose.targets.items() if target.joint}
    if not holding:
        return pose
    free = {limb: target for limb, target in pose.targets.items() if limb not in holding}
    pose = replace(pose, targets=free)
    for _ in range(2):
        posed = body.pose(pose)
        pose = replace(pose, targets={**free, **{limb: _beside(posed, target) for limb, target in holding.items()}})
    return pose


def _beside(posed: Posed, target: Target) -> Target:
    assert target.joint is not None
    offset = np.array(target.at)
    if target.turning:
        offset = posed.directions[target.joint] @ offset
    x, y, z = posed.joints[target.joint] + offset
    return replace(target, at=(float(x), float(y), float(z)), joint=None)
