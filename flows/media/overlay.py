"""What lies on the picture instead of in it: arrows, cross and tick, the ring of a clip; all without letters."""

import numpy as np
from PIL import Image, ImageDraw

from flows.media.paint import COLOURS
from flows.media.rig import Floats

FINE = 4  # drawn this much larger and made smaller, for smooth edges
WIDTH = 10  # of an arrow, in pixels of the picture
ROUNDED = 6  # times that each point of a line moves half-way to the middle of its neighbours
SHORTEST = 72  # a shorter arrow is not seen on a phone


def arrow_path(track: Floats, span: tuple[float, float], offset: tuple[float, float], *, curve: bool) -> Floats:
    """Returns the line of an arrow along part of a joint's track (pixels); `curve` makes one clean bow of it.

    Any other line keeps its shape, and its bends are rounded.
    """
    last = len(track) - 1
    part = track[round(span[0] * last) : round(span[1] * last) + 1] + np.array(offset)
    path = _even(part, 25)
    if curve:
        start, end = path[0], path[-1]
        middle = 2 * path[12] - (start + end) / 2
        k = np.linspace(0, 1, 25)[:, None]
        path = (1 - k) ** 2 * start + 2 * k * (1 - k) * middle + k**2 * end
    else:
        for _ in range(ROUNDED):
            path[1:-1] = (path[:-2] + 2 * path[1:-1] + path[2:]) / 4
    length = float(np.linalg.norm(np.diff(path, axis=0), axis=1).sum())
    if length < SHORTEST:
        path = path.mean(0) + (path - path.mean(0)) * (SHORTEST / max(length, 1.0))
    return path


def _even(path: Floats, count: int) -> Floats:
    """Returns so many points at equal distances along a path."""
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    wanted = np.linspace(0, along[-1], count)
    return np.stack([np.interp(wanted, along, path[:, axis]) for axis in (0, 1)], 1)


def draw_arrow(layer: Image.Image, path: Floats, *, double: bool) -> None:
    """Draws an arrow with a white halo on a transparent layer."""
    tips = [(path[-1], path[-3])] + ([(path[0], path[2])] if double else [])
    heads = [_head(tip, before) for tip, before in tips]
    _stamp(layer, [(path, False), *((head, True) for head in heads)], COLOURS["arrow"], WIDTH)


def draw_mark(layer: Image.Image, kind: str, centre: tuple[float, float], size: float) -> None:
    """Draws a green tick or a red cross."""
    shapes = {
        "right": [[(-0.5, 0.05), (-0.12, 0.42), (0.55, -0.42)]],
        "wrong": [[(-0.42, -0.42), (0.42, 0.42)], [(0.42, -0.42), (-0.42, 0.42)]],
    }
    lines = [(np.array(line) * size + centre, False) for line in shapes[kind]]
    _stamp(layer, lines, COLOURS[kind], size * 0.2)


def _head(tip: Floats, before: Floats) -> Floats:
    ahead = (tip - before) / max(float(np.linalg.norm(tip - before)), 1e-6)
    across = np.array([-ahead[1], ahead[0]])
    back = tip - ahead * WIDTH * 0.9
    return np.array([tip + ahead * WIDTH * 1.7, back + across * WIDTH * 1.6, back - across * WIDTH * 1.6])


def _stamp(layer: Image.Image, shapes: list[tuple[Floats, bool]], colour: str, width: float) -> None:
    """Draws lines and filled triangles twice: wider in white, then in their colour."""
    every = np.concatenate([points for points, _ in shapes])
    left, top = np.floor(every.min(0) - 3 * width).astype(int)
    right, bottom = np.ceil(every.max(0) + 3 * width).astype(int)
    size = (int(right - left), int(bottom - top))
    stamp = Image.new("RGBA", (size[0] * FINE, size[1] * FINE), (255, 255, 255, 0))
    pen = ImageDraw.Draw(stamp)
    for ink, extra in (("#FFFFFF", 7.0), (colour, 0.0)):
        for points, filled in shapes:
            line = [((x - left) * FINE, (y - top) * FINE) for x, y in points]
            thick = (2 + extra) if filled else (width + extra)
            if filled:
                pen.polygon(line, fill=ink)
                line.append(line[0])
            pen.line(line, fill=ink, width=round(thick * FINE))
            radius = thick * FINE / 2
            for x, y in line:
                pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=ink)
    layer.alpha_composite(
        stamp.resize(size, Image.Resampling.LANCZOS),
        (max(int(left), 0), max(int(top), 0)),
        (max(-int(left), 0), max(-int(top), 0)),
    )


def draw_ring(layer: Image.Image, ring: tuple[float, float, float, float], share: float, colour: str) -> None:
    """Draws a pale ring (its middle across and down, radius and width), and in a colour the share that is left of it.

    It empties clockwise from the top.
    """
    across, down, radius, width = ring
    corner, side = (round(across - radius - width), round(down - radius - width)), round(2 * (radius + width))
    y, x = np.mgrid[:side, :side] + 0.5
    x, y = x + corner[0] - across, y + corner[1] - down
    off = np.abs(np.hypot(x, y) - radius)
    _tint(layer, corner, width / 2 - off, "track")
    if share > 0:
        begin = 2 * np.pi * (1 - share)
        ends = [np.hypot(x - radius * np.sin(angle), y + radius * np.cos(angle)) for angle in (begin, 0)]
        gone = np.arctan2(x, -y) % (2 * np.pi) < begin
        _tint(layer, corner, width / 2 - np.where(gone, np.minimum(*ends), off), colour)


def _tint(layer: Image.Image, corner: tuple[int, int], depth: Floats, colour: str) -> None:
    """Lays a colour on all that lies within an edge; `depth` is how far inside it a pixel's middle is."""
    mask = Image.fromarray((np.clip(depth + 0.5, 0, 1) * 255).astype(np.uint8))
    layer.paste(COLOURS[colour], (*corner, corner[0] + mask.width, corner[1] + mask.height), mask)


def draw_pips(layer: Image.Image, centre: tuple[float, float], radius: float, count: int, now: int) -> None:
    """Draws a row of dots: dark for what is over, coloured and larger for what goes on now, pale for what comes."""
    step = 4 * radius
    size = (round(step * count + 2 * radius), round(4 * radius))
    stamp = Image.new("RGBA", (size[0] * FINE, size[1] * FINE), (255, 255, 255, 0))
    pen = ImageDraw.Draw(stamp)
    for at in range(count):
        x, y = (step * at + size[0] / 2 - step * (count - 1) / 2) * FINE, size[1] / 2 * FINE
        reach = radius * (1.5 if at == now else 1) * FINE
        colour = COLOURS["line" if at < now else "time" if at == now else "track"]
        pen.ellipse((x - reach, y - reach, x + reach, y + reach), fill=colour)
    corner = (round(centre[0] - size[0] / 2), round(centre[1] - size[1] / 2))
    layer.alpha_composite(stamp.resize(size, Image.Resampling.LANCZOS), corner)
