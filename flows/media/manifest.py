"""The list of what was rendered from what, so that nobody edits a pose and forgets its pictures."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flows.media.clips import Clip
from flows.media.poses import Picture
from flows.media.reading import FOLDER, starts

GENERATOR = 1  # counted up by hand when the drawings change though no pose did
CLIP_GENERATOR = f"{GENERATOR}.1"  # the second number is counted up when only the clips change
HERE = Path(__file__).parent
MANIFEST = HERE / "manifest.json"
RENDERED = HERE / "rendered"
LARGEST = 16_000_000  # bytes of the whole folder
LOOP_BYTES, STILL_BYTES, CLIP_BYTES = 150_000, 80_000, 3_000_000
LOOP_SECONDS = (2.0, 4.0)

Entry = dict[str, Any]


def source(picture: Picture, folder: Path = FOLDER) -> str:
    """Returns the SHA-256 of all that a picture is drawn from: its file and the start pose it names."""
    start = json.dumps(starts()[picture.start], sort_keys=True)
    return hashlib.sha256((folder / f"{picture.id}.toml").read_bytes() + start.encode()).hexdigest()


def clip_source(clip: Clip, folder: Path = FOLDER) -> str:
    """Returns the SHA-256 of all that a clip is made from: what clips.toml says of it, and the poses that it shows."""
    poses = [(folder / f"{place.pose}.toml").read_text("utf-8") for place in clip.positions()]
    made_from = json.dumps([asdict(clip), poses, starts()], sort_keys=True)
    return hashlib.sha256(made_from.encode()).hexdigest()


def file_entry(path: Path, size: tuple[int, int], duration: float | None = None) -> Entry:
    """Returns what the manifest says of one file."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    entry = {"sha256": digest, "bytes": path.stat().st_size, "width": size[0], "height": size[1]}
    return entry if duration is None else {**entry, "duration": duration}


def read(path: Path = MANIFEST) -> Entry:
    """Returns the manifest; an empty one before anything was rendered."""
    return json.loads(path.read_text("utf-8")) if path.exists() else {"pictures": {}}


def write(manifest: Entry, path: Path = MANIFEST) -> None:
    """Writes the manifest in order of the names, so that a change shows only what changed."""
    path.write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n", "utf-8")


def is_stale(picture: Picture, manifest: Entry) -> bool:
    """Tells whether a picture must be drawn again."""
    entry = manifest["pictures"].get(picture.id)
    return entry is None or (entry["source"], entry["generator"]) != (source(picture), GENERATOR)


def is_clip_stale(clip: Clip, manifest: Entry) -> bool:
    """Tells whether a clip must be made again."""
    entry = manifest.get("clips", {}).get(clip.id)
    return entry is None or (entry["source"], entry["generator"]) != (clip_source(clip), CLIP_GENERATOR)


def clip_problems(clips: Mapping[str, Clip], manifest: Entry) -> Iterator[str]:
    """Yields the clips to be made again or too large, and files of clips that are no more."""
    for name, clip in clips.items():
        if is_clip_stale(clip, manifest):
            yield f"{name}: is missing or older than clips.toml or a pose; run: python -m flows.media clips {name}"
    for name, entry in manifest.get("clips", {}).items():
        if name not in clips:
            yield f"{name}: rendered, but gone from clips.toml; remove it from {MANIFEST.name} and {RENDERED.name}/"
        for file, about in entry["files"].items():
            if about["bytes"] > CLIP_BYTES:
                yield f"{file}: {about['bytes'] / 1e6:.1f} MB ({CLIP_BYTES / 1e6:g} at most)"


def problems(pictures: Mapping[str, Picture], manifest: Entry, folder: Path = RENDERED) -> Iterator[str]:
    """Yields what does not fit together: pictures to be drawn again, changed, missing or stray files, sizes."""
    for name, picture in pictures.items():
        if is_stale(picture, manifest):
            yield f"{name}: its pictures are missing or older than its pose; run: python -m flows.media render {name}"
    for name, entry in manifest["pictures"].items():
        if name not in pictures:
            yield f"{name}: rendered, but its pose is gone; remove it from {MANIFEST.name} and {RENDERED.name}/"
        for file, about in entry["files"].items():
            yield from _size_problems(file, about)
    yield from _file_problems(manifest, {path.name: path.read_bytes() for path in sorted(folder.glob("*"))})


def _file_problems(manifest: Entry, there: Mapping[str, bytes]) -> Iterator[str]:
    listed = {
        file: about
        for section in manifest.values()
        for entry in section.values()
        for file, about in entry["files"].items()
    }
    for name in sorted(listed.keys() | there.keys()):
        if name not in there:
            yield f"{name}: is missing"
        elif name not in listed:
            yield f"{name}: nobody knows where it comes from"
        elif hashlib.sha256(there[name]).hexdigest() != listed[name]["sha256"]:
            yield f"{name}: is not the file that was rendered"
    total = sum(map(len, there.values()))
    if total > LARGEST:
        yield f"{RENDERED.name}/ holds {total / 1e6:.1f} MB ({LARGEST / 1e6:g} at most)"


def _size_problems(file: str, about: Entry) -> Iterator[str]:
    most = LOOP_BYTES if "duration" in about else STILL_BYTES
    if about["bytes"] > most:
        yield f"{file}: {about['bytes'] / 1000:.0f} kB ({most // 1000} at most)"
    shortest, longest = LOOP_SECONDS
    if not shortest <= about.get("duration", shortest) <= longest:
        yield f"{file}: lasts {about['duration']:g} s ({shortest:g} to {longest:g}); change `hold`"
