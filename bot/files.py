"""What stands for a file in a call -> what is sent: the file, or the id under which Telegram keeps it already."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from telegram import Bot, InputFile, InputMediaAnimation, InputMediaPhoto

from bot.drawings import FOLDER
from bot.made import made
from bot.records import INSTEAD
from bot.store import Store


class Files:
    """Fills the files into calls; a drawing is uploaded once, and sent by its id from then on."""

    def __init__(self, bot: Bot, store: Store, folder: Path = FOLDER) -> None:
        # A file_id is good for one bot only, whose id begins its token.
        self._bot = int(bot.token.partition(":")[0])
        self._store = store
        self._folder = folder

    async def fill(self, params: Mapping[str, object]) -> dict[str, Any]:
        """Returns the parameters of a call with its files; raises OSError for one that is not there."""
        return {name: await self._value(value) for name, value in params.items() if name != INSTEAD}

    async def _value(self, value: object) -> object:
        match value:
            case {"$file": {"name": str(name), "text": str(text)}}:
                return InputFile(text.encode(), filename=name)
            case {"$made": {"by": str(by), "name": str(name), "data": dict(data)}}:
                # A picture takes a tenth of a second: others must not wait for it.
                return InputFile(await asyncio.to_thread(made, by, data), filename=name)
            case {"$drawing": {"name": str(name), "sha256": str(sha256)}}:
                return self._known(sha256) or InputFile(self._read(name), filename=name)
            case {"type": kind, "media": {"$drawing": {"name": str(name), "sha256": str(sha256)}}, **rest}:
                more: dict[str, Any] = {**{str(key): each for key, each in rest.items()}, "filename": name}
                media = self._known(sha256) or self._read(name)
                return InputMediaAnimation(media, **more) if kind == "animation" else InputMediaPhoto(media, **more)
            case list():
                return [await self._value(each) for each in value]
        return value

    def learn(self, params: Mapping[str, object], result: object) -> None:
        """Keeps the ids that Telegram gave to the drawings of a call."""
        messages = result if isinstance(result, list) else [result]
        for sha256, message in zip(_drawings(params), messages, strict=False):
            file_id = _file_id(message)
            if file_id is not None and file_id != self._known(sha256):
                self._store.keep_file_id(self._bot, sha256, file_id)

    def forget(self, params: Mapping[str, object]) -> bool:
        """Forgets the ids of a call's drawings, so that they are uploaded; returns False where none was known."""
        known = [sha256 for sha256 in _drawings(params) if self._known(sha256) is not None]
        for sha256 in known:
            self._store.forget_file_id(self._bot, sha256)
        return bool(known)

    def _known(self, sha256: str) -> str | None:
        return self._store.file_id(self._bot, sha256)

    def _read(self, name: str) -> bytes:
        if Path(name).name != name:
            # A name comes from the list of drawings; one that leads elsewhere comes from nobody who means well.
            raise FileNotFoundError
        return (self._folder / name).read_bytes()


def _drawings(params: Mapping[str, object]) -> Iterator[str]:
    """Yields the content of each drawing of a call, in order."""
    for value in params.values():
        for one in value if isinstance(value, list) else [value]:
            match one:
                case {"$drawing": {"sha256": str(sha256)}} | {"media": {"$drawing": {"sha256": str(sha256)}}}:
                    yield sha256


def _file_id(message: object) -> str | None:
    """The id of the file in a message; of a photo the largest size."""
    match message:
        case (
            {"animation": {"file_id": str(file_id)}}
            | {"video": {"file_id": str(file_id)}}
            | {"photo": [*_, {"file_id": str(file_id)}]}
        ):
            return file_id
    return None
