"""One picture drawn in full and written: a loop with its still, or a still alone."""

from pathlib import Path

from flows.media.encode import RATE, repeated, sequence, write_loop, write_still
from flows.media.manifest import GENERATOR, RENDERED, Entry, file_entry, source
from flows.media.poses import Picture
from flows.media.scene import pair, scene

CYCLE_FRAMES = 60  # in a loop that goes round


def steps_of(picture: Picture) -> int:
    """Returns how many frames lie between two keyframes, so that every loop lasts two to four seconds."""
    count = len(picture.keyframes)
    if picture.cycle:
        return max(round(CYCLE_FRAMES / count / picture.rounds), 1)
    return max(14 if count < 3 else 22 // (count - 1), 4)


def render(picture: Picture, folder: Path = RENDERED, *, size: tuple[int, int] | None = None, fine: int = 2) -> Entry:
    """Writes the files of a picture and returns what the manifest says of them; smaller and coarser for tests."""
    folder.mkdir(exist_ok=True)
    size = size or picture.size
    still = folder / f"{picture.id}.jpg"
    files = {}
    if picture.moves:
        steps = steps_of(picture)
        stage = scene(picture, steps=steps, size=size, fine=fine)
        frames = [stage.frame(index) for index in range(len(stage.moments))]
        order = sequence(len(frames), picture.hold, cycle=picture.cycle, rounds=picture.rounds)
        loop = folder / f"{picture.id}.mp4"
        write_loop(loop, repeated(frames, order), size)
        files[loop.name] = file_entry(loop, size, len(order) / RATE)
        write_still(still, frames[(picture.still - 1) * steps])
    else:
        alone = pair(picture, size=size, fine=fine) if picture.marks else scene(picture, size=size, fine=fine).frame(0)
        write_still(still, alone)
    files[still.name] = file_entry(still, size)
    return {"source": source(picture), "generator": GENERATOR, "files": files}
