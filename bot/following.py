"""How a chat's plan stands day by day: worked out from its diary and its open check-in (clinical.md 6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, tzinfo
from zoneinfo import ZoneInfo

from bot import check_in_log, days
from bot.day_report import Reports
from bot.desk import Desk
from bot.progress import progress_call
from bot.records import DiaryEntry, SessionRow
from bot.render import Message, paragraphs
from bot.store import Store
from bot.work import Follower, Work
from flows.follow_up import Day
from flows.schema import Disposition

STOPPED = ("PAUSED", "CHECKED")
"""States of a chat's plan in which there are no exercises, whatever the days say."""


class Following(Follower):
    """Follows one plan after the other, and shows how it goes."""

    def __init__(self, desk: Desk, store: Store) -> None:
        self.desk, self.store = desk, store
        self.words, self.content = desk.words, desk.content
        self.reports = Reports(desk.outcome, desk.words)
        self._known: tuple[object, days.Course | None] = ("", None)
        """The course that was worked out last, and what it was worked out from."""
        desk.follower = self

    # ---- where things stand --------------------------------------------------------------------------------------

    def zone(self, work: Work) -> tzinfo:
        """Returns the zone of the chat's reminders, or UTC."""
        reminders = work.reminders if work.reminders is not None else self.store.reminders(work.chat.key)
        return ZoneInfo(reminders[0].zone) if reminders else UTC

    def today(self, work: Work) -> date:
        """Returns the runner's date."""
        return days.runner_date(work.now, self.zone(work))

    def row(self, work: Work) -> SessionRow | None:
        """Returns the newest check-in, as this turn has left it."""
        changed = [row for row in work.dialogues if row.flow == check_in_log.FLOW]
        return changed[-1] if changed else self.store.latest_session(work.chat.key, check_in_log.FLOW)

    def course(self, work: Work) -> days.Course | None:
        """Returns the last full screen and what was reported since; answers of an open check-in count too."""
        diary = days.entries(self.store, work.chat.key, work.diary)
        row = self.row(work)
        # The diary only grows, so its length and its end tell whether anything is new.
        newest = (len(diary), diary[-1].kind, diary[-1].at) if diary else (0,)
        key = (work.chat.key, newest, row and (row.key, row.turn, row.open))
        if self._known[0] != key:
            self._known = (key, self._worked_out(diary, row))
        return self._known[1]

    def _worked_out(self, diary: list[DiaryEntry], row: SessionRow | None) -> days.Course | None:
        if row is not None and row.open:
            on, given = check_in_log.day_of(row.log), check_in_log.answers(row.log)
            again = any(e.kind == days.CHECK_IN and e.data["date"] == on.isoformat() for e in diary)
            if given and not again:
                # Its place among the entries is where it began: a full screen after it makes it part of the past.
                at = sum(entry.at <= row.started_at for entry in diary)
                diary.insert(at, days.reported(on, given, row.started_at))
        return days.course(self.content, diary)

    def day(self, work: Work) -> Day | None:
        """Returns how the plan stands today."""
        course = self.course(work)
        return None if course is None else self.resting(work, course.today(self.content, self.today(work)))

    def resting(self, work: Work, day: Day) -> Day:
        """Returns a day as at rest where the chat's plan was stopped: only a full screen takes it out of that.

        A check-in that replaces one with an urgent result works the day out anew, but what was said stands.
        """
        if work.chat.plan_state not in STOPPED or day.state == "PAUSED":
            return day
        return replace(day, state="PAUSED", running="STOP", ladder_step=None, levels={}, entry_test=False)

    def no_plan(self, work: Work) -> Message | None:
        """Returns what to say in place of a plan that the days have paused, or that waits for a professional's word."""
        course = self.course(work)
        if course is None:
            return None
        if course.waits:
            choices = [("check_in.yes", "g:assessed"), ("check_in.no", "g:not_assessed")]
            return self.desk.render.menu(self.words("check_in.assessed_ask"), choices)
        day = self.resting(work, course.today(self.content, self.today(work)))
        if day.state != "PAUSED":
            return None
        if day.disposition >= Disposition.DOCTOR:
            return self.reports.stopped(day, self.pain(work), self.desk.render.numbers(work.chat.country))
        return self.screen_first()

    def pain(self, work: Work) -> str:
        """Returns the pain of the newest check-in, from 0 to 10; empty where none has it."""
        course = self.course(work)
        values = [] if course is None else [each.pain for each in course.reported if each.pain is not None]
        return str(values[-1]) if values else ""

    def screen_first(self) -> Message:
        """Returns the sentence that the full screen comes first, with the button for it."""
        text = next(action.text for action in self.content.check_in.actions if action.id == "FULL_SCREEN")
        return self.desk.render.menu(self.words.text(text), [("nav.start", "g:check")])

    def assessed(self, work: Work) -> None:
        """Notes that a person was seen after an urgent result and told that exercise is fine."""
        course = self.course(work)
        if course is None or not course.waits:
            self.desk.where(work, "busy")
            return
        if self.desk.plan_waits(work) is None:
            work.diary.append(days.assessed(self.today(work), work.now))
        self.desk.show_plan(work)

    def not_assessed(self, work: Work) -> None:
        """Lets the plan wait until a professional has said that exercise is fine."""
        self.desk.edit(work, Message(paragraphs(self.words("check_in.assessed_no"), self.words("safety_net"))))

    def tested(self, work: Work) -> str:
        """Returns the phrase that says what a self-test after the plan does to it (clinical.md 6.3)."""
        found = set[object]()
        for entry in work.diary:
            for value in days.results(entry).values():
                found.update(value if isinstance(value, list) else [value])
        course = self.course(work)
        if course is None or not found - {"na"}:
            return ""
        if course.number(self.today(work)) < 1:
            return super().tested(work)
        hurt = "pain" in found
        if self.desk.outcome.has_recovered(course.today(self.content, self.today(work))):
            # Nothing makes the plan of a recovered runner anew: it stays as it is.
            return "plan.test_hurt_done" if hurt else "plan.test_noted_done"
        return "plan.test_hurt" if hurt else "plan.test_noted"

    # ---- seeing it -----------------------------------------------------------------------------------------------

    def numbers(self, work: Work) -> str:
        """Returns the numbers behind the plan's changes, escaped."""
        course, day = self.course(work), self.day(work)
        return "" if course is None or day is None else self.reports.numbers(day)

    def progress(self, work: Work) -> None:
        """Sends the picture of progress, with the same as text."""
        course = self.course(work)
        if course is None:
            self.desk.say(work, self.desk.render.menu(self.words("check_in.first"), [("nav.start", "g:check")]))
            return
        work.calls.append(progress_call(course, self.content, self.today(work), self.words, work.incoming.thread_id))

    def offered(self, work: Work, data: str) -> None:
        """Takes up an offered exercise, or leaves it."""
        answer, _, exercise = data.partition(":")
        course, day = self.course(work), self.day(work)
        offers = [] if course is None else [act for each in course.days(self.content) for act in each.actions]
        if course is None or day is None or f"OFFER:{exercise}" not in offers or not day.levels:
            self.desk.where(work, "busy")
            return
        name = self.words.plain(self.reports.names[exercise])
        said = "no"
        if answer == "yes" and exercise not in day.levels:
            work.diary.append(days.accepted(exercise, self.today(work), work.now))
            day = self.day(work) or day
        if answer == "yes":
            # The rules have the last word: what it takes may have changed since the offer.
            said = "yes" if exercise in day.levels else "gone"
        self.desk.edit(work, Message(self.words(f"offer.{said}", exercise=name)))
