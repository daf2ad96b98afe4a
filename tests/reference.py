"""Sections 2 and 4 of the clinical specification a second time: plain Python, written from its text alone.

Nothing here reads the content files or the engine, so that a slip in either shows as a difference.
"""

from __future__ import annotations

from typing import Any

DEFAULTS: dict[str, Any] = {
    "age": "18_34", "rf": [], "life": "none", "pelvic": "no", "site": "across", "leg": "none", "dur": "lt2w",
    "trend": "better", "fear": "no", "bilat_walk": "no", "newkind": "no", "nprs": 3, "timing": [], "worse": [],
    "load": [], "bone": [], "sit": "lt4", "form": [], "neutral": "yes", "cleared": "no", "onset": "na", "ax": [],
    "T1": "na", "T2": "na", "T2_side": "na", "T3": "na", "T4": "na", "T4b": "na", "SLB": ["na", "na"], "core": "na",
    "T7": "na", "SP": ["na", "na"], "band": "no",
}  # fmt: skip
"""Section 8."""

GROUP_N = "RF_SADDLE RF_BLADDER RF_BOWEL RF_SEX RF_BILAT RF_WEAK RF_WEAK_PROG".split()
GROUP_E = "RF_TRAUMA RF_FALL RF_AORTA RF_CHEST RF_LIMB_COLD RF_NOWEIGHT RF_CALF RF_ANTICOAG".split()
GROUP_V = "RF_FEVER RF_IMMUNE RF_KIDNEY RF_DARK_URINE RF_ABDO RF_GYN RF_BLOAT RF_CYCLE RF_PREG_WARN".split()
GROUP_S = "RF_CANCER RF_WEIGHT RF_CONST RF_BONE RF_SHAPE RF_CLAUD RF_SURG".split()
BONE_P = "BS_SPOT BS_LIMP BS_REST BS_HOP BS_GROIN".split()
BONE = [*BONE_P, "BS_PREV", "BS_RED"]

RANKS = "SELF_CARE CAUTION PHYSIO DOCTOR URGENT EMERGENCY".split()
PERMISSIONS = "NONE GENTLE FULL".split()
ORDER: dict[str, list[str]] = {
    "EMERGENCY": (
        "RF_SADDLE RF_BLADDER RF_BOWEL RF_SEX RF_BILAT RF_WEAK_PROG RF_TRAUMA RF_AORTA RF_CHEST RF_LIMB_COLD "
        "RF_NOWEIGHT RF_PREG_WARN RF_DARK_URINE C_FEVER_RISK C_KIDNEY_FEVER C_GYN_PREG"
    ).split(),
    "URGENT": (
        "RF_WEAK RF_FEVER RF_KIDNEY RF_ABDO RF_GYN RF_CALF RF_ANTICOAG C_CANCER_PLUS C_CONST_WEIGHT C_FALL_BONE "
        "BSI_FEMORAL SEV_9"
    ).split(),
    "DOCTOR": (
        "AGE_U18 RF_CANCER RF_BONE RF_IMMUNE RF_SURG RF_WEIGHT RF_CONST RF_SHAPE RF_CLAUD RF_BLOAT SITE_UPPER "
        "AGE65_NEW BSI_LIKELY RADIC_SEVERE"
    ).split(),
    "PHYSIO": (
        "BSI_POSSIBLE RED_S SITE_HIP HIP_PINCH RADIC PREG PP_EARLY PP_PELVIC RF_FALL RF_CYCLE AXSPA HIGH_PERSIST FEAR "
        "SUBACUTE WORSENING CHRONIC_WORSE CHRONIC_SAME CHRONIC_MOD"
    ).split(),
    "CAUTION": (
        "RF_CANCER_CLEARED RF_BONE_CLEARED RF_IMMUNE_CLEARED RF_SURG_CLEARED SITE_UPPER_CLEARED AGE65_NEW_CLEARED "
        "BSI_HISTORY PP_LATE AXSPA_3 HIGH_IRRIT CHRONIC AGE50_NEW AGE65"
    ).split(),
}
"""2.1, the order of flags."""
CLEARABLE = "RF_CANCER RF_BONE RF_IMMUNE RF_SURG SITE_UPPER AGE65_NEW".split()
"""2.3, column C."""
GENTLE_RULES = {"RADIC", "BSI_POSSIBLE", "PP_EARLY", "RF_FALL", "HIGH_IRRIT", "HIGH_PERSIST"}
WHO = {
    "BSI_POSSIBLE": "physio or sports doctor",
    "SITE_HIP": "physio or sports doctor",
    "HIP_PINCH": "physio or sports doctor",
    "RED_S": "GP or sports doctor",
    "PREG": "midwife / pelvic-health physio",
    "PP_EARLY": "pelvic-health physio",
    "PP_PELVIC": "pelvic-health physio",
    "RF_CYCLE": "GP",
    "AXSPA": "GP",
}
"""2.1, who at PHYSIO; the others are `physio`."""
GIVES_WAY = {"RF_BILAT", "RF_FALL", "RF_CLAUD", "RF_CONST"}
"""Items of rf whose flag is worked out below rather than copied."""


def complete(answers: dict[str, Any]) -> dict[str, Any]:
    """Returns the answers with the defaults of section 8."""
    return {
        **DEFAULTS,
        **{name: ["na", "na"] if name in ("SLB", "SP") and value == "na" else value for name, value in answers.items()},
    }


def fired(answers: dict[str, Any]) -> set[str]:
    """Returns the rules of 2.3 to 2.6 that are true, clearance aside."""
    a = complete(answers)
    flags = _symptoms(a) | _combinations(a) | _bone(a) | _person(a) | _severity(a["dur"], a["nprs"], a["trend"])
    if a["fear"] == "yes" and a["dur"] in ("6_12w", "gt12w"):
        flags.add("FEAR")
    if a["leg"] == "below_knee":
        flags.add("RADIC" if a["nprs"] <= 7 else "RADIC_SEVERE")
    return flags | _joints(a)


def _constant(a: dict[str, Any]) -> bool:
    return "RF_CONST" in a["rf"] or "constant" in a["timing"]


def _symptoms(a: dict[str, Any]) -> set[str]:
    rf = set(a["rf"])
    flags = rf - GIVES_WAY
    if "RF_BILAT" in rf:
        alone = not rf & (set(GROUP_N) - {"RF_BILAT"})
        flags.add("RF_CLAUD" if a["bilat_walk"] == "yes" and alone else "RF_BILAT")
    if "RF_CLAUD" in rf:
        flags.add("RF_CLAUD")
    if _constant(a):
        flags.add("RF_CONST")
    if "RF_FALL" in rf:
        flags.add("C_FALL_BONE" if a["age"] in ("50_64", "65p") or "RF_BONE" in rf else "RF_FALL")
    return flags


def _combinations(a: dict[str, Any]) -> set[str]:
    rf = set(a["rf"])
    beside_cancer = (
        _constant(a) or "RF_WEIGHT" in rf or "night" in a["timing"] or a["trend"] == "worse" or a["site"] == "upper"
    )
    table = {
        "C_FEVER_RISK": "RF_FEVER" in rf and bool(rf & {"RF_IMMUNE", "RF_WEAK"}),
        "C_KIDNEY_FEVER": {"RF_KIDNEY", "RF_FEVER"} <= rf,
        "C_GYN_PREG": "RF_GYN" in rf and a["life"] == "preg",
        "C_CANCER_PLUS": "RF_CANCER" in rf and beside_cancer,
        "C_CONST_WEIGHT": _constant(a) and "RF_WEIGHT" in rf,
    }
    return {flag for flag, true in table.items() if true}


def _bone(a: dict[str, Any]) -> set[str]:
    bone = set(a["bone"])
    p = len(bone & set(BONE_P))
    high_risk = a["site"] == "groin_hip" or "BS_GROIN" in bone
    r = (
        ("BS_PREV" in bone)
        + ("BS_RED" in bone)
        + ("RF_BONE" in a["rf"])
        + (a["life"] in ("pp_lt12w", "pp_3_12m"))
        + high_risk
    )
    flags = set()
    if high_risk and bone & {"BS_LIMP", "BS_REST", "BS_HOP"}:
        flags.add("BSI_FEMORAL")
    elif p >= 2 or (p >= 1 and r >= 1):
        flags.add("BSI_LIKELY")
    elif p == 1 and r == 0:
        flags.add("BSI_POSSIBLE")
    if p == 0:
        flags |= {flag for item, flag in (("BS_RED", "RED_S"), ("BS_PREV", "BSI_HISTORY")) if item in bone}
        if a["site"] == "groin_hip":
            flags.add("SITE_HIP")
    return flags


def _person(a: dict[str, Any]) -> set[str]:
    new = a["newkind"] == "yes"
    flags = set()
    if a["age"] == "u18":
        flags.add("AGE_U18")
    if a["age"] == "65p":
        flags.add("AGE65_NEW" if new else "AGE65")
    if a["age"] == "50_64" and new:
        flags.add("AGE50_NEW")
    if a["site"] == "upper":
        flags.add("SITE_UPPER")
    if a["T4"] == "pain" and a["site"] != "groin_hip":
        flags.add("HIP_PINCH")
    if a["life"] == "preg":
        flags.add("PREG")
    if a["life"] == "pp_lt12w":
        flags.add("PP_EARLY")
    if a["life"] == "pp_3_12m":
        flags.add("PP_PELVIC" if a["pelvic"] == "yes" else "PP_LATE")
    return flags


def _severity(dur: str, nprs: int, trend: str) -> set[str]:
    table = {
        "SEV_9": nprs >= 9,
        "HIGH_IRRIT": nprs in (7, 8) and dur == "lt2w",
        "HIGH_PERSIST": nprs in (7, 8) and dur != "lt2w",
        "SUBACUTE": dur == "6_12w" and (nprs >= 5 or (nprs >= 3 and trend in ("same", "worse"))),
        "WORSENING": dur == "2_6w" and trend == "worse" and nprs >= 5,
        "CHRONIC_WORSE": dur == "gt12w" and trend == "worse" and nprs < 5,
        "CHRONIC_SAME": dur == "gt12w" and trend == "same" and nprs in (3, 4),
        "CHRONIC_MOD": dur == "gt12w" and nprs in (5, 6),
        "CHRONIC": dur == "gt12w" and nprs <= 4,
    }
    return {flag for flag, true in table.items() if true}


def _joints(a: dict[str, Any]) -> set[str]:
    points = len(set(a["ax"])) + (a["onset"] == "lt35") + (a["site"] == "buttock_sacrum")
    if a["dur"] != "gt12w" or a["onset"] not in ("lt35", "35_44") or points < 3:
        return set()
    return {"AXSPA" if points >= 4 else "AXSPA_3"}


def flags_of(answers: dict[str, Any]) -> list[str]:
    """Returns the flags in the order of 2.1."""
    flags = fired(answers)
    if complete(answers)["cleared"] == "yes":
        flags = {f"{flag}_CLEARED" if flag in CLEARABLE else flag for flag in flags}
    listed = [flag for rank in reversed(RANKS) for flag in ORDER.get(rank, []) if flag in flags]
    assert set(listed) == flags
    return listed


def disposition_of(answers: dict[str, Any]) -> str:
    """Returns the highest disposition of all flags."""
    flags = set(flags_of(answers))
    return next((rank for rank in reversed(RANKS) if flags & set(ORDER.get(rank, []))), "SELF_CARE")


def permission_of(flags: list[str], disposition: str) -> str:
    """Returns the lowest permission of all flags."""
    if RANKS.index(disposition) >= RANKS.index("DOCTOR") or "PREG" in flags:
        return "NONE"
    return "GENTLE" if GENTLE_RULES & set(flags) else "FULL"


def who_of(flags: list[str], disposition: str) -> str:
    """Returns who to see."""
    if disposition == "DOCTOR":
        return "sports doctor" if "BSI_LIKELY" in flags else "GP or sports doctor"
    if disposition == "PHYSIO":
        return "; ".join(dict.fromkeys(WHO.get(flag, "physio") for flag in flags if flag in ORDER["PHYSIO"]))
    return ""


LOAD_JUMP = {"vol_up", "long_spike", "race", "speed_up", "hills"}


def running_of(a: dict[str, Any], flags: list[str], disposition: str) -> str:
    """Returns the running permission of 4.5."""
    fired_flags = set(flags)
    if RANKS.index(disposition) >= RANKS.index("DOCTOR") or fired_flags & {"PREG", "PP_EARLY", "BSI_POSSIBLE"}:
        return "STOP"
    if fired_flags & {"RADIC", "RF_FALL"} or a["nprs"] >= 5:
        return "WALK"
    if a["nprs"] >= 3 or fired_flags & {"RED_S", "PP_LATE", "PP_PELVIC"}:
        return "EASY"
    return "HOLD" if LOAD_JUMP & set(a["load"]) else "NORMAL"


# ---- section 4 ---------------------------------------------------------------------------------------------------

SECONDS = {"lt10": 5, "10_19": 15, "20_29": 25, "30p": 30}
MOBILITY = (
    "neutral_spine pelvic_tilt cat_camel knee_to_chest standing_twist open_book hip_cars hamstring_wall "
    "piriformis_fig4 couch_stretch"
).split()
STRENGTH = (
    "bird_dog glute_bridge sl_bridge_iso front_plank side_plank clamshell fire_hydrant band_abduction "
    "straight_leg_lower half_kneel_pallof curl_up leg_strength"
).split()
LOCKED = ["superman", "russian_twist"]
GENTLE_LIST = (
    "cat_camel pelvic_tilt neutral_spine knee_to_chest open_book hip_cars glute_bridge bird_dog clamshell"
).split()
BASE = {
    "bird_dog": 10, "glute_bridge": 10, "side_plank": 8, "cat_camel": 8, "front_plank": 6, "hip_cars": 5,
    "clamshell": 4, "neutral_spine": 3, "leg_strength": 3,
}  # fmt: skip
FAMILIES = [
    (1, {"glute_bridge", "sl_bridge_iso"}),
    (1, {"clamshell", "fire_hydrant", "band_abduction"}),
    (1, {"standing_twist", "open_book"}),
    (1, {"neutral_spine", "pelvic_tilt"}),
    (2, {"front_plank", "straight_leg_lower", "curl_up"}),
]
STIFF = {"F_HIP_EXT", "F_HAMSTRING", "F_PIRIFORMIS", "F_HIP_ROT", "F_THORACIC"}
POSTPARTUM = {"PP_EARLY", "PP_PELVIC", "PP_LATE"}

Row = tuple[str, int, bool, str, str]
"""Finding, weight, whether it is true, its exercises, its advice."""


def timed(pair: list[str]) -> tuple[int, int] | None:
    """Returns both sides in seconds, or nothing unless both were timed."""
    if all(side in SECONDS for side in pair):
        return SECONDS[pair[0]], SECONDS[pair[1]]
    return None


def _rows(a: dict[str, Any], flags: set[str]) -> list[Row]:
    load, timing, form, worse = set(a["load"]), set(a["timing"]), set(a["form"]), set(a["worse"])
    slb, sp = timed(a["SLB"]), timed(a["SP"])
    full = a["core"] == "full"
    load_advice = "T_LOAD T_LONG10"
    for item, tip in (("speed_up", "T_SPEED10"), ("race", "T_RACE"), ("hills", "T_HILLS")):
        load_advice += f" {tip}" if item in load else ""
    fatigue = "half_kneel_pallof leg_strength side_plank" if full else "front_plank side_plank bird_dog"
    hip_ext = a["T2"] == "tight" or (a["T2"] == "na" and "ext" in worse and "lean_back" in form)
    lateral = sp is not None and (min(sp) < 30 or abs(sp[0] - sp[1]) >= 10)
    legs = a["dur"] in ("6_12w", "gt12w") and a["nprs"] <= 6
    thoracic = a["T1"] == "short" or (a["T1"] == "na" and a["sit"] != "lt4" and "slumped" in form)
    buttock = a["leg"] == "above_knee" or a["site"] == "buttock_sacrum"
    rest = "rest_sit" in timing or a["sit"] == "gt8" or "less_active" in load
    return [
        ("F_LOAD", 3, bool(load & LOAD_JUMP), "", load_advice),
        ("F_POSTPARTUM", 3, bool(flags & POSTPARTUM), "pelvic_tilt glute_bridge clamshell", "T_PELVIC"),
        ("F_FATIGUE", 3, bool(timing & {"late_run", "after_run"}), fatigue, "T_STACK"),
        ("F_HIP_EXT", 3, hip_ext, "couch_stretch sl_bridge_iso hip_cars", ""),
        ("F_CORE_LOW", 3, a["core"] == "fail", "front_plank bird_dog curl_up", ""),
        (
            "F_GLUTE_WEAK",
            3 if slb is not None and min(slb) < 20 else 2,
            slb is not None and min(slb) < 30,
            "sl_bridge_iso fire_hydrant clamshell",
            "",
        ),
        ("F_LATERAL", 2, lateral, "side_plank band_abduction half_kneel_pallof", ""),
        (
            "F_GLUTE_ASYM",
            2,
            slb is not None and abs(slb[0] - slb[1]) >= 10,
            "sl_bridge_iso band_abduction clamshell",
            "",
        ),
        ("F_LEG_LOWER", 2, a["T7"] == "arch", "straight_leg_lower curl_up front_plank", ""),
        ("F_LEGS", 2, legs, "leg_strength sl_bridge_iso band_abduction", ""),
        ("F_THORACIC", 2, thoracic, "open_book standing_twist half_kneel_pallof", "T_MOVE"),
        ("F_HAMSTRING", 2, a["T3"] == "tight", "hamstring_wall bird_dog hip_cars", ""),
        (
            "F_PIRIFORMIS",
            2,
            a["T4"] == "tight" or (a["T4"] == "na" and buttock),
            "piriformis_fig4 clamshell hip_cars",
            "",
        ),
        ("F_HIP_ROT", 2, a["T4b"] == "stiff", "hip_cars piriformis_fig4 fire_hydrant", ""),
        ("F_REST_SIT", 2, rest, "cat_camel standing_twist knee_to_chest", "T_MOVE"),
        ("F_NEUTRAL", 2, a["neutral"] == "no", "neutral_spine pelvic_tilt bird_dog", "T_STACK"),
        (
            "F_LEAN_BACK",
            2,
            "lean_back" in form,
            "straight_leg_lower half_kneel_pallof front_plank",
            "T_STACK T_MINILEAN",
        ),
        ("F_TWIST", 2, "twist" in worse, "half_kneel_pallof bird_dog side_plank", ""),
        ("F_OVERSTRIDE", 1, "overstride" in form, "leg_strength band_abduction hip_cars", "T_STEP"),
        ("F_CORE_FAIR", 1, a["core"] in ("short", "mid"), "front_plank side_plank half_kneel_pallof", ""),
        ("F_WARMUP", 1, bool(timing & {"warmup_ease", "am_stiff"}), "hip_cars standing_twist cat_camel", "T_WARM"),
        ("F_SLUMP", 1, bool(form & {"slumped", "waist_bend"}), "open_book bird_dog standing_twist", "T_PROUD"),
        ("F_SHOES", 1, "shoes" in load, "", "T_SHOES"),
    ]


def _bonuses(a: dict[str, Any]) -> dict[str, int]:
    points: dict[str, int] = {}
    if "flex" in a["worse"]:
        points |= {"bird_dog": 20, "cat_camel": 10, "hip_cars": 10}
    if "ext" in a["worse"]:
        points |= {"knee_to_chest": 30, "pelvic_tilt": 20}
    return points


def excluded_of(a: dict[str, Any], flags: set[str], permission: str) -> set[str]:
    """Returns the exercises that 4.2 leaves out."""
    slb = timed(a["SLB"])
    table: list[tuple[bool, str]] = [
        (True, "superman russian_twist"),
        (a["band"] != "yes", "half_kneel_pallof"),
        ("flex" in a["worse"], "knee_to_chest"),
        ("twist" in a["worse"], "standing_twist"),
        ("RADIC" in flags, "hamstring_wall piriformis_fig4 knee_to_chest straight_leg_lower"),
        (bool(flags & POSTPARTUM), "straight_leg_lower curl_up"),
        (
            bool(flags & {"RF_BONE_CLEARED", "RF_SURG_CLEARED", "AGE65", "AGE65_NEW_CLEARED"}),
            "knee_to_chest curl_up standing_twist",
        ),
        ("BSI_POSSIBLE" in flags, "hip_cars band_abduction leg_strength"),
        (permission == "GENTLE", " ".join(name for name in MOBILITY + STRENGTH if name not in GENTLE_LIST)),
        (a["T1"] == "pain", "standing_twist open_book"),
        (a["T2"] == "pain", "couch_stretch"),
        (a["T3"] == "pain", "hamstring_wall"),
        (a["T4"] == "pain", "piriformis_fig4"),
        (a["T4b"] == "pain", "hip_cars"),
        (a["core"] == "pain", "front_plank"),
        (a["T7"] == "pain", "straight_leg_lower"),
        ("pain" in a["SLB"] or (slb is not None and min(slb) < 10), "sl_bridge_iso"),
        ("pain" in a["SP"], "side_plank"),
    ]
    return {name for true, names in table if true for name in names.split()}


def level_of(exercise: str, a: dict[str, Any], flags: set[str], permission: str) -> int:
    """Returns the starting level of 4.4."""
    careful = POSTPARTUM | {"AGE65", "AGE65_NEW_CLEARED", "RF_BONE_CLEARED", "RF_SURG_CLEARED", "RED_S"}
    if permission == "GENTLE" or a["nprs"] >= 5 or flags & careful:
        return 1
    if exercise in ("couch_stretch", "straight_leg_lower") and "ext" in a["worse"]:
        return 1
    if exercise in ("hamstring_wall", "piriformis_fig4", "couch_stretch", "knee_to_chest"):
        return 2
    if exercise == "front_plank":
        if a["core"] == "full" and a["nprs"] <= 3:
            return 3
        return 2 if a["core"] in ("short", "mid", "full") else 1
    sp, slb = timed(a["SP"]), timed(a["SLB"])
    table = {
        "side_plank": sp is not None and min(sp) >= 30,
        "sl_bridge_iso": slb is not None and min(slb) >= 20,
        "straight_leg_lower": a["T7"] == "ok",
    }
    return 2 if table.get(exercise, False) else 1


def _select(
    rows: list[tuple[str, int, list[str]]], excluded: set[str], scores: dict[str, int], slots: dict[str, int]
) -> list[str]:
    plan: list[str] = []

    def room(name: str) -> bool:
        kind = MOBILITY if name in MOBILITY else STRENGTH
        if sum(other in kind for other in plan) >= slots["mobility" if kind is MOBILITY else "strength"]:
            return False
        return all(len(members.intersection([*plan, name])) <= most for most, members in FAMILIES if name in members)

    for _, _, ranked in rows:
        for name in ranked:
            if name not in excluded:
                if name not in plan and room(name):
                    plan.append(name)
                break
    order = MOBILITY + STRENGTH
    for name in sorted(scores, key=lambda each: (-scores[each], order.index(each))):
        if scores[name] > 0 and name not in plan and room(name):
            plan.append(name)
    return [name for name in plan if name in MOBILITY] + [name for name in plan if name in STRENGTH]


def conclusion(answers: dict[str, Any]) -> dict[str, Any]:
    """Returns what `simulate` says of these answers."""
    a = complete(answers)
    flags = flags_of(a)
    disposition = disposition_of(a)
    permission = permission_of(flags, disposition)
    running = running_of(a, flags, disposition)
    result: dict[str, Any] = {
        "disposition": disposition,
        "permission": permission,
        "running": running,
        "flags": flags,
        "who": who_of(flags, disposition),
        "findings": [],
        "plan": [],
        "advice": [],
    }
    if permission == "NONE":
        return result
    true = [row for row in _rows(a, set(flags)) if row[2]]
    true = true or [("F_BASE", 1, True, "bird_dog side_plank glute_bridge", "T_RECOVER")]
    true.sort(key=lambda row: -row[1])
    excluded = excluded_of(a, set(flags), permission)
    instead = {"sl_bridge_iso": "glute_bridge"} if "sl_bridge_iso" in excluded else {}
    rows = [
        (name, weight, [instead.get(each, each) for each in exercises.split()])
        for name, weight, _, exercises, _ in true
    ]
    bonus = _bonuses(a)
    scores = {
        name: BASE.get(name, 0)
        + bonus.get(name, 0)
        + sum(10 * weight * (3, 2, 1)[ranked.index(name)] for _, weight, ranked in rows if name in ranked)
        for name in MOBILITY + STRENGTH
        if name not in excluded
    }
    total = 4 if permission == "GENTLE" else 5 if a["nprs"] >= 5 else 6
    mobility = 3 if total == 6 and len({row[0] for row in rows} & STIFF) >= 2 else 2
    plan = _select(rows, excluded, scores, {"mobility": mobility, "strength": total - mobility})
    tips = [tip for row in true for tip in row[4].split()] + (["T_STAYACTIVE"] if running != "STOP" else [])
    return result | {
        "findings": [row[0] for row in rows],
        "plan": [
            {
                "exercise": name,
                "level": level_of(name, a, set(flags), permission),
                "reasons": [finding for finding, _, ranked in rows if name in ranked],
            }
            for name in plan
        ],
        "advice": list(dict.fromkeys(tips)),
    }
