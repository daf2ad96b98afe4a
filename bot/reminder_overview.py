"""What is set -> the message of /reminders: when the next three come, and what can be changed."""

from __future__ import annotations

from datetime import date, datetime, time

from bot import reminders, wall, zones
from bot.records import UNTIL_I_SAY as FOREVER
from bot.records import Reminder
from bot.reminder_questions import Asked
from bot.render import Button, Message, Words, bold, in_rows, paragraphs
from bot.schedule import local_date

CHANGES = (
    ("snooze", "snooze"), ("skip", "skip"), ("pause", "pause"), ("race", "race"), ("quiet", "quiet"),
    ("change", "remind"), ("monthly_off", "monthly_off"), ("checks_off", "checks_off"), ("off", "remind_off"),
)  # fmt: skip
"""The buttons below what is set: the phrases of their labels and what they do."""


ONLY = {"monthly_off": "monthly", "checks_off": "check_of_the_day"}
"""Buttons that stand only below the reminder that they end."""


class Overview:
    """Renders reminders in one language."""

    def __init__(self, words: Words, asked: Asked) -> None:
        self.words = words
        self.asked = asked

    def message(self, own: tuple[Reminder, ...], now: datetime, before: str = "") -> Message:
        """Returns all reminders of a chat below a sentence, or a way to set some."""
        if not own:
            start = Button(self.words.label("remind.start"), "g:remind")
            return Message(paragraphs(before, self.words("remind.none")), ((start,),))
        following = self.following(own, now)
        shown = self.words("remind.next", next="; ".join(following)) if following else ""
        text = paragraphs(
            before,
            bold(self.words("remind.heading")),
            self._weekly(own),
            "\n".join(self.words(f"remind.has_{one.kind}") for one in own if one.days and one.kind in ONLY.values()),
            shown or self.words("remind.nothing_next"),
            "\n".join(line for line in self._state(own, now) if line != before),
        )
        return Message(text, self._buttons(own, now))

    def _weekly(self, own: tuple[Reminder, ...]) -> str:
        one = next((each for each in own if each.kind == "check_in"), None)
        if one is None:
            return ""
        times = wall.in_a_row([wall.clock(at, self.words.language) for at in one.times], self.words.language)
        return self.words("remind.set", days=self.asked.days(one.weekdays), times=times, city=zones.city(one.zone))

    def following(self, own: tuple[Reminder, ...], now: datetime) -> list[str]:
        """Returns the next three times as dates in the zone of the person."""
        times = reminders.upcoming(own, now)
        return [
            self.words.label(
                "remind.at",
                date=wall.weekday_and_day(at, self.words.language),
                time=wall.clock(at, self.words.language),
            )
            for at in times
        ]

    def _state(self, own: tuple[Reminder, ...], now: datetime) -> list[str]:
        one, day = own[0], local_date(now, own[0].zone)
        lines = [self.quiet("remind.quiet_from", one.quiet)] if one.quiet else []
        if one.paused_until is not None and one.paused_until > day:
            lines.append(self.pause(one.paused_until))
        if one.race_on is not None and one.race_on >= day:
            lines.append(self.words("remind.race_on", date=wall.dated(one.race_on, self.words.language)))
        if one.stopped_at is not None:
            lines.append(self.words("remind.stopped_by_block"))
        return lines

    def pause(self, until: date | None) -> str:
        """Returns how long a pause lasts."""
        if until is None or until == FOREVER:
            return self.words("remind.paused")
        return self.words("remind.paused_until", date=wall.dated(until, self.words.language))

    def quiet(self, phrase: str, quiet: tuple[time, time] | None) -> str:
        """Returns a sentence with quiet hours, or nothing for none."""
        return (
            self.words(
                phrase, since=wall.clock(quiet[0], self.words.language), until=wall.clock(quiet[1], self.words.language)
            )
            if quiet
            else ""
        )

    def _buttons(self, own: tuple[Reminder, ...], now: datetime) -> tuple[tuple[Button, ...], ...]:
        until = own[0].paused_until
        still = own[0].stopped_at is not None or (until is not None and until > local_date(now, own[0].zone))
        weekly = any(one.kind == "check_in" for one in own)
        hidden: set[str] = {"snooze", "skip", "pause"} if still else set() if weekly else {"snooze"}
        coming = {one.kind for one in own if one.days}
        hidden |= {name for name, kind in ONLY.items() if kind not in coming}
        names = [("resume", "unpause")] if still else []
        names += [(name, data) for name, data in CHANGES if name not in hidden]
        return in_rows([Button(self.words.label(f"remind.{name}"), f"g:{data}") for name, data in names])
