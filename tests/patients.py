"""Made-up people with the days after their full screen, for what is handed over and what is printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from bot import days
from bot.days import When
from bot.handover import Source
from bot.records import DiaryEntry
from flows.engine import Engine, Session
from tests.answers import ANYONE, CALM
from tests.person import TESTS, Person, talk

KEY = "session1"
SCREENED = date(2026, 3, 2)
AT = datetime(2026, 3, 2, 8, tzinfo=UTC)

Noted = Sequence[tuple[int, Mapping[str, Any]]]
"""Check-ins: the day, and its answers as `follow-up` reads them."""


def source(
    engine: Engine,
    answers: Mapping[str, Any],
    noted: Noted = (),
    say: Mapping[str, Any] | None = None,
    today: int | None = None,
) -> Source:
    """Returns what a handover of this person is worked out of, on the day of the newest check-in or a later one."""
    session = _talked(engine, answers, say or {})
    diary = [days.screened(engine, session, When(KEY, SCREENED, AT))]
    for day, given in noted:
        on, at = SCREENED + timedelta(days=day), AT + timedelta(days=day)
        diary.append(days.reported(on, given, at))
    course = days.course(engine.content, diary)
    assert course is not None
    last = max([day for day, _ in noted], default=0) if today is None else today
    on = SCREENED + timedelta(days=last)
    return Source(session, KEY, diary, course, course.today(engine.content, on), on, "0.1.0")


def _talked(engine: Engine, answers: Mapping[str, Any], say: Mapping[str, Any]) -> Session:
    """Goes through the flow, and then through the self-tests that this person may do."""
    person = Person(answers, say)
    untested = {name: value for name, value in answers.items() if name not in (*TESTS, "core", "T2_side")}
    session = talk(engine, Person(untested, say))
    for test in person.tests():
        if session.state == "plan" and engine.test_offered(test, session.facts):
            session = engine.open_test(session, test).session
            while session.state in engine.nodes:
                session = engine.advance(session, person.answer(engine, session)).session
    return session


def seen(at: int, kind: str = "checked") -> DiaryEntry:
    """Returns the diary's word, so many days after the screen, that a professional has seen the person."""
    return DiaryEntry(AT + timedelta(days=at), kind)


def month(start: int = 6) -> Noted:
    """Thirty days that go slowly better, with a gap now and then and each kind of run."""
    return [
        (
            day,
            {
                "C1": [],
                "C2": max(0, start - day // 7 + (1 if day % 5 == 0 else 0)),
                "C3": {"done": ("all", "some", "none")[day % 3], "pain": "0-2", "effort": "ok"},
                "C4": {"ran": "yes", "worst": "0-2" if day % 4 else "3-5", "morning": "same", "limp": "no"},
                **({"W1": 5 + day // 7, "W2": "bit_better", "W5": "no"} if day % 7 == 0 else {}),
            },
        )
        for day in range(1, 31)
        if day % 6 != 4
    ]


TESTED: dict[str, Any] = {
    "T1": "short",
    "T2": "tight",
    "T2_side": "left",
    "T3": "tight",
    "T4": "ok",
    "T4b": "stiff",
    "SLB": ["10_19", "30p"],
    "core": "short",
    "T7": "arch",
    "SP": ["lt10", "20_29"],
}
"""Every self-test done."""

CASES: dict[str, tuple[dict[str, Any], Noted]] = {
    "self_care": (
        {
            "nprs": 4, "dur": "2_6w", "trend": "same", "site": "across", "timing": ["late_run", "rest_sit"],
            "load": ["vol_up", "long_spike"], "worse": ["ext"], "form": ["overstride"], "sit": "gt8", **TESTED,
        },
        month(4),
    ),
    "physio": (
        {
            "nprs": 6, "dur": "6_12w", "trend": "same", "leg": "below_knee", "site": "one_side", "age": "45_49",
            "timing": ["late_run", "after_run"], "load": ["race"], "worse": ["flex"],
        },
        month()[:6],
    ),
    "doctor": ({"nprs": 5, "rf": ["RF_SHAPE", "RF_BONE"], "age": "50_64", "dur": "gt12w"}, ()),
    "emergency": ({"rf": ["RF_SADDLE"]}, ()),
    "nearly_nothing": ({"nprs": 2}, ()),
}  # fmt: skip
"""What the golden pages show."""


def _day(ids: st.SearchStrategy[list[str]]) -> st.SearchStrategy[dict[str, Any]]:
    bands = st.sampled_from(["0-2", "3-4", "5+"])
    session = {
        "done": st.sampled_from(["all", "some", "none"]),
        "pain": bands,
        "effort": st.sampled_from(["ok", "hard"]),
    }
    run = {
        "ran": st.just("yes"),
        "worst": st.sampled_from(["0-2", "3-5", "6+"]),
        "morning": st.sampled_from(["same", "bit_worse", "clearly_worse"]),
        "limp": st.sampled_from(["no", "yes"]),
    }
    return st.fixed_dictionaries(
        {},
        optional={
            "C1": ids,
            "C2": st.integers(0, 10),
            "C3": st.fixed_dictionaries(session),
            "C4": st.fixed_dictionaries(run),
            "W1": st.integers(0, 10),
            "W2": st.sampled_from(["better", "same", "much_worse"]),
            "W5": st.sampled_from(["no", "yes"]),
        },
    )


_NEWS = st.lists(st.sampled_from(["BS_SPOT", "BS_HOP", "RF_WEIGHT", "RF_FALL"]), unique=True, max_size=2)
COURSES = st.lists(st.tuples(st.integers(1, 4), _day(st.just([]) | _NEWS)), max_size=25).map(
    lambda steps: [(sum(gap for gap, _ in steps[: at + 1]), given) for at, (_, given) in enumerate(steps)]
)
"""Check-ins with gaps of a few days, most of them quiet."""
PEOPLE = st.tuples(st.one_of(CALM, ANYONE), COURSES)
