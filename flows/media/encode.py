"""Frames to files: a silent H.264 loop that every phone plays, the same with sound, and a still."""

import subprocess
import tempfile
import wave
from collections.abc import Iterable, Sequence
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from flows.media.tones import SAMPLES

RATE = 20  # frames a second
VIDEO = ("-c:v", "libx264", "-preset", "veryslow", "-tune", "animation", "-pix_fmt", "yuv420p", "-threads", "1")
PLAIN = ("-movflags", "+faststart", "-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact")


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
    _write(path, frames, _raw(size, RATE), ["-an", *VIDEO, "-crf", "24"])


def write_clip(
    path: Path, frames: Iterable[Image.Image], size: tuple[int, int], rate: int, sound: NDArray[np.int16]
) -> None:
    """Writes an MP4 as write_loop does, with so many frames a second and AAC sound."""
    with tempfile.TemporaryDirectory() as folder:
        heard = Path(folder) / "sound.wav"
        with wave.open(str(heard), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SAMPLES)
            file.writeframes(sound.astype("<i2").tobytes())
        # The picture changes with the position, and hardly between: few whole frames make a small file.
        video = [*VIDEO, "-crf", "27", "-g", str(60 * rate)]
        audio = ["-c:a", "aac", "-b:a", "32k", "-flags:a", "+bitexact"]
        _write(path, frames, [*_raw(size, rate), "-i", str(heard)], [*video, *audio])


def _raw(size: tuple[int, int], rate: int) -> list[str]:
    return ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{size[0]}x{size[1]}", "-r", str(rate), "-i", "-"]


def _write(path: Path, frames: Iterable[Image.Image], sources: Sequence[str], coding: Sequence[str]) -> None:
    program = [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-loglevel", "error"]
    ffmpeg = subprocess.Popen([*program, *sources, *coding, *PLAIN, str(path)], stdin=subprocess.PIPE)  # noqa: S603 - the program of the imageio-ffmpeg package, with fixed arguments
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
