"""The questions about reminders: which one is next, with what buttons, and what a typed answer to it means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache
from threading import Thread
from typing import Literal
from zoneinfo import ZoneInfo

from bot import wall, zones
from bot.records import Entry, Reminder, SessionRow
from bot.render import Button, Message, Words, in_rows, paragraphs
from bot.replies import plain
from bot.schedule import local_date

Goal = Literal["weekly", "doctor_3_days", "recheck_48h", "monthly", "check_of_the_day", "pause", "race", "quiet"]
"""What the questions lead to."""
Step = Literal["days", "times", "city", "clock", "pick", "sure", "pause", "race", "quiet", "done"]

ALONE: tuple[Literal["pause", "race", "quiet"], ...] = ("pause", "race", "quiet")
"""Goals that take one question of the same name."""
HOURS = ("07:00", "12:00", "18:00", "20:00")
NIGHT = "22:00-07:00"
WEEK, UNTIL_I_SAY, NONE = "week", "until_i_say", "none"
EVERY_DAY = ("0", "1", "2", "3", "4", "5", "6")
ALL = "all"


@dataclass(frozen=True, slots=True)
class Draft:
    """What was answered so far, one answer a question, and what was set before."""

    log: tuple[Entry, ...]
    before: tuple[Reminder, ...] = ()

    @classmethod
    def of(cls, row: SessionRow, before: tuple[Reminder, ...]) -> Draft:
        """Returns the draft that is kept in a session."""
        return cls(row.log, before)

    def text(self, name: str) -> str:
        """Returns an answer that is one text, or nothing."""
        value = dict(self.log).get(name)
        return value if isinstance(value, str) else ""

    def texts(self, name: str) -> tuple[str, ...]:
        """Returns an answer that is several texts, or nothing."""
        value = dict(self.log).get(name)
        return tuple(value) if isinstance(value, (tuple, list)) else ()

    @property
    def goal(self) -> str:
        """What the questions lead to."""
        return self.text("goal")

    @property
    def step(self) -> Step:
        """The question that is next."""
        for alone in ALONE:
            if self.goal == alone:
                return "done" if self.text(alone) else alone
        if self.goal == "weekly" and not self.texts("days"):
            return "days"
        if self.goal == "weekly" and not self.texts("times"):
            return "times"
        if not self.text("zone"):
            return "pick" if self.texts("found") else "clock" if self.text("way") else "city"
        return "sure" if self.goal == "weekly" and not self.text("sure") else "done"

    @property
    def weekdays(self) -> tuple[int, ...]:
        """The chosen days of the week."""
        return tuple(int(day) for day in self.texts("days"))

    @property
    def times(self) -> tuple[time, ...]:
        """The chosen wall times."""
        return tuple(time.fromisoformat(at) for at in self.texts("times"))

    @property
    def zone(self) -> str:
        """The zone that was chosen, or set before."""
        return self.text("zone") or self.zone_before

    @property
    def zone_before(self) -> str:
        """The zone that was set before, if any was."""
        return self.before[0].zone if self.before else ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One button of a question: its label, its code, and the answer that it stands for."""

    label: str
    code: str
    entry: Entry | None = None


@cache
def prepare() -> None:
    """Reads the names of cities in every language while a person still answers other questions; once a process."""
    Thread(target=zones.learn_all_languages, daemon=True).start()


class Asked:
    """Renders the questions in one language and reads the answers."""

    def __init__(self, words: Words) -> None:
        self.words = words

    # ---- the question ----------------------------------------------------------------------------------------

    def message(self, row: SessionRow, draft: Draft, now: datetime, following: Sequence[str], before: str) -> Message:
        """Returns the question that is next, below a sentence; `following` are the next three times, where known."""
        rows = [*self._rows(row, draft, now)]
        nav = [Button(self.words.label("nav.stop"), self._data(row, "s"))]
        if len(row.log) > 1:
            nav.insert(0, Button(self.words.label("nav.back"), self._data(row, "b")))
        return Message(paragraphs(before, self._text(draft, now, following)), (*rows, tuple(nav)))

    def _text(self, draft: Draft, now: datetime, following: Sequence[str]) -> str:
        step, words = draft.step, self.words
        if step == "sure":
            return words("remind.sure", **self.summary(draft, now), next="; ".join(following))
        asked = f"{step}.ask" if step in ALONE else step
        return words(f"remind.{asked}")

    def summary(self, draft: Draft, now: datetime) -> dict[str, str]:
        """Returns the days, times and place of a draft as they are read."""
        shown = wall.clock(now.astimezone(ZoneInfo(draft.zone)), self.words.language)
        times = wall.in_a_row([wall.clock(at, self.words.language) for at in draft.times], self.words.language)
        return {"days": self.days(draft.weekdays), "times": times, "city": zones.city(draft.zone), "time": shown}

    def days(self, weekdays: Sequence[int]) -> str:
        """Returns the names of weekdays, or that it is every day."""
        return (
            self.words.label("remind.every_day")
            if len(set(weekdays)) == 7
            else wall.weekdays(weekdays, self.words.language)
        )

    @staticmethod
    def _data(row: SessionRow, code: str) -> str:
        return f"rm:{row.key}:{row.turn}:{code}"

    def _rows(self, row: SessionRow, draft: Draft, now: datetime) -> tuple[tuple[Button, ...], ...]:
        if draft.step == "days":
            days = tuple(Button(self._ticked(row, day), self._data(row, f"t{day}")) for day in EVERY_DAY)
            ends = (("remind.every_day", ALL), ("nav.done", "d"))
            return days[:4], days[4:], tuple(Button(self.words.label(name), self._data(row, at)) for name, at in ends)
        choices = self.choices(draft, now)
        return in_rows([Button(choice.label, self._data(row, choice.code)) for choice in choices])

    def _ticked(self, row: SessionRow, day: str) -> str:
        name = wall.short_weekday(int(day), self.words.language)
        return self.words.label("nav.ticked", label=name) if day in row.ticks else name

    def choices(self, draft: Draft, now: datetime) -> list[Choice]:
        """Returns what can be pressed at the question that is next, besides ticks, Back and Stop."""
        label = self.words.label
        match draft.step:
            case "times":
                return [Choice(at, f"h{number}", ("times", (at,))) for number, at in enumerate(HOURS)]
            case "city":
                city = zones.city(draft.zone_before) if draft.zone_before else ""
                kept = Choice(label("remind.zone_keep", city=city), "k", ("zone", draft.zone_before))
                return [*([kept] if city else []), Choice(label("remind.not_listed"), "c", ("way", "clock"))]
            case "clock":
                return []
            case "pick":
                found = [
                    Choice(self._place(zone, now), f"p{at}", ("zone", zone))
                    for at, zone in enumerate(draft.texts("found"))
                ]
                return [*found, Choice(label("remind.none_of_these"), "n")]
            case "sure":
                return [Choice(label("remind.yes"), "y", ("sure", "yes"))]
            case "pause":
                texts: tuple[tuple[str, str], ...] = (("remind.week", WEEK), ("remind.until_i_say", UNTIL_I_SAY))
            case "race":
                texts = (("remind.no_race", NONE),)
            case "quiet":
                texts = (("remind.quiet_night", NIGHT), ("remind.no_quiet", NONE))
            case _:
                return []
        return [Choice(label(text), f"o{at}", (draft.step, value)) for at, (text, value) in enumerate(texts)]

    def _place(self, zone: str, now: datetime) -> str:
        return self.words.label(
            "remind.place", city=zones.city(zone), time=wall.clock(now.astimezone(ZoneInfo(zone)), self.words.language)
        )

    # ---- the answer ------------------------------------------------------------------------------------------

    def named(self, draft: Draft, text: str, now: datetime) -> Choice | None:
        """Returns the button that is typed, by its label or the beginning of only one."""
        said = plain(text)
        choices = self.choices(draft, now)
        exact = [choice for choice in choices if plain(choice.label) == said]
        begun = [choice for choice in choices if plain(choice.label).startswith(said)]
        found = exact or (begun if len(said) > 1 and draft.step not in ("times", "city") else [])
        return found[0] if len(found) == 1 else None

    def read(self, draft: Draft, text: str, now: datetime) -> Entry | None:
        """Returns the answer that a text gives to the question that is next, or None where it gives none."""
        readers: dict[str, Callable[[Draft, str, datetime], Entry | None]] = {
            "days": self._days,
            "times": self._times,
            "city": self._city,
            "pick": self._city,
            "clock": self._clock,
            "pause": self._date,
            "race": self._date,
            "quiet": self._quiet,
        }
        reader = readers.get(draft.step)
        return reader(draft, text, now) if reader is not None else None

    def _days(self, _: Draft, text: str, __: datetime) -> Entry | None:
        if plain(text) == plain(self.words.label("remind.every_day")):
            return "days", EVERY_DAY
        days = wall.read_weekdays(text, self.words.language)
        return ("days", tuple(map(str, days))) if days else None

    def _times(self, _: Draft, text: str, __: datetime) -> Entry | None:
        times = wall.read_times(text)
        return ("times", tuple(at.isoformat("minutes") for at in times)) if times else None

    def _city(self, _: Draft, text: str, __: datetime) -> Entry | None:
        found = [candidate.zone for candidate in zones.candidates(text)]
        return ("zone", found[0]) if len(found) == 1 else ("found", tuple(found)) if found else None

    def _clock(self, _: Draft, text: str, now: datetime) -> Entry | None:
        found = [choice.candidates[0].zone for choice in zones.by_clock(zones.read_clock(text), now)]
        return ("found", tuple(found[:12])) if found else None

    def place(self, location: tuple[float, float], now: datetime) -> Entry:
        """Returns the zones that a location may lie in, to choose from."""
        return "found", tuple(candidate.zone for candidate in zones.by_location(*location, now))

    def _date(self, draft: Draft, text: str, now: datetime) -> Entry | None:
        today = local_date(now, draft.zone)
        day = wall.read_date(text, today, self.words.language)
        # A pause that ends today is none; a race may be today.
        first = today.toordinal() + (draft.step == "pause")
        return (draft.step, day.isoformat()) if day is not None and day.toordinal() >= first else None

    def _quiet(self, draft: Draft, text: str, _: datetime) -> Entry | None:
        span = wall.read_span(text)
        return (draft.step, "-".join(at.isoformat("minutes") for at in span)) if span else None

    def repeat(self, draft: Draft) -> str:
        """Returns the kind sentence after something that is no answer."""
        special = {
            "city": "city_unknown",
            "pick": "city_unknown",
            "clock": "clock_unknown",
            "pause": "date_unknown",
            "race": "date_unknown",
            "quiet": "quiet_unknown",
        }
        return self.words(f"remind.{special.get(draft.step, 'repeat')}")

    def answered(self, draft: Draft, entry: Entry, now: datetime) -> Message:
        """Returns what stands in the place of a question that was answered by a button."""
        step = draft.step
        short = {"clock": "city", "pick": "city"}.get(step, step)
        return Message(
            self.words(
                "question.answered",
                question=self.words.label(f"remind.{short}.short"),
                answer=self._said(draft, entry, now),
            )
        )

    def _said(self, draft: Draft, entry: Entry, now: datetime) -> str:
        found = [choice.label for choice in self.choices(draft, now) if choice.entry == entry]
        days = self.days([int(day) for day in entry[1]]) if entry[0] == "days" and isinstance(entry[1], tuple) else ""
        return found[0] if found else days


def read_quiet(text: str) -> tuple[time, time] | None:
    """Returns quiet hours from the text by which they are kept; None for none."""
    if text == NONE:
        return None
    since, until = map(time.fromisoformat, text.split("-"))
    return since, until


def read_day(text: str) -> date | None:
    """Returns a date from the text by which it is kept; None for none."""
    return None if text == NONE else date.fromisoformat(text)
