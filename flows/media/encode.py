"""Frames to files: a silent H.264 loop that every phone plays, and a still."""

import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

import imageio_ffmpeg
from PIL import Image

RATE = 20  # frames a second


def sequence(count: int, hold: tuple[float, float], *, cycle: bool = False, rounds: int = 1) -> list[int]:
    """Returns the order of frames of a loop: hold the start, go, hold the end (seconds), come back.

    A cycle only goes on, so many rounds: its end is its beginning.
    """
    if cycle:
        return list(range(count)) * rounds
    start, end = (round(seconds * RATE) for seconds in hold)
    return [0] * start + list(range(1, count)) + [count - 1] * end + list(range(count - 2, 0, -1))


def write_loop(path: Path, frames: Iterable[Image.Image], size: tuple[int, int]) -> None:
    """Writes an MP4: H.264, yuv420p, no audio, its index first; the same bytes on every run of one machine."""
    ffmpeg = subprocess.Popen(  # noqa: S603 - the program of the imageio-ffmpeg package, with fixed arguments
        [
            imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-loglevel", "error",
            "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size[0]}x{size[1]}", "-r", str(RATE), "-i", "-",
            "-an", "-c:v", "libx264", "-preset", "veryslow", "-tune", "animation", "-crf", "24",
            "-pix_fmt", "yuv420p", "-movflags", "+faststart", "-threads", "1",
            "-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact", str(path),
        ],
        stdin=subprocess.PIPE,
    )  # fmt: skip
    assert ffmpeg.stdin
    for frame in frames:
        ffmpeg.stdin.write(frame.tobytes())
    ffmpeg.stdin.close()
    if ffmpeg.wait():
        raise RuntimeError(f"ffmpeg could not write {path.name}")


def write_still(path: Path, image: Image.Image) -> None:
    """Writes a JPG of good quality."""
    image.save(path, quality=88, optimize=True, progressive=True)


def repeated(frames: Sequence[Image.Image], order: Sequence[int]) -> Iterable[Image.Image]:
    """Yields the frames in an order."""
    return (frames[index] for index in order)
