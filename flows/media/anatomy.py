"""The names a pose file may use: joints and how far they bend, parts that touch the floor, muscles."""

from collections.abc import Mapping

# How far a joint bends, in degrees; the names on the left and right are the words of a physiotherapist.
_LIMB: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "hip": {"flex": (-35, 135), "abd": (-35, 60), "rot": (-50, 60)},
    "knee": {"flex": (-5, 152)},
    "ankle": {"flex": (-70, 38), "rot": (-25, 25), "inv": (-30, 35)},
    "toes": {"flex": (-35, 75)},  # positive bends them up, as on tiptoe
    "shoulder": {"flex": (-65, 186), "abd": (-45, 180), "rot": (-95, 95)},
    "clavicle": {"up": (-12, 40), "fwd": (-25, 30)},
    "elbow": {"flex": (-5, 152), "rot": (-90, 90)},
    "wrist": {"flex": (-85, 85), "abd": (-35, 35), "rot": (-90, 90)},
    "hand": {"curl": (0, 90)},
}
LIMITS: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "root": {"pitch": (-360, 360), "roll": (-360, 360), "yaw": (-360, 360)},
    "spine": {"flex": (-40, 65), "side": (-35, 35), "twist": (-30, 30)},
    "thorax": {"flex": (-30, 40), "side": (-20, 20), "twist": (-45, 45)},
    "neck": {"flex": (-65, 65), "side": (-45, 45), "twist": (-85, 85)},
    **{f"{side}_{joint}": motions for side in ("left", "right") for joint, motions in _LIMB.items()},
}
# How high the ankle stands over a flat sole, by body, and the wrist over a flat palm (metres).
FLAT_ANKLE: Mapping[str, float] = {"f": 0.066, "f_shoes": 0.073, "m": 0.0715, "m_shoes": 0.078}
FLAT_WRIST = 0.045
LIMBS = ("left_hand", "right_hand", "left_foot", "right_foot")

# Joints that arrows follow, checks measure and hands hold on to, in the words of the body's own skeleton.
JOINTS = (
    "pelvis", "spine_01", "spine_02", "spine_03", "neck_01", "head", "head_tip",
    *(
        f"{joint}_{side}"
        for joint in ("clavicle", "upperarm", "lowerarm", "hand", "thigh", "calf", "foot", "ball")
        for side in "lr"
    ),
    "hand_l_tip", "hand_r_tip", "ball_l_tip", "ball_r_tip",
)  # fmt: skip

# Body parts that can rest on something, as the bones whose skin belongs to them; none means the whole body.
PARTS: Mapping[str, tuple[str, ...]] = {
    "all": (),
    "hands": ("hand_l", "hand_r"),
    "left_hand": ("hand_l",),
    "right_hand": ("hand_r",),
    "forearms": ("lowerarm_l", "lowerarm_r"),
    "left_forearm": ("lowerarm_l",),
    "right_forearm": ("lowerarm_r",),
    "knees": ("calf_l", "calf_r"),
    "left_knee": ("calf_l",),
    "right_knee": ("calf_r",),
    "feet": ("foot_l", "foot_r", "ball_l", "ball_r"),
    "left_foot": ("foot_l", "ball_l"),
    "right_foot": ("foot_r", "ball_r"),
    "toes": ("ball_l", "ball_r"),
    "left_toes": ("ball_l",),
    "right_toes": ("ball_r",),
    "thighs": ("thigh_l", "thigh_r"),
    "pelvis": ("pelvis",),
    "seat": ("pelvis", "thigh_l", "thigh_r"),
    "trunk": ("pelvis", "spine_01", "spine_02", "spine_03"),
    "chest": ("spine_03", "clavicle_l", "clavicle_r"),
    "upper": ("head", "neck_01", "spine_03", "clavicle_l", "clavicle_r"),
    "head": ("head",),
    "left_shoulder": ("clavicle_l", "spine_03"),
    "right_shoulder": ("clavicle_r", "spine_03"),
    "left_upper": ("upperarm_l", "clavicle_l", "spine_03", "lowerarm_l"),
    "right_upper": ("upperarm_r", "clavicle_r", "spine_03", "lowerarm_r"),
}

Point = tuple[float, float, float]

# Where a muscle shows on the skin of the standing body: from one point to another, and how wide (metres, left side).
MUSCLES: Mapping[str, tuple[tuple[Point, Point, float], ...]] = {
    "glute_max": (((0.075, 0.845, -0.055), (0.085, 0.765, -0.06), 0.085),),
    "glute_med": (((0.130, 0.910, -0.005), (0.150, 0.845, 0.015), 0.080),),
    "abs": (((0.03, 1.10, 0.12), (0.03, 0.87, 0.13), 0.060),),
    "deep_core": (((0.0, 1.0, 0.12), (0.0, 0.87, 0.13), 0.085),),
    "obliques": (((0.115, 1.06, 0.06), (0.115, 0.93, 0.055), 0.062),),
    "erectors": (
        ((0.034, 1.20, -0.052), (0.034, 1.05, -0.024), 0.045),
        ((0.034, 1.05, -0.024), (0.034, 0.90, -0.056), 0.045),
    ),
    "multifidus": (((0.028, 1.02, -0.024), (0.028, 0.89, -0.058), 0.046),),
    "hip_flexor": (((0.075, 0.90, 0.10), (0.098, 0.77, 0.10), 0.052),),
    "quads": (((0.105, 0.78, 0.085), (0.130, 0.56, 0.105), 0.062),),
    "hamstrings": (((0.10, 0.73, -0.05), (0.128, 0.52, -0.02), 0.062),),
    "adductors": (((0.062, 0.79, 0.07), (0.088, 0.62, 0.07), 0.045),),
    "piriformis": (((0.045, 0.86, -0.10), (0.115, 0.82, -0.06), 0.050),),
    "calf": (((0.140, 0.43, 0.0), (0.150, 0.24, -0.02), 0.055),),
    "lats": (((0.12, 1.19, -0.03), (0.075, 1.03, -0.02), 0.052),),
    "upper_back": (((0.05, 1.26, -0.055), (0.045, 1.10, -0.032), 0.068),),
    "chest": (((0.05, 1.22, 0.12), (0.11, 1.22, 0.10), 0.060),),
    "shoulder": (((0.175, 1.27, 0.02), (0.215, 1.20, 0.02), 0.062),),
}
# From where the small body map shows a muscle best: 180 is from behind, 0 from the front, 90 the left side.
SEEN_FROM: Mapping[str, float] = {
    **dict.fromkeys(
        ("glute_max", "multifidus", "erectors", "hamstrings", "piriformis", "upper_back", "lats", "calf"), 180
    ),
    "glute_med": 135,
    "obliques": 45,
}
