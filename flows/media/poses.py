"""What a pose file says, as values: keyframes, targets, props, arrows, checks; and the poses between keyframes."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from flows.media.anatomy import Point

FORMATS = {"wide": (960, 600), "square": (720, 720), "tall": (640, 800)}
STANDING: Point = (0.0, 0.84, 0.0)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a hand (its wrist) or a foot (its ankle) goes: a point, or one beside another joint; metres.

    `turning` counts from the joint in its own bone's directions, so that a hand stays behind a thigh that moves.
    `girdle` lets the shoulder blade and collarbone go along with a hand that reaches far.
    """

    at: Point
    joint: str | None = None
    turning: bool = False
    pole: Point = (0.0, 0.0, 1.0)
    girdle: bool = True
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Facing:
    """Which way fingers and palm, or toes and the back of the foot, point."""

    ahead: Point
    out: Point
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Pose:
    """One keyframe: angles by joint and motion in degrees, the pelvis' place in metres, targets of hands and feet."""

    angles: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    position: Point = STANDING
    targets: Mapping[str, Target] = field(default_factory=dict)
    facings: Mapping[str, Facing] = field(default_factory=dict)
    ground: str | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """A second contact: the body turns about an axis until this part touches the floor too."""

    group: str
    axis: str
    range: float = 25.0


@dataclass(frozen=True, slots=True)
class Camera:
    """From where the picture is taken, in degrees; yaw -90 shows the figure facing right, 0 from the front."""

    yaw: float = -70.0
    pitch: float = 10.0
    margin: float = 0.075


@dataclass(frozen=True, slots=True)
class Arrow:
    """An arrow along the path of a joint; the part of the path it covers, and a shift in pixels of the picture."""

    joint: str
    span: tuple[float, float] = (0.1, 0.9)
    offset: tuple[float, float] = (0.0, 0.0)
    double: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """One law of good form; see checks.py for what each kind measures."""

    kind: str
    joints: tuple[str, ...]
    between: tuple[float, float]
    when: str = "all"


@dataclass(frozen=True, slots=True)
class Prop:
    """A thing in the picture: its kind and the numbers that belong to that kind."""

    kind: str
    at: tuple[float, ...] = ()
    size: tuple[float, ...] = ()
    turn: float = 0.0
    to: tuple[str, ...] = ()
    frame: bool = True  # whether the frame must hold it


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything that one pose file says."""

    id: str
    keyframes: tuple[Pose, ...]
    format: str = "wide"
    body: str = "f"
    camera: Camera = Camera()
    muscles: tuple[str, ...] = ()
    ground: str | None = None
    level: tuple[Level, ...] = ()
    pin: str | None = None
    props: tuple[Prop, ...] = ()
    arrows: tuple[Arrow, ...] = ()
    checks: tuple[Check, ...] = ()
    marks: tuple[str, ...] = ()
    cycle: bool = False
    rounds: int = 1  # how often a cycle goes round in the loop: a quick step is short
    hold: tuple[float, float] = (0.5, 0.8)
    still: int = 1
    start: str = "standing"

    @property
    def size(self) -> tuple[int, int]:
        """Returns width and height in pixels."""
        return FORMATS[self.format]

    @property
    def moves(self) -> bool:
        """Tells whether the picture is a loop; a pair of postures and a single keyframe are stills."""
        return len(self.keyframes) > 1 and not self.marks


def blend(poses: Sequence[Pose], shares: Sequence[float]) -> Pose:
    """Returns the pose between others; a hand or foot that only some of them place is drawn there by their share."""
    pairs = list(zip(poses, shares, strict=True))
    angles: dict[str, dict[str, float]] = {}
    for pose, share in pairs:
        for joint, motions in pose.angles.items():
            for motion, degrees in motions.items():
                joint_angles = angles.setdefault(joint, {})
                joint_angles[motion] = joint_angles.get(motion, 0.0) + share * degrees
    strongest = max(pairs, key=lambda pair: pair[1])[0]
    targets = {}
    for limb in {limb: None for pose in poses for limb in pose.targets}:
        having = [(pose.targets[limb], share) for pose, share in pairs if limb in pose.targets]
        weight = sum(share for _, share in having)
        if weight > 1e-6:
            lead = max(having, key=lambda pair: pair[1])[0]
            targets[limb] = Target(
                _mean([(t.at, share / weight) for t, share in having if t.joint == lead.joint]),
                lead.joint,
                lead.turning,
                _mean([(t.pole, share / weight) for t, share in having]),
                lead.girdle,
                min(weight, 1.0),
            )
    facings = {}
    for limb in {limb: None for pose in poses for limb in pose.facings}:
        facing = [(pose.facings[limb], share) for pose, share in pairs if limb in pose.facings]
        weight = sum(share for _, share in facing)
        if weight > 1e-6:
            facings[limb] = Facing(
                _mean([(f.ahead, share / weight) for f, share in facing]),
                _mean([(f.out, share / weight) for f, share in facing]),
                min(weight, 1.0),
            )
    position = _mean([(pose.position, share) for pose, share in pairs], whole=False)
    return Pose(angles, position, targets, facings, strongest.ground)


def _mean(points: Sequence[tuple[Point, float]], *, whole: bool = True) -> Point:
    total = sum(share for _, share in points) if whole else 1.0
    x, y, z = (sum(point[k] * share for point, share in points) / total for k in range(3))
    return x, y, z


SIDES = {"left": "right", "right": "left", "l": "r", "r": "l"}
SIDEWAYS = frozenset({"side", "twist", "roll", "yaw"})
"""Motions of head, trunk and pelvis that go to one side; those of the limbs have the same sign on both."""


def other_side(name: str) -> str:
    """Returns the part, joint or limb of the other side: left_knee, hand_r, glute_max:left; the middle stays."""
    return re.sub("[a-z]+", lambda word: SIDES.get(word[0], word[0]), name)


def mirrored(picture: Picture) -> Picture:
    """Returns the picture with left and right of the body changed, from the same camera; without its arrows."""
    return replace(
        picture,
        keyframes=tuple(map(_mirrored, picture.keyframes)),
        muscles=tuple(map(other_side, picture.muscles)),
        ground=picture.ground and other_side(picture.ground),
        level=tuple(replace(level, group=other_side(level.group)) for level in picture.level),
        pin=picture.pin and other_side(picture.pin),
        props=tuple(map(_moved_over, picture.props)),
        checks=tuple(replace(check, joints=tuple(map(other_side, check.joints))) for check in picture.checks),
        arrows=(),
    )


def _mirrored(pose: Pose) -> Pose:
    return Pose(
        {other_side(joint): _turned_over(joint, motions) for joint, motions in pose.angles.items()},
        _across(pose.position),
        {
            other_side(limb): replace(
                target,
                at=_across(target.at),
                joint=target.joint and other_side(target.joint),
                pole=_across(target.pole),
            )
            for limb, target in pose.targets.items()
        },
        {
            other_side(limb): replace(facing, ahead=_across(facing.ahead), out=_across(facing.out))
            for limb, facing in pose.facings.items()
        },
        pose.ground and other_side(pose.ground),
    )


def _turned_over(joint: str, motions: Mapping[str, float]) -> Mapping[str, float]:
    in_the_middle = other_side(joint) == joint
    return {name: -value if in_the_middle and name in SIDEWAYS else value for name, value in motions.items()}


def _moved_over(prop: Prop) -> Prop:
    # A mini band says only how high it is.
    at = (-prop.at[0], *prop.at[1:]) if len(prop.at) > 1 else prop.at
    return replace(prop, at=at, turn=-prop.turn, to=tuple(map(other_side, prop.to)))


def _across(point: Point) -> Point:
    return (-point[0], point[1], point[2])
