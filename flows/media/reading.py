"""The pose files: what a physiotherapist writes in poses/*.toml, read and checked."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from flows.media.anatomy import FLAT_ANKLE, FLAT_WRIST, JOINTS, LIMBS, LIMITS, MUSCLES, PARTS
from flows.media.poses import (
    FORMATS,
    STANDING,
    Arrow,
    Camera,
    Check,
    Facing,
    Level,
    Picture,
    Pose,
    Prop,
    Target,
)
from flows.media.tables import Table, Tree, WrongPose

FOLDER = Path(__file__).parent / "poses"
STARTS = Path(__file__).parent / "start_poses.toml"

# The least a check must say, and what its numbers mean.
CHECK_KINDS: Mapping[str, tuple[int, str]] = {
    "level": (2, "deg"),  # the line between two joints against the horizontal
    "upright": (2, "deg"),  # the line from the lower to the upper joint against the vertical; positive leans forward
    "line": (3, "cm"),  # how far the middle joint lies off the line between the outer ones
    "above": (2, "cm"),  # how far the first lies sideways or ahead of the second, seen from above
    "angle": (3, "deg"),  # the angle at the middle joint, 180 is straight
    "apart": (2, "cm"),  # the distance
    "higher": (2, "cm"),  # how much higher the first lies
    "ahead": (2, "cm"),  # how much further forward the first lies
}
# What a thing needs: how many numbers `at` and `size` have, and what `to` may name.
PROP_KINDS: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "mat": ((0, 2), (0, 2)),
    "wall": ((2,), (0, 2)),
    "box": ((3,), (3,)),
    "bench": ((3,), (3,)),
    "pad": ((3,), (3,)),
    "chair": ((2,), (0, 1)),
    "couch": ((2,), (0, 2)),
    "bed": ((2,), (0, 3)),
    "doorway": ((2,), (0, 2)),
    "mirror": ((2,), (0, 2)),
    "pole": ((2,), (0, 1)),
    "cushion": ((3,), (3,)),
    "band": ((3,), (0,)),
    "mini_band": ((1,), (0, 1)),
    "stick": ((0,), (0, 1)),
    "weight": ((0,), (0, 1)),
}


def load_all(folder: Path = FOLDER) -> dict[str, Picture]:
    """Returns every picture by its id, in order of the ids."""
    return {path.stem: load(path) for path in sorted(folder.glob("*.toml"))}


def load(path: Path) -> Picture:
    """Returns the picture of one file; raises WrongPose with the key that is wrong."""
    try:
        return picture(tomllib.loads(path.read_text("utf-8")), path.name)
    except tomllib.TOMLDecodeError as wrong:
        raise WrongPose(f"{path.name}: {wrong}") from wrong


def starts() -> Tree:
    """Returns the start poses, as they are written."""
    return tomllib.loads(STARTS.read_text("utf-8"))


def picture(tree: Tree, where: str) -> Picture:
    """Returns the picture that a file's contents describe."""
    table = Table(tree, where)
    known = starts()
    start = table.choice("start", known, "standing")
    body = {"woman": "f", "man": "m"}[table.choice("body", ("woman", "man"), "woman")]
    body += "_shoes" if table.take("shoes", bool, False) else ""
    base = _merge(_both_sides(known[start]), _both_sides(table.sub("base").rest()))
    frames = table.tables("keyframes") or [Table({}, where)]
    keyframes = tuple(
        _pose(Table(_merge(base, _both_sides(frame.rest())), frame.where), FLAT_ANKLE[body]) for frame in frames
    )
    result = Picture(
        id=table.take("id", str),
        start=start,
        body=body,
        keyframes=keyframes,
        format=table.choice("format", FORMATS, "wide"),
        camera=_camera(table.sub("camera")),
        muscles=tuple(_muscle(table, name) for name in table.take("muscles", list, [])),
        ground=table.maybe("ground", PARTS),
        level=tuple(_level(t) for t in table.tables("level")),
        pin=table.maybe("pin", JOINTS),
        props=tuple(_prop(t) for t in table.tables("props")),
        arrows=tuple(_arrow(t) for t in table.tables("arrows")),
        checks=tuple(_check(t, len(keyframes)) for t in table.tables("checks")),
        marks=tuple(str(mark) for mark in table.take("marks", list, [])),
        cycle=table.take("cycle", bool, False),
        rounds=int(table.number("rounds", 1)),
        hold=table.pair("hold", (0.5, 0.8)),
        still=int(table.number("still", len(keyframes))),
    )
    if result.marks and (len(result.marks) != len(keyframes) or not {"right", "wrong"}.issuperset(result.marks)):
        table.fail("marks", 'one "right" or "wrong" for each keyframe')
    if result.rounds < 1 or (result.rounds > 1 and not result.cycle):
        table.fail("rounds", "a whole number from 1, beside `cycle = true`")
    if not 1 <= result.still <= len(keyframes):
        table.fail("still", f"a keyframe from 1 to {len(keyframes)}")
    return table.end(result)


def _both_sides(tree: Tree) -> Tree:
    """Returns the tree with `both_knee` written out as left and right; what names one side wins."""
    result: Tree = {}
    for key, value in tree.items():
        if key.startswith("both_"):
            for side in ("left_", "right_"):
                result[side + key[5:]] = value
    for key, value in tree.items():
        if not key.startswith("both_"):
            own = _both_sides(value) if key in {"ik", "orient"} else value
            result = _merge(result, {key: own})
    return result


def _merge(below: Tree, above: Tree) -> Tree:
    result = dict(below)
    for key, value in above.items():
        old = result.get(key)
        result[key] = _merge(old, value) if isinstance(value, dict) and isinstance(old, dict) else value
    return result


def _pose(table: Table, ankle: float) -> Pose:
    reach, orient = table.sub("ik"), table.sub("orient")
    ground = table.maybe("ground", PARTS)
    root = table.sub("root")
    position = root.point("pos", STANDING)
    angles = {"root": _motions(root, "root")}
    for joint in LIMITS:
        if joint != "root":
            angles[joint] = _motions(table.sub(joint), joint)
    targets = {limb: target for limb in LIMBS if (target := _target(reach, limb, ankle))}
    facings = {limb: facing for limb in LIMBS if (facing := _facing(orient, limb))}
    reach.end(None)
    orient.end(None)
    said = {joint: motions for joint, motions in angles.items() if motions}
    return table.end(Pose(said, position, targets, facings, ground))


def _motions(table: Table, joint: str) -> dict[str, float]:
    motions = {}
    for motion, (low, high) in LIMITS[joint].items():
        degrees = table.number(motion, float("nan"))
        if degrees == degrees:  # noqa: PLR0124 - only a number that was not given differs from itself
            if not low <= degrees <= high:
                table.fail(motion, f"degrees from {low:g} to {high:g}: a {joint} bends no further")
            motions[motion] = degrees
    return table.end(motions)


def _target(reach: Table, limb: str, ankle: float) -> Target | None:
    table = reach.limb(limb, {"floor": ankle if limb.endswith("foot") else FLAT_WRIST})
    if table is None:
        return None
    pole = table.point("pole", (0.0, 0.0, 1.0) if limb.endswith("foot") else (0.0, 0.0, -1.0))
    girdle = table.take("girdle", bool, True)
    if table.is_table("at"):
        beside = table.sub("at")
        turning = beside.has("bone")
        joint = beside.choice("bone" if turning else "joint", JOINTS)
        return table.end(Target(beside.end(beside.point("offset", (0.0, 0.0, 0.0))), joint, turning, pole, girdle))
    return table.end(Target(table.point("at"), pole=pole, girdle=girdle))


def _facing(orient: Table, limb: str) -> Facing | None:
    table = orient.limb(limb)
    if table is None:
        return None
    if limb.endswith("foot"):
        return table.end(Facing(table.point("toes"), table.point("up", (0.0, 1.0, 0.0))))
    return table.end(Facing(table.point("fingers"), table.point("palm")))


def _level(table: Table) -> Level:
    part, axis = table.choice("group", PARTS), table.choice("axis", ("pitch", "roll"), "roll")
    return table.end(Level(part, axis, table.number("range", 25.0)))


def _camera(table: Table) -> Camera:
    return table.end(Camera(table.number("yaw", -70.0), table.number("pitch", 10.0), table.number("margin", 0.075)))


def _muscle(table: Table, name: object) -> str:
    muscle, _, side = str(name).partition(":")
    table.expect("muscles", muscle, MUSCLES)
    table.expect("muscles", side, ("", "left", "right"))
    return str(name)


def _prop(table: Table) -> Prop:
    kind = table.choice("type", PROP_KINDS)
    at, size = PROP_KINDS[kind]
    prop = Prop(
        kind,
        table.numbers("at", at, () if 0 in at else None),
        table.numbers("size", size, () if 0 in size else None),
        table.number("turn", 0.0),
        tuple(table.take("to", list, [])),
        table.take("frame", bool, True),
    )
    for joint in prop.to:
        table.expect("to", joint, JOINTS)
    return table.end(prop)


def _arrow(table: Table) -> Arrow:
    span, offset = table.pair("span", (0.1, 0.9)), table.pair("offset", (0.0, 0.0))
    return table.end(Arrow(table.choice("joint", JOINTS), span, offset, table.take("double", bool, False)))


def _check(table: Table, keyframes: int) -> Check:
    kind = table.choice("kind", CHECK_KINDS)
    count, unit = CHECK_KINDS[kind]
    joints = table.take("joints", list)
    for joint in joints:
        table.expect("joints", joint, JOINTS)
    if len(joints) != count:
        table.fail("joints", f"{count} joints")
    low, high = table.number(f"min_{unit}", float("-inf")), table.number(f"max_{unit}", float("inf"))
    if low == float("-inf") and high == float("inf"):
        table.fail("kind", f"min_{unit}, max_{unit} or both beside it")
    when = table.choice("when", ("all", *(str(n) for n in range(1, keyframes + 1))), "all")
    return table.end(Check(kind, tuple(joints), (low, high), when))
