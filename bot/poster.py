"""The poster: an A4 page with a code that opens the private chat; it is the same for everybody who reads it."""

from __future__ import annotations

from datetime import date

from bot.render import Message, Words

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
