"""A person's own settings, and what is kept of them: /settings, /country, /privacy, /export and /delete."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from bot.desk import Desk
from bot.render import Message, bold, paragraphs
from bot.store import Store
from bot.work import Work


@dataclass(frozen=True, slots=True)
class Operator:
    """Who runs this bot, for /privacy."""

    name: str = ""
    contact: str = ""
    retention_days: int = 90
    """How long everything is kept after a person's last contact."""


class OwnData:
    """Shows and changes what is set, and carries out a person's rights to what is kept."""

    def __init__(self, desk: Desk, store: Store, operator: Operator) -> None:
        self.desk, self.store, self.operator = desk, store, operator
        self.words = desk.words
        self.by_name: Mapping[str, Callable[[Work], None]] = {
            "country": self.country,
            "settings": self.settings,
            "privacy": self.privacy,
            "export": self.export,
            "delete": self.delete,
        }
        self.by_button: Mapping[str, Callable[[Work], None]] = {
            "text_only": self.text_only,
            "with_drawings": self.with_drawings,
            "delete_yes": self.delete_all,
            "delete_no": self.keep_all,
        }

    # ---- settings ------------------------------------------------------------------------------------------------

    def country(self, work: Work) -> None:
        """Asks which country's telephone numbers to show."""
        self.desk.say(work, self.desk.render.countries())

    def set_country(self, work: Work, country: str) -> None:
        """Stores the country chosen, or that none is."""
        names = {row.id: row.name for row in self.desk.content.countries.countries}
        if country not in names:
            work.chat = replace(work.chat, country="")
            self.desk.respond(work, Message(self.words("country.cleared")))
            return
        work.chat = replace(work.chat, country=country)
        numbers = self.desk.render.numbers(country)
        self.desk.respond(work, Message(self.words("country.set", country=self.words.plain(names[country]), **numbers)))

    def settings(self, work: Work) -> None:
        """Shows what is set, with the ways to change it."""
        names = {row.id: self.words.plain(row.name) for row in self.desk.content.countries.countries}
        country = names.get(work.chat.country, self.words.label("settings.country_none"))
        text = paragraphs(
            bold(self.words("settings.heading")),
            self.words("settings.country", country=country),
            self.words("settings.version", version=self.desk.content.settings.content_version),
        )
        choices = [
            ("settings.change_country", "g:country"),
            ("settings.privacy", "g:privacy"),
            ("settings.export", "g:export"),
            ("settings.delete", "g:delete"),
        ]
        if self.desk.drawings is not None:
            text_only = ("settings.text_only", "g:text_only")
            choices.append(("settings.with_drawings", "g:with_drawings") if work.chat.text_only else text_only)
        self.desk.say(work, self.desk.render.menu(text, choices))

    def text_only(self, work: Work) -> None:
        """Sends texts in place of drawings from now on."""
        work.chat = replace(work.chat, text_only=True)
        self.desk.edit(work, Message(self.words("settings.now_text_only")))

    def with_drawings(self, work: Work) -> None:
        """Sends drawings from now on."""
        work.chat = replace(work.chat, text_only=False)
        self.desk.edit(work, Message(self.words("settings.now_with_drawings")))

    # ---- what is kept --------------------------------------------------------------------------------------------

    def privacy(self, work: Work) -> None:
        """Says what is kept, by whom, and what a person can do about it."""
        name, contact = self.operator.name, self.operator.contact
        known = self.words("privacy.operator", name=name, contact=contact) if name and contact else ""
        chat = work.chat
        agreed = ""
        if chat.consent_at is not None:
            agreed = self.words("privacy.consent", version=chat.consent_version, date=f"{chat.consent_at:%Y-%m-%d}")
        text = paragraphs(
            self.words("privacy"),
            self.words("privacy.time", days=self.operator.retention_days),
            self.words("privacy.telegram"),
            self.words("privacy.clubs"),
            self.words("privacy.rights"),
            known or self.words("privacy.operator_unknown"),
            agreed,
        )
        more = [("privacy.full.button", "g:privacy_full")] if "privacy_full" in self.desk.offers else []
        self.desk.say(work, self.desk.render.menu(text, more))

    def export(self, work: Work) -> None:
        """Sends every row about the person as a JSON file."""
        if self.store.chat(work.chat.chat_id) is None:
            self.desk.say(work, Message(self.words("export.nothing")))
            return
        text = json.dumps(self.store.everything(work.chat.key), ensure_ascii=False, indent=2, default=str)
        file = {"name": self.words.label("export.file"), "text": text}
        self.desk.say(work, Message(self.words("export.caption"), document=file))

    def delete(self, work: Work) -> None:
        """Asks whether everything about the person should go."""
        choices = [("delete.yes", "g:delete_yes"), ("delete.no", "g:delete_no")]
        self.desk.say(work, self.desk.render.menu(self.words("delete.ask"), choices))

    def delete_all(self, work: Work) -> None:
        """Removes every row about the person."""
        work.calls.clear()
        self.desk.say(work, Message(self.words("delete.done")))
        work.forget = True

    def keep_all(self, work: Work) -> None:
        """Leaves everything as it is."""
        self.desk.respond(work, Message(self.words("delete.kept")))
