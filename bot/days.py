"""Diary entries <-> the days after a full screen: the only place that knows how both lie in the diary."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any, Protocol

from bot.records import DiaryEntry
from flows.check_ins import Reported, Start
from flows.courses import begin, report
from flows.engine import EVENTS, RECHECKED, Engine, Session
from flows.follow_up import Day, beginning, follow
from flows.rules import Value
from flows.schema import Content
from flows.simulate import AnswerError

log = logging.getLogger(__name__)

SCREEN, CHECK_IN, SIGNS, RETEST, ACCEPTED = "screen", "check_in", "signs", "retest", "accepted"
KINDS = (SCREEN, CHECK_IN, SIGNS, RETEST, ACCEPTED)
"""Kinds of diary entries: a full screen, a check-in, warning signs, self-tests, an offer that was taken up."""
DAY_BEGINS = timedelta(hours=4)
"""A runner's date changes at four in the morning, by the clock on the wall (clinical.md 6.0)."""


def runner_date(now: datetime, zone: tzinfo = UTC) -> date:
    """Returns the runner's date at a moment: what the wall shows, until four in the morning the day before."""
    return (now.astimezone(zone).replace(tzinfo=None) - DAY_BEGINS).date()


# ---- into the diary ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class When:
    """Which session an entry is about, on which date of the runner and at which moment."""

    session: str
    on: date
    at: datetime

    def entry(self, kind: str, session: Session, **data: object) -> DiaryEntry:
        """Returns an entry that knows how much of the session's log it covers."""
        base = {"date": self.on.isoformat(), "session": self.session, "seen": len(session.log)}
        return DiaryEntry(self.at, kind, {**base, **data})


def screened(engine: Engine, session: Session, when: When) -> DiaryEntry:
    """Returns the entry of a full screen that has ended."""
    facts = session.facts
    answers: dict[str, object] = {name: _plain(facts[name]) for name in engine.content.settings.fields}
    answers |= {name: facts[name] for name in engine.content.check_in.fields["start"] if name in facts}
    return when.entry(SCREEN, session, answers=answers)


def reported(on: date, answers: Mapping[str, object], now: datetime) -> DiaryEntry:
    """Returns the entry of a check-in, its answers as `backstride follow-up` reads them."""
    return DiaryEntry(now, CHECK_IN, {"date": on.isoformat(), "answers": dict(answers)})


def accepted(exercise: str, on: date, now: datetime) -> DiaryEntry:
    """Returns the entry of an offered exercise that the runner wants."""
    return DiaryEntry(now, ACCEPTED, {"date": on.isoformat(), "exercise": exercise})


def since(engine: Engine, session: Session, diary: Sequence[DiaryEntry], when: When) -> list[DiaryEntry]:
    """Returns what a session has come to since the diary last looked: its full screen, later signs and self-tests."""
    noted = [each.data for each in diary if each.data.get("session") == when.session]
    if not noted:
        return [screened(engine, session, when)]
    seen = max(int(str(each["seen"])) for each in noted)
    found = []
    ids = _signs(engine, session, seen)
    if ids is not None:
        found.append(when.entry(SIGNS, session, C1=sorted(ids)))
    fields = {name for entry, _ in session.log[seen:] if entry not in EVENTS for name in _tested(engine, entry)}
    tests = {name: _plain(session.facts[name]) for name in engine.content.check_in.tests if name in fields}
    if tests:
        found.append(when.entry(RETEST, session, tests=tests))
    return found


def _signs(engine: Engine, session: Session, seen: int) -> frozenset[str] | None:
    """Returns all warning signs after the gates were gone through again, else only new ones; None: none were asked."""
    ids = ticked(session)
    if any(name == RECHECKED for name, _ in session.log[seen:]):
        return ids
    return ids - ticked(engine.replay(session.log[:seen])) or None


def ticked(session: Session) -> frozenset[str]:
    """Returns the warning signs that count in a session, those of the bone questions too."""
    rf, bone = session.facts["rf"], session.facts["bone"]
    assert isinstance(rf, frozenset)
    assert isinstance(bone, frozenset)
    return rf | bone


def _tested(engine: Engine, name: str) -> set[str]:
    """The answer fields that a question of a self-test settles."""
    node = engine.nodes[name]
    if node.test is None:
        return set()
    return {node.question.field, *(field for option in node.question.options for field in option.set)}


def _plain(value: Value) -> object:
    if isinstance(value, frozenset):
        return sorted(value)
    return list(value) if isinstance(value, tuple) else value


# ---- out of the diary --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Course:
    """The last full screen and all that was reported since, one for each date."""

    screened_on: date
    screened_at: datetime
    start: Start
    reported: tuple[Reported, ...]
    extra: tuple[str, ...]
    """Offered exercises that the runner wants."""
    _followed: dict[date | None, list[Day]] = field(default_factory=dict, compare=False, repr=False)
    """What was worked out already; to follow three months takes a twentieth of a second."""

    def number(self, on: date) -> int:
        """Returns the day of a date; whatever was reported after the screen counts from day 1."""
        return max((on - self.screened_on).days, 0)

    def on(self, day: int) -> date:
        """Returns the date of a day."""
        return self.screened_on + timedelta(days=day)

    def days(self, content: Content) -> list[Day]:
        """Returns how things stood on each date, the day of the screen first."""
        if None not in self._followed:
            first = beginning(content, self.start)
            self._followed[None] = [first, *follow(content, self.start, self.reported)]
        return self._followed[None]

    def today(self, content: Content, on: date) -> Day:
        """Returns how things stand on a date: silence and what ends by itself count too."""
        day, newest = self.number(on), max((each.day for each in self.reported), default=0)
        if day <= newest:
            return self.days(content)[-1]
        if on not in self._followed:
            self._followed[on] = follow(content, self.start, [*self.reported, Reported(day)])
        return self._followed[on][-1]


class _Read(Protocol):
    """Anything that has the diary of a chat."""

    def diary(self, chat_key: str, *kinds: str) -> list[DiaryEntry]:
        """Returns the entries of these kinds, oldest first."""
        ...


def entries(store: _Read, chat_key: str, new: Iterable[DiaryEntry] = ()) -> list[DiaryEntry]:
    """Returns all that the diary holds about the days, what this turn adds included."""
    return [*store.diary(chat_key, *KINDS), *(each for each in new if each.kind in KINDS)]


def course(content: Content, diary: Sequence[DiaryEntry]) -> Course | None:
    """Returns what follows from the last full screen of the diary; None where there is none that can be read."""
    screens = [at for at, entry in enumerate(diary) if entry.kind == SCREEN]
    if not screens:
        return None
    screen, later = diary[screens[-1]], diary[screens[-1] + 1 :]
    begun = _date(screen)
    raw: Any = screen.data["answers"]
    first = [each for each in later if each.kind == RETEST and _date(each) <= begun]
    for entry in first:
        raw = {**raw, **results(entry)}
    try:
        start = begin(content, raw)
    except AnswerError as error:
        # Fields change with the content; without a start nothing can be worked out, and the screen is done anew.
        log.warning("a full screen cannot be read any more: %s", error)
        return None
    dates: dict[int, list[DiaryEntry]] = {}
    for entry in later:
        if (entry.kind == SIGNS and entry.data["C1"]) or (
            entry.kind in (CHECK_IN, SIGNS, RETEST) and _date(entry) > begun
        ):
            # Signs on the screen's own date, or dated before it by a change of zone, must not be lost.
            dates.setdefault(max((_date(entry) - begun).days, 1), []).append(entry)
    days = tuple(_merged(content, day, dates[day]) for day in sorted(dates))
    extra = tuple(dict.fromkeys(str(each.data["exercise"]) for each in later if each.kind == ACCEPTED))
    return Course(begun, screen.at, start, days, extra)


def _date(entry: DiaryEntry) -> date:
    return date.fromisoformat(str(entry.data["date"]))


def results(entry: DiaryEntry) -> dict[str, object]:
    """Returns the results of self-tests that an entry holds."""
    return _part(entry, "tests")


def _part(entry: DiaryEntry, name: str) -> dict[str, object]:
    part = entry.data.get(name)
    return dict(part) if isinstance(part, Mapping) else {}


def _merged(content: Content, day: int, same: Sequence[DiaryEntry]) -> Reported:
    """Returns what one date reported: the last check-in counts, ids that were named and self-tests stay."""
    last, ids, tests = Reported(day), frozenset[str](), dict[str, Value]()
    gates = False
    for entry in same:
        if entry.kind == CHECK_IN:
            each = last = _read(content, {"day": day, **_part(entry, "answers")})
        else:
            given = {name: entry.data[name] for name in ("C1", "tests") if name in entry.data}
            each = _read(content, {"day": day, **given})
            gates |= entry.kind == SIGNS
        ids |= each.flags or frozenset()
        tests |= each.tests
    return replace(last, flags=ids if ids or gates else last.flags, tests=tests)


def _read(content: Content, raw: Mapping[str, object]) -> Reported:
    """Reads a day; a part that today's content does not know any more counts as not answered."""
    try:
        return report(content, raw)
    except AnswerError as error:
        log.warning("a part of a day cannot be read any more: %s", error)
    kept: dict[str, object] = {"day": raw["day"]}
    for name, value in raw.items():
        try:
            report(content, {**kept, name: value})
        except AnswerError:
            continue
        kept[name] = value
    return report(content, kept)
