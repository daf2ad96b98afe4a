"""What colour the figure is where: clothes, hair, face and working muscles, as formulas on the body at rest."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from flows.media.anatomy import MUSCLES
from flows.media.rig import Floats, Ints

EYES = 1.493  # their height on the body at rest, in metres

COLOURS = {
    "background": "#F3F5F8",
    "skin": "#E9B28C",
    "hair": "#3A2A28",
    "top": "#3E7CB1",
    "shorts": "#27364F",
    "shoe": "#F4F6F8",
    "sole": "#8FA3B8",
    "eye": "#2A2320",
    "lip": "#B5605A",
    "line": "#1E2740",
    "muscle": "#E0324B",
    "arrow": "#D1431A",
    "right": "#1E7B4F",
    "wrong": "#C62828",
    "mat": "#BFD8D2",
    "wall": "#E4E7EC",
    "wood": "#D9B48A",
    "band": "#8E44AD",
    "mirror": "#D6E6EF",
    "metal": "#9AA7B5",
    "bench": "#AEB8C6",
    "pad": "#7A8CA3",
    "pillow": "#F0DFC0",
    "time": "#1F6FB2",
    "track": "#D3DAE4",
}
NAMES = tuple(COLOURS)


def rgb(colour: str) -> Floats:
    """Returns red, green and blue from 0 to 1 of a name in COLOURS."""
    code = COLOURS[colour]
    return np.array([int(code[k : k + 2], 16) for k in (1, 3, 5)]) / 255


TABLE = np.array([rgb(name) for name in NAMES])
CODE = {name: i for i, name in enumerate(NAMES)}
# The body map's figure is grey, so that only the muscle has a colour.
GREY = TABLE.copy()
for _name, _code in {
    "skin": 0xD9DEE6,
    "top": 0xC9D0DB,
    "shorts": 0xB4BDCB,
    "hair": 0xA3AEBF,
    "eye": 0xA3AEBF,
    "lip": 0xC3CAD6,
}.items():
    GREY[CODE[_name]] = [(_code >> shift & 255) / 255 for shift in (16, 8, 0)]


def rise(low: float, high: float, value: Floats) -> Floats:
    """Returns a soft step from 0 below `low` to 1 above `high`."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def cloth(paint: Floats, region: Floats) -> Ints:
    """Returns the code in NAMES of what each point shows."""
    x, y, z = np.abs(paint[:, 0]), paint[:, 1], paint[:, 2]
    arm, head, shoe = region[:, 0], region[:, 1], region[:, 3]
    code = np.full(len(paint), CODE["skin"])
    # Along the upper arm from the shoulder (0) to the elbow (1); sleeves end before the half.
    sleeve = ((x - 0.156) * 0.158 - (y - 1.261) * 0.171) / (0.158**2 + 0.171**2)
    neckline = (y - 1.325 + 0.55 * (z - 0.01) > 0) & (x < 0.10)  # lower in front than behind
    top = (y > 1.0) & (head < 0.3) & ((arm < 0.5) | (sleeve < 0.45)) & ~neckline
    code[top | ((y > 0.935) & (y <= 1.04) & (arm < 0.5))] = CODE["top"]
    code[(y <= 0.935) & (y > 0.60 + 0.05 * (x - 0.1)) & (arm < 0.5)] = CODE["shorts"]
    code[_hair(paint, head)] = CODE["hair"]
    code[shoe > 0.5] = CODE["shoe"]
    code[(shoe > 0.5) & (y < 0.016)] = CODE["sole"]
    front = (head > 0.5) & (z > 0.055)
    code[front & (((x - 0.0315) / 0.0125) ** 2 + ((y - EYES - 0.002) / 0.0052) ** 2 < 1)] = CODE["eye"]
    along = (x - 0.034) / 0.019
    code[front & (along**2 + ((y - EYES - 0.0215 + 0.004 * along**2) / 0.0030) ** 2 < 1)] = CODE["hair"]
    along = x / 0.021
    code[front & (z > 0.07) & (along**2 + ((y - EYES + 0.062 - 0.003 * along**2) / 0.0030) ** 2 < 1)] = CODE["lip"]
    return code


def _hair(paint: Floats, head: Floats) -> NDArray[np.bool_]:
    x, y, z = np.abs(paint[:, 0]), paint[:, 1], paint[:, 2]
    around = np.stack([paint[:, 0], y - 1.487, z - 0.012], 1)
    around /= np.linalg.norm(around, axis=1, keepdims=True) + 1e-9
    scalp = around[:, 1] * 0.62 - around[:, 2] * 0.78 > -0.25 + 0.05 * np.abs(around[:, 0])
    ear = (x > 0.058) & (y > 1.425) & (y < 1.512) & (z > -0.012) & (z < 0.06)
    knot = (head > 0.99) & (x**2 + (y - 1.595) ** 2 + (z + 0.045) ** 2 < 0.037**2)
    return (scalp & (head > 0.35) & (y > 1.405 - 0.02 * (z < 0)) & ~ear) | knot


def glow(paint: Floats, region: Floats, muscles: Sequence[str]) -> Floats:
    """Returns how strongly each point belongs to a working muscle, from 0 to 1; `glute_med:left` names one side."""
    result = np.zeros(len(paint))
    for name in muscles:
        muscle, _, side = name.partition(":")
        points = paint * {"": (1, 1, 1), "left": (1, 1, 1), "right": (-1, 1, 1)}[side]
        if not side:
            points[:, 0] = np.abs(points[:, 0])
        distance = np.min([_capsule(points, *capsule) for capsule in MUSCLES[muscle]], axis=0)
        strength = rise(1.15, 0.62, distance)
        # An arm that hangs beside the muscle is not the muscle.
        result = np.maximum(result, strength if muscle == "shoulder" else strength * (region[:, 0] < 0.5))
    return result


def _capsule(points: Floats, start: Sequence[float], end: Sequence[float], radius: float) -> Floats:
    a, way = np.array(start), np.array(end) - np.array(start)
    along = np.clip((points - a) @ way / (way @ way), 0, 1)
    return np.asarray(np.linalg.norm(points - (a + along[:, None] * way), axis=1) / radius)
