"""Draws the exercises: preview one, render some or all, make the clips, check poses, pictures and clips."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from PIL import Image

from flows.media import checks, clips, manifest
from flows.media.filming import film
from flows.media.poses import Picture
from flows.media.reading import FOLDER, load, load_all
from flows.media.rendering import render, steps_of
from flows.media.scene import pair, scene
from flows.media.tables import WrongPose


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    parser = argparse.ArgumentParser("python -m flows.media", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("preview", help="draws all keyframes of one picture into a PNG, and says what is wrong")
    one.add_argument("id")
    one.add_argument("--out", type=Path, help="the PNG to write; by default in the folder for temporary files")
    some = commands.add_parser("render", help="writes loops and stills, and notes them in the manifest")
    some.add_argument("ids", nargs="*", metavar="ID", help="by default every picture that needs it")
    some.add_argument("--all", action="store_true", help="every picture, whether it needs it or not")
    videos = commands.add_parser("clips", help="writes the videos of clips.toml, and notes them in the manifest")
    videos.add_argument("ids", nargs="*", metavar="ID", help="by default every clip that needs it")
    every = commands.add_parser("check", help="measures every pose, and compares pictures and clips with the manifest")
    every.add_argument("ids", nargs="*", metavar="ID")
    asked = parser.parse_args(arguments)
    try:
        if asked.command == "preview":
            return _preview(asked.id, asked.out)
        if asked.command == "clips":
            return _film(asked.ids)
        return _render(asked.ids, everything=asked.all) if asked.command == "render" else _check(asked.ids)
    except WrongPose as wrong:
        return _complain([str(wrong)])


def _complain(problems: Sequence[str]) -> int:
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


def _find(name: str) -> Picture:
    path = FOLDER / f"{name}.toml"
    if not path.exists():
        raise WrongPose(f"{name}: there is no {path.name} in {FOLDER.name}/")
    return load(path)


def _preview(name: str, out: Path | None) -> int:
    picture = _find(name)
    path = out or Path(tempfile.gettempdir()) / f"{name}.png"
    keyframes(picture).save(path)
    print(path)
    return _complain(checks.problems(picture))


def keyframes(picture: Picture) -> Image.Image:
    """Returns all keyframes of a picture beside and below each other, as large as they will be sent."""
    if picture.marks:
        return pair(picture)
    steps = steps_of(picture)
    stage = scene(picture, steps=steps)
    count, (width, height) = len(picture.keyframes), picture.size
    sheet = Image.new("RGB", (width * min(count, 2), height * -(-count // 2)), "white")
    for k in range(count):
        sheet.paste(stage.frame(k * steps), (k % 2 * width, k // 2 * height))
    return sheet


def _render(names: Sequence[str], *, everything: bool) -> int:
    pictures = {name: _find(name) for name in names} or load_all()
    known = manifest.read()
    if not names and not everything:
        pictures = {name: p for name, p in pictures.items() if manifest.is_stale(p, known)}
    if problems := [problem for picture in pictures.values() for problem in checks.problems(picture)]:
        return _complain(problems)
    with ProcessPoolExecutor() as pool:
        for name, entry in zip(pictures, pool.map(render, pictures.values()), strict=True):
            known["pictures"][name] = entry
            manifest.write(known)
            print(name, *(f"{file} {about['bytes'] // 1000} kB" for file, about in entry["files"].items()))
    return 0


def _film(names: Sequence[str]) -> int:
    pictures = load_all()
    listed, known = clips.load(pictures), manifest.read()
    if unknown := [name for name in names if name not in listed]:
        raise WrongPose(f"{', '.join(unknown)}: not in {clips.CLIPS.name}; it has {', '.join(listed)}")
    wanted = [c for c in listed.values() if (c.id in names if names else manifest.is_clip_stale(c, known))]
    with ProcessPoolExecutor() as pool:
        for clip, entry in zip(wanted, pool.map(partial(film, pictures=pictures), wanted), strict=True):
            known.setdefault("clips", {})[clip.id] = entry
            manifest.write(known)
            print(clip.id, *(f"{file} {about['bytes'] // 1000} kB" for file, about in entry["files"].items()))
    return 0


def _check(names: Sequence[str]) -> int:
    pictures = {name: _find(name) for name in names} or load_all()
    problems = [problem for picture in pictures.values() for problem in checks.problems(picture)]
    if not names:
        known = manifest.read()
        problems += manifest.problems(pictures, known)
        problems += manifest.clip_problems(clips.load(pictures), known)
    return _complain(problems)


if __name__ == "__main__":
    sys.exit(main())
