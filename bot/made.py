"""Files that are made only when they are sent: until then the outbox holds their facts, and nothing after it."""

from __future__ import annotations

from typing import Any


def made(by: str, data: dict[str, Any]) -> bytes:
    """Returns the bytes of a file whose facts a call holds; may run in a thread. Raises LookupError for no maker."""
    # Imported where they are needed: the libraries that draw are large, and most bots start without them.
    match by:
        case "progress":
            from bot.progress import draw  # noqa: PLC0415

            return draw(data)
        case "handover":
            from bot.typeset import typeset  # noqa: PLC0415

            return typeset("handover", data)
        case "plan":
            from bot.typeset import typeset, with_pictures  # noqa: PLC0415

            return typeset("plan", with_pictures(data))
        case "poster":
            from bot.poster import page  # noqa: PLC0415

            return page(data)
        case "poster_picture":
            from bot.poster import picture  # noqa: PLC0415

            return picture(data)
    raise LookupError(f"nothing makes {by!r}")
