"""The team challenge in private and in the club: who counts, what is kept, and what is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.challenge import Challenge, Totals
from bot.check_in import CheckIn
from bot.membership import Membership
from bot.posting import planned, tick
from bot.records import Chat as ChatRow
from bot.records import Club, Commit, TeamMember
from bot.reminding import Reminding
from bot.store import Store
from flows.engine import Engine
from flows.library import load
from tests.chat import NOW, Chat
from tests.person import Person

CLUB = Club("club", "group", "token", "Harriers", zone="Europe/Berlin", challenge=True)
OTHER = Club("other", "group2", "token2", "Runners", zone="Europe/Berlin", challenge=True)
GROUP, GROUP2 = -1001, -1002
LONG_AGO = date(2026, 2, 1)
WEEK = date(2026, 3, 2)
TUESDAY = date(2026, 3, 10)


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(load())


@pytest.fixture
def chat(tmp_path: Path, engine: Engine) -> Iterator[Chat]:
    chat = Chat(tmp_path / "bot.db", engine, dialogues=(CheckIn, Membership, Challenge, Reminding))
    for club, chat_id in ((CLUB, GROUP), (OTHER, GROUP2)):
        chat.store.commit(Commit(None, ChatRow(club.chat, chat_id, NOW, NOW, "group"), club=club))
    yield chat
    chat.store.close()


@pytest.fixture
def store(chat: Chat) -> Store:
    return chat.store


def totals(chat: Chat) -> Totals:
    return Totals(chat.store, chat.bot.clubs.words)


def enrol(store: Store, name: str, share: int, week: date = WEEK) -> None:
    """Puts somebody into a team who did so many days of a week."""
    days = {week + timedelta(days=day): day < share for day in range(7)}
    person = ChatRow(f"chat-{name}", 100 + ord(name), NOW, NOW)
    store.commit(Commit(None, person, team=(TeamMember(name, person.key, "club", LONG_AGO),), team_days=days))


def enrol_all(store: Store, names: str = "abcde", share: int = 5, week: date = WEEK) -> None:
    for name in names:
        enrol(store, name, share, week=week)


def leave(store: Store, name: str) -> None:
    person = store.chat(100 + ord(name))
    assert person is not None
    (member,) = store.team_members(person.key)
    store.commit(Commit(None, person, team=(replace(member, left_on=TUESDAY),)))


def days(chat: Chat) -> dict[str, int]:
    rows: Any = chat.store.everything(chat.chat.key)["team_day"]
    return {row["day"]: row["done"] for row in rows}


def taking_part(chat: Chat) -> Chat:
    """Somebody with a plan, who came from the club and takes part."""
    chat.begin()
    chat.command("/start token")
    chat.command("/team")
    chat.press("Join Harriers")
    return chat


def check_in(chat: Chat, exercises: str = "All, felt fine") -> None:
    chat.checks_in("Nothing new", "2", exercises, "No")


# ---- what the club is told -------------------------------------------------------------------------------------------


def test_a_club_is_told_one_rounded_number_of_a_finished_week(chat: Chat) -> None:
    enrol_all(chat.store)
    said = totals(chat)(CLUB, TUESDAY)
    assert said == chat.words("team.total", days=20)
    assert not set(said) & set("135679") and "25" not in said


def test_a_week_with_few_days_is_told_as_fewer(chat: Chat) -> None:
    enrol_all(chat.store, share=0)
    assert totals(chat)(CLUB, TUESDAY) == chat.words("team.fewer", days=20)


def test_four_are_told_of_nothing(chat: Chat) -> None:
    enrol_all(chat.store, "abcd", 7)
    assert totals(chat)(CLUB, TUESDAY) == ""


def test_on_monday_nothing_is_told_for_late_check_ins_still_count(chat: Chat) -> None:
    enrol_all(chat.store, "abcd")
    assert totals(chat)(CLUB, TUESDAY - timedelta(days=1)) == ""
    assert list(chat.store.team_weeks("club")) == []
    enrol(chat.store, "e", 5)
    assert totals(chat)(CLUB, TUESDAY) != ""


def test_a_club_without_a_challenge_is_told_nothing(chat: Chat) -> None:
    enrol_all(chat.store)
    assert totals(chat)(replace(CLUB, challenge=False), TUESDAY) == ""


def test_a_total_whose_day_is_missed_is_told_on_the_next_one_and_once(chat: Chat) -> None:
    """The bot is down on Tuesday, in a club that has asked for no exercise of the day."""
    enrol_all(chat.store)
    chat.bot.clubs.also.append(totals(chat))
    now = datetime(2026, 3, 9, 12, tzinfo=UTC)
    group = chat.store.chat(GROUP)
    assert group is not None
    chat.store.commit(Commit(None, group, club=planned(CLUB, now)))
    now = datetime(2026, 3, 10, 12, tzinfo=UTC)
    assert tick(chat.store, now, chat.bot.clubs.post).missed == 1
    posts = []
    for _ in range(7 * 24):
        tick(chat.store, now, chat.bot.clubs.post)
        for call in chat.store.heads(now, 5, 2):
            posts.append((now.date(), str(call.params["text"])))
            chat.store.sent(call.id, 1, now)
        now += timedelta(hours=1)
    assert posts == [(TUESDAY + timedelta(days=1), chat.words("team.total", days=20))]


def test_a_week_is_told_on_one_day_and_never_changes(chat: Chat) -> None:
    enrol_all(chat.store)
    first = totals(chat)(CLUB, TUESDAY)
    leave(chat.store, "a")
    assert totals(chat)(CLUB, TUESDAY) == first
    assert totals(chat)(CLUB, TUESDAY + timedelta(days=1)) == ""
    assert [week.total for week in chat.store.team_weeks("club")] != [None]


def test_a_week_of_silence_stays_silent(chat: Chat) -> None:
    enrol_all(chat.store, "abcd")
    assert totals(chat)(CLUB, TUESDAY) == ""
    enrol(chat.store, "e", 5)
    assert totals(chat)(CLUB, TUESDAY) == totals(chat)(CLUB, TUESDAY + timedelta(days=1)) == ""


def test_who_leaves_before_a_week_is_told_is_not_in_it(chat: Chat) -> None:
    enrol_all(chat.store, "abcdef", 3)
    enrol(chat.store, "g", 7)
    leave(chat.store, "g")
    totals(chat)(CLUB, TUESDAY)
    assert [week.teams for week in chat.store.team_weeks("club")] == [(frozenset("abcdef"),)]


def test_who_leaves_has_no_days_left(chat: Chat) -> None:
    enrol_all(chat.store)
    leave(chat.store, "a")
    assert chat.store.everything("chat-a")["team_day"] == []
    assert {member.id for member in chat.store.team("club")} == set("bcde")


def test_when_somebody_deletes_everything_the_team_is_not_told_of_without_them(chat: Chat) -> None:
    enrol_all(chat.store, "abcdef")
    totals(chat)(CLUB, TUESDAY)
    person = chat.store.chat(100 + ord("f"))
    assert person is not None
    chat.store.commit(Commit(None, person, forget=True))
    assert chat.store.team_members(person.key) == ()
    enrol_all(chat.store, "abcde", week=WEEK + timedelta(days=7))
    assert totals(chat)(CLUB, TUESDAY + timedelta(days=7)) == ""


def test_days_and_weeks_that_no_rule_needs_are_dropped(chat: Chat) -> None:
    for number in range(7):
        week = WEEK + timedelta(weeks=number)
        enrol_all(chat.store, week=week)
        totals(chat)(CLUB, week + timedelta(days=8))
        assert all(member.days == {} for member in chat.store.team("club"))
    assert len(chat.store.team_weeks("club")) == 4


def test_days_go_when_the_challenge_is_switched_off(chat: Chat) -> None:
    enrol_all(chat.store)
    group = chat.store.chat(GROUP)
    assert group is not None
    chat.store.commit(Commit(None, group, club=replace(CLUB, challenge=False)))
    assert all(member.days == {} for member in chat.store.team("club"))


def test_the_total_joins_the_one_post_of_its_day(chat: Chat) -> None:
    enrol_all(chat.store)
    clubs, now = chat.bot.clubs, datetime(2026, 3, 9, 4, 0, tzinfo=UTC)
    clubs.also.append(totals(chat))
    group = chat.store.chat(GROUP)
    assert group is not None
    daily = planned(replace(CLUB, exercise_on=tuple(range(7))), now)
    chat.store.commit(Commit(None, group, club=daily))
    posts = []
    for _ in range(3 * 24 * 4):
        tick(chat.store, now, clubs.post)
        for call in chat.store.heads(now, 5, 2):
            posts.append((now.date(), str(call.params["text"])))
            chat.store.sent(call.id, 1, now)
        now += timedelta(minutes=15)
    assert [day for day, _ in posts] == [TUESDAY + timedelta(days=ahead) for ahead in (-1, 0, 1)]
    assert [chat.words("team.total", days=20) in text for _, text in posts] == [False, True, False]


def test_a_challenge_alone_posts_only_if_there_is_a_total(chat: Chat) -> None:
    clubs = chat.bot.clubs
    clubs.also.append(totals(chat))
    assert clubs.post(CLUB, TUESDAY) is None
    enrol_all(chat.store, week=WEEK + timedelta(weeks=1))
    call = clubs.post(CLUB, TUESDAY + timedelta(weeks=1))
    assert call is not None and "20" in str(call.params["text"])


# ---- taking part -----------------------------------------------------------------------------------------------------


def test_a_person_takes_part_with_a_club_and_leaves_again(chat: Chat) -> None:
    taking_part(chat)
    assert "Harriers" in chat.newest.text
    (member,) = chat.store.team_members(chat.chat.key)
    assert (member.club, member.since, member.left_on) == ("club", date(2026, 3, 2), None)
    chat.command("/team")
    assert "Join Harriers" not in chat.newest.buttons
    chat.press("Leave the challenge")
    assert chat.newest.text == chat.words("team.left")
    assert chat.store.team_members(chat.chat.key)[0].left_on is not None
    assert chat.store.team("club") == []


def test_who_comes_back_is_the_same_member_and_counts_from_the_next_week(chat: Chat) -> None:
    taking_part(chat)
    before = chat.store.team_members(chat.chat.key)
    chat.type("Leave the challenge")
    chat.wait(days=1)
    chat.command("/team")
    chat.press("Join Harriers")
    (member,) = chat.store.team_members(chat.chat.key)
    assert member.key == before[0].key and member.since == date(2026, 3, 3)


def test_a_day_counts_in_one_club_only(chat: Chat) -> None:
    taking_part(chat)
    check = chat.store.team_members(chat.chat.key)[0]
    chat.command("/start token2")
    chat.press("Team challenge")
    chat.press("Join Runners")
    assert "no longer" in chat.newest.text
    assert chat.store.team("club") == []
    assert [member.id for member in chat.store.team("other")] != [check.key]


def test_leaving_the_club_leaves_its_challenge(chat: Chat) -> None:
    taking_part(chat)
    chat.command("/club")
    chat.press("Leave Harriers")
    assert chat.store.team("club") == []


def test_a_check_in_keeps_one_yes_or_no(chat: Chat) -> None:
    taking_part(chat)
    for exercises, done in (("All, felt fine", 1), ("None", 0)):
        chat.wait(days=1)
        check_in(chat, exercises)
        assert days(chat)[chat.now.date().isoformat()] == done
    rows: Any = chat.store.everything(chat.chat.key)["team_day"]
    assert all(set(row) == {"member", "day", "done"} for row in rows)


def test_on_a_day_without_exercises_by_choice_rest_counts(chat: Chat) -> None:
    taking_part(chat)
    chat.command("/remind")
    for label in ("Mon", "Wed", "Done", "07:00"):
        chat.press(label)
    chat.type("Berlin")
    chat.press("Yes, that is right")
    chat.wait(days=1)
    check_in(chat, "None")
    chat.wait(days=1)
    check_in(chat, "None")
    chat.wait(days=4)
    check_in(chat)
    assert "".join(f"{day[-1]}{done} " for day, done in days(chat).items()) == "31 40 51 61 71 81 "


def test_while_the_plan_is_paused_rest_is_what_it_says(chat: Chat) -> None:
    taking_part(chat)
    chat.wait(days=1)
    chat.command("/checkin")
    chat.press("Not sure")
    chat.go(Person({"rf": ["RF_FEVER"]}))
    assert chat.chat.plan_state == "PAUSED" and days(chat) == {"2026-03-03": 1}
    chat.wait(days=2)
    chat.command("/checkin")
    chat.press("Nothing new")
    chat.press("2")
    assert days(chat) == {"2026-03-03": 1, "2026-03-05": 1}


def test_nothing_is_kept_of_somebody_who_takes_no_part(chat: Chat) -> None:
    chat.begin()
    chat.command("/start token")
    chat.wait(days=1)
    check_in(chat)
    assert days(chat) == {}


def test_the_challenge_needs_a_check_and_a_club(chat: Chat) -> None:
    assert chat.command("/team")[-1].text == chat.words("team.none")
    chat.command("/start token")
    chat.tap("tm:club")
    assert chat.words("team.needs_check") in chat.newest.text
    assert chat.store.team_members(chat.chat.key) == ()
    chat.go()
    chat.tap("tm:other")
    assert chat.store.team_members(chat.chat.key) == ()
    chat.tap("g:team_leave")
    assert chat.words("team.heading") in chat.newest.text


def test_what_is_kept_is_exported_and_goes_with_the_person(chat: Chat) -> None:
    taking_part(chat)
    chat.wait(days=1)
    check_in(chat)
    everything = json.loads(chat.command("/export")[-1].params["document"]["$file"]["text"])
    assert [row["club"] for row in everything["team_member"]] == ["club"]
    assert [row["done"] for row in everything["team_day"]] == [1]
    chat.command("/delete")
    chat.press("Delete everything")
    for table in ("team_member", "team_day"):
        assert chat.store._db.execute(f"select count(*) as n from {table}").fetchone()["n"] == 0


def test_a_stopped_check_in_counts_once_it_is_noted(chat: Chat) -> None:
    taking_part(chat)
    chat.wait(days=1)
    chat.checks_in("Nothing new", "2", "All, felt fine")
    assert days(chat) == {}
    chat.wait(days=1)
    check_in(chat, "None")
    assert days(chat) == {"2026-03-03": 1, "2026-03-04": 0}


def test_the_members_move_with_a_group_that_becomes_a_supergroup(chat: Chat) -> None:
    enrol_all(chat.store)
    chat.store.migrate_chat(GROUP, -100500)
    assert len(chat.store.team("club")) == 5
    chat.store.migrate_chat(-100500, GROUP2)
    kept = chat.store.club("group")
    assert kept is not None and len(chat.store.team(kept.key)) == 5
