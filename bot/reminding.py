"""Reminders as a dialogue: /remind asks, /reminders shows and changes, /pause holds still."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from zoneinfo import ZoneInfo

from bot import reminders, wall, zones
from bot.agenda import Agenda
from bot.days import runner_date
from bot.desk import Desk
from bot.occasions import Asking, Occasion, first_of, occasion, with_check_in
from bot.records import Entry, Kind, Reminder, SessionRow, new_key
from bot.reminder_overview import CHANGES, Overview
from bot.reminder_questions import ALL, EVERY_DAY, UNTIL_I_SAY, WEEK, Asked, Draft, Goal, prepare, read_day, read_quiet
from bot.render import Message
from bot.replies import plain
from bot.schedule import local_date
from bot.store import Store
from bot.work import Work

FLOW = "remind"
OFFERS = (
    ("start", "remind"), ("doctor", "remind_doctor"), ("recheck", "remind_recheck"), ("monthly", "remind_monthly"),
    ("checks", "remind_checks"), ("only_monthly", "remind_only_monthly"), ("again_yes", "remind_again"),
    ("again_no", "remind_off"), ("resume", "unpause"),
)  # fmt: skip
SAID: Mapping[str, str] = {"monthly": "remind.monthly_set", "check_of_the_day": "remind.checks_set"}
"""What is said when something that comes more than once is set."""
WAITS = timedelta(days=1)
"""A question that is older than this takes no more answers: what is typed then is meant for something else."""


class Reminding:
    """Asks for days, times and zone one question at a time, and changes what is set."""

    def __init__(self, desk: Desk, store: Store) -> None:
        self.desk = desk
        self.words = desk.words
        self.store = store
        self.agenda = Agenda(desk, store)
        self.asked = Asked(desk.words)
        self.shown = Overview(desk.words, self.asked)
        self.by_name: Mapping[str, Callable[[Work], None]] = {
            "remind": self.remind,
            "reminders": self.overview,
            "pause": self.pause,
            "calendar": self.agenda.calendar,
        }
        self.by_button: Mapping[str, Callable[[Work], None]] = {
            **self.by_name,
            "snooze": self.snooze,
            "skip": self.skip,
            "unpause": self.resume,
            "race": self.race,
            "quiet": self.quiet,
            "remind_off": self.switch_off,
            "remind_again": self.resume,
            "remind_doctor": partial(self._offered, goal="doctor_3_days"),
            "remind_recheck": partial(self._offered, goal="recheck_48h"),
            "remind_monthly": partial(self._offered, goal="monthly"),
            "remind_checks": partial(self._offered, goal="check_of_the_day"),
            "remind_only_monthly": partial(self._end, kinds=("check_in", "nudge")),
            "monthly_off": partial(self._end, kinds=("monthly",)),
            "checks_off": partial(self._end, kinds=("check_of_the_day",)),
            "calendar_health": self.agenda.with_health_words,
        }
        labels = {f"remind.{label}": data for label, data in (*CHANGES, *OFFERS)}
        self._by_label = {plain(self.words.label(label)): self.by_button[data] for label, data in labels.items()}
        self.by_prefix: Mapping[str, Callable[[Work, str], None]] = {"rm": self.press}

    # ---- what is kept ----------------------------------------------------------------------------------------

    def _set(self, work: Work) -> tuple[Reminder, ...]:
        return work.reminders if work.reminders is not None else self.store.reminders(work.chat.key)

    def _row(self, work: Work) -> SessionRow | None:
        """The session of these questions, where one is open."""
        changed = [row for row in work.dialogues if row.flow == FLOW]
        row = changed[-1] if changed else self.store.latest_session(work.chat.key, FLOW)
        return row if row is not None and row.open and work.now - row.updated_at < WAITS else None

    def _keep(self, work: Work, row: SessionRow) -> SessionRow:
        work.dialogues[:] = [*(other for other in work.dialogues if other.key != row.key), row]
        return row

    def _moved(self, work: Work, row: SessionRow, log: tuple[Entry, ...]) -> SessionRow:
        """The session with other answers; the buttons before are stale now."""
        state = Draft(log, self._set(work)).step
        return self._keep(work, replace(row, state=state, log=log, ticks=(), turn=row.turn + 1, updated_at=work.now))

    def _begin(self, work: Work, goal: Goal, *answers: Entry) -> None:
        """Opens the questions that lead to a goal, or reaches it at once where nothing is open."""
        if work.chat.consent_version != self.desk.content.settings.consent_version:
            menu = self.desk.render.menu(self.words("remind.needs_consent"), [("nav.start", "g:check")])
            self.desk.say(work, menu)
            return
        version = self.desk.content.settings.content_version
        earlier = self._row(work) or self.store.latest_session(work.chat.key, FLOW)
        turn = earlier.turn + 1 if earlier is not None else 0
        key = earlier.key if earlier is not None else new_key()
        started = earlier.started_at if earlier is not None else work.now
        log: tuple[Entry, ...] = (("goal", goal), *answers)
        state = Draft(log, self._set(work)).step
        if goal == "weekly" or state == "city":
            prepare()
        row = SessionRow(key, work.chat.key, FLOW, version, state, started, work.now, log, turn=turn)
        self._go_on(work, self._keep(work, row))

    def _go_on(self, work: Work, row: SessionRow) -> None:
        """Asks the next question, or does what all of them led to."""
        draft = Draft.of(row, self._set(work))
        if draft.step != "done":
            if draft.step == "days" and not row.ticks:
                row = self._keep(work, replace(row, ticks=self._ticks_before(work)))
            self._ask(work, row)
            return
        self._close(work, row)
        self._reached(work, draft)
        if self.desk.waiting(work):
            self.desk.ask(work)

    def _ticks_before(self, work: Work) -> tuple[str, ...]:
        return tuple(str(day) for one in self._set(work) if one.kind == "check_in" for day in one.weekdays)

    def _close(self, work: Work, row: SessionRow) -> None:
        self._keep(work, replace(row, open=False, log=(), ticks=(), turn=row.turn + 1, updated_at=work.now))

    def _ask(self, work: Work, row: SessionRow, before: str = "", *, edit: bool = False) -> None:
        draft = Draft.of(row, self._set(work))
        following = self.shown.following(self._wanted(work, draft), work.now) if draft.step == "sure" else []
        message = self.asked.message(row, draft, work.now, following, before)
        if edit and work.incoming.message_id is not None:
            self.desk.edit(work, message)
        else:
            self.desk.say(work, message)

    # ---- answers ---------------------------------------------------------------------------------------------

    def reply(self, work: Work) -> bool:
        """Takes text or a location as the answer to the open question; returns False where there is none."""
        row = self._row(work)
        if row is None:
            return self._named(work)
        text, draft = work.incoming.text, Draft.of(row, self._set(work))
        if work.incoming.kind == "command" or plain(text) == plain(self.words.label("nav.stop")):
            self._stop(work, row)
        elif work.incoming.location is not None:
            if draft.step not in ("city", "clock", "pick"):
                return False
            self._take(work, row, self.asked.place(work.incoming.location, work.now))
        elif plain(text) == plain(self.words.label("nav.back")):
            self._back(work, row)
        elif draft.step == "days" and plain(text) == plain(self.words.label("nav.done")):
            self._done(work, row)
        elif choice := self.asked.named(draft, text, work.now):
            self._choose(work, row, choice.entry)
        elif entry := self.asked.read(draft, text, work.now):
            self._take(work, row, entry)
        else:
            self._ask(work, row, self.asked.repeat(draft))
        return True

    def _named(self, work: Work) -> bool:
        """Does what a typed label of a menu button says, where no question waits for an answer."""
        act = self._by_label.get(plain(work.incoming.text))
        if act is None or work.incoming.kind != "text" or self.desk.waiting(work):
            return False
        act(work)
        return True

    def press(self, work: Work, rest: str) -> None:
        """Does what a button of the open question says; one of an earlier question shows where a person is."""
        key, _, after = rest.partition(":")
        turn, _, code = after.partition(":")
        row = self._row(work)
        if row is None or row.key != key:
            self.desk.where(work, "busy")
            return
        if str(row.turn) != turn:
            self._ask(work, row, self.words("remind.stale"))
            return
        draft = Draft.of(row, self._set(work))
        choice = next((each for each in self.asked.choices(draft, work.now) if each.code == code), None)
        if code == "s":
            self._stop(work, row)
        elif code == "b":
            self._back(work, row)
        elif choice is not None:
            self._choose(work, row, choice.entry)
        elif draft.step == "days" and code == "d":
            self._done(work, row)
        elif draft.step == "days" and code == ALL:
            self._take(work, row, ("days", EVERY_DAY))
        elif draft.step == "days" and code.removeprefix("t") in EVERY_DAY:
            ticks = set(row.ticks) ^ {code.removeprefix("t")}
            self._ask(work, self._keep(work, replace(row, ticks=tuple(sorted(ticks)))), edit=True)
        else:
            self._ask(work, row, self.words("remind.stale"))

    def _done(self, work: Work, row: SessionRow) -> None:
        if row.ticks:
            self._take(work, row, ("days", row.ticks))
        else:
            self._ask(work, row, self.words("remind.no_days"))

    def _choose(self, work: Work, row: SessionRow, entry: Entry | None) -> None:
        """Takes a button's answer; one without an answer leads back to the city."""
        if entry is not None:
            self._take(work, row, entry)
        else:
            self._back(work, row)

    def _take(self, work: Work, row: SessionRow, entry: Entry) -> None:
        draft = Draft.of(row, self._set(work))
        if work.incoming.message_id is not None:
            self.desk.edit(work, self.asked.answered(draft, entry, work.now))
        log = tuple(line for line in row.log if line[0] != entry[0])
        self._go_on(work, self._moved(work, row, (*log, entry)))

    def _back(self, work: Work, row: SessionRow) -> None:
        log = row.log[:-1] if len(row.log) > 1 else row.log
        last_name, last = row.log[-1]
        row = self._moved(work, row, log)
        if last_name == "days" and isinstance(last, (tuple, list)):
            row = self._keep(work, replace(row, ticks=tuple(last)))
        self._ask(work, row, edit=True)

    def _stop(self, work: Work, row: SessionRow) -> None:
        self._close(work, row)
        self.desk.say(work, Message(self.words("remind.stopped")))
        if self.desk.waiting(work):
            self.desk.ask(work)

    def close(self, work: Work) -> None:
        """Leaves the open question, because something more important came up."""
        row = self._row(work)
        if row is not None:
            self._close(work, row)

    # ---- what the questions lead to --------------------------------------------------------------------------

    def _reached(self, work: Work, draft: Draft) -> None:
        own, day_now = self._set(work), local_date(work.now, draft.zone)
        match draft.goal:
            case "weekly":
                work.reminders = self._wanted(work, draft)
                self._show(work)
            case "doctor_3_days" | "recheck_48h" | "monthly" | "check_of_the_day":
                self._listed(work, draft.goal, draft.zone)
            case "pause":
                asked = draft.text("pause")
                ends = {WEEK: day_now + timedelta(days=7), UNTIL_I_SAY: None}
                until = ends[asked] if asked in ends else read_day(asked)
                self._change(work, reminders.paused(own, until, work.now), self.shown.pause(until))
            case "race":
                day = read_day(draft.text("race"))
                said = (
                    self.words("remind.race_on", date=wall.dated(day, self.words.language))
                    if day
                    else self.words("remind.race_off")
                )
                self._change(work, reminders.racing(own, day, work.now), said)
            case "quiet":
                quiet = read_quiet(draft.text("quiet"))
                said = self.shown.quiet("remind.quiet_set", quiet) if quiet else self.words("remind.quiet_off")
                self._change(work, reminders.with_quiet_hours(own, quiet, work.now), said)

    def _wanted(self, work: Work, draft: Draft) -> tuple[Reminder, ...]:
        """The reminders as they are once this draft is confirmed: a pause ends, the rest stays."""
        own = self._set(work)
        old = next((one for one in own if one.kind == "check_in"), None)
        if old is None:
            quiet, race_on = (own[0].quiet, own[0].race_on) if own else (None, None)
            old = Reminder(work.chat.key, "check_in", draft.zone, draft.times, quiet=quiet, race_on=race_on)
        changed = replace(old, zone=draft.zone, times=draft.times, weekdays=draft.weekdays, snoozed_at=None)
        rest = [with_check_in(one, draft.times[0]) for one in own if one.kind not in ("check_in", "nudge")]
        nudge = reminders.nudge(changed, runner_date(work.now, ZoneInfo(draft.zone)), work.now)
        return reminders.resumed(reminders.in_zone((changed, *rest, nudge), draft.zone, work.now), work.now)

    def _listed(self, work: Work, kind: Occasion, zone: str) -> None:
        """Lists a reminder that was offered, and says when it comes first."""
        own, day = self._set(work), self.desk.follower.day(work)
        asked = Asking(work.chat.key, zone, work.now, day.day if day is not None else 0)
        one = occasion(kind, asked, own)
        if one is None:
            self.desk.say(work, Message(self.words("remind.checks_late")))
            return
        rest = reminders.in_zone([other for other in own if other.kind != kind], zone, work.now)
        work.reminders = (*rest, reminders.planned(one, work.now))
        # What is listed joins the check-in of that day or the next; while all is paused it comes later.
        at = reminders.comes_at(kind, work.reminders, work.now) or first_of(one)
        shown = {
            "date": wall.weekday_and_day(at, self.words.language),
            "time": wall.clock(at, self.words.language),
            "city": zones.city(zone),
        }
        said = self.words(SAID.get(kind, "remind.once_set"), **shown)
        weekly = kind == "monthly" and any(other.kind == "check_in" for other in rest)
        self.desk.say(work, self.desk.render.menu(said, [("remind.only_monthly", "g:remind_only_monthly")] * weekly))

    def _change(self, work: Work, changed: tuple[Reminder, ...], said: str) -> None:
        work.reminders = changed
        self._show(work, said)

    # ---- commands and buttons --------------------------------------------------------------------------------

    def remind(self, work: Work) -> None:
        """Asks for days, times and zone."""
        self._begin(work, "weekly")

    def overview(self, work: Work) -> None:
        """Shows what is set, when the next three come, and what can be changed."""
        self.close(work)
        self._show(work)

    def pause(self, work: Work) -> None:
        """Asks until when nothing should come."""
        self._about(work, "pause")

    def race(self, work: Work) -> None:
        """Asks for the day of a race."""
        self._about(work, "race")

    def quiet(self, work: Work) -> None:
        """Asks for quiet hours."""
        self._about(work, "quiet")

    def _about(self, work: Work, goal: Goal) -> None:
        if self._set(work):
            self._begin(work, goal)
        else:
            self.overview(work)

    def snooze(self, work: Work) -> None:
        """Lets what came last today come once more in an hour, or else the check-in."""
        own = self._set(work)
        again = reminders.put_off(own, work.now)
        if again is None:
            self.overview(work)
            return
        work.reminders = again
        at = (work.now + reminders.SNOOZE).astimezone(ZoneInfo(own[0].zone))
        self.desk.say(work, Message(self.words("remind.snoozed", time=wall.clock(at, self.words.language))))

    def skip(self, work: Work) -> None:
        """Lets nothing more come today."""
        if not self._set(work):
            self.overview(work)
            return
        work.reminders = reminders.skipped(self._set(work), work.now)
        self.desk.say(work, Message(self.words("remind.skipped")))

    def resume(self, work: Work) -> None:
        """Ends a pause, or what a block has stopped."""
        if not self._set(work):
            self.overview(work)
            return
        self._change(work, reminders.resumed(self._set(work), work.now), self.words("remind.resumed"))

    def switch_off(self, work: Work) -> None:
        """Removes all reminders."""
        self.close(work)
        work.reminders = ()
        self.desk.say(work, self.desk.render.menu(self.words("remind.is_off"), [("remind.start", "g:remind")]))

    def _end(self, work: Work, kinds: tuple[Kind, ...]) -> None:
        """Removes some kinds of reminders and leaves the others."""
        self.close(work)
        work.reminders = tuple(one for one in self._set(work) if one.kind not in kinds)
        self._show(work, self.words("remind.dropped"))

    def _offered(self, work: Work, goal: Goal) -> None:
        """Sets what was offered, once the zone is known."""
        own = self._set(work)
        self._begin(work, goal, *([("zone", own[0].zone)] if own else []))

    def returned(self, work: Work) -> None:
        """Asks whether reminders that a block has stopped should start again."""
        if any(one.stopped_at is not None for one in self._set(work)):
            choices = [("remind.again_yes", "g:remind_again"), ("remind.again_no", "g:remind_off")]
            self.desk.say(work, self.desk.render.menu(self.words("remind.again"), choices))

    # ---- showing ---------------------------------------------------------------------------------------------

    def _show(self, work: Work, before: str = "") -> None:
        self.desk.say(work, self.shown.message(self._set(work), work.now, before))
