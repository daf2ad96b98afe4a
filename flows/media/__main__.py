"""The commands of whoever draws: preview one picture, render pictures, check all poses."""

import argparse
import sys
import tempfile
from pathlib import Path

from PIL import Image

from flows.media.poses import Picture
from flows.media.reading import FOLDER, WrongPose, load
from flows.media.scene import pair, scene


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; returns the exit code."""
    parser = argparse.ArgumentParser("python -m flows.media", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    preview = commands.add_parser("preview", help="draws the keyframes of one picture into a PNG")
    preview.add_argument("id")
    preview.add_argument("--out", type=Path, help="where the PNG goes")
    asked = parser.parse_args(arguments)
    try:
        path = asked.out or Path(tempfile.gettempdir()) / f"{asked.id}.png"
        _keyframes(load(FOLDER / f"{asked.id}.toml")).save(path)
        print(path)
    except WrongPose as wrong:
        print(wrong, file=sys.stderr)
        return 1
    return 0


def _keyframes(picture: Picture) -> Image.Image:
    """Returns all keyframes of a picture beside each other, as large as they will be sent."""
    if picture.marks:
        return pair(picture)
    steps = 12
    stage = scene(picture, steps=steps)
    images = [stage.frame(k * steps) for k in range(len(picture.keyframes))]
    width, height = picture.size
    sheet = Image.new("RGB", (width * min(len(images), 2), height * -(-len(images) // 2)), "white")
    for k, image in enumerate(images):
        sheet.paste(image, (k % 2 * width, k // 2 * height))
    return sheet


if __name__ == "__main__":
    sys.exit(main())
