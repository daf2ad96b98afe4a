"""Diary entries <-> the days after a full screen: the only place that knows how both lie in the diary."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Any, Protocol

from bot.records import DiaryEntry
from flows.check_ins import HEARD, Reported, Start
from flows.courses import begin, report
from flows.engine import Engine, Session
from flows.entries import EVENTS, NET
from flows.follow_up import Day, beginning, follow
from flows.rules import Facts, Value
from flows.schema import Content, Disposition
from flows.simulate import AnswerError

log = logging.getLogger(__name__)

SCREEN, CHECK_IN, SIGNS, RETEST, ACCEPTED, LATE = "screen", "check_in", "signs", "retest", "accepted", "late"
ASSESSED = "assessed"
KINDS = (SCREEN, CHECK_IN, SIGNS, RETEST, ACCEPTED, LATE, ASSESSED)
"""Kinds of diary entries: a full screen, a check-in, warning signs, self-tests, an offer taken up, late questions, and
that a person was seen after an urgent result and told that exercise is fine."""
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


def assessed(on: date, now: datetime) -> DiaryEntry:
    """Returns the entry of a person who was seen after an urgent result and told that exercise is fine."""
    return DiaryEntry(now, ASSESSED, {"date": on.isoformat()})


def since(engine: Engine, session: Session, diary: Sequence[DiaryEntry], when: When) -> list[DiaryEntry]:
    """Returns what a session has come to since the diary last looked: its full screen, later signs and self-tests."""
    noted = [each.data for each in diary if each.data.get("session") == when.session]
    if not noted:
        return [screened(engine, session, when)]
    seen = max(int(str(each["seen"])) for each in noted)
    found = []
    ids, heard = signs(engine, session, seen), [answer for name, answer in session.log[seen:] if name == NET]
    given: dict[str, object] = {} if ids is None else {"C1": sorted(ids)}
    given |= {"NET": heard[-1]} if heard and heard[-1] != "no" else {}
    if given:
        found.append(when.entry(SIGNS, session, **given))
    fields = {name for entry, _ in session.log[seen:] if entry not in EVENTS for name in _tested(engine, entry)}
    tests = {name: _plain(session.facts[name]) for name in engine.content.check_in.tests if name in fields}
    if tests:
        found.append(when.entry(RETEST, session, tests=tests))
    told = {engine.nodes[entry].question.field for entry, _ in session.log[seen:] if entry not in EVENTS}
    late = {name: _plain(session.facts[name]) for name in engine.content.check_in.late.fields if name in told}
    if late:
        found.append(when.entry(LATE, session, Q11b=late))
    return found


def signs(engine: Engine, session: Session, seen: int) -> frozenset[str] | None:
    """Returns the warning signs that were asked again since and count, and new ones; None where none were asked."""
    ids, later = ticked(session), session.log[seen:]
    asked = frozenset[str]().union(*map(engine.entries.reopened, later))
    found = (ids & asked) | (ids - ticked(engine.replay(session.log[:seen])))
    return found if asked or found else None


def ticked(session: Session) -> frozenset[str]:
    """Returns the warning signs that count in a session, those of the bone questions too."""
    return ticked_in(session.facts)


def ticked_in(facts: Facts) -> frozenset[str]:
    """Returns the warning signs among answers."""
    rf, bone = facts["rf"], facts["bone"]
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
    entries: tuple[DiaryEntry, ...] = ()
    """The entries of the diary that this comes from, after the full screen."""
    waits: bool = False
    """Whether a later full screen counts only once a professional has said that exercise is fine (clinical.md 6.1)."""
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
    found: Course | None = None
    for at, end in pairwise([*screens, len(diary)]):
        screen, later = diary[at], diary[at + 1 : end]
        start = _start(content, screen, later)
        if start is None:
            found = None
            continue
        word = next((entry for entry in later if entry.kind == ASSESSED), None)
        on = _date(screen) if found is None else _counts_on(content, found, screen, start, word)
        if found is not None and on is None:
            found = _without(content, found, screen, start, later)
        else:
            begun = on or _date(screen)
            found = Course(begun, screen.at, start, _reported(content, begun, later), tuple(later))
    return found


def _start(content: Content, screen: DiaryEntry, later: Sequence[DiaryEntry]) -> Start | None:
    """Returns the answers of a full screen with the self-tests of its date; None where they cannot be read any more."""
    raw: Any = screen.data["answers"]
    for entry in later:
        if entry.kind == RETEST and _date(entry) <= _date(screen):
            raw = {**raw, **results(entry)}
    try:
        return begin(content, raw)
    except AnswerError as error:
        # Fields change with the content; without a start nothing can be worked out, and the screen is done anew.
        log.warning("a full screen cannot be read any more: %s", error)
        return None


def _counts_on(
    content: Content, before: Course, screen: DiaryEntry, start: Start, word: DiaryEntry | None
) -> date | None:
    """Returns the date from which a full screen counts: its own, or that of a professional's word; None while it waits.

    The rules decide, on all that was reported before.
    """
    if not _alarming(content, before):
        return _date(screen)
    for on in (_date(screen), *([_date(word)] if word is not None else [])):
        day = max(before.number(on), 1)
        earlier = [each for each in before.reported if each.day <= day]
        tried = Reported(day, screen=start, assessed="yes" if word is not None else "")
        if follow(content, before.start, [*earlier, tried])[-1].begun == day:
            return on
    return None


def _alarming(content: Content, course: Course) -> bool:
    """Tells whether an urgent result may stand; working that out costs more than this."""
    if beginning(content, course.start).disposition >= Disposition.URGENT:
        return True
    strong = content.check_in.timing.pain_urgent
    return any(each.flags or each.heard or (each.pain or 0) >= strong for each in course.reported)


def _without(content: Content, before: Course, screen: DiaryEntry, start: Start, later: Sequence[DiaryEntry]) -> Course:
    """Returns a course that goes on though a full screen was done, with the warning signs of that."""
    ids = ticked_in(start.answers)
    told: dict[str, object] = {"date": screen.data["date"], **({"C1": sorted(ids)} if ids else {})}
    if start.answers.get("NET", "no") != "no":
        told["NET"] = start.answers["NET"]
    entries = (*before.entries, DiaryEntry(screen.at, SIGNS, told), *later)
    reported = _reported(content, before.screened_on, entries)
    waits = beginning(content, start).state != "PAUSED"
    return Course(before.screened_on, before.screened_at, before.start, reported, entries, waits)


def _reported(content: Content, begun: date, later: Sequence[DiaryEntry]) -> tuple[Reported, ...]:
    dates: dict[int, list[DiaryEntry]] = {}
    for entry in later:
        if (entry.kind == SIGNS and (entry.data.get("C1") or "NET" in entry.data)) or (
            entry.kind not in (SCREEN, ASSESSED) and _date(entry) > begun
        ):
            # Signs on the screen's own date, or dated before it by a change of zone, must not be lost.
            dates.setdefault(max((_date(entry) - begun).days, 1), []).append(entry)
    return tuple(_merged(content, day, dates[day]) for day in sorted(dates))


def _date(entry: DiaryEntry) -> date:
    return date.fromisoformat(str(entry.data.get("date", entry.at.date())))


def results(entry: DiaryEntry) -> dict[str, object]:
    """Returns the results of self-tests that an entry holds."""
    return _part(entry, "tests")


def _part(entry: DiaryEntry, name: str) -> dict[str, object]:
    part = entry.data.get(name)
    return dict(part) if isinstance(part, Mapping) else {}


def _merged(content: Content, day: int, same: Sequence[DiaryEntry]) -> Reported:
    """Returns what one date reported: the last check-in counts, ids that were named and self-tests stay."""
    last, ids, tests = Reported(day), frozenset[str](), dict[str, Value]()
    late, accepted, gates, heard = dict[str, Value](), frozenset[str](), False, ""
    for entry in same:
        if entry.kind == CHECK_IN:
            each = last = _read(content, {"day": day, **_part(entry, "answers")})
        else:
            given = {name: entry.data[name] for name in ("C1", "NET", "tests", "Q11b") if name in entry.data}
            if entry.kind == ACCEPTED:
                given["accept"] = [entry.data["exercise"]]
            each = _read(content, {"day": day, **given})
            gates |= entry.kind == SIGNS and "C1" in entry.data
            heard = max(heard, each.heard, key=HEARD.index)
        ids |= each.flags or frozenset()
        tests |= each.tests
        late |= each.late
        accepted |= each.accepted
    flags = ids if ids or gates else last.flags
    return replace(last, flags=flags, heard=heard, tests=tests, late=late, accepted=accepted)


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
