"""The team challenge in private and in the club: who counts, what is kept, and what is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Literal, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.challenge import Challenge, Totals
from bot.check_in import CheckIn
from bot.membership import Membership
from bot.posting import planned, tick
from bot.records import CLUBS, Club, Commit, TeamMember
from bot.records import Chat as ChatRow
from bot.reminding import Reminding
from bot.store import Store
from flows.engine import Engine
from flows.team import APART, FEWEST, Total
from tests.chat import NOW, Chat
from tests.person import Person

CLUB = Club("club", "group", "token", "Harriers", zone="Europe/Berlin", challenge=True)
OTHER = Club("other", "group2", "token2", "Runners", zone="Europe/Berlin", challenge=True)
GROUP, GROUP2 = -1001, -1002
LONG_AGO = date(2026, 2, 1)
WEEK = date(2026, 3, 2)
TUESDAY = date(2026, 3, 10)


def opened(folder: Path, engine: Engine) -> Chat:
    chat = Chat(folder / "bot.db", engine, dialogues=(CheckIn, Membership, Challenge, Reminding))
    for club, chat_id in ((CLUB, GROUP), (OTHER, GROUP2)):
        chat.store.commit(Commit(None, ChatRow(club.chat, chat_id, NOW, NOW, "group"), club=club))
    return chat


@pytest.fixture
def chat(tmp_path: Path, engine: Engine) -> Iterator[Chat]:
    chat = opened(tmp_path, engine)
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


def delete(store: Store, name: str) -> None:
    person = store.chat(100 + ord(name))
    assert person is not None
    store.commit(Commit(None, person, forget=True))


def given_up(store: Store) -> list[tuple[int, str]]:
    return [(call.id, call.error) for call in store.parked_calls(9)]


def everywhere(store: Store) -> str:
    """All that is kept, in one text."""
    tables = [
        row["name"] for row in store._db.execute("select name from sqlite_schema where type = 'table'").fetchall()
    ]
    found = [tuple(row) for name in tables for row in store._db.execute(f"select * from {name}").fetchall()]
    return str(found)


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

Fate = Literal["sent", "refused", "lost on the way", "waits too long", "bot is down"]
SENT: tuple[Fate] = ("sent",)
LOST: tuple[Fate] = ("refused",)
SURELY_LOST: tuple[Fate, ...] = ("refused", "waits too long", "bot is down")
TOTAL = (
    "Team challenge, 2\N{EN DASH}8 Mar: the team did its exercises, or rested as planned, on at least 20 days in all."
)


class Weeks:
    """Lets days pass in the club, each with its fate: what becomes of the post of that day."""

    def __init__(self, chat: Chat, **settings: Any) -> None:
        self.store, self.clubs = chat.store, chat.bot.clubs
        self.clubs.also.append(totals(chat))
        self.now = datetime(2026, 3, 9, 12, tzinfo=UTC)
        self.arrived: list[tuple[date, str]] = []
        """What Telegram may have shown, and on which day."""
        group = self.store.chat(GROUP)
        assert group is not None
        club = planned(replace(CLUB, **settings), self.now)
        self.store.commit(Commit(None, group, club=club))

    def tick(self) -> None:
        tick(self.store, self.now, self.clubs.post)

    def meet(self, fate: Fate) -> None:
        """What waits meets its fate, as the sender would let it."""
        for call in self.store.heads(self.now, 5, CLUBS):
            if call.expires_at is not None and call.expires_at <= self.now:
                self.store.park_call(call.id, "missed", self.now)
            elif fate != "waits too long":
                self.store.begin([call.id], self.now)
                if fate != "refused":
                    self.arrived.append((self.now.date(), str(call.params["text"])))
                if fate == "sent":
                    self.store.sent(call.id, 1, self.now)
                elif fate == "refused":
                    self.store.park_call(call.id, "BadRequest: no", self.now)
                else:
                    self.store.park_begun(self.now)

    def pass_by(self, *fates: Fate) -> None:
        """One day after another, from the next midnight on."""
        for fate in fates:
            self.now = (self.now + timedelta(days=1)).replace(hour=0)
            for hour in (5, 6, 7, 9, 23):
                self.now = self.now.replace(hour=hour)
                if fate != "bot is down":
                    self.tick()
                    self.meet(fate)

    @property
    def totals(self) -> list[date]:
        return [day for day, text in self.arrived if "in all." in text]


def test_a_club_is_told_one_rounded_number_of_a_finished_week(chat: Chat) -> None:
    enrol_all(chat.store)
    said = totals(chat)(CLUB, TUESDAY)
    assert said == f"{TOTAL} Well done." and "25" not in said


def test_a_week_with_few_days_is_told_as_fewer(chat: Chat) -> None:
    enrol_all(chat.store, share=0)
    assert "fewer than 20 days in all" in totals(chat)(CLUB, TUESDAY)


def test_four_are_told_of_nothing(chat: Chat) -> None:
    enrol_all(chat.store, "abcd", 7)
    assert totals(chat)(CLUB, TUESDAY) == ""


def test_on_monday_nothing_is_told_for_late_check_ins_still_count(chat: Chat) -> None:
    enrol_all(chat.store, "abcd")
    assert totals(chat)(CLUB, TUESDAY - timedelta(days=1)) == ""
    enrol(chat.store, "e", 5)
    assert totals(chat)(CLUB, TUESDAY).startswith(TOTAL)


def test_a_club_without_a_challenge_is_told_nothing(chat: Chat) -> None:
    enrol_all(chat.store)
    assert totals(chat)(replace(CLUB, challenge=False), TUESDAY) == ""


@pytest.mark.parametrize("days_lost", [1, 3, 6])
@pytest.mark.parametrize("fate", SURELY_LOST)
def test_a_total_that_surely_never_arrived_is_told_once_on_a_later_day_with_its_week_named(
    chat: Chat, fate: Fate, days_lost: int
) -> None:
    enrol_all(chat.store)
    weeks = Weeks(chat)
    weeks.pass_by(*[fate] * days_lost, *SENT * (7 - days_lost))
    assert weeks.arrived == [(TUESDAY + timedelta(days=days_lost), f"{TOTAL} Well done.")]


def test_a_total_that_may_have_arrived_is_not_repeated(chat: Chat) -> None:
    enrol_all(chat.store)
    weeks = Weeks(chat)
    weeks.pass_by("lost on the way", *SENT * 6)
    assert weeks.totals == [TUESDAY]


def test_a_total_that_was_lost_until_the_next_one_is_told_is_over(chat: Chat) -> None:
    enrol_all(chat.store)
    enrol_all(chat.store, week=WEEK + timedelta(weeks=1))
    weeks = Weeks(chat)
    weeks.pass_by(*LOST * 7, *SENT * 7)
    assert weeks.totals == [TUESDAY + timedelta(weeks=1)] and "9\N{EN DASH}15 Mar" in weeks.arrived[0][1]


def test_a_club_that_turns_its_clock_back_is_told_of_no_week_before_the_newest(chat: Chat) -> None:
    enrol_all(chat.store, week=WEEK - timedelta(weeks=1))
    enrol_all(chat.store)
    assert totals(chat)(CLUB, TUESDAY) != ""
    assert totals(chat)(CLUB, TUESDAY - timedelta(days=1)) == ""


def test_what_was_settled_and_never_queued_is_settled_anew(chat: Chat) -> None:
    """The bot ends between the two."""
    enrol_all(chat.store, "abcdef")
    assert totals(chat)(CLUB, TUESDAY) != ""
    leave(chat.store, "f")
    weeks = Weeks(chat)
    weeks.pass_by("sent", "sent")
    assert weeks.totals == [TUESDAY] and [week.teams for week in chat.store.team_weeks("club")] == [
        (frozenset("abcde"),)
    ]


def test_a_week_that_was_told_never_changes_and_is_not_told_again(chat: Chat) -> None:
    enrol_all(chat.store)
    weeks = Weeks(chat)
    weeks.pass_by("sent")
    before = chat.store.team_weeks("club")
    leave(chat.store, "a")
    weeks.pass_by(*SENT * 6)
    assert weeks.totals == [TUESDAY] and [week.total for week in before] == [Total(20, 20)]
    assert chat.store.team_weeks("club") == before


def test_a_total_that_comes_after_midnight_is_told_once_even_if_somebody_leaves_then(chat: Chat) -> None:
    enrol_all(chat.store, "abcde", 3)
    enrol(chat.store, "f", 7)
    weeks = Weeks(chat, post_time=time(23, 30), exercise_on=(1,))
    # Half past midnight in Berlin, an hour late.
    weeks.now = datetime(2026, 3, 10, 23, 30, tzinfo=UTC)
    weeks.tick()
    weeks.meet("sent")
    leave(chat.store, "f")
    for day in range(1, 7):
        weeks.now = datetime(2026, 3, 10 + day, 22, 30, tzinfo=UTC)
        weeks.tick()
        weeks.meet("sent")
    ((_, text),) = weeks.arrived
    assert "at least 20" in text and chat.words("group.exercise_of_the_day") in text


def test_a_week_of_silence_stays_silent(chat: Chat) -> None:
    enrol_all(chat.store, "abcd")
    assert totals(chat)(CLUB, TUESDAY) == ""
    enrol(chat.store, "e", 5)
    assert totals(chat)(CLUB, TUESDAY) == totals(chat)(CLUB, TUESDAY + timedelta(days=1)) == ""


def test_who_leaves_before_a_week_is_told_is_not_in_it(chat: Chat) -> None:
    enrol_all(chat.store, "abcdef", 3)
    enrol(chat.store, "g", 7)
    leave(chat.store, "g")
    weeks = Weeks(chat)
    weeks.pass_by("sent")
    assert [week.teams for week in chat.store.team_weeks("club")] == [(frozenset("abcdef"),)]


@pytest.mark.parametrize("goes", [leave, delete])
def test_who_leaves_while_a_total_was_lost_is_not_in_what_is_told_later(
    chat: Chat, goes: Callable[[Store, str], None]
) -> None:
    enrol_all(chat.store, "abcde", 3)
    enrol(chat.store, "f", 7)
    weeks = Weeks(chat)
    weeks.pass_by("refused")
    goes(chat.store, "f")
    weeks.pass_by("sent")
    assert len(weeks.totals) == 1 and "fewer than 20" in weeks.arrived[-1][1]
    assert [week.teams for week in chat.store.team_weeks("club")] == [(frozenset("abcde"),)]


@pytest.mark.parametrize("goes", [leave, delete])
def test_a_post_that_waits_is_taken_back_when_somebody_goes_who_counts_in_it(
    chat: Chat, goes: Callable[[Store, str], None]
) -> None:
    enrol_all(chat.store, "abcde", 3)
    enrol(chat.store, "f", 7)
    weeks = Weeks(chat, exercise_on=(1,))
    weeks.now = datetime(2026, 3, 10, 6, tzinfo=UTC)
    weeks.tick()
    (waits,) = chat.store.heads(weeks.now, 5, CLUBS)
    assert "at least 20" in str(waits.params["text"])
    goes(chat.store, "f")
    assert chat.store.heads(weeks.now, 5, CLUBS) == []
    weeks.tick()
    weeks.meet("sent")
    weeks.pass_by("sent")
    ((day, text),) = weeks.arrived
    assert day == TUESDAY and "fewer than 20" in text and chat.words("group.exercise_of_the_day") in text


def test_a_group_that_has_sent_the_bot_away_is_not_due_again_when_its_post_is_taken_back(chat: Chat) -> None:
    enrol_all(chat.store, "abcdef")
    weeks = Weeks(chat)
    weeks.now = datetime(2026, 3, 10, 6, tzinfo=UTC)
    weeks.tick()
    group, club = chat.store.chat(GROUP), chat.store.club("group")
    assert group is not None and club is not None
    chat.store.commit(Commit(None, group, club=planned(replace(club, state="removed"), weeks.now)))
    leave(chat.store, "f")
    weeks.tick()
    assert chat.store.heads(weeks.now, 5, CLUBS) == []


def test_a_post_that_is_on_its_way_is_not_taken_back(chat: Chat) -> None:
    enrol_all(chat.store, "abcdef")
    weeks = Weeks(chat)
    weeks.now = datetime(2026, 3, 10, 6, tzinfo=UTC)
    weeks.tick()
    (waits,) = chat.store.heads(weeks.now, 5, CLUBS)
    chat.store.begin([waits.id], weeks.now)
    leave(chat.store, "f")
    # What the group hears of by itself meanwhile does not tell whether the post arrived.
    chat.store.silence("group", "muted")
    assert [error for _, error in given_up(chat.store)] == ["uncertain"]
    weeks.tick()
    assert chat.store.heads(weeks.now, 5, CLUBS) == [] and len(chat.store.team_weeks("club")) == 1


def test_who_leaves_has_no_days_left(chat: Chat) -> None:
    enrol_all(chat.store)
    leave(chat.store, "a")
    assert chat.store.everything("chat-a")["team_day"] == []
    assert {member.id for member in chat.store.team("club")} == set("bcde")


def test_when_somebody_deletes_everything_the_team_is_not_told_of_without_them(chat: Chat) -> None:
    enrol_all(chat.store, "abcdef")
    weeks = Weeks(chat)
    weeks.pass_by("sent")
    delete(chat.store, "f")
    for number in range(1, APART + 1):
        enrol_all(chat.store, "abcde", week=WEEK + timedelta(weeks=number))
        weeks.pass_by(*SENT * 7)
        told = [TUESDAY, TUESDAY + timedelta(weeks=APART)] if number == APART else [TUESDAY]
        assert weeks.totals == told


@pytest.mark.parametrize("goes", ["by /delete", "when the time is over"])
def test_whoever_is_deleted_leaves_no_id_in_any_table_and_the_total_as_it_was(chat: Chat, goes: str) -> None:
    enrol_all(chat.store, "abcd")
    enrol(chat.store, "#", 5)
    weeks = Weeks(chat)
    weeks.pass_by("sent")
    (before,) = chat.store.team_weeks("club")
    assert "#" in everywhere(chat.store)
    if goes == "by /delete":
        delete(chat.store, "#")
    else:
        chat.store._db.execute("update chat set kind = 'private', consent_version = '1', warned_at = '', seen_at = ''")
        chat.store._db.execute("update chat set kind = 'group' where chat_id < 0 or key <> 'chat-#'")
        assert chat.store.expire(weeks.now, weeks.now, 9) == 1
    assert "#" not in everywhere(chat.store)
    (after,) = chat.store.team_weeks("club")
    assert (after.total, after.teams) == (before.total, (frozenset({"a", "b", "c", "d", ""}),))


def test_days_and_weeks_that_no_rule_needs_are_dropped(chat: Chat) -> None:
    weeks = Weeks(chat)
    for number in range(7):
        week = WEEK + timedelta(weeks=number)
        enrol_all(chat.store, week=week)
        weeks.pass_by(*SENT * 7)
        # The days of a week stay until the next one is told, for its total may be lost on the way.
        assert all(min(member.days) >= week for member in chat.store.team("club"))
    assert len(weeks.totals) == 7
    assert chat.store._db.execute("select count(*) as n from team_week").fetchone()["n"] == APART


def test_days_of_a_week_of_silence_are_dropped_at_once(chat: Chat) -> None:
    enrol_all(chat.store, "abcd")
    totals(chat)(CLUB, TUESDAY)
    assert all(member.days == {} for member in chat.store.team("club"))


def test_days_go_when_the_challenge_is_switched_off(chat: Chat) -> None:
    enrol_all(chat.store)
    group = chat.store.chat(GROUP)
    assert group is not None
    chat.store.commit(Commit(None, group, club=replace(CLUB, challenge=False)))
    assert all(member.days == {} for member in chat.store.team("club"))


def test_the_total_joins_the_one_post_of_its_day(chat: Chat) -> None:
    enrol_all(chat.store)
    weeks = Weeks(chat, exercise_on=tuple(range(7)))
    weeks.pass_by("sent", "sent", "sent")
    assert [day for day, _ in weeks.arrived] == [TUESDAY + timedelta(days=ahead) for ahead in (0, 1, 2)]
    assert [TOTAL in text for _, text in weeks.arrived] == [True, False, False]


def test_a_challenge_alone_posts_only_if_there_is_a_total(chat: Chat) -> None:
    weeks = Weeks(chat)
    weeks.pass_by(*SENT * 7)
    assert weeks.arrived == []
    enrol_all(chat.store, week=WEEK + timedelta(weeks=1))
    weeks.pass_by("sent")
    assert weeks.totals == [TUESDAY + timedelta(weeks=1)]


@settings(max_examples=10)
@given(st.lists(st.tuples(st.sampled_from(get_args(Fate)), st.sampled_from("abcdefg ")), min_size=14, max_size=21))
def test_whatever_becomes_of_posts_and_members_a_week_is_told_once_at_most_and_so_is_a_day(
    tmp_path_factory: pytest.TempPathFactory, engine: Engine, days: list[tuple[Fate, str]]
) -> None:
    chat = opened(tmp_path_factory.mktemp("weeks"), engine)
    weeks, inside = Weeks(chat), set("abcdefg")
    for number in range(4):
        enrol_all(chat.store, "abcdefg", week=WEEK + timedelta(weeks=number))
    for fate, goes in days:
        before = chat.store.team_weeks("club")
        weeks.pass_by(fate)
        for week in chat.store.team_weeks("club"):
            if week not in before:
                assert all(team <= inside for team in week.teams), "somebody counts who had left"
        if goes in inside:
            leave(chat.store, goes)
            inside.discard(goes)
    named = [text.partition(":")[0] for _, text in weeks.arrived]
    assert len(set(named)) == len(named) and len(set(weeks.totals)) == len(weeks.totals)
    assert [week.teams for week in chat.store.team_weeks("club") if week.total and len(week.teams[0]) < FEWEST] == []
    chat.store.close()


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
