"""The body and its joints: anatomical degrees in, posed points of the skin out.

Lengths are metres; +x is the figure's left, +y up and +z forward.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import cos, radians, sin
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from flows.media.anatomy import PARTS
from flows.media.poses import Facing, Pose, Target

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DATA = Path(__file__).parent / "data"
GIRDLE = 28.0  # degrees that the shoulder blade and collarbone go along with a hand that reaches far
UNIT = 16_000  # the files keep lengths as whole numbers of 1/16 mm
FINGERS = ("thumb", "index", "middle", "ring", "pinky")
SIDES = (("left", "l", 1.0), ("right", "r", -1.0))


def turn_x(degrees: float) -> Floats:
    """Returns the turn about the axis that points to the figure's left."""
    c, s = cos(radians(degrees)), sin(radians(degrees))
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def turn_y(degrees: float) -> Floats:
    """Returns the turn about the axis that points up."""
    c, s = cos(radians(degrees)), sin(radians(degrees))
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def turn_z(degrees: float) -> Floats:
    """Returns the turn about the axis that points forward."""
    c, s = cos(radians(degrees)), sin(radians(degrees))
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def unit(vector: Floats | tuple[float, ...]) -> Floats:
    """Returns the vector at length 1; a vector of no length stays as it is."""
    array = np.asarray(vector, float)
    return array / max(float(np.linalg.norm(array)), 1e-9)


def _cross(a: Floats, b: Floats) -> Floats:
    """Returns the cross product of two vectors; numpy's own, made for arrays of them, takes many times as long."""
    return np.array([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])


def turn_between(start: Floats, end: Floats) -> Floats:
    """Returns the shortest turn that brings one direction to another."""
    a, b = unit(start), unit(end)
    axis, cosine = _cross(a, b), float(a @ b)
    if cosine < -0.9999:
        return turn_x(180)
    k = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.asarray(np.eye(3) + k + k @ k / (1 + cosine))


def mix(a: Floats, b: Floats, share: float) -> Floats:
    """Returns the turn that is the given share of the way from one turn to another."""
    if share >= 1:
        return b
    step = a.T @ b
    cosine = np.clip((np.trace(step) - 1) / 2, -1, 1)
    angle = float(np.arccos(cosine))
    if angle < 1e-6:
        return b
    axis = unit(np.array([step[2, 1] - step[1, 2], step[0, 2] - step[2, 0], step[1, 0] - step[0, 1]]))
    k = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    part = share * angle
    return np.asarray(a @ (np.eye(3) + np.sin(part) * k + (1 - np.cos(part)) * (k @ k)))


@dataclass(frozen=True, slots=True)
class Posed:
    """The skeleton in one pose: a turn and a shift for every bone, and where each joint lies."""

    turns: Floats
    shifts: Floats
    joints: Mapping[str, Floats]
    directions: Mapping[str, Floats]  # of each bone: its left, up and forward, as columns


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """A body as it stands at rest: its skin, what is painted where, and the skeleton inside."""

    vertices: Floats
    faces: Ints
    paint: Floats  # the same points on the body that clothes and muscles are described on
    region: Floats  # how much each point belongs to the arms, the head, the hands and the shoes
    weight: Floats  # how much each point follows each bone; a row adds up to 1
    bones: tuple[str, ...]
    parent: tuple[int, ...]
    head: Floats
    tail: Floats
    upright: Floats  # turns every bone from its rest pose to anatomical standing
    main_bone: Ints

    @classmethod
    @cache
    def load(cls, name: str) -> Self:
        """Returns the body of one file in data/, ready to be posed."""
        with np.load(DATA / f"body_{name}.npz") as file:
            bones = tuple(str(bone) for bone in file["bones"])
            head, tail = file["head"] / UNIT, file["tail"] / UNIT
            bone_of, share = file["bone_of"].astype(np.int64), file["weight"].astype(float)
            share /= share.sum(1, keepdims=True)
            points = np.arange(len(bone_of))
            weight = np.zeros((len(bone_of), len(bones)))
            np.add.at(weight, (points[:, None], bone_of), share)
            return cls(
                vertices=file["vertices"] / UNIT,
                faces=file["faces"].astype(np.int64),
                paint=file["paint"] / UNIT,
                region=file["region"] / 255,
                weight=weight,
                bones=bones,
                parent=tuple(int(index) for index in file["parent"]),
                head=head,
                tail=tail,
                upright=_upright(bones, head),
                main_bone=bone_of[points, share.argmax(1)],
            )

    def part(self, name: str) -> Ints:
        """Returns which points of the skin belong to a part of PARTS."""
        if not PARTS[name]:
            return np.arange(len(self.vertices))
        return np.flatnonzero(np.isin(self.main_bone, [self.bones.index(bone) for bone in PARTS[name]]))

    def reach(self, upper: str, lower: str) -> float:
        """Returns the distance between two joints in metres."""
        return float(np.linalg.norm(self.head[self.bones.index(lower)] - self.head[self.bones.index(upper)]))

    def skin(self, posed: Posed, points: Ints | None = None) -> Floats:
        """Returns where the points of the skin lie in this pose; all of them, or only those asked for."""
        chosen = slice(None) if points is None else points
        moves = np.hstack([posed.turns.reshape(-1, 9), posed.shifts])
        # Every point turns and shifts by the mean of its bones.
        blended = self.weight[chosen] @ moves
        turned = np.einsum("pij,pj->pi", blended[:, :9].reshape(-1, 3, 3), self.vertices[chosen])
        return np.asarray(turned + blended[:, 9:])

    def lowest(self, posed: Posed, points: Ints) -> float:
        """Returns how high the lowest of these points of the skin lies in this pose, in metres."""
        moves = np.column_stack([posed.turns[:, 1], posed.shifts[:, 1]])
        blended = self.weight[points] @ moves
        return float(((blended[:, :3] * self.vertices[points]).sum(1) + blended[:, 3]).min())

    def pose(self, pose: Pose) -> Posed:
        """Returns the skeleton in a pose whose targets all lie at points."""
        turns: list[Floats] = []
        places: list[Floats] = []
        local = _local_turns(pose)
        lean = pose.angles.get("root", {})
        base = turn_y(lean.get("yaw", 0)) @ turn_x(lean.get("pitch", 0)) @ turn_z(lean.get("roll", 0))
        for i, bone in enumerate(self.bones):
            parent = self.parent[i]
            if parent < 0:
                turns.append(base)
                places.append(np.array(pose.position))
                continue
            arm = turns[parent] @ self.upright[parent]
            places.append(
                places[parent] if bone == "pelvis" else places[parent] + arm @ (self.head[i] - self.head[parent])
            )
            turn = turns[parent] @ local[bone] if bone in local else turns[parent]
            limb = {"thigh": "foot", "upperarm": "hand", "clavicle": "hand"}.get(bone[:-2])
            side = "left" if bone.endswith("_l") else "right"
            target = pose.targets.get(f"{side}_{limb}") if limb else None
            if target and bone.startswith("clavicle"):
                if target.girdle:
                    turn = mix(turn, self._stretched(target, i, places[i], turn), target.weight)
            elif target:
                upper, lower = self._reach_for(target, bone, places[i])
                turn = mix(turn, upper, target.weight)
                local[_lower(bone)] = mix(local[_lower(bone)], lower, target.weight)
            facing = pose.facings.get(f"{side}_{bone[:-2]}")
            if facing:
                turn = mix(turn, _facing_turn(facing, bone), facing.weight)
            turns.append(turn)
        return self._posed(turns, places)

    def _posed(self, turns: list[Floats], places: list[Floats]) -> Posed:
        whole = np.stack(turns) @ self.upright
        shifts = np.stack(places) - np.einsum("bij,bj->bi", whole, self.head)
        joints = dict(zip(self.bones, places, strict=True))
        for bone in ("head", "hand_l", "hand_r", "ball_l", "ball_r"):
            i = self.bones.index(bone)
            joints[f"{bone}_tip"] = whole[i] @ self.tail[i] + shifts[i]
        return Posed(whole, shifts, joints, dict(zip(self.bones, turns, strict=True)))

    def _stretched(self, target: Target, clavicle: int, at: Floats, turn: Floats) -> Floats:
        """Returns the turn of a shoulder girdle that follows a hand which reaches as far as the arm is long."""
        shoulder = self.head[self.bones.index("upperarm" + self.bones[clavicle][-2:])] - self.head[clavicle]
        arm = turn @ self.upright[clavicle] @ shoulder
        way = np.array(target.at) - at
        length = self.reach("upperarm_l", "lowerarm_l") + self.reach("lowerarm_l", "hand_l")
        need = float(np.clip((np.linalg.norm(way - arm) / length - 0.93) / 0.12, 0, 1))
        follow = turn_between(arm, way)
        angle = float(np.degrees(np.arccos(np.clip((np.trace(follow) - 1) / 2, -1, 1))))
        return mix(np.eye(3), follow, need * min(1.0, GIRDLE / max(angle, 1e-6))) @ turn

    def _reach_for(self, target: Target, bone: str, at: Floats) -> tuple[Floats, Floats]:
        """Returns the turns of the upper and lower bone that bring a hand or foot to a point (law of cosines)."""
        leg = bone.startswith("thigh")
        knee, ankle = ("calf_l", "foot_l") if leg else ("lowerarm_l", "hand_l")
        first, second = self.reach(bone[:-1] + "l", knee), self.reach(knee, ankle)
        way = np.array(target.at) - at
        distance = float(np.clip(np.linalg.norm(way), abs(first - second) + 1e-3, (first + second) * 0.9995))
        ahead = unit(way)
        pole = np.array(target.pole)
        pole = unit(pole - ahead * (pole @ ahead))
        cosine = np.clip((first**2 + distance**2 - second**2) / (2 * first * distance), -1, 1)
        upper_way = ahead * cosine + pole * np.sqrt(1 - cosine**2)
        lower_way = unit(ahead * distance - upper_way * first)
        hinge = unit(_cross(pole, ahead) if leg else _cross(ahead, pole))
        upper_turn, lower_turn = _frame(upper_way, hinge), _frame(lower_way, hinge)
        return upper_turn, upper_turn.T @ lower_turn


def _lower(bone: str) -> str:
    return ("calf" if bone.startswith("thigh") else "lowerarm") + bone[-2:]


def _frame(way: Floats, hinge: Floats) -> Floats:
    """Returns the turn of a bone that hangs straight down at rest, with its hinge to the figure's left."""
    y = -way
    x = unit(hinge - y * (hinge @ y))
    return np.stack([x, y, _cross(x, y)], 1)


def _facing_turn(facing: Facing, bone: str) -> Floats:
    ahead, out = unit(facing.ahead), np.array(facing.out)
    out = unit(out - ahead * (out @ ahead))
    if bone.startswith("foot"):
        return np.stack([_cross(out, ahead), out, ahead], 1)
    y = -ahead
    x = -out if bone.endswith("_l") else out
    return np.stack([x, y, _cross(x, y)], 1)


def _local_turns(pose: Pose) -> dict[str, Floats]:
    """Returns each bone's own turn; flexion, abduction and outward rotation are positive on both sides."""

    def joint(name: str) -> Mapping[str, float]:
        return pose.angles.get(name, {})

    def bend(name: str, share: float) -> Floats:
        q = joint(name)
        return turn_y(share * q.get("twist", 0)) @ turn_z(-share * q.get("side", 0)) @ turn_x(share * q.get("flex", 0))

    local = {
        "spine_01": bend("spine", 0.40),
        "spine_02": bend("spine", 0.35),
        "spine_03": bend("spine", 0.25) @ bend("thorax", 1),
        "neck_01": bend("neck", 0.5),
        "head": bend("neck", 0.5),
    }
    for side, s, sign in SIDES:
        shoulder, girdle = joint(f"{side}_shoulder"), joint(f"{side}_clavicle")
        flexion, abduction = shoulder.get("flex", 0), shoulder.get("abd", 0)
        # The shoulder blade follows the arm when it is raised.
        lift = girdle.get("up", 0) + 0.22 * max(0, abduction - 30) + 0.10 * max(0, flexion - 60)
        forward = girdle.get("fwd", 0) + 0.12 * np.clip(flexion, 0, 90)
        local[f"clavicle_{s}"] = turn_y(-sign * forward) @ turn_z(sign * lift * 0.8)
        for bone, name in (("upperarm", "shoulder"), ("thigh", "hip")):
            q = joint(f"{side}_{name}")
            local[f"{bone}_{s}"] = (
                turn_x(-q.get("flex", 0)) @ turn_z(sign * q.get("abd", 0)) @ turn_y(sign * q.get("rot", 0))
            )
        elbow, wrist, ankle = joint(f"{side}_elbow"), joint(f"{side}_wrist"), joint(f"{side}_ankle")
        local[f"lowerarm_{s}"] = turn_x(-elbow.get("flex", 0)) @ turn_y(sign * elbow.get("rot", 0))
        local[f"hand_{s}"] = (
            turn_x(-wrist.get("flex", 0)) @ turn_z(sign * wrist.get("abd", 0)) @ turn_y(sign * wrist.get("rot", 0))
        )
        local[f"calf_{s}"] = turn_x(joint(f"{side}_knee").get("flex", 0))
        local[f"foot_{s}"] = (
            turn_x(-ankle.get("flex", 0)) @ turn_y(sign * ankle.get("rot", 0)) @ turn_z(sign * ankle.get("inv", 0))
        )
        local[f"ball_{s}"] = turn_x(-joint(f"{side}_toes").get("flex", 0))
        curl = joint(f"{side}_hand").get("curl", 14)
        for finger in FINGERS:
            thumb = turn_z(-sign * curl * 0.175) @ turn_x(-curl * 0.21)
            for k in ("01", "02", "03"):
                local[f"{finger}_{k}_{s}"] = thumb if finger == "thumb" else turn_z(-sign * curl)
    return local


def _upright(bones: tuple[str, ...], head: Floats) -> Floats:
    """Returns the turns from the rest pose, arms and legs spread, to anatomical standing with limbs straight down."""
    at = {bone: head[i] for i, bone in enumerate(bones)}
    turns = {bone: np.eye(3) for bone in bones}
    for _, s, sign in SIDES:
        thigh, calf, foot, ball = f"thigh_{s}", f"calf_{s}", f"foot_{s}", f"ball_{s}"
        turns[thigh] = turn_between(at[calf] - at[thigh], np.array([0, -1, 0]))
        turns[calf] = turn_between(turns[thigh] @ (at[foot] - at[calf]), np.array([0, -1, 0])) @ turns[thigh]
        toes = at[ball] - at[foot]
        turns[foot] = turns[ball] = turn_y(-float(np.degrees(np.arctan2(toes[0], toes[2]))) + 4 * sign)
        upper, lower, hand = f"upperarm_{s}", f"lowerarm_{s}", f"hand_{s}"
        turns[upper] = turn_between(at[lower] - at[upper], np.array([0.06 * sign, -1, 0]))
        turns[lower] = (
            turn_between(turns[upper] @ (at[hand] - at[lower]), np.array([0.02 * sign, -1, 0.02])) @ turns[upper]
        )
        palm = turns[lower] @ (at[f"middle_01_{s}"] - at[hand])
        turns[hand] = turn_between(palm, np.array([0, -1, 0.03])) @ turns[lower]
        for finger in FINGERS:
            for k in ("01", "02", "03"):
                turns[f"{finger}_{k}_{s}"] = turns[hand]
    return np.stack([turns[bone] for bone in bones])
