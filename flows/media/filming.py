"""One clip drawn in full and written: each position once, a ring that empties, tones at the changes."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from PIL import Image, ImageOps

from flows.media.clips import Clip, Position
from flows.media.encode import write_clip
from flows.media.manifest import CLIP_GENERATOR, RENDERED, Entry, clip_source, file_entry
from flows.media.overlay import draw_mark, draw_pips, draw_ring
from flows.media.paint import COLOURS
from flows.media.poses import Picture, mirrored
from flows.media.scene import figures
from flows.media.tones import track

Ring = tuple[float, float, float, float]

SIDE = 720  # pixels of the square frame
RATE = 10  # frames a second: the ring moves no faster than a second hand
BOX = (0.035, 0.54, 0.965, 0.97)  # of the frame, which the figure fills
RING = (0.5, 0.245, 0.19, 0.055)  # across, down, radius and width as shares of the frame: above the figure
ALONE = (0.5, 0.5, 0.36, 0.09)  # without a figure
PIPS = (0.5, 0.51, 0.011)  # across, down, radius
THIN = 0.4  # of its width has the ring that fills to get ready
TICK = 0.75  # of the ring's radius


def film(
    clip: Clip, pictures: Mapping[str, Picture], folder: Path = RENDERED, *, side: int = SIDE, fine: int = 2
) -> Entry:
    """Writes the video of a clip and returns what the manifest says of it; smaller and coarser for tests."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{clip.id}.mp4"
    sound = track(clip.cues(), clip.seconds)
    write_clip(path, frames(clip, pictures, side=side, fine=fine), (side, side), RATE, sound)
    files = {path.name: file_entry(path, (side, side), clip.seconds)}
    return {"source": clip_source(clip), "generator": CLIP_GENERATOR, "files": files}


def frames(clip: Clip, pictures: Mapping[str, Picture], *, side: int = SIDE, fine: int = 2) -> Iterator[Image.Image]:
    """Yields the frames of a clip: a thin ring fills to get ready, a ring empties at each hold, a tick at the end."""
    backs = _backs(clip, pictures, side, fine)
    ring = RING if clip.positions() else ALONE
    first, last = (_with_pips(back, clip, at) for back, at in ((backs[0], -1), (backs[-1], len(clip.holds))))
    steps = clip.ready * RATE
    yield from (_with_ring(first, ring, k / steps, thin=True) for k in range(steps))
    for at, (back, hold) in enumerate(zip(backs, clip.holds, strict=True)):
        shown, steps = _with_pips(back, clip, at), hold.seconds * RATE
        yield from (_with_ring(shown, ring, 1 - k / steps) for k in range(steps))
    yield from [_with_tick(last, ring)] * (clip.done * RATE)


def _backs(clip: Clip, pictures: Mapping[str, Picture], side: int, fine: int) -> list[Image.Image]:
    """Returns what lies behind the ring at each hold; every position is drawn once, all as one camera sees them."""
    empty = Image.new("RGBA", (side, side), COLOURS["background"])
    drawn: dict[Position | None, Image.Image] = {None: empty}
    places = clip.positions()
    if places:
        read = [mirrored(pictures[place.pose]) if place.swap else pictures[place.pose] for place in places]
        shown = [(picture, picture.keyframes[picture.still - 1]) for picture in read]
        left, top, right, bottom = (share * side for share in BOX)
        images = figures(shown, (side, side), (left, top, right, bottom), fine=fine)
        for place, image in zip(places, images, strict=True):
            drawn[place] = (ImageOps.mirror(image) if place.flip else image).convert("RGBA")
    return [drawn[hold.position] for hold in clip.holds]


def _with_pips(back: Image.Image, clip: Clip, at: int) -> Image.Image:
    """Returns what lies behind the ring with a dot for each hold, where there are several."""
    image = back.copy()
    if len(clip.holds) > 1:
        across, down, radius = (share * image.width for share in PIPS)
        draw_pips(image, (across, down), radius, len(clip.holds), at)
    return image


def _with_ring(back: Image.Image, ring: Ring, share: float, *, thin: bool = False) -> Image.Image:
    image = back.copy()
    across, down, radius, width = (part * image.width for part in ring)
    draw_ring(image, (across, down, radius, width * (THIN if thin else 1)), share, "line" if thin else "time")
    return image.convert("RGB")


def _with_tick(back: Image.Image, ring: Ring) -> Image.Image:
    image = back.copy()
    across, down, radius, width = (part * image.width for part in ring)
    draw_ring(image, (across, down, radius, width), 0, "time")
    draw_mark(image, "right", (across, down), radius * TICK)
    return image.convert("RGB")
