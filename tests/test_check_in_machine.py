"""Laws of the check-in whatever a runner presses and types, day after day: what is shown, and what the store holds."""

from __future__ import annotations

import functools
import tempfile
from datetime import date, time
from itertools import pairwise
from pathlib import Path

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot import check_in_log, days
from bot.check_in import CheckIn
from bot.days import Course
from bot.records import Commit, Reminder, SessionRow
from bot.work import Incoming, Work
from flows.engine import Engine
from flows.follow_up import Day, beginning, follow
from flows.library import load
from flows.schema import Disposition
from tests.chat import Chat, Sent
from tests.person import Person

STARTS = (
    {"nprs": 4},
    {"nprs": 2, "bone": ["BS_PREV"]},
    {"nprs": 7},
    {"nprs": 5, "leg": "below_knee"},
    {"nprs": 3, "bone": ["BS_SPOT"]},
    {"nprs": 3, "age": "50_64", "newkind": "yes"},
    {"rf": ["RF_FEVER"], "nprs": 4},
)
SIGNS: tuple[list[str], ...] = ([], ["RF_FEVER"], ["RF_WEIGHT"], ["RF_CYCLE"], ["RF_FALL"], ["RF_SADDLE"])
BONES: tuple[list[str], ...] = ([], ["BS_SPOT"], ["BS_LIMP", "BS_HOP"])
SAID = (
    "nothing new", "yes", "no", "not sure", "0", "3", "7/10", "9", "11", "some", "all, felt fine", "hard", "Done",
    "8 km", "3,5", "5 miles", "I did not run", "hm", "", "numb groin", "\N{PILE OF POO}", "/checkin", "1" * 40,
)  # fmt: skip
COMMANDS = ("/checkin", "/plan", "/why", "/progress", "/tests", "/stop", "/start", "/check", "/exercise 1", "/settings")
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Kiritimati", "UTC")
WAITS = (
    {"minutes": 5}, {"hours": 3}, {"hours": 9}, {"hours": 20}, {"days": 1}, {"days": 2}, {"days": 7}, {"days": 9},
)  # fmt: skip


@functools.cache
def shared_engine() -> Engine:
    return Engine(load())


class Runner(RuleBasedStateMachine):
    """A runner who does anything, in any order, over weeks."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.chat = Chat(Path(self.folder.name) / "bot.db", shared_engine(), dialogues=(CheckIn,))
        self.content = self.chat.engine.content
        self.named: dict[tuple[object, int], frozenset[str]] = {}
        self.known: tuple[object, Course | None] = (None, None)

    def teardown(self) -> None:
        self.chat.store.close()
        self.folder.cleanup()

    # ---- what the runner does ------------------------------------------------------------------------------------

    @initialize(start=st.sampled_from(STARTS))
    def gets_a_plan(self, start: dict[str, object]) -> None:
        self.chat.begin(Person(start, say={"CLEARED": "yes"}))

    @rule(start=st.sampled_from(STARTS))
    @precondition(lambda self: not self.chat.waits)
    def does_the_check_again(self, start: dict[str, object]) -> None:
        self.see(self.chat.command("/check"))
        self.press_one_of("Start the check", "Start again")
        if self.chat.waits:
            self.see(self.chat.go(Person(start, say={"CLEARED": "yes"})))

    @rule(pain=st.integers(0, 8), c3=st.integers(0, 3), c4=st.integers(0, 2), rest=st.integers(0, 6))
    def checks_in_without_news(self, pain: int, c3: int, c4: int, rest: int) -> None:
        self.see(self.chat.command("/checkin"))
        self.answer_card(
            {"C1": "none", "C2": str(pain), "C3": check_in_log.OPTIONS["C3"][c3], "C4": check_in_log.OPTIONS["C4"][c4]},
            rest,
        )

    @rule(c1=st.sampled_from(("yes", "unsure")), rf=st.sampled_from(SIGNS), bone=st.sampled_from(BONES))
    def names_a_sign(self, c1: str, rf: list[str], bone: list[str]) -> None:
        self.see(self.chat.command("/checkin"))
        self.answer_card({"C1": c1}, 2, Person({"rf": rf, "bone": bone, "nprs": 4}))

    @rule(weeks=st.integers(1, 3), pain=st.integers(0, 5))
    def keeps_at_it(self, weeks: int, pain: int) -> None:
        for _ in range(7 * weeks):
            self.chat.wait(days=1)
            self.see(self.chat.command("/checkin"))
            self.answer_card({"C1": "none", "C2": str(pain), "C3": "fine", "C4": "fine"}, 0)

    @rule(times=st.sampled_from(WAITS))
    def waits(self, times: dict[str, float]) -> None:
        self.chat.wait(**times)

    @rule(command=st.sampled_from(COMMANDS))
    def gives_a_command(self, command: str) -> None:
        self.see(self.chat.command(command))

    @rule(text=st.sampled_from(SAID))
    def types(self, text: str) -> None:
        self.see(self.chat.type(text))

    @rule(back=st.integers(0, 6), at=st.integers(0, 30))
    def presses_a_button_new_or_old(self, back: int, at: int) -> None:
        shown = [each for each in self.chat.sent if each.buttons]
        message = shown[max(len(shown) - 1 - back, 0)]
        data = [each for each in message.buttons.values() if not each.startswith("http") and "delete" not in each]
        if data:
            self.see(self.chat.tap(data[at % len(data)], message.message_id))

    @rule(zone=st.sampled_from(ZONES))
    def travels(self, zone: str) -> None:
        chat = self.chat.chat
        self.chat.store.commit(
            Commit(None, chat, reminders=(Reminder(chat.key, "check_in", zone, (time(19),), (0, 3)),))
        )

    @rule()
    def blocks_the_bot_and_comes_back(self) -> None:
        self.chat.do("blocked")
        self.chat.do("unblocked")

    @rule()
    def the_bot_restarts(self) -> None:
        self.chat.restart()

    def answer_card(self, answers: dict[str, str], rest: int, person: Person | None = None) -> None:
        """Answers the open card by values, else by the button of this number; the gates as this person."""
        while (row := self.card) is not None and check_in_log.day_of(row.log) >= self.today:
            if row.state == check_in_log.GATES:
                if not self.chat.waits:
                    return
                self.see(self.chat.go(person or Person({"nprs": 4})))
                continue
            offered = check_in_log.options(row.log, row.state)
            value = answers.get(row.state, offered[rest % len(offered)])
            code = "d" if row.state == check_in_log.HURT else f"a{offered.index(value)}"
            self.see(self.chat.tap(f"k:{row.key}:{row.turn}:{code}", self.chat.newest.message_id))

    def press_one_of(self, *labels: str) -> None:
        label = next((each for each in labels if each in self.chat.newest.buttons), None)
        if label is not None:
            self.see(self.chat.press(label))

    # ---- where things stand --------------------------------------------------------------------------------------

    @property
    def follower(self) -> CheckIn:
        follower = self.chat.bot.desk.follower
        assert isinstance(follower, CheckIn)
        return follower

    @property
    def work(self) -> Work:
        return self.chat.bot._load(Incoming(None, self.chat.chat_id, "text"), self.chat.now)

    @property
    def today(self) -> date:
        return self.follower.today(self.work)

    @property
    def card(self) -> SessionRow | None:
        row = self.chat.store.latest_session(self.chat.chat.key, check_in_log.FLOW)
        return row if row is not None and row.open else None

    @property
    def course(self) -> Course | None:
        newest = (self.chat.update, self.chat.now)
        if self.known[0] != newest:
            self.known = (newest, self.follower.course(self.work))
        return self.known[1]

    def see(self, sent: list[Sent]) -> None:
        """Looks at what the bot says: it says something, and no exercises or running where there must be none."""
        assert sent
        course = self.course
        day = None if course is None else course.today(self.content, self.follower.today(self.work))
        rests = self.chat.chat.plan_state in ("PAUSED", "CHECKED") or (day is not None and day.state == "PAUSED")
        if rests:
            for each in sent:
                assert self.chat.words("plan.heading") not in each.text.split("\n")
                assert self.chat.words("plan.strength") not in each.text.split("\n")
                assert not any(data.startswith(("x:", "y:", "t:")) for data in each.buttons.values())

    # ---- the laws ------------------------------------------------------------------------------------------------

    @invariant()
    def the_store_leads_to_the_same_days_again(self) -> None:
        course = self.course
        if course is None or self.card is not None:
            return
        fresh = days.course(self.content, days.entries(self.chat.store, self.chat.chat.key))
        assert fresh is not None
        assert fresh == course
        assert fresh.days(self.content) == course.days(self.content)

    @invariant()
    def a_check_in_that_is_given_twice_changes_nothing(self) -> None:
        course = self.course
        if course is not None and course.reported:
            twice = [each for each in course.reported[-3:] for _ in range(2)]
            assert follow(self.content, course.start, [*course.reported[:-3], *twice]) == course.days(self.content)[1:]

    @invariant()
    def what_was_named_is_never_taken_back(self) -> None:
        course = self.course
        if course is None:
            return
        for each in course.reported:
            key = (course.screened_at, each.day)
            assert (each.flags or frozenset()) >= self.named.get(key, frozenset())
            self.named[key] = each.flags or frozenset()

    @invariant()
    def where_to_go_never_falls_before_a_new_screen(self) -> None:
        for before, after in self.pairs():
            if before.disposition >= Disposition.PHYSIO:
                assert after.disposition >= before.disposition
            if after.disposition >= Disposition.DOCTOR:
                assert after.state == "PAUSED"
            if before.state == "PAUSED":
                assert after.state == "PAUSED"
            if after.state == "PAUSED":
                assert (after.levels, after.running, after.ladder_step) == ({}, "STOP", None)

    @invariant()
    def levels_rise_by_one_on_a_clean_day_a_week_after_their_last_change(self) -> None:
        course, changed = self.course, dict[str, int]()
        reported = {} if course is None else {each.day: each for each in course.reported}
        for before, after in self.pairs():
            for name, level in after.levels.items():
                if name not in before.levels:
                    changed[name] = after.day
                elif level != before.levels[name]:
                    if level > before.levels[name]:
                        assert level == before.levels[name] + 1
                        assert after.day - changed.get(name, 0) >= 7
                        assert reported[after.day].flags is not None
                        assert f"LEVEL_UP:{name}" in after.actions
                    changed[name] = after.day

    @invariant()
    def a_step_is_taken_up_only_on_a_clean_day_and_by_one(self) -> None:
        course = self.course
        reported = {} if course is None else {each.day: each for each in course.reported}
        for before, after in self.pairs():
            if before.ladder_step and after.ladder_step and after.ladder_step > before.ladder_step:
                assert after.ladder_step == before.ladder_step + 1
                assert reported[after.day].flags is not None

    @invariant()
    def the_warning_signs_are_asked_first_and_a_check_in_is_open_once(self) -> None:
        if (row := self.card) is not None:
            given = [name for name, _ in row.log if name in check_in_log.OPTIONS]
            assert given[:1] in ([], ["C1"])

    def pairs(self) -> list[tuple[Day, Day]]:
        """One day after the other of the present course."""
        course = self.course
        if course is None:
            return []
        return list(pairwise([beginning(self.content, course.start), *course.days(self.content)[1:]]))


def test_whatever_a_runner_does_over_weeks_the_laws_of_the_days_hold() -> None:
    few = settings(
        max_examples=6,
        stateful_step_count=20,
        phases=[Phase.explicit, Phase.generate],
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Runner, settings=few)
