"""Inline mode: in any chat, "@bot bridge" finds cards that are the same for everybody.

What is found depends on the words and the language alone: nothing about the person who asks is read or kept, so that
Telegram may keep an answer and give it to anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rapidfuzz import fuzz, process

from bot.render import Button, Message, Translate, Words
from bot.static_cards import Library
from flows.safety_net import SafetyNet, folded
from flows.schema import Content

CHECK, EMERGENCY = "check", "emergency"
"""The ids of the results that are no exercise."""
LIKE = 70.0
"""How much a name must be like what was typed, of 100: one wrong letter in a word of five is enough, two are not."""
KEPT = 3600
"""Seconds for which Telegram may keep an answer (Bot API, answerInlineQuery)."""
SOURCE = "inline"
"""What the links carry into the private chat: it says where they stood, and nothing about who followed them."""


@dataclass(frozen=True, slots=True)
class Query:
    """What somebody typed behind the bot's name; it is answered at once or never, and not kept."""

    id: str
    text: str
    language: str
    """The language of the person's app, an IETF tag; empty where Telegram does not say."""
    offset: str = ""
    """Where the answer goes on; ours are whole at once."""


class Shelf:
    """All results of one language; they change with the content and with nothing else."""

    def __init__(self, library: Library, username: str) -> None:
        words = library.words
        self.library = library
        self.open_chat = words.label("group.button")
        # Of what fits as well the first comes first: whoever writes "check" means that of the back.
        names = [(word, CHECK) for word in words.label("inline.check.words").split(",")]
        names += [(words.plain(name), one.id) for one in library.shown for name in (one.name, *one.aliases)]
        self._names = [folded(name) for name, _ in names]
        self._ids = [name for _, name in names]
        url = f"https://t.me/{username}?start={SOURCE}"
        rows = ((Button(self.open_chat, url=url),),) if username else ()
        self.articles = {
            name: _article(
                name,
                words.label(f"inline.{name}"),
                words.label(f"inline.{name}.about"),
                Message(words(f"inline.{name}.text"), rows),
            )
            for name in (CHECK, EMERGENCY)
        }
        for one in library.shown:
            card = library.card(one, rows=rows)
            self.articles[one.id] = _article(one.id, words.plain(one.name), words.plain(one.target), card)

    def found(self, text: str) -> list[str]:
        """Returns the ids of what fits a text, best first; the check is always among them."""
        wanted = folded(text)
        if not wanted:
            return [CHECK, *(exercise.id for exercise in self.library.shown)]
        like = process.extract(wanted, self._names, scorer=fuzz.WRatio, score_cutoff=LIKE, limit=None)
        return list(dict.fromkeys([*(self._ids[at] for _, _, at in like), CHECK]))


class Inline:
    """Finds static cards in the language of whoever asks."""

    def __init__(self, content: Content, net: SafetyNet, words: Words) -> None:
        self.content = content
        self.net = net
        self.username = ""
        self._voices = {"": words}
        self._shelves: dict[tuple[str, str], Shelf] = {}

    def learn(self, languages: Mapping[str, Translate]) -> None:
        """Lets people ask in these languages, by their codes, beside the bot's own."""
        self._voices |= {code: Words(self.content, translate) for code, translate in languages.items()}

    def answer(self, query: Query) -> dict[str, object]:
        """Returns the parameters of answerInlineQuery."""
        shelf = self._shelf(query.language)
        # Whoever writes words of an emergency needs help, and no exercise.
        found = [EMERGENCY, CHECK] if self.net.hears(query.text) else shelf.found(query.text)
        return {
            "inline_query_id": query.id,
            "results": [shelf.articles[name] for name in found] if not query.offset else [],
            "cache_time": KEPT,
            # The same words have another answer in another language, and Telegram's memory knows only the words.
            "is_personal": len(self._voices) > 2,
            "button": {"text": shelf.open_chat, "start_parameter": SOURCE},
        }

    def _shelf(self, tag: str) -> Shelf:
        """The results in the language that comes nearest to a tag such as "pt-BR", else in the bot's own."""
        code = tag.lower().replace("-", "_")
        known = {each.lower(): each for each in self._voices}
        language = known.get(code) or known.get(code.partition("_")[0]) or ""
        key = language, self.username
        if key not in self._shelves:
            self._shelves[key] = Shelf(Library(self.content, self._voices[language]), self.username)
        return self._shelves[key]


def _article(name: str, title: str, about: str, message: Message) -> dict[str, Any]:
    params = message.params()
    content = {"message_text": params["text"]} | {
        key: params[key] for key in ("parse_mode", "link_preview_options") if key in params
    }
    found = {"type": "article", "id": name, "title": title, "description": about, "input_message_content": content}
    return {**found, "reply_markup": params["reply_markup"]} if "reply_markup" in params else found
