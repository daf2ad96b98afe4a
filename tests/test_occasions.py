"""Laws of what is offered and comes on listed days: the monthly check-in, the check of the day, and putting off."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot import check_in_log
from bot.check_in import CheckIn
from bot.notices import Notices
from bot.occasions import Asking, months_later, occasion
from bot.records import REMINDERS, Kind, Reminder
from bot.reminders import tick
from bot.reminding import Reminding
from flows.engine import Engine
from tests.chat import NOW, Chat, Sent, read_all
from tests.person import Person

BERLIN = "Europe/Berlin"
ANSWERS = {"C1": "none", "C3": "fine", "C4": "no", "W1": "9", "W2": "same", "W3": "none", "W5": "no"}
DOCTOR = Person({"rf": ["RF_WEIGHT"]})


@pytest.fixture
def chat(tmp_path: Path, engine: Engine) -> Iterator[Chat]:
    """A person whose plan was made today, a Monday, at eight in London."""
    chat = Chat(tmp_path / "x.db", engine, dialogues=(CheckIn, Reminding))
    chat.begin(Person({"nprs": 4}))
    yield chat
    chat.store.close()


def kept(chat: Chat) -> dict[Kind, Reminder]:
    return {one.kind: one for one in chat.store.reminders(chat.chat.key)}


def daily(chat: Chat, times: str = "7:30") -> None:
    chat.command("/remind")
    for text in ("every day", times, "Berlin"):
        chat.type(text)
    chat.press(chat.words("remind.yes"))


def check_in(chat: Chat, pain: str = "1") -> list[Sent]:
    """Checks in on a good day, whatever is asked."""
    sent = chat.command("/checkin")
    for _ in range(20):
        row = chat.store.latest_session(chat.chat.key, check_in_log.FLOW)
        assert row is not None
        if not row.open:
            return sent
        if row.state == check_in_log.GATES:
            chat.go(Person({"nprs": 4}))
            sent = chat.sent[-3:]
            continue
        at = check_in_log.options(row.log, row.state).index({**ANSWERS, "C2": pain}[row.state])
        sent = chat.tap(f"k:{row.key}:{row.turn}:a{at}", chat.newest.message_id)
    raise AssertionError("the card does not end")


def recover(chat: Chat) -> list[Sent]:
    """Checks in day by day until the plan is done."""
    for _ in range(24):
        chat.wait(days=1)
        sent = check_in(chat)
        if chat.chat.plan_state == "DONE":
            return sent
    raise AssertionError("no recovery")


def test_who_has_recovered_keeps_well_with_two_days_of_strength_a_week(chat: Chat) -> None:
    daily(chat)
    assert chat.words("plan.strength") in chat.command("/plan")[-1].text
    recover(chat)
    shown = read_all(chat.command("/plan"))
    assert chat.words("plan.strength_done") in shown and chat.words("plan.strength") not in shown.split("\n")
    sent = chat.command("/calendar")[-1]
    assert "BYDAY=MO,WE\r" in sent.params["document"]["$file"]["text"].replace("\r\n ", "")


def test_a_plan_that_rests_after_a_silence_is_not_in_the_calendar(chat: Chat) -> None:
    daily(chat)
    chat.wait(days=7)
    assert "BYDAY=MO,WE,FR" in chat.command("/calendar")[-1].params["document"]["$file"]["text"]
    chat.wait(days=1)
    assert "SUMMARY:Training" not in chat.command("/calendar")[-1].params["document"]["$file"]["text"]


def live(chat: Chat, until: datetime) -> list[tuple[datetime, str, list[str]]]:
    """Lets time pass hour by hour; returns when what was sent, with the data of its buttons."""
    notices, came = Notices(chat.bot.desk.words, chat.bot.offers), []
    while chat.now < until:
        tick(chat.store, chat.now, notices)
        for due in chat.store.heads(chat.now, 10, REMINDERS):
            markup = due.params.get("reply_markup")
            rows = markup["inline_keyboard"] if isinstance(markup, dict) else []
            came.append((chat.now, str(due.params["text"]), [each["callback_data"] for row in rows for each in row]))
            chat.store.sent(due.id, 1, chat.now)
        chat.now += timedelta(hours=1)
    return came


# ---- once a month --------------------------------------------------------------------------------------------------


def test_pain_that_comes_back_is_named_as_the_reason_why_the_plan_rests(chat: Chat) -> None:
    recover(chat)
    chat.wait(days=1)
    chat.checks_in("Nothing new", "4", "None", "No")
    assert chat.words("check_in.back") in chat.newest.text


def test_who_has_recovered_is_offered_a_check_in_a_month_and_gets_it_only_on_a_yes(chat: Chat) -> None:
    report = recover(chat)
    assert any(chat.words("remind.offer_monthly") in each.text for each in report)
    assert kept(chat) == {}
    chat.press("Ask me once a month")
    assert chat.words("remind.city") in chat.newest.text
    chat.type("Berlin")
    monthly = kept(chat)["monthly"]
    today = chat.now.astimezone(ZoneInfo(BERLIN)).date()
    assert monthly.days == tuple(months_later(today, month) for month in range(1, 7))
    shown = chat.command("/reminders")[-1]
    assert shown.text.count(" at ") >= 3 and chat.words("remind.has_monthly") in shown.text


def test_the_monthly_one_comes_six_times_and_its_button_is_the_check_in_with_the_gates(chat: Chat) -> None:
    recover(chat)
    chat.press("Ask me once a month")
    chat.type("Berlin")
    begun = chat.now
    first = kept(chat)["monthly"].days[0]
    came = live(chat, datetime(first.year, first.month, first.day, 20, tzinfo=UTC))
    assert len(came) == 1 and came[0][2] == ["g:checkin", "g:snooze", "g:monthly_off"]
    chat.tap("g:checkin")
    assert chat.words("check_in.C1") in chat.newest.text
    chat.press("Nothing new")
    row = chat.store.latest_session(chat.chat.key, check_in_log.FLOW)
    assert row is not None and row.state == check_in_log.GATES
    assert 1 + len(live(chat, begun + timedelta(days=250))) == 6
    assert kept(chat)["monthly"].next_at is None


def test_pain_in_the_monthly_check_in_leads_to_a_new_full_screen(chat: Chat) -> None:
    recover(chat)
    chat.wait(days=31)
    check_in(chat, pain="4")
    assert chat.chat.plan_state == "PAUSED"
    assert any("g:check" in each.buttons.values() for each in chat.sent[-2:])


def test_the_monthly_one_may_take_the_place_of_the_others(chat: Chat) -> None:
    daily(chat)
    recover(chat)
    chat.press("Ask me once a month")
    assert set(kept(chat)) >= {"check_in", "monthly"}
    assert kept(chat)["monthly"].times == (time(7, 30),)
    chat.press("Only once a month")
    assert set(kept(chat)) == {"monthly"}


def test_the_monthly_one_ends_when_its_runner_says_so(chat: Chat) -> None:
    daily(chat)
    chat.tap("g:remind_monthly")
    shown = chat.command("/reminders")[-1]
    assert "g:monthly_off" in shown.buttons.values() and "g:checks_off" not in shown.buttons.values()
    ended = chat.press("Stop monthly questions")[-1]
    assert set(kept(chat)) == {"check_in", "nudge"} and "g:monthly_off" not in ended.buttons.values()


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [("2026-01-31", 1, "2026-02-28"), ("2027-11-30", 3, "2028-02-29"), ("2026-12-15", 1, "2027-01-15")],
)
def test_a_month_later_is_the_same_day_or_the_last(day: str, months: int, expected: str) -> None:
    assert months_later(date.fromisoformat(day), months) == date.fromisoformat(expected)


# ---- the check of the day --------------------------------------------------------------------------------------------


def test_a_new_plan_offers_one_self_check_a_day_on_days_two_to_five(chat: Chat) -> None:
    assert chat.newest.buttons == {"One self-check a day": "g:remind_checks"} and kept(chat) == {}
    daily(chat)
    chat.press("One self-check a day")
    one = kept(chat)["check_of_the_day"]
    assert (one.days, one.times) == (tuple(date(2026, 3, day) for day in (4, 5, 6, 7)), (time(7, 30),))
    assert "Wednesday 4 March at 07:30" in chat.newest.text
    assert chat.words("remind.has_check_of_the_day") in chat.command("/reminders")[-1].text


def test_what_comes_more_than_once_moves_to_the_time_of_a_check_in_that_is_set_later(chat: Chat) -> None:
    chat.press("One self-check a day")
    chat.type("Berlin")
    daily(chat)
    own = kept(chat)
    assert own["check_of_the_day"].times == own["check_in"].times == (time(7, 30),)


def test_each_day_another_self_check_that_is_not_done(chat: Chat) -> None:
    daily(chat)
    chat.press("One self-check a day")
    tests: list[str] = []
    for day in range(3, 9):
        for _, _, buttons in live(chat, datetime(2026, 3, day, 12, tzinfo=UTC)):
            if "g:check_of_the_day" in buttons:
                chat.tap("g:check_of_the_day")
                node = chat.engine.nodes[chat.row.state]
                assert node.test is not None
                tests.append(node.test.id)
                chat.go(Person({"T1": "ok", "T2": "ok", "T3": "ok", "T4": "ok", "T4b": "ok"}))
    assert len(tests) == len(set(tests)) == 4


def test_a_plan_that_is_paused_invites_to_no_self_check(chat: Chat) -> None:
    daily(chat)
    chat.press("One self-check a day")
    chat.command("/check")
    chat.press("Start the check")
    assert "check_of_the_day" in kept(chat)
    chat.go(DOCTOR)
    assert set(kept(chat)) == {"check_in", "nudge"}
    assert chat.tap("g:check_of_the_day")[-1].text == chat.words("tests.none")


def test_a_sign_in_a_check_in_ends_the_check_of_the_day(chat: Chat) -> None:
    daily(chat)
    chat.press("One self-check a day")
    chat.wait(days=1)
    chat.command("/checkin")
    chat.press("Yes")
    chat.go(Person({"rf": ["RF_WEIGHT"]}))
    assert chat.chat.plan_state == "PAUSED" and "check_of_the_day" not in kept(chat)


def test_when_the_days_are_over_the_offer_leads_to_the_list(chat: Chat) -> None:
    daily(chat)
    chat.wait(days=6)
    assert chat.press("One self-check a day")[-1].text == chat.words("remind.checks_late")
    assert "check_of_the_day" not in kept(chat)


def test_with_no_self_check_left_none_is_offered(chat: Chat) -> None:
    for test in chat.engine.content.self_tests.tests:
        chat.tap(f"t:{test.id}")
        chat.go(Person({"T1": "ok", "T2": "ok", "T3": "ok", "T4": "ok", "T4b": "ok", "T7": "steady"}))
    assert chat.tap("g:check_of_the_day")[-1].text == chat.words("tests.all_done")
    daily(chat)
    chat.tap("g:remind_checks")
    assert "check_of_the_day" not in kept(chat)


# ---- putting off -----------------------------------------------------------------------------------------------------


def test_the_reminder_of_the_doctor_can_be_put_off_by_an_hour(chat: Chat) -> None:
    chat.command("/check")
    chat.press("Start the check")
    chat.go(DOCTOR)
    chat.press("Remind me in 3 days")
    chat.type("Berlin")
    (first,) = live(chat, NOW + timedelta(days=3, hours=2))
    assert first[2] == ["g:check", "g:snooze"]
    assert chat.tap("g:snooze")[-1].text.startswith("Fine, I come back at")
    at = chat.now
    came = live(chat, NOW + timedelta(days=9))
    assert [(when, text) for when, text, _ in came] == [(at + timedelta(hours=1), first[1])]


def test_all_of_one_message_is_put_off_together(chat: Chat) -> None:
    daily(chat)
    chat.press("One self-check a day")
    came = live(chat, datetime(2026, 3, 4, 8, tzinfo=UTC))
    assert "g:check_of_the_day" in came[-1][2]
    chat.tap("g:snooze")
    again = live(chat, datetime(2026, 3, 4, 12, tzinfo=UTC))
    assert [text for _, text, _ in again] == [came[-1][1]]
    assert len(live(chat, datetime(2026, 3, 5, 12, tzinfo=UTC))) == 1


@pytest.mark.parametrize("kind", ["doctor_3_days", "recheck_48h", "monthly", "check_of_the_day"])
def test_what_is_asked_for_late_in_the_evening_comes_at_a_waking_hour(kind: Kind) -> None:
    late = datetime(2026, 3, 2, 22, 30, tzinfo=UTC)
    assert kind not in ("check_in", "nudge")
    one = occasion(kind, Asking("ada", BERLIN, late, 0), ())  # type: ignore[arg-type]
    assert one is not None and time(9) <= one.times[0] <= time(19) and one.days[0] > date(2026, 3, 2)
