"""A picture put together: the movement, the things around it, a camera that holds it, arrows and the body map."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from PIL import Image

from flows.media.anatomy import SEEN_FROM
from flows.media.contacts import Moment, movement, settle
from flows.media.overlay import arrow_path, draw_arrow, draw_mark
from flows.media.paint import GREY
from flows.media.poses import Picture, Pose
from flows.media.props import reflection, solids
from flows.media.raster import View, camera_turn
from flows.media.rig import Body, Floats
from flows.media.shade import Model, Solid, Style, draw

Box = tuple[float, float, float, float]
MAP_HEIGHT = 0.36  # of the body map, as a share of the picture's height
MAP_WIDTH = 0.56  # of one figure in the body map, as a share of the map's height
EDGE = 14  # pixels between the body map and the frame
TIGHT = 0.04  # of the frame, which is left free around a figure that must make room for the body map
ARROW_STEPS = 12  # instants between two keyframes along which an arrow finds its path


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A picture ready to be drawn at any of its moments, `fine` times larger and then made smaller."""

    picture: Picture
    moments: Sequence[Moment]
    view: View
    layer: Image.Image  # arrows, marks and body map, the same on every frame
    fine: int

    def frame(self, index: int) -> Image.Image:
        """Returns the drawing of one moment."""
        image = draw(_model(self.picture, self.moments[index]), self.view, fine=self.fine)
        image.paste(self.layer, (0, 0), self.layer)
        return image


def scene(picture: Picture, *, steps: int = ARROW_STEPS, size: tuple[int, int] | None = None, fine: int = 2) -> Scene:
    """Returns a loop, or a still of one keyframe, ready to be drawn; the size is in pixels of the picture."""
    moments = movement(picture, steps)
    size = size or picture.size
    layer = Image.new("RGBA", size, (255, 255, 255, 0))
    view, corner = _beside_map(_seen(picture, moments), picture, size)
    if picture.muscles:
        layer.paste(body_map(picture.muscles, _map_height(size), picture.body), corner)
    for arrow, path in zip(picture.arrows, _arrow_paths(picture, moments, view), strict=True):
        draw_arrow(layer, path, double=arrow.double)
    return Scene(picture, moments, _finer(view, fine), layer, fine)


def pair(picture: Picture, *, size: tuple[int, int] | None = None, fine: int = 2) -> Image.Image:
    """Returns postures side by side on one floor, each with a green tick or a red cross."""
    width, height = size or picture.size
    half = width // len(picture.keyframes)
    moments = [settle(picture, pose) for pose in picture.keyframes]
    seen = [_seen(picture, [moment]) for moment in moments]
    low, high = min(points[:, 1].min() for points in seen), max(points[:, 1].max() for points in seen)
    level = [np.concatenate([points, [[points[0, 0], low], [points[0, 0], high]]]) for points in seen]
    box = (0.03 * half, 0.08 * height, 0.97 * half, 0.95 * height)
    scale = min(_fit(points, picture, (half, height), box).scale for points in level)
    whole = Image.new("RGB", (width, height))
    for k, (moment, points, mark) in enumerate(zip(moments, level, picture.marks, strict=True)):
        view = _fit(points, picture, (half, height), box, scale)
        drawn = draw(_model(picture, moment), _finer(view, fine), fine=fine).convert("RGBA")
        draw_mark(drawn, mark, (half * 0.15, height * 0.13), height * 0.085)
        whole.paste(drawn.convert("RGB"), (k * half, 0))
    return whole


def figure(picture: Picture, pose: Pose, size: tuple[int, int], *, fine: int = 2) -> Image.Image:
    """Returns one figure in one pose alone, without arrow and body map, as a small picture within another needs it."""
    margin = picture.camera.margin
    box = (size[0] * margin, size[1] * margin, size[0] * (1 - margin), size[1] * (1 - margin))
    return figures([(picture, pose)], size, box, fine=fine)[0]


def figures(
    shown: Sequence[tuple[Picture, Pose]], size: tuple[int, int], box: Box, *, fine: int = 2
) -> list[Image.Image]:
    """Returns figures as one camera sees them that holds all of them in a box, so that none jumps into the next.

    The camera is that of the first picture; the box is left, top, right and bottom in pixels.
    """
    moments = [settle(picture, pose) for picture, pose in shown]
    seen = np.concatenate([_seen(picture, [moment]) for (picture, _), moment in zip(shown, moments, strict=True)])
    view = _finer(_fit(seen, shown[0][0], size, box), fine)
    return [draw(_model(picture, moment), view, fine=fine) for (picture, _), moment in zip(shown, moments, strict=True)]


@cache
def body_map(muscles: tuple[str, ...], height: int, body: str = "f") -> Image.Image:
    """Returns a small grey figure with the working muscles in red, seen from where they show; two if need be."""
    yaws = _map_yaws(muscles)
    arms = {f"{side}_shoulder": {"abd": 16.0} for side in ("left", "right")}
    legs = {f"{side}_hip": {"abd": 4.0} for side in ("left", "right")}
    standing = Picture(id="map", keyframes=(), body=body, ground="feet", muscles=muscles)
    moment = settle(standing, Pose({**arms, **legs}))
    tall = float(Body.load(body).vertices[:, 1].max())
    width = round(height * MAP_WIDTH)
    whole = Image.new("RGB", (width * len(yaws), height))
    for k, yaw in enumerate(yaws):
        view = View(camera_turn(yaw, 4), (0.0, 0.4 - tall / 2), height * 0.94 / tall, width, height, 0.0)
        drawn = draw(_model(standing, moment), _finer(view, 2), Style(GREY, shadow=False, mist=0))
        whole.paste(drawn, (k * width, 0))
    return whole


def _seen_from(muscle: str) -> float:
    name, _, side = muscle.partition(":")
    yaw = SEEN_FROM.get(name, 0.0)
    return -yaw if yaw < 180 and side == "right" else yaw


def framed(picture: Picture, moments: Sequence[Moment]) -> tuple[float, float]:
    """Returns how much of the frame figure and things fill, and how near an arrow comes to its edge in pixels.

    The first is of the width or the height, the larger of the two, from 0 to 1; the second is negative outside.
    """
    seen = _seen(picture, moments)
    view, _ = _beside_map(seen, picture, picture.size)
    extent = (seen.max(0) - seen.min(0)) * view.scale / picture.size
    paths = _arrow_paths(picture, moments, view)
    near = min((min(path.min(), (picture.size - path).min()) for path in paths), default=np.inf)
    return float(extent.max()), float(near)


def _arrow_paths(picture: Picture, moments: Sequence[Moment], view: View) -> list[Floats]:
    """Returns the line of each arrow in pixels of the view."""
    paths = []
    for arrow in picture.arrows:
        track = view.project(np.array([moment.posed.joints[arrow.joint] for moment in moments]))[:, :2]
        offset = (arrow.offset[0] * view.width / picture.size[0], arrow.offset[1] * view.height / picture.size[1])
        paths.append(arrow_path(track, arrow.span, offset, curve=len(picture.keyframes) == 2))
    return paths


def _map_height(size: tuple[int, int]) -> int:
    return round(size[1] * MAP_HEIGHT)


def _map_yaws(muscles: Sequence[str]) -> list[float]:
    """Returns from where the body map shows its figures: what shows from a side shows from front and back too."""
    yaws = {_seen_from(muscle) for muscle in muscles}
    if sides := yaws - {0.0, 180.0}:
        if len(sides) < len(yaws):
            yaws -= sides
        elif len(sides) > 1:
            yaws = {90.0 if yaw > 0 else -90.0 for yaw in sides}
    return sorted(yaws) or [0.0]


def _model(picture: Picture, moment: Moment) -> Model:
    body = Body.load(picture.body)
    points = body.skin(moment.posed)
    things = solids(picture, moment, points)
    return Model(body, points, things, picture.muscles, reflection(picture, points))


def _finer(view: View, fine: int) -> View:
    return replace(view, scale=view.scale * fine, width=view.width * fine, height=view.height * fine)


def _seen(picture: Picture, moments: Sequence[Moment]) -> Floats:
    """Returns where skin and things fall in the camera's plane (metres, y down) over the whole movement."""
    flat = View(camera_turn(picture.camera.yaw, picture.camera.pitch), (0.0, 0.0), 1.0, 0, 0)
    body = Body.load(picture.body)
    every = []
    for moment in moments:
        points = body.skin(moment.posed)
        every.append(flat.project(points)[:, :2])
        if moment is moments[0] or moment is moments[-1]:
            every.extend(flat.project(_along_edges(solid))[:, :2] for solid in solids(picture, moment, points))
    return np.concatenate(every)


def _along_edges(solid: Solid) -> Floats:
    """Returns points along all edges of a thing, close enough together to notice what crosses the body map."""
    ends = solid.points[np.concatenate([solid.faces[:, [0, 1]], solid.faces[:, [1, 2]], solid.faces[:, [2, 0]]])]
    shares = np.linspace(0, 1, 12)[:, None, None]
    return np.asarray((ends[:, 0] * (1 - shares) + ends[:, 1] * shares).reshape(-1, 3))


def _fit(seen: Floats, picture: Picture, size: tuple[int, int], box: Box, scale: float | None = None) -> View:
    """Returns the view in which all that is seen fills a box of the frame (left, top, right, bottom in pixels)."""
    low, high = seen.min(0), seen.max(0)
    left, top, right, bottom = box
    scale = scale or min((right - left) / (high[0] - low[0]), (bottom - top) / (high[1] - low[1]))
    middle = (np.array([left + right, top + bottom]) - size) / 2
    centre = (low + high) / 2 - middle / scale
    turn = camera_turn(picture.camera.yaw, picture.camera.pitch)
    return View(turn, (float(centre[0]), float(centre[1])), scale, *size)


def _beside_map(seen: Floats, picture: Picture, size: tuple[int, int]) -> tuple[View, tuple[int, int]]:
    """Returns the largest view that leaves a top corner free for the body map, and the map's place."""
    width, height = size
    x, y = picture.camera.margin * width, picture.camera.margin * height
    whole = _fit(seen, picture, size, (x, y, width - x, height - y))
    if not picture.muscles:
        return whole, (0, 0)
    deep = _map_height(size) + 2 * EDGE
    wide = round(_map_height(size) * MAP_WIDTH) * len(_map_yaws(picture.muscles)) + 2 * EDGE
    right, left = (width - wide + EDGE, EDGE), (EDGE, EDGE)
    # As complex numbers: numpy sorts those many times faster than rows.
    rounded = np.unique(np.round(seen, 2) @ [1, 1j])
    points = np.stack([rounded.real, rounded.imag], 1)

    def free(view: View, corner: tuple[int, int]) -> bool:
        pixels = points * view.scale + np.array(size) / 2 - np.array(view.centre) * view.scale
        beside = pixels[:, 0] > width - wide if corner == right else pixels[:, 0] < wide
        return not (beside & (pixels[:, 1] < deep)).any()

    for corner in (right, left):
        if free(whole, corner):
            return whole, corner
    # No corner is free: the figure moves to the foot of the other side, and becomes smaller only as far as it must.
    x, y = TIGHT * width, TIGHT * height
    tight = _fit(seen, picture, size, (x, y, width - x, height - y))
    extent = seen.max(0) - seen.min(0)
    for share in np.linspace(1, 0.5, 26):
        across, down = extent * tight.scale * share
        for corner in (right, left):
            start = x if corner == right else width - x - across
            view = _fit(seen, picture, size, (start, height - y - down, start + across, height - y))
            if free(view, corner):
                return view, corner
    return tight, right
