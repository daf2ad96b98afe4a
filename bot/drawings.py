"""The drawings that were rendered: which file shows what, and the calls that send them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import flows
from bot.records import INSTEAD, Call
from bot.render import Message, Shown, keyboard, listed

FOLDER = Path(flows.__file__).parent / "media" / "rendered"
MANIFEST = FOLDER.parent / "manifest.json"
LARGEST_ALBUM = 10
"""Pictures that one album holds (Bot API, sendMediaGroup)."""


class DrawingsError(Exception):
    """The list of drawings cannot be read; the message is one line that says what to do."""


@dataclass(frozen=True, slots=True)
class File:
    """One rendered file, as the Bot API wants to know it."""

    name: str
    sha256: str
    width: int
    height: int
    duration: int = 0
    """Seconds; 0 for a still."""
    sound: bool = False

    @property
    def kind(self) -> str:
        """The Bot API's word for it: a loop is an animation, and one with sound a video."""
        if self.sound:
            return "video"
        return "animation" if self.duration else "photo"

    def parameter(self) -> dict[str, Any]:
        """Returns the value that the sender turns into a file_id, or into the file itself."""
        return {"$drawing": {"name": self.name, "sha256": self.sha256}}

    def size(self) -> dict[str, int]:
        """Returns the parameters that only a moving picture has.

        A thumbnail is not among them: of a file like ours Telegram makes its own (Bot API, sendAnimation).
        """
        size = {"width": self.width, "height": self.height, "duration": self.duration}
        if self.sound:
            return {**size, "supports_streaming": True}
        return size if self.duration else {}


class Drawings:
    """Knows the rendered files by the ids of pictures.yaml."""

    def __init__(self, files: Mapping[str, Sequence[File]]) -> None:
        self._files = files

    @classmethod
    def read(cls, manifest: Path = MANIFEST) -> Drawings:
        """Returns the drawings that a manifest lists; raises DrawingsError where it cannot be read."""
        try:
            listed = json.loads(manifest.read_text(encoding="utf-8"))
            loops = {name: [_file(*each) for each in one["files"].items()] for name, one in listed["pictures"].items()}
            clips = listed.get("clips", {}).items()
            videos = {name: [_file(*each, sound=True) for each in one["files"].items()] for name, one in clips}
            return cls({**loops, **videos})
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise DrawingsError(f"{manifest.name} of the drawings cannot be read: install the package again") from error

    def loop(self, name: str) -> File | None:
        """Returns the loop of a drawing, else its still, or a video; None where nothing was rendered."""
        return max(self._files.get(name, ()), key=lambda file: file.duration, default=None)

    def still(self, name: str) -> File | None:
        """Returns the still of a drawing; None where nothing was rendered."""
        return next((file for file in self._files.get(name, ()) if not file.duration), None)

    def send(self, shown: Shown, instead: Message | None = None) -> Call | None:
        """Returns the call that sends a drawing, or the message `instead` where that fails; None without a drawing."""
        file = self.loop(shown.drawing)
        if file is None:
            return None
        params = {file.kind: file.parameter(), "caption": shown.caption, "parse_mode": "HTML", **file.size()}
        return Call(f"send{file.kind.title()}", {**params, **keyboard(shown.rows), **_instead(instead)})

    def edit(self, shown: Shown, message_id: int, instead: Message) -> Call | None:
        """Returns the call that turns a message into a drawing, else as `send`."""
        file = self.loop(shown.drawing)
        if file is None:
            return None
        media = {"type": file.kind, "media": file.parameter(), "caption": shown.caption, "parse_mode": "HTML"}
        params = {"media": {**media, **file.size()}, "message_id": message_id}
        return Call("editMessageMedia", {**params, **keyboard(shown.rows), **_instead(instead)})

    def several(self, captions: Mapping[str, str]) -> Call | None:
        """Returns the call that sends a drawing, or several together, each with its caption, escaped; None for none."""
        one = (self.send(Shown(name, text)) for name, text in captions.items())
        return self.album(captions) or next((call for call in one if call is not None), None)

    def moving_apart(self, captions: Mapping[str, str]) -> list[Call]:
        """Returns the calls that send stills together and each loop on its own: an album holds no loop (Bot API)."""
        loops = {name: text for name, text in captions.items() if (file := self.loop(name)) and file.duration}
        stills = {name: text for name, text in captions.items() if name not in loops}
        calls = [self.album(stills, Message(listed(stills.values())))]
        calls += [self.send(Shown(name, text), Message(text)) for name, text in loops.items()]
        return [call for call in calls if call is not None]

    def album(self, captions: Mapping[str, str], instead: Message | None = None) -> Call | None:
        """Returns the call that sends stills together, each with its caption, escaped; None for fewer than two."""
        stills = [(file, text) for name, text in captions.items() if (file := self.still(name)) is not None]
        if len(stills) < 2:
            return None
        media = [
            {"type": "photo", "media": file.parameter(), "caption": text, "parse_mode": "HTML"}
            for file, text in stills[:LARGEST_ALBUM]
        ]
        return Call("sendMediaGroup", {"media": media, **_instead(instead)})


def _file(name: str, entry: Mapping[str, Any], *, sound: bool = False) -> File:
    # A loop of half a second is a loop still.
    duration = max(1, round(entry["duration"])) if entry.get("duration") else 0
    return File(name, entry["sha256"], entry["width"], entry["height"], duration, sound)


def _instead(message: Message | None) -> dict[str, Any]:
    """The call to make where a drawing cannot be sent; it goes in the same row, and is erased with it."""
    return {} if message is None else {INSTEAD: message.params()}


def in_topic(call: Call, thread_id: int | None) -> Call:
    """Returns a call, and what is sent in its place, so that it goes to a topic."""
    if thread_id is None:
        return call
    params = {**call.params, "message_thread_id": thread_id}
    instead = params.get(INSTEAD)
    if isinstance(instead, dict):
        params[INSTEAD] = {**instead, "message_thread_id": thread_id}
    return replace(call, params=params)
