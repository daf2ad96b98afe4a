"""/calendar: the times of the plan and of the reminders as a file for any calendar."""

from __future__ import annotations

from bot.desk import Desk
from bot.render import Button, Message
from bot.schedule import local_date, zone_of
from bot.store import Store
from bot.work import Work


class Agenda:
    """Sends calendar files."""

    def __init__(self, desk: Desk, store: Store) -> None:
        self.desk, self.words, self.store = desk, desk.words, store

    def calendar(self, work: Work) -> None:
        """Sends the times of the plan and of the reminders, with no health words."""
        self._send(work, health_words=False)

    def with_health_words(self, work: Work) -> None:
        """Sends the same with titles that name the exercises."""
        self._send(work, health_words=True)

    def _strength(self, work: Work) -> int:
        """Returns how many days of strength a week has; none where the plan rests, though it be by silence alone."""
        if not self.desk.has_plan(work) or self.desk.plan_waits(work) is not None:
            return 0
        rules, day = self.words.content.check_in.progress, self.desk.follower.day(work)
        if day is not None and day.state in ("PAUSED", "DONE"):
            return rules.sessions_once_done if day.state == "DONE" else 0
        return rules.sessions_a_week

    def _send(self, work: Work, *, health_words: bool) -> None:
        own = work.reminders if work.reminders is not None else self.store.reminders(work.chat.key)
        one = next((each for each in own if each.kind == "check_in"), None)
        if one is None:
            self.desk.say(work, self.desk.render.menu(self.words("calendar.none"), [("remind.start", "g:remind")]))
            return
        # Imported where it is needed: the library that writes such files is large, and few ever ask for one.
        from bot.calendar import Timetable, appointments, calendar  # noqa: PLC0415

        times = appointments(one, self._strength(work))
        timetable = Timetable(times, zone_of(one.zone), local_date(work.now, one.zone))
        text = calendar(timetable, self.words.label, work.chat.key, work.now, health_words) or ""
        file = {"name": self.words.label("calendar.file"), "text": text}
        caption = self.words(f"calendar.caption{'.health' if health_words else ''}")
        buttons = () if health_words else (Button(self.words.label("calendar.with_health"), "g:calendar_health"),)
        self.desk.say(work, Message(caption, (buttons,) if buttons else (), file))
