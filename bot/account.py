"""What a person agreed to: the whole text, a new version of it that is asked about, and data that should stay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from bot.desk import Desk
from bot.own_data import Operator
from bot.render import Message, bold, paragraphs
from bot.replies import plain
from bot.store import Store
from bot.work import Work

ALWAYS = frozenset({"urgent", "privacy", "export", "delete", "help"})
"""Commands and menu buttons that need no consent: help now, and the rights of a person."""
SECTIONS = ("who", "what", "why", "how_long", "where", "rights", "telegram", "limits")


class Account:
    """Carries out what concerns consent and the time that data is kept."""

    def __init__(self, desk: Desk, _: Store, operator: Operator) -> None:
        self.desk = desk
        self.words = desk.words
        self.operator = operator
        self.by_name: Mapping[str, Callable[[Work], None]] = {}
        self.by_button: Mapping[str, Callable[[Work], None]] = {
            "keep": self.keep,
            "privacy_full": self.privacy,
            "agree": self.agree,
            "disagree": self.disagree,
        }
        self.by_prefix: Mapping[str, Callable[[Work, str], None]] = {}
        answers = {"consent.agree": self.agree, "consent.disagree": self.disagree, "privacy.full.button": self.privacy}
        self._typed = {plain(self.words.label(phrase)): act for phrase, act in answers.items()}
        self._free = ALWAYS | {*self.by_button, "delete_yes", "delete_no", "remind_off"}

    def reply(self, _: Work) -> bool:
        """Asks nothing by itself, so that no text is an answer to it."""
        return False

    def close(self, work: Work) -> None:
        """Leaves nothing open."""

    # ---- consent -------------------------------------------------------------------------------------------------

    def guards(self, work: Work) -> bool:
        """Asks once more who agreed to an earlier version, before anything new is noted; returns whether it did."""
        agreed = work.chat.consent_version
        if agreed in ("", self.desk.content.settings.consent_version) or self._is_free(work):
            return False
        act = self._typed.get(plain(work.incoming.text)) if work.incoming.kind == "text" else None
        if act is not None:
            act(work)
            return True
        choices = [
            ("consent.agree", "g:agree"),
            ("privacy.full.button", "g:privacy_full"),
            ("consent.disagree", "g:disagree"),
        ]
        self.desk.say(work, self.desk.render.menu(self.words("consent.changed"), choices))
        return True

    def _is_free(self, work: Work) -> bool:
        """Tells whether something may be done without consent: what helps now, and what a person has a right to."""
        incoming = work.incoming
        if self.desk.waiting(work) and self.desk.node(work).question.first:
            # Whether an emergency is happening comes before everything else.
            return True
        if incoming.kind == "press":
            kind, _, name = incoming.data.partition(":")
            return kind == "g" and name in self._free
        return incoming.kind == "edited" or (incoming.kind == "command" and incoming.text in ALWAYS)

    def agree(self, work: Work) -> None:
        """Notes which version a person has agreed to, and goes on where they were."""
        version = self.desk.content.settings.consent_version
        if work.chat.consent_version not in ("", version):
            work.chat = replace(work.chat, consent_version=version, consent_at=work.now)
            self.desk.respond(work, Message(self.words("consent.agreed")))
        self.desk.where(work)

    def disagree(self, work: Work) -> None:
        """Stops what goes on by itself; what was kept stays until it is deleted or expires."""
        if work.chat.consent_version == self.desk.content.settings.consent_version:
            self.desk.where(work)
            return
        work.reminders = ()
        choices = [("consent.agree", "g:agree"), ("settings.delete", "g:delete")]
        self.desk.respond(work, self.desk.render.menu(self.words("consent.disagreed"), choices))

    # ---- what is kept, and how long ------------------------------------------------------------------------------

    def keep(self, work: Work) -> None:
        """Keeps everything: the contact itself begins the time anew."""
        if work.chat.consent_version:
            self.desk.respond(work, Message(self.words("retention.kept", days=self.operator.retention_days)))
        else:
            # The button outlived what it was about.
            self.desk.where(work)

    def privacy(self, work: Work) -> None:
        """Says everything about what is kept: by whom, why, how long, where, and what a person can do about it."""
        name, contact = self.operator.name, self.operator.contact
        values = {"name": name, "contact": contact, "days": self.operator.retention_days}
        known = ["who"] if name and contact else []
        parts = [self._section(part, **values) for part in SECTIONS if part != "who" or known]
        if not known:
            parts.insert(0, self.words("privacy.operator_unknown"))
        self.desk.say(work, Message(paragraphs(*parts)))

    def _section(self, part: str, **values: object) -> str:
        return bold(self.words(f"privacy.{part}.heading")) + "\n" + self.words(f"privacy.{part}", **values)
