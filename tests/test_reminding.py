"""Laws of the dialogue about reminders, on the real conversation, content and SQLite file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.notices import Notices
from bot.records import REMINDERS, UNTIL_I_SAY, Reminder
from bot.reminders import tick
from bot.reminding import FLOW, Reminding
from bot.speaker import REMIND_DOCTOR, REMIND_RECHECK
from bot.work import Incoming
from flows.engine import Engine
from flows.schema import Content
from tests.chat import NOW, Chat, Sent, read_all
from tests.person import Person
from tests.texts import bypasses, only_from, wrapped

DOCTOR = Person({"age": "35_44", "rf": ["RF_WEIGHT"]})
IRRITABLE = Person({"age": "35_44", "dur": "lt2w", "nprs": 8})
MONDAY_WEDNESDAY = (0, 2)


@pytest.fixture
def chat(tmp_path: Path, engine: Engine) -> Iterator[Chat]:
    chat = Chat(tmp_path / "chat.db", engine, dialogues=(Reminding,))
    chat.begin()
    yield chat
    chat.store.close()


def kept(chat: Chat) -> tuple[Reminder, ...]:
    return chat.store.reminders(chat.chat.key)


def one(chat: Chat) -> Reminder:
    """The reminder that was asked for; beside a check-in waits the nudge."""
    (found,) = [each for each in kept(chat) if each.kind != "nudge"]
    return found


def set_up(chat: Chat, days: str = "Mon, Wed", times: str = "7:30", city: str = "Berlin") -> list[Sent]:
    chat.command("/remind")
    for text in (days, times, city):
        chat.type(text)
    return chat.press(yes) if (yes := chat.words("remind.yes")) in chat.newest.buttons else []


def is_closed(chat: Chat) -> bool:
    row = chat.store.latest_session(chat.chat.key, FLOW)
    return row is None or (not row.open and row.log == ())


# ---- /remind -----------------------------------------------------------------------------------------------------


def test_typed_answers_lead_to_a_reminder_by_the_wall_of_the_zone(chat: Chat) -> None:
    chat.command("/remind")
    chat.type("monday and wed")
    chat.type("7 and 19:30")
    (asked,) = chat.type("Berlin")
    assert "Monday and Wednesday at 07:00 and 19:30, by the clock of Berlin. It is 09:00 there now." in asked.text
    # 2 March 2026 is a Monday; it is nine in Berlin.
    assert "Monday 2 March at 19:30; Wednesday 4 March at 07:00; Wednesday 4 March at 19:30" in asked.text
    assert kept(chat) == ()
    chat.press("Yes, that is right")
    found = one(chat)
    assert (found.kind, found.weekdays, found.zone) == ("check_in", MONDAY_WEDNESDAY, "Europe/Berlin")
    assert found.times == (time(7), time(19, 30)) and found.quiet is None
    assert found.next_at == datetime(2026, 3, 2, 18, 30, tzinfo=UTC)
    assert is_closed(chat)


def test_pressed_answers_lead_to_the_same(chat: Chat) -> None:
    chat.command("/remind")
    chat.press("Mon")
    assert "✓ Mon" in chat.press("Wed")[-1].buttons
    chat.press("Sun")
    chat.press("✓ Sun")
    chat.press("Done")
    chat.press("07:00")
    chat.type("Berlin")
    chat.press("Yes, that is right")
    assert (one(chat).weekdays, one(chat).times) == (MONDAY_WEDNESDAY, (time(7),))


def test_no_zone_is_guessed_and_a_city_is_understood_in_any_language(chat: Chat) -> None:
    for city, zone in (("Kopenhagen", "Europe/Copenhagen"), ("Москва", "Europe/Moscow"), ("東京", "Asia/Tokyo")):
        set_up(chat, city=city)
        assert one(chat).zone == zone


def test_a_city_that_is_in_no_table_leads_to_the_clock(chat: Chat) -> None:
    chat.command("/remind")
    chat.type("every day")
    chat.type("7")
    (again,) = chat.type("Xyzzyville")
    assert chat.words("remind.city_unknown") in again.text
    chat.press(chat.words("remind.not_listed"))
    (asked,) = chat.type("13:30")
    assert all(label.endswith((", now 13:30", "Back", "Stop", "None of these")) for label in asked.buttons)
    chat.press("Kolkata, now 13:30")
    chat.press("Yes, that is right")
    assert one(chat).zone == "Asia/Kolkata"


def test_a_location_gives_candidates_and_is_not_kept(chat: Chat) -> None:
    chat.command("/remind")
    chat.type("every day")
    chat.type("7")
    chat.do("location", location=(48.1, 11.6))
    assert "48.1" not in str(chat.store.everything(chat.chat.key))
    assert "None of these" in chat.newest.buttons
    chat.press(next(iter(chat.newest.buttons)))
    chat.press("Yes, that is right")
    # Eight in London is nine in Munich.
    assert NOW.astimezone(ZoneInfo(one(chat).zone)).hour == 9 and "48.1" not in str(
        chat.store.everything(chat.chat.key)
    )


def test_a_location_is_gone_from_the_files_as_soon_as_it_was_looked_at(chat: Chat, tmp_path: Path) -> None:
    chat.command("/remind")
    chat.store.receive(900, '{"location": {"latitude": 48.137154}}')
    assert b"48.137154" in on_disk(tmp_path)
    chat.bot.handle(Incoming(900, chat.chat_id, "location", location=(48.1, 11.6)), chat.now)
    assert b"48.137154" not in on_disk(tmp_path)


def on_disk(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


def test_back_goes_one_question_back_and_stop_changes_nothing(chat: Chat) -> None:
    chat.command("/remind")
    chat.type("mon")
    chat.type("8")
    assert chat.words("remind.city") in chat.newest.text
    assert chat.words("remind.times") in chat.press("Back")[-1].text
    assert "✓ Mon" in chat.press("Back")[-1].buttons
    assert "Back" not in chat.newest.buttons
    chat.press("Stop")
    assert kept(chat) == () and is_closed(chat)


@pytest.mark.parametrize("way", ["Stop", "/stop"])
def test_stop_may_be_typed(chat: Chat, way: str) -> None:
    chat.command("/remind")
    said = chat.command(way) if way.startswith("/") else chat.type(way)
    assert said[0].text == chat.words("remind.stopped") and is_closed(chat)


@pytest.mark.parametrize(("step", "text"), [(0, "someday"), (0, "t"), (1, "25:00"), (1, "7, 8, 9"), (1, ""), (2, "?")])
def test_what_is_no_answer_is_asked_again_kindly(chat: Chat, step: int, text: str) -> None:
    chat.command("/remind")
    for answer in ("mon", "7")[:step]:
        chat.type(answer)
    before = chat.newest.text
    assert before in chat.type(text)[-1].text


def test_a_stale_button_changes_nothing(chat: Chat) -> None:
    chat.command("/remind")
    chat.type("mon")
    stale = chat.newest.buttons["07:00"]
    chat.type("8")
    chat.tap(stale)
    chat.type("Berlin")
    chat.press("Yes, that is right")
    yes = next(each for each in reversed(chat.sent) if "Yes, that is right" in each.buttons).buttons[
        "Yes, that is right"
    ]
    chat.tap(yes)
    assert one(chat).times == (time(8),)


@pytest.mark.parametrize("data", ["rm:", "rm:x", "rm:x:1:t0", "rm:::", "g:remind_again", "g:snooze", "g:skip"])
def test_a_forged_button_does_no_harm(chat: Chat, data: str) -> None:
    assert chat.tap(data) and kept(chat) == ()


def test_who_has_not_consented_is_sent_to_the_check(tmp_path: Path, engine: Engine) -> None:
    chat = Chat(tmp_path / "new.db", engine, dialogues=(Reminding,))
    (said,) = chat.command("/remind")
    assert said.buttons == {"Start the check": "g:check"} and chat.known is None
    chat.store.close()


def test_a_triage_that_waits_goes_on_after_the_reminders(tmp_path: Path, engine: Engine) -> None:
    chat = Chat(tmp_path / "new.db", engine, dialogues=(Reminding,))
    chat.begin(to="Q09")
    set_up(chat)
    assert chat.asks("Q09") and chat.row.state == "Q09"
    chat.store.close()


def test_a_command_of_the_triage_leaves_the_questions_about_reminders(chat: Chat) -> None:
    chat.command("/remind")
    chat.command("/check")
    assert is_closed(chat)
    chat.go()
    assert chat.row.state == "plan"


def test_words_of_an_emergency_leave_the_questions_about_reminders(chat: Chat) -> None:
    chat.command("/remind")
    chat.type("I can't feel my groin")
    assert chat.asks("NET") and is_closed(chat)
    chat.type("yes")
    assert chat.row.state == "emergency"


def test_a_restart_loses_no_answer(chat: Chat) -> None:
    chat.command("/remind")
    chat.type("mon, wed")
    chat.restart()
    chat.type("7:30")
    chat.restart()
    chat.type("Berlin")
    chat.restart()
    chat.press("Yes, that is right")
    assert (one(chat).weekdays, one(chat).times) == (MONDAY_WEDNESDAY, (time(7, 30),))


def test_a_question_of_yesterday_takes_no_answers(chat: Chat) -> None:
    chat.command("/remind")
    chat.wait(days=1)
    assert chat.words("idle") in chat.type("mon")[-1].text
    chat.press("Every day")
    assert kept(chat) == ()


SAID = ("mon, wed", "every day", "7", "7 and 19:30", "Berlin", "america", "yes", "back", "22 to 7", "9 March", "hm")
PUSHED = (
    "g:remind", "g:reminders", "g:pause", "g:race", "g:quiet", "g:snooze", "g:skip", "g:unpause", "g:remind_off",
    "g:remind_doctor", "g:remind_recheck", "g:calendar", "g:plan",
)  # fmt: skip
STEPS = st.one_of(
    st.tuples(st.just("say"), st.sampled_from(SAID)),
    st.tuples(st.just("push"), st.sampled_from(PUSHED)),
    st.tuples(st.just("nth"), st.integers(0, 11)),
)


@settings(max_examples=25, deadline=None)
@given(steps=st.lists(STEPS, max_size=14))
def test_whatever_is_pressed_and_typed_is_answered_and_what_is_kept_can_come(
    tmp_path_factory: pytest.TempPathFactory, engine: Engine, steps: list[tuple[str, str | int]]
) -> None:
    chat = Chat(tmp_path_factory.mktemp("any") / "chat.db", engine, dialogues=(Reminding,))
    chat.begin()
    for way, what in steps:
        buttons = [data for data in chat.newest.buttons.values() if data.startswith("rm:") or data in PUSHED]
        if way == "say":
            said = chat.type(str(what))
        elif way == "push":
            said = chat.tap(str(what))
        else:
            said = chat.tap(buttons[int(what) % len(buttons)]) if buttons else chat.type("hm")
        assert said
        for found in kept(chat):
            assert found.stopped_at is None and found.times and bool(found.weekdays) != bool(found.days)
            paused = found.paused_until == UNTIL_I_SAY
            assert paused or (found.next_at is not None and found.next_at > chat.now)
        assert len({found.zone for found in kept(chat)}) <= 1
    chat.store.close()


# ---- /reminders --------------------------------------------------------------------------------------------------


def test_the_next_three_are_dates_in_the_zone(chat: Chat) -> None:
    set_up(chat, city="Tokyo")
    (shown,) = chat.command("/reminders")
    assert "Next: Wednesday 4 March at 07:30; Monday 9 March at 07:30; Wednesday 11 March at 07:30." in shown.text
    assert set(shown.buttons.values()) == {
        "g:snooze", "g:skip", "g:pause", "g:race", "g:quiet", "g:remind", "g:remind_off"
    }  # fmt: skip


def test_without_reminders_there_is_a_way_to_set_them(chat: Chat) -> None:
    for command in ("/reminders", "/pause", "/calendar"):
        assert list(chat.command(command)[-1].buttons.values()) == ["g:remind"]


def test_snooze_comes_in_an_hour_and_skip_not_today(chat: Chat) -> None:
    set_up(chat)
    assert chat.tap("g:snooze")[-1].text == "Fine, I come back at 10:00."
    assert one(chat).next_at == NOW + timedelta(hours=1)
    chat.tap("g:skip")
    assert one(chat).next_at == datetime(2026, 3, 4, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "until"),
    [
        ("One week", date(2026, 3, 9)),
        ("Until I say", UNTIL_I_SAY),
        ("20 March", date(2026, 3, 20)),
        ("2026-04-01", date(2026, 4, 1)),
    ],
)
def test_a_pause_lasts_until_its_end_and_can_be_ended(chat: Chat, said: str, until: date) -> None:
    set_up(chat)
    chat.command("/pause")
    shown = chat.press(said)[-1] if said[0].isalpha() else chat.type(said)[-1]
    assert one(chat).paused_until == until and "Paused" in shown.text
    assert chat.press("Go on")[-1].buttons["Pause"] == "g:pause"
    assert one(chat).paused_until is None


@pytest.mark.parametrize("text", ["2 March", "1 March 2026", "soon", "31 April", "7"])
def test_a_pause_needs_a_day_to_come(chat: Chat, text: str) -> None:
    set_up(chat)
    chat.command("/pause")
    assert chat.words("remind.date_unknown") in chat.type(text)[-1].text
    assert one(chat).paused_until is None


def test_a_race_day_is_quiet_and_can_be_taken_back(chat: Chat) -> None:
    set_up(chat)
    chat.press("Race day")
    assert "Race day: Wednesday, 4 March 2026" in chat.type("March 4th")[-1].text
    assert one(chat).race_on == date(2026, 3, 4)
    assert one(chat).next_at == datetime(2026, 3, 9, 6, 30, tzinfo=UTC)
    chat.press("Race day")
    chat.press("No race")
    assert one(chat).race_on is None


@pytest.mark.parametrize(
    ("said", "quiet"), [("22 to 7", (time(22), time(7))), ("21:30-6:30", (time(21, 30), time(6, 30)))]
)
def test_quiet_hours_are_none_until_they_are_chosen(chat: Chat, said: str, quiet: tuple[time, time]) -> None:
    set_up(chat)
    assert one(chat).quiet is None
    chat.press("Quiet hours")
    chat.type(said)
    assert one(chat).quiet == quiet
    chat.press("Quiet hours")
    chat.press("No quiet hours")
    assert one(chat).quiet is None


def test_a_change_keeps_quiet_hours_and_offers_the_zone_as_before(chat: Chat) -> None:
    set_up(chat)
    chat.press("Quiet hours")
    chat.press("22:00 to 07:00")
    chat.press("Change")
    assert {"✓ Mon", "✓ Wed"} <= set(chat.newest.buttons)
    chat.type("fri")
    chat.type("18:00")
    chat.press("As before: Berlin")
    chat.press("Yes, that is right")
    assert (one(chat).weekdays, one(chat).times, one(chat).quiet) == ((4,), (time(18),), (time(22), time(7)))


def test_a_label_may_be_typed_where_no_question_waits(chat: Chat) -> None:
    set_up(chat)
    assert chat.type("skip today")[-1].text == chat.words("remind.skipped")
    chat.type("Pause")
    assert chat.words("remind.pause.ask") in chat.newest.text


def test_off_removes_all_and_delete_leaves_nothing(chat: Chat) -> None:
    set_up(chat)
    assert chat.press("Switch off")[-1].buttons == {"Set reminders": "g:remind"}
    assert kept(chat) == ()
    set_up(chat)
    assert len(list(chat.store.everything(chat.chat.key)["reminder"])) == 2  # type: ignore[call-overload]
    key = chat.chat.key
    chat.command("/delete")
    chat.tap("g:delete_yes")
    assert chat.store.reminders(key) == () and chat.store.latest_session(key, FLOW) is None


# ---- what is offered -----------------------------------------------------------------------------------------------


def test_a_doctor_end_offers_a_reminder_in_three_days_at_a_sensible_hour(chat: Chat) -> None:
    chat.command("/check")
    chat.press("Start the check")
    ended = chat.go(DOCTOR)[-1]
    assert chat.row.state == "doctor" and ended.buttons == {"Remind me in 3 days": f"g:{REMIND_DOCTOR}"}
    assert chat.words("remind.offer_doctor") in ended.text
    chat.press("Remind me in 3 days")
    assert chat.words("remind.city") in chat.newest.text
    said = chat.type("New York")[-1]
    # Eight in London is three in New York: the reminder waits for the morning.
    assert "Thursday 5 March at 09:00, by the clock of New York" in said.text
    found = one(chat)
    assert (found.kind, found.days, found.times) == ("doctor_3_days", (date(2026, 3, 5),), (time(9),))
    assert found.next_at == datetime(2026, 3, 5, 14, 0, tzinfo=UTC)


def test_a_check_that_is_stopped_on_its_way_to_a_doctor_offers_the_reminder_too(chat: Chat) -> None:
    chat.command("/check")
    chat.press("Start the check")
    chat.go(DOCTOR, to="Q10")
    ended = chat.command("/stop")[0]
    assert ended.buttons == {"Remind me in 3 days": f"g:{REMIND_DOCTOR}"}
    assert chat.words("remind.offer_doctor") in ended.text


def test_the_offer_asks_for_no_zone_that_is_known(chat: Chat) -> None:
    set_up(chat)
    chat.command("/check")
    chat.press("Start the check")
    chat.go(DOCTOR)
    chat.press("Remind me in 3 days")
    assert {each.kind for each in kept(chat)} == {"check_in", "nudge", "doctor_3_days"}
    # Thursday has no check-in.
    assert "on Thursday 5 March at 09:00" in chat.press("Remind me in 3 days")[-1].text
    assert len(kept(chat)) == 3


def test_an_offer_that_joins_a_check_in_says_when_that_is(chat: Chat) -> None:
    set_up(chat, days="every day", times="20:00")
    chat.command("/check")
    chat.press("Start the check")
    chat.go(DOCTOR)
    assert "on Thursday 5 March at 20:00" in chat.press("Remind me in 3 days")[-1].text


def test_an_irritable_back_is_offered_a_reminder_in_48_hours(chat: Chat) -> None:
    chat.command("/check")
    chat.press("Start the check")
    chat.go(IRRITABLE)
    assert f"g:{REMIND_RECHECK}" in [data for each in chat.sent for data in each.buttons.values()]
    chat.press("Remind me in 48 hours")
    chat.type("Berlin")
    found = one(chat)
    assert found.kind == "recheck_48h" and found.next_at is not None
    assert found.next_at >= NOW + timedelta(hours=48)


def test_nothing_is_offered_to_a_minor_or_where_there_are_no_reminders(tmp_path: Path, engine: Engine) -> None:
    chat = Chat(tmp_path / "minor.db", engine, dialogues=(Reminding,))
    assert chat.begin(Person({"age": "u18"}))[-1].buttons == {} and chat.known is None
    chat.store.close()
    plain = Chat(tmp_path / "plain.db", engine)
    assert plain.begin(DOCTOR)[-1].buttons == {}
    plain.store.close()


def test_what_was_asked_for_comes_once_and_can_be_put_off(chat: Chat) -> None:
    set_up(chat, days="every day")
    chat.command("/check")
    chat.press("Start the check")
    chat.go(DOCTOR)
    chat.press("Remind me in 3 days")
    notices = Notices(chat.bot.desk.words, chat.bot.offers)
    said = []
    for hour in range(4 * 24):
        at = chat.now + timedelta(hours=hour)
        tick(chat.store, at, notices)
        for due in chat.store.heads(at, 10, REMINDERS):
            said.append(str(due.params["text"]))
            chat.store.sent(due.id, 1, at)
    assert len(said) == 4 and sum("Three days ago" in text for text in said) == 1
    chat.now += timedelta(days=4)
    chat.tap("g:snooze")
    assert any(each.next_at == chat.now + timedelta(hours=1) for each in kept(chat))


# ---- blocking ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["unblocked", "/help"])
def test_a_block_stops_reminders_and_coming_back_asks_once(chat: Chat, way: str) -> None:
    set_up(chat)
    chat.do("blocked")
    assert one(chat).next_at is None
    said = chat.command(way) if way.startswith("/") else chat.do("unblocked")
    assert said[-1].text == chat.words("remind.again") and one(chat).next_at is None
    assert chat.words("remind.again") not in read_all(chat.command("/help"))
    assert one(chat).next_at is None
    chat.press("Start them again")
    assert one(chat).next_at is not None


def test_who_says_no_has_none(chat: Chat) -> None:
    set_up(chat)
    chat.do("blocked")
    chat.do("unblocked")
    chat.press("No, leave them off")
    assert kept(chat) == ()


# ---- /calendar -----------------------------------------------------------------------------------------------------


def events(sent: Sent) -> dict[str, icalendar.Event]:
    file = sent.params["document"]["$file"]
    assert sent.method == "sendDocument" and file["name"] == "backstride.ics"
    return {str(event["summary"]): event for event in icalendar.Calendar.from_ical(file["text"]).walk("VEVENT")}  # type: ignore[misc]


def test_the_calendar_holds_plan_and_reminders_in_the_zone_without_health_words(chat: Chat) -> None:
    set_up(chat)
    found = events(chat.command("/calendar")[-1])
    assert set(found) == {"Check-in", "Daily routine", "Training"}
    begins = found["Check-in"].DTSTART
    assert begins.utcoffset() == timedelta(hours=1) and (begins.hour, begins.minute) == (7, 30)
    assert set(events(chat.press("Name the exercises")[-1])) == {
        "Back pain check-in", "Back mobility exercises", "Back strength exercises"
    }  # fmt: skip


def test_a_plan_that_is_paused_is_not_in_the_calendar(chat: Chat) -> None:
    set_up(chat)
    chat.command("/check")
    chat.press("Start the check")
    chat.go(DOCTOR)
    assert set(events(chat.command("/calendar")[-1])) == {"Check-in"}


def test_the_commands_are_listed_where_they_exist(chat: Chat) -> None:
    names = [name for name, _ in chat.bot.commands.menus()["private"]]
    assert names[-4:] == ["remind", "reminders", "pause", "calendar"]
    assert "/reminders" in chat.command("/help")[-1].text


def test_nothing_about_reminders_bypasses_translation(tmp_path: Path, engine: Engine, content: Content) -> None:
    chat = Chat(tmp_path / "x.db", engine, only_from(content, wrapped), dialogues=(Reminding,))
    chat.begin()
    start = len(chat.sent)
    set_up(chat, days="mon, wed", city="Xyzzyville")
    chat.type("Berlin")
    chat.tap(next(data for data in chat.newest.buttons.values() if data.endswith(":y")))
    for data, text in (("g:pause", "9 March"), ("g:race", "no"), ("g:race", "9 March"), ("g:quiet", "22-7")):
        chat.tap(data)
        chat.type(text)
    for data in ("g:pause", "g:snooze", "g:skip", "g:reminders", "g:calendar_health", "g:calendar", "g:remind_doctor"):
        chat.tap(data)
    chat.do("blocked")
    chat.do("unblocked")
    chat.tap("g:remind_off")
    # Dates, days and lists are Babel's, and cities those of its tables.
    dates = frozenset(
        "Mon Tue Wed Thu Fri Sat Sun Monday Wednesday Thursday Friday March and Berlin remind reminders".split()
    )
    shown = [text for each in chat.sent[start:] for text in (each.html, *each.buttons)]
    assert {word for text in shown for word in bypasses(text, dates)} == set()
    chat.store.close()
