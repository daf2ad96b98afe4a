"""The poster: an A4 page with a code that opens the private chat; it is the same for everybody who reads it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from io import BytesIO
from typing import Any

import segno

from bot.render import Message, Words

DOTS = 150
"""Dots of an inch of the picture: sharp in a chat and on a home printer."""
LONGEST_CLUB = 60
"""Characters of a club's name that a poster has room for."""


def posters(words: Words, username: str, made_on: date, token: str = "", club: str = "") -> list[Message]:
    """Returns the poster as PDF and as a picture, each made only when it is sent.

    The code leads to the bot or, with the token of a club, to the bot by way of that club.
    """
    link = f"https://t.me/{username}"
    name = club if len(club) <= LONGEST_CLUB else f"{club[: LONGEST_CLUB - 1]}…"
    data = {
        "made_on": made_on.isoformat(),
        "link": f"{link}?start={token}" if token else link,
        "shown": f"t.me/{username}",
        "club": words.label("poster.club", club=name) if name else "",
        **{part: words.label(f"poster.{part}") for part in ("title", "lead", "what", "private")},
        "limits": f"{words.label('poster.limits')} {words.label('start.banner')}",
    }
    file = words.label("poster.file")
    kinds = (("poster", "pdf", "poster.caption"), ("poster_picture", "png", "poster.caption_picture"))
    return [
        Message(words(caption), document={"by": by, "name": f"{file}.{ending}", "data": data})
        for by, ending, caption in kinds
    ]


def with_code(data: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the facts of a poster with its code drawn, as the page takes them; may run in a thread."""
    return {**data, "code": code(str(data["link"]))}


def code(link: str) -> str:
    """Returns an address as a QR code in SVG, still read with a quarter of it gone (ISO/IEC 18004, level Q)."""
    drawn = BytesIO()
    segno.make(link, error="q", micro=False, boost_error=False).save(drawn, kind="svg", xmldecl=False, light="white")
    return drawn.getvalue().decode()
