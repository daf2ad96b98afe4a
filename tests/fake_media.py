"""The part of the fake Bot API server that takes pictures: what was uploaded is known by its file_id from then on."""

from __future__ import annotations

from typing import Any

Params = dict[str, Any]


class BadMedia(Exception):
    """A picture that Telegram would refuse, and in what words."""


class Shelf:
    """The files that the server keeps, by the ids that it gave out."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[str, bytes]] = {}
        self.uploads: list[str] = []
        """The name of each file that was uploaded, in order."""

    def take(self, given: Any, parts: Params) -> str:
        """Returns the file_id of a picture: a file of this request, or one that is kept."""
        if isinstance(given, str) and given.startswith("attach://"):
            given = parts.get(given.removeprefix("attach://"))
        if isinstance(given, str):
            if given not in self.files:
                raise BadMedia("Bad Request: wrong file identifier/HTTP URL specified")
            return given
        if not isinstance(given, tuple) or not given[1]:
            raise BadMedia("Bad Request: there is no file in the request")
        file_id = f"file{len(self.files) + 1}"
        self.files[file_id] = given
        self.uploads.append(given[0])
        return file_id

    def lose(self) -> None:
        """Forgets every file, as after another token or a purge."""
        self.files.clear()


def described(kind: str, file_id: str) -> Params:
    """A picture as a message holds it: a photo in two sizes, the larger one last."""
    if kind == "photo":
        return {"photo": [{"file_id": f"{file_id}-small"}, {"file_id": file_id}]}
    if kind == "video":
        return {"video": {"file_id": file_id}}
    return {kind: {"file_id": file_id}, "document": {"file_id": file_id}}
