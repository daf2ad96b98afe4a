"""What a person did -> one committed turn: load, advance, render, commit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.clips import TIMER
from bot.clubs import Clubs
from bot.commands import Commands
from bot.desk import Desk
from bot.inline import Inline, Query
from bot.own_data import Operator
from bot.records import RESULT, Chat, Commit, SessionRow, new_key
from bot.render import LANGUAGE, Message, Translate, paragraphs
from bot.replies import Replies
from bot.store import Store
from bot.work import Arriving, Dialogue, Guarding, Incoming, Noting, Returning, Work
from flows.engine import Engine, Outdated
from flows.safety_net import SafetyNet

CHECKS = "check_of_the_day"
TOO_OLD = timedelta(days=7)
"""Answers older than this may no longer be true: the questions start again."""


class Conversation:
    """Every chat's conversation; the only writer of sessions."""

    def __init__(  # noqa: PLR0913  (it is wired once)
        self,
        engine: Engine,
        store: Store,
        translate: Translate = str,
        operator: Operator = Operator(),  # noqa: B008  (frozen)
        dialogues: Iterable[Callable[[Desk, Store], Dialogue]] = (),
        *,
        language: str = LANGUAGE,
    ) -> None:
        self.engine = engine
        self.store = store
        self.desk = Desk(engine, translate, language)
        self.replies = Replies(self.desk)
        self.commands = Commands(self.desk, store, operator)
        self.dialogues = [begin(self.desk, store) for begin in dialogues]
        self.commands.others = tuple(name for dialogue in self.dialogues for name in dialogue.by_name)
        self.desk.offers = frozenset(name for dialogue in self.dialogues for name in dialogue.by_button)
        self.net = SafetyNet(engine.content.free_text)
        self.clubs = Clubs(self.desk, store, self.net, lambda name: self._named(name) is not None)
        self.commands.in_groups = self.clubs.menu()
        self.inline = Inline(engine.content, self.net, self.desk.words)

    @property
    def username(self) -> str:
        """The bot's own name, for links; known once Telegram has been asked."""
        return self.desk.username

    @username.setter
    def username(self, name: str) -> None:
        self.desk.username = self.inline.username = name

    def handle(self, incoming: Incoming, now: datetime) -> None:
        """Answers one update and commits everything that it caused, once."""
        if not incoming.private:
            self._grouped(incoming, now)
            return
        work = self._load(incoming, now)
        blocked = incoming.kind != "blocked" and self._was_blocked(incoming)
        if incoming.kind in ("blocked", "unblocked"):
            work.chat = replace(work.chat, blocked_at=now if incoming.kind == "blocked" else None)
        elif incoming.kind != "press" and self._heard(work):
            blocked = False
        elif any(one.guards(work) for one in self.dialogues if isinstance(one, Guarding)):
            pass
        elif incoming.kind == "press":
            self._press(work)
        else:
            if incoming.kind == "edited":
                # An edit is listened to, but it answers nothing: the first wording was answered already.
                self._ignore(incoming)
                return
            self._written(work)
        if blocked and not work.forget:
            self._returned(work)
        for dialogue in self.dialogues:
            if isinstance(dialogue, Noting):
                dialogue.note(work)
        self._commit(work)

    def _grouped(self, incoming: Incoming, now: datetime) -> None:
        """Answers what was said or done in a group, where no session is ever looked at."""
        work = Work(incoming, now, self._chat(incoming, now))
        if self.clubs.meet(work):
            self._commit(work)
        else:
            self._ignore(incoming)

    def look_up(self, query: Query) -> dict[str, object]:
        """Returns the parameters of the answer to an inline query; nothing is read or kept for it."""
        return self.inline.answer(query)

    def offers(self, button: str) -> bool:
        """Tells whether there is a menu button of this name."""
        return button in self.commands.by_button or button in self.desk.offers

    def apologise(self, incoming: Incoming, now: datetime) -> None:
        """Tells a person that an update of theirs failed; no exercises follow from it."""
        work = Work(replace(incoming, update_id=None), now, self._chat(incoming, now))
        self.desk.say(work, Message(self.desk.words("error")))
        self._commit(work)

    def _ignore(self, incoming: Incoming) -> None:
        if incoming.update_id is not None:
            self.store.mark_handled(incoming.update_id)

    def _commit(self, work: Work) -> None:
        update, calls = work.incoming.update_id, tuple(work.calls)
        # Of somebody who has not agreed, only what the next day's safety needs is kept (docs/operating.md).
        diary = tuple(work.diary) if work.chat.consent_version else ()
        results = tuple(entry for entry in work.diary if entry.kind == RESULT)
        self._fit_reminders(work)
        forget, dialogues = work.forget or self._is_stranger(work), tuple(work.dialogues)
        commit = Commit(update, work.chat, work.row, diary, calls, forget, dialogues, work.reminders, results)
        self.store.commit(replace(commit, club=work.club, joined=work.joined, team=work.team, team_days=work.team_days))
        if work.incoming.location is not None:
            # A place is promised not to be kept: it must not wait in the log either.
            self.store.truncate_log()

    def _fit_reminders(self, work: Work) -> None:
        """Ends the check of the day with the plan that it belongs to, and with the last self-check that is left."""
        if work.forget:
            return
        session, chat = work.session, work.chat
        going_on = session is not None and session.state in self.engine.nodes and chat.plan_state != "PAUSED"
        if session is None or going_on:
            return
        own = work.reminders if work.reminders is not None else self.store.reminders(chat.key)
        if any(one.kind == CHECKS for one in own) and not self.desk.checks_left(work):
            work.reminders = tuple(one for one in own if one.kind != CHECKS)

    def _is_stranger(self, work: Work) -> bool:
        """Tells whether somebody only asked something: no row stays once the answer is sent; a club stays."""
        if work.row is not None or work.chat.country or work.reminders or work.club is not None:
            return False
        known = self.store.chat(work.chat.chat_id)
        return known is None or known.forgotten_at is not None

    def _was_blocked(self, incoming: Incoming) -> bool:
        known = self.store.chat(incoming.chat_id)
        return known is not None and known.blocked_at is not None

    def _returned(self, work: Work) -> None:
        for dialogue in self.dialogues:
            if isinstance(dialogue, Returning):
                dialogue.returned(work)

    # ---- loading ---------------------------------------------------------------------------------------------

    def _chat(self, incoming: Incoming, now: datetime) -> Chat:
        known = self.store.chat(incoming.chat_id)
        if known is not None:
            return replace(known, seen_at=now, blocked_at=None)
        return Chat(new_key(), incoming.chat_id, now, now, "private" if incoming.private else "group")

    def _load(self, incoming: Incoming, now: datetime) -> Work:
        work = Work(incoming, now, self._chat(incoming, now))
        row = self.store.latest_session(work.chat.key)
        if row is None:
            return work
        work.row = row
        try:
            if row.content_version == self.engine.content.settings.content_version:
                work.session = self.engine.resume(row.state, row.log)
            else:
                work.session = self.engine.replay(row.log)
                work.row = self._moved(row, work.session.state)
        except (Outdated, KeyError):
            work.why_new = "resume.new_questions"
        if row.state in self.engine.nodes and now - row.updated_at > TOO_OLD and not self.desk.leave_test(work):
            work.why_new = work.why_new or "resume.too_old"
        if work.why_new:
            work.row = work.session = None
        return work

    def _moved(self, row: SessionRow, state: str) -> SessionRow:
        """The row of a session that was replayed in another version of the content; its old buttons are stale."""
        version = self.engine.content.settings.content_version
        is_open = row.open and state in self.engine.nodes
        return replace(row, content_version=version, state=state, turn=row.turn + 1, ticks=(), open=is_open)

    # ---- free text that may be an emergency ------------------------------------------------------------------

    def _heard(self, work: Work) -> bool:
        """Listens to free text before anything else is made of it (clinical.md 2.8)."""
        incoming, words = work.incoming, self.desk.words
        heard = self.net.hears(f"{incoming.text} {incoming.argument}")
        numbers = self.desk.render.numbers(work.chat.country)
        if heard == "crisis":
            text = paragraphs(words("crisis", **numbers), words("crisis.continue"))
            self.desk.say(work, self.desk.render.menu(text, [("nav.continue", "g:question")]))
        elif heard == "emergency":
            for dialogue in self.dialogues:
                dialogue.close(work)
            if work.session is None or work.session.state in self.desk.forgetting:
                self.desk.fresh(work)
            self.desk.take(work, self.engine.hear(self.desk.session(work)))
            if self.desk.waiting(work):
                self.desk.ask(work)
            else:
                self.desk.finish(work, None)
        return bool(heard)

    # ---- dispatch --------------------------------------------------------------------------------------------

    def _written(self, work: Work) -> None:
        incoming = work.incoming
        stops = incoming.kind == "command" and incoming.text == "stop"
        command = self._named(incoming.text) if incoming.kind == "command" else None
        if (incoming.kind in ("text", "location") or stops) and any(one.reply(work) for one in self.dialogues):
            return
        if command is not None:
            self._leave(work, incoming.text)
            self._arrive(work)
            command(work)
        elif incoming.kind == "text" and self._typed(work):
            return
        elif work.session is None:
            self.commands.start(work)
        else:
            self.desk.where(work, "question.only_text" if incoming.kind in ("other", "location") else "idle.unknown")

    def _arrive(self, work: Work) -> None:
        """Lets dialogues take up a link into this chat, which comes as /start and a token."""
        token = work.incoming.argument if work.incoming.text == "start" else ""
        for dialogue in self.dialogues:
            if token and isinstance(dialogue, Arriving):
                dialogue.arrived(work, token)

    def _named(self, name: str) -> Callable[[Work], None] | None:
        tables = [self.commands.by_name, *(dialogue.by_name for dialogue in self.dialogues)]
        return next((table[name] for table in tables if name in table), None)

    def _leave(self, work: Work, name: str) -> None:
        """Leaves the open questions of dialogues that a command does not belong to; the newest question counts."""
        for dialogue in self.dialogues:
            if name not in dialogue.by_name:
                dialogue.close(work)

    def _typed(self, work: Work) -> bool:
        """Takes text as an answer or as the label of a button; a question that it does not answer is asked again."""
        waiting = self.desk.waiting(work)
        if (waiting and self.replies.type(work)) or self.commands.type(work):
            return True
        if waiting:
            self.desk.repeat(work)
        return waiting

    def _press(self, work: Work) -> None:
        kind, _, rest = work.incoming.data.partition(":")
        tables = [self.commands.by_button, *(dialogue.by_button for dialogue in self.dialogues)]
        button = next((table[rest] for table in tables if kind == "g" and rest in table), None)
        named: dict[str, Callable[[Work, str], None]] = {
            "x": self.commands.card,
            "y": self.commands.next_card,
            "m": self.commands.more,
            "t": self.commands.test,
            "c": self.commands.own.set_country,
            TIMER: self.commands.follow,
        }
        for dialogue in self.dialogues:
            named |= dialogue.by_prefix
            if kind not in dialogue.by_prefix and not (kind == "g" and rest in dialogue.by_button):
                dialogue.close(work)
        if button is not None:
            button(work)
        elif kind in named:
            named[kind](work, rest)
        elif kind == "q":
            self._press_question(work, *rest.partition(":")[::2])
        elif kind == "r" and work.row is not None and rest == f"{work.row.key}:{work.row.turn}":
            self.desk.restart(work)
        else:
            self.desk.where(work, "busy")

    def _press_question(self, work: Work, key: str, after: str) -> None:
        turn, _, code = after.partition(":")
        row = work.row
        if row is None:
            self.commands.start(work)
        elif row.key != key:
            self.desk.where(work, "busy")
        elif not row.open:
            self.desk.where(work)
        elif str(row.turn) != turn or not self.replies.press(work, code):
            self.desk.where(work, "question.stale")
