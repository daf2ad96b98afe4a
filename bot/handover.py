"""A person's answers and days -> the facts of a handover: ids, numbers and dates, without a name or a word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Literal

from bot.days import Course
from bot.records import DiaryEntry
from flows.check_ins import Reported
from flows.engine import Engine, Session
from flows.follow_up import Day
from flows.plan import Assessment
from flows.questions import AGAIN, UNSURE
from flows.rules import ALWAYS, Facts, Value
from flows.schema import Disposition, Gate, Item

REASON = ("Q07", "Q08", "Q10", "Q12")
"""Where, how strong, and what makes it worse; the questions of each part in the order in which they are told."""
TIMELINE = ("Q09", "Q09a", "Q09b", "Q11b")
RUNNING = ("Q11", "Q13", "Q17", "QP1", "W1")
PERSON = ("Q01", "Q06", "Q06b", "Q11c", "Q16", "Q18", "Q18b", "CLEARED")
UNTOLD = ("NET", "Q00", "RF_CONST.confirm", "Q19", "QP2")
"""What is told in other words, or says nothing about the back."""
SEEN = ("checked", "assessed")
"""Entries of the diary that say that a professional has seen the person."""
RAISING = frozenset(
    {"D_FLAG", "D_BSI_BACK", "D_PAIN9", "D_SPIKE", "D_WORSE7", "D_IRRIT_PHYSIO", "D_BSI_STILL", "TWO_REDS", "REMOVE"}
)
"""Acts of the days that can send a person to somebody, beside the rows of check_in.yaml that say so themselves."""
MOST_DAYS = 92
"""The newest days that a handover tells of, as the picture of progress does."""

Said = Literal["yes", "unsure", "no", "unsure_no", "explained", "skip", "not_asked"]
"""What was answered about a warning sign; `explained` is a Yes that the question after it has taken back."""


@dataclass(frozen=True, slots=True)
class Sign:
    """A warning sign, what was said about it and when."""

    gate: str
    item: str
    said: Said
    on: date | None = None
    detail: str = ""
    """What was answered to the question that hangs on it."""

    @property
    def counts(self) -> bool:
        """Tells whether it has to be read as present."""
        return self.said in ("yes", "unsure")


@dataclass(frozen=True, slots=True)
class Answered:
    """A question and what was answered last, and when."""

    question: str
    answer: str | int | tuple[str, ...]
    on: date


@dataclass(frozen=True, slots=True)
class Practised:
    """An exercise of the plan as it stands today."""

    exercise: str
    level: int
    halved: bool = False


@dataclass(frozen=True, slots=True)
class Noted:
    """A check-in: pain from 0 to 10, exercises (all, some, none), the light of a run; empty: no answer."""

    on: date
    pain: int | None = None
    done: str = ""
    light: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """A dated act of the rules, or a professional's look."""

    on: date
    act: str


@dataclass(frozen=True, slots=True)
class Trend:
    """How the days since the screen have gone."""

    days: tuple[Noted, ...] = ()
    nothing_new: tuple[date, ...] = ()
    """The dates on which the warning signs were asked and there was nothing new."""
    week: Fraction | None = None
    """The mean pain of the last seven days."""
    label: str = ""
    adherence: Fraction | None = None
    """Strength sessions done of those planned in the whole weeks; None before the first is over."""
    ability: tuple[int, date] | None = None
    """The newest running ability from 0 to 10."""
    change: str = ""
    worry: str = ""

    @property
    def pains(self) -> tuple[tuple[date, int], ...]:
        """The days on which pain was noted."""
        return tuple((day.on, day.pain) for day in self.days if day.pain is not None)


@dataclass(frozen=True, slots=True)
class Versions:
    """What has made the handover."""

    content: str
    software: str


@dataclass(frozen=True, slots=True)
class Handover:
    """All that a handover tells; two of the same facts are equal."""

    made_on: date
    screened_on: date
    disposition: Disposition
    who: str
    """A text of the content: whom to see."""
    state: str
    running: str
    step: int | None
    baseline: int | None
    answers: tuple[Answered, ...]
    signs: tuple[Sign, ...]
    tests: tuple[Answered, ...]
    plan: tuple[Practised, ...]
    rules: tuple[str, ...]
    raised: tuple[Event, ...]
    """What the days have added to the rules: why the advice is more than theirs."""
    findings: tuple[str, ...]
    events: tuple[Event, ...]
    versions: Versions
    trend: Trend = field(default_factory=Trend)


@dataclass(frozen=True, slots=True)
class Source:
    """What a handover is worked out of: a session that has ended, and the days since."""

    session: Session
    key: str
    """The key of the session."""
    diary: Sequence[DiaryEntry]
    course: Course | None
    day: Day | None
    """How the plan stands today."""
    today: date
    software: str


def handover(engine: Engine, source: Source) -> Handover:
    """Returns the facts of a handover."""
    facts, day, course = source.session.facts, source.day, source.course
    result = engine.assess(source.session)
    told = _Told(source)
    signs = tuple(sign for gate in engine.gates for sign in _signs(gate, facts, day.facts if day else facts, told))
    screening = result.screening if day is None else day.screening
    return Handover(
        made_on=source.today,
        screened_on=course.screened_on if course is not None else told.first,
        disposition=screening.disposition if day is None else max(day.disposition, result.screening.disposition),
        who=screening.who or result.screening.who,
        state="ACTIVE" if day is None else day.state,
        running=result.running.running if day is None else day.running,
        step=None if day is None else day.ladder_step,
        baseline=_number(facts.get("Q10")),
        answers=tuple(_answers(engine, facts, told)),
        signs=signs,
        tests=tuple(_tests(engine, facts, told)),
        plan=_plan(result, day),
        rules=screening.flags,
        raised=tuple(_raised(engine, source)),
        findings=result.findings,
        events=tuple(_events(engine, source)),
        versions=Versions(engine.content.settings.content_version, source.software),
        trend=Trend() if course is None or day is None else _trend(engine, course, day, source.today),
    )


class _Told:
    """When each line of a session's log was said: the diary knows how much of it each date has covered."""

    def __init__(self, source: Source) -> None:
        own = [entry.data for entry in source.diary if entry.data.get("session") == source.key]
        seen = sorted((int(str(data["seen"])), date.fromisoformat(str(data["date"]))) for data in own)
        ends = [(end, on) for end, on in seen if end] or [(0, source.today)]
        self.first = ends[0][1]
        self._on: dict[str, date] = {}
        for at, (name, _) in enumerate(source.session.log):
            self._on[name] = next((on for end, on in ends if at < end), source.today)

    def said(self, name: str) -> bool:
        """Tells whether a question was answered."""
        return name in self._on

    def on(self, *names: str) -> date:
        """Returns when the first of these that was answered at all was answered last."""
        return next((self._on[name] for name in names if name in self._on), self.first)


def _signs(gate: Gate, facts: Facts, standing: Facts, told: _Told) -> Iterator[Sign]:
    held = _ticks(facts, gate.field) | _ticks(standing, gate.field)
    if not gate.ask.holds(facts) and held.isdisjoint(item.id for item in gate.items):
        return
    for item in gate.items:
        if item.ask != ALWAYS and not item.ask.holds(facts) and item.id not in held:
            continue
        said = "yes" if item.id in held and facts.get(item.id) != UNSURE else _said(gate, item, facts, held)
        clarified = facts.get(item.clarify.id) if item.clarify is not None else None
        detail = str(clarified) if clarified is not None and said in ("yes", "unsure", "explained") else ""
        on = None if said == "not_asked" else told.on(item.id + AGAIN, item.id, gate.id)
        yield Sign(gate.id, item.id, said, on, detail)


def _said(gate: Gate, item: Item, facts: Facts, held: frozenset[str]) -> Said:
    """Returns what was said about a sign; whatever is not plainly a No is told as it was said."""
    first, second = facts.get(item.id), facts.get(item.id + AGAIN)
    if first is None:
        return "no" if facts.get(gate.id) == "none" and item.ask == ALWAYS else "not_asked"
    if item.clarify is not None and item.clarify.id in facts and item.id not in held:
        return "explained"
    if first == UNSURE:
        if item.id in held:
            return "yes" if second == "yes" else "unsure"
        return {"no": "no", UNSURE: "unsure_no"}.get(str(second), "unsure")  # type: ignore[return-value]
    return {"yes": "yes", "no": "no"}.get(str(first), "skip")  # type: ignore[return-value]


def _answers(engine: Engine, facts: Facts, told: _Told) -> Iterator[Answered]:
    for name in (*REASON, *TIMELINE, *RUNNING, *PERSON):
        answer = facts.get(name)
        # A check of the warning signs alone sets some answers without asking.
        if answer is not None and told.said(name) and engine.nodes[name].question.kept:
            yield Answered(name, _answer(answer), told.on(name))


def _tests(engine: Engine, facts: Facts, told: _Told) -> Iterator[Answered]:
    """Yields the self-tests that were done, each side on its own; a test that was left out is none."""
    pain = engine.content.self_tests.after_pain.id
    for node in engine.nodes.values():
        answer = facts.get(node.id)
        if node.test is None or answer in (None, "na", "answered") or not node.question.kept:
            continue
        if node.id == f"{node.test.id}.{pain}" and answer == "no":
            continue
        yield Answered(node.id, _answer(answer), told.on(node.id))


def _plan(result: Assessment, day: Day | None) -> tuple[Practised, ...]:
    if day is None:
        return tuple(Practised(each.exercise, each.level) for each in result.plan)
    return tuple(Practised(name, level, name in day.halved) for name, level in day.levels.items())


def _events(engine: Engine, source: Source) -> Iterator[Event]:
    """Yields what happened since the screen, oldest first."""
    found: list[Event] = []
    course = source.course
    if course is not None:
        points = {row.id for row in engine.content.check_in.actions}
        named = {name.removeprefix("progress.") for name in engine.content.phrases.phrases}
        for day in course.days(engine.content)[1:]:
            if course.on(day.day) <= source.today:
                found += [Event(course.on(day.day), act) for act in dict.fromkeys(day.actions) if act in points & named]
        since = course.screened_at
        found += [
            Event(entry.at.date(), entry.kind) for entry in source.diary if entry.kind in SEEN and entry.at >= since
        ]
    yield from sorted(dict.fromkeys(found), key=lambda event: event.on)


def _raised(engine: Engine, source: Source) -> Iterator[Event]:
    """Yields what has raised the advice since the screen, each act once."""
    rows = engine.content.check_in.decisions
    raising = RAISING | {row.id for row in rows if row.disposition >= Disposition.PHYSIO}
    told: set[str] = set()
    course = source.course
    for day in [] if course is None else course.days(engine.content)[1:]:
        for act in dict.fromkeys(act.partition(":")[0] for act in day.actions):
            if course is not None and act in raising - told and course.on(day.day) <= source.today:
                told.add(act)
                yield Event(course.on(day.day), act)


def _trend(engine: Engine, course: Course, day: Day, today: date) -> Trend:
    lights = {each.day: each.light for each in course.days(engine.content)}
    shown = [each for each in course.reported if -MOST_DAYS < (course.on(each.day) - today).days <= 0]
    abilities = [(each.ability, course.on(each.day)) for each in shown if each.ability is not None]
    whole_week = course.number(today) - day.begun >= 7
    return Trend(
        days=tuple(Noted(course.on(e.day), e.pain, e.session.done, lights.get(e.day) or "") for e in shown),
        nothing_new=tuple(course.on(each.day) for each in shown if each.flags is not None and not each.flags),
        week=day.week,
        label=day.label,
        adherence=day.adherence if whole_week else None,
        ability=abilities[-1] if abilities else None,
        change=_newest(shown, "change"),
        worry=_newest(shown, "worry"),
    )


def _newest(shown: Sequence[Reported], name: str) -> str:
    return next((value for each in reversed(shown) if (value := str(getattr(each, name)))), "")


def _ticks(facts: Facts | Mapping[str, Value], name: str) -> frozenset[str]:
    held = facts.get(name, frozenset())
    return frozenset(str(each) for each in held) if isinstance(held, frozenset) else frozenset()


def _answer(value: Value) -> str | int | tuple[str, ...]:
    if isinstance(value, frozenset | tuple):
        return tuple(sorted(str(each) for each in value))
    assert isinstance(value, str | int)
    return value


def _number(value: Value | None) -> int | None:
    return value if isinstance(value, int) else None
