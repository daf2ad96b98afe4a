"""Laws of what is posted in clubs unasked: at most once a day, by the wall clock of the club, and never too late."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.posting import TOTAL_FROM, planned, post_days, tick
from bot.records import CLUBS, Call, Chat, Club, Commit, Notice
from bot.render import Words
from bot.static_cards import Library
from bot.store import Store
from flows.engine import Engine
from flows.schema import Content
from tests.group import GROUP, Group
from tests.test_pacing import START, Line, sent

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
BERLIN = "Europe/Berlin"
ONE_HOUR = timedelta(hours=1)
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "America/Havana", "UTC"]


def club(**settings: object) -> Club:
    base = Club("c", "g", "t", zone=BERLIN, exercise_on=tuple(range(7)))
    return replace(base, **settings)  # type: ignore[arg-type]


def say(_: Club, day: date) -> Call:
    return Call("sendMessage", {"text": day.isoformat()})


class Town:
    """A store with clubs in it, and a clock by hand."""

    def __init__(self, path: Path) -> None:
        self.store = Store.open(path)
        self.store._db.execute("pragma synchronous=off")
        self.now = NOON

    def add(self, *clubs: Club) -> None:
        with self.store._db.atomic():
            for number, each in enumerate(clubs):
                chat = Chat(f"g{number}", -1000 - number, NOON, NOON, "group")
                one = replace(each, key=f"c{number}", chat=chat.key, token=f"t{number}")
                self.store.commit(Commit(None, chat, club=planned(one, self.now)))

    def club(self, number: int = 0) -> Club:
        found = self.store.club(f"g{number}")
        assert found is not None
        return found

    def taken(self) -> list[str]:
        """Sends what waits, and returns what it said."""
        said = []
        while heads := self.store.heads(self.now, 1000, CLUBS):
            for call in heads:
                said.append(str(call.params["text"]))
                self.store.sent(call.id, 1, self.now)
        return said


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path / "bot.db")


# ---- when ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "one", [club(state="muted"), club(state="removed"), club(state="topic_closed"), club(zone=""), club(exercise_on=())]
)
def test_nothing_is_planned_where_nobody_would_see_it_or_asked_for_it(one: Club) -> None:
    assert planned(one, NOON).next_at is None


def test_a_total_may_come_on_any_day_beside_those_of_the_exercise() -> None:
    assert post_days(club(exercise_on=(2, 4))) == (2, 4)
    assert post_days(club(exercise_on=(), challenge=True)) == post_days(club(exercise_on=(0,), challenge=True))
    assert post_days(club(exercise_on=(), challenge=True)) == (0, 1, 2, 3, 4, 5, 6)


@pytest.mark.parametrize(
    ("day", "at", "comes"),
    [
        # Berlin skips 2:00 to 3:00 on 29 March 2026, and repeats it on 25 October.
        (date(2026, 3, 28), time(2, 30), datetime(2026, 3, 28, 1, 30, tzinfo=UTC)),
        (date(2026, 3, 29), time(2, 30), datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
        (date(2026, 3, 30), time(2, 30), datetime(2026, 3, 30, 0, 30, tzinfo=UTC)),
        (date(2026, 10, 25), time(2, 30), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        (date(2026, 10, 25), time(7), datetime(2026, 10, 25, 6, 0, tzinfo=UTC)),
        (date(2026, 7, 1), time(7), datetime(2026, 7, 1, 5, 0, tzinfo=UTC)),
    ],
)
def test_a_post_follows_the_clock_on_the_wall_across_clock_changes(day: date, at: time, comes: datetime) -> None:
    midnight = datetime.combine(day, time(), ZoneInfo(BERLIN)).astimezone(UTC)
    assert planned(club(post_time=at), midnight).next_at == comes


@settings(max_examples=40)
@given(
    zone=st.sampled_from(ZONES),
    at=st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    days=st.sets(st.integers(0, 6), min_size=1),
    start=st.integers(0, 480_000).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)),
)
def test_each_chosen_day_has_one_post_and_no_other_day_has_any(
    tmp_path_factory: pytest.TempPathFactory, zone: str, at: time, days: set[int], start: datetime
) -> None:
    town = Town(tmp_path_factory.mktemp("town") / "bot.db")
    town.now = start
    town.add(club(zone=zone, post_time=at, exercise_on=tuple(sorted(days))))
    last = start + timedelta(days=21)
    while (due := town.club().next_at) is not None and due < last:
        town.now = due
        assert tick(town.store, town.now, say).queued == 1
    posted = [date.fromisoformat(text) for text in town.taken()]
    here = ZoneInfo(zone)
    wanted = [start.astimezone(here).date() + timedelta(days=ahead) for ahead in range(1, 20)]
    assert [day for day in wanted if day.weekday() in days] == [day for day in posted if day in wanted]
    assert max(Counter(posted).values(), default=1) == 1
    town.store.close()


def test_a_post_that_is_two_hours_late_is_not_sent_any_more(town: Town) -> None:
    town.add(club(), club())
    due = town.club().next_at
    assert due is not None
    town.now = due + timedelta(hours=2, minutes=1)
    done = tick(town.store, town.now, say)
    assert (done.queued, done.missed, done.chats) == (0, 2, 2)
    assert town.club().next_at == due + timedelta(days=1) and town.taken() == []


def test_a_post_that_waits_too_long_in_the_outbox_is_not_sent_any_more(town: Town) -> None:
    town.add(club())
    town.now = town.club().next_at or town.now
    tick(town.store, town.now, say)
    (call,) = town.store.heads(town.now, 9, CLUBS)
    assert call.expires_at == town.now + timedelta(hours=2)


# ---- how -------------------------------------------------------------------------------------------------------------


def test_a_tick_takes_a_slice_and_the_next_one_the_rest(town: Town) -> None:
    town.add(*[club() for _ in range(7)])
    town.now = town.club().next_at or town.now
    assert [tick(town.store, town.now, say, 3).queued for _ in range(4)] == [3, 3, 1, 0]
    assert len(town.taken()) == 7


def test_nothing_to_tell_is_no_post_and_the_day_is_over(town: Town) -> None:
    town.add(club())
    due = town.now = town.club().next_at or town.now
    done = tick(town.store, town.now, lambda *_: None)
    assert (done.queued, done.chats) == (0, 1)
    assert town.taken() == [] and town.club().posted_at is None
    assert town.club().next_at == due + timedelta(days=1)


def test_a_club_that_cannot_be_told_anything_holds_up_no_other_and_is_tried_again(town: Town) -> None:
    def fails(one: Club, day: date) -> Call:
        if one.key == "c0":
            raise ValueError("a trouble of one club")
        return say(one, day)

    town.add(club(), club())
    due = town.now = town.club().next_at or town.now
    assert tick(town.store, town.now, fails).queued == 1
    assert town.club(0).next_at == due + timedelta(hours=1) and town.club(1).posted_at == due


def test_a_post_goes_after_all_that_a_person_or_a_reminder_waits_for(town: Town) -> None:
    town.add(club())
    town.now = town.club().next_at or town.now
    tick(town.store, town.now, say)
    chat = town.store.chat(-1000)
    assert chat is not None
    town.store.commit(Commit(None, chat, calls=(say(club(), date(2026, 1, 1)),)))
    assert town.store.heads(town.now, 9, CLUBS) == []


# ---- what ------------------------------------------------------------------------------------------------------------


def test_the_post_of_a_day_is_its_exercise_with_the_way_into_the_private_chat(tmp_path: Path, engine: Engine) -> None:
    group = Group(tmp_path / "bot.db", engine, chat_id=GROUP)
    group.set_up(thread=3)
    day = date(2026, 3, 4)
    call = group.bot.clubs.post(group.club, day)
    assert call is not None and call.method == "sendMessage" and call.params["message_thread_id"] == 3
    text = str(call.params["text"])
    exercise = group.bot.clubs.library(group.club).of_the_day(day, group.club.exercise_on)
    assert exercise.name in text and group.words("exercise.safety") in text
    assert group.words("group.exercise_of_the_day") in text and group.club.token in str(call.params["reply_markup"])


@given(st.sets(st.integers(0, 6), min_size=1), st.dates(date(2026, 1, 1), date(2036, 1, 1)))
def test_a_club_sees_every_exercise_in_turn_whatever_its_days(content: Content, days: set[int], start: date) -> None:
    library = Library(content, Words(content, str))
    weekdays = tuple(sorted(days))
    shown = [day for at in range(100) if (day := start + timedelta(days=at)).weekday() in days]
    turns = len(library.for_all)
    names = [library.of_the_day(day, weekdays).id for day in shown[: 2 * turns]]
    assert len(set(names[:turns])) == turns and names[turns:] == names[:turns]


def test_what_else_there_is_to_say_joins_the_one_post_of_the_day(tmp_path: Path, engine: Engine) -> None:
    group = Group(tmp_path / "bot.db", engine, chat_id=GROUP)
    group.set_up()
    clubs, tuesday = group.bot.clubs, date(2026, 3, 3)
    clubs.also.append(lambda _, day: "A total." if day.weekday() == TOTAL_FROM else "")
    call = clubs.post(group.club, tuesday)
    assert call is not None and str(call.params["text"]).startswith("A total.\n\n")
    group.presses("Exercise off")
    call = clubs.post(group.club, tuesday)
    assert call is not None and call.params["text"] == "A total."
    assert clubs.post(group.club, tuesday + timedelta(days=1)) is None


def test_two_thousand_clubs_due_in_the_same_minute_keep_the_pace_of_all_and_of_each_group(tmp_path: Path) -> None:
    """Members of the first ask for 50 exercises meanwhile, and 30 others have 22 posts to catch up with before."""
    town = Town(tmp_path / "bot.db")
    # 17:00 in Berlin.
    town.now = START - timedelta(hours=1)
    town.add(*[club(post_time=time(17)) for _ in range(2000)])
    assert town.club(1999).next_at == START
    town.now = START
    asking, *late = (-1000 - number for number in range(31))
    more = [Call("sendMessage", {"text": "more"})] * 22
    town.store.post([], [Notice(f"g{number}", call, START + ONE_HOUR) for call in more for number in range(1, 31)])
    while tick(town.store, town.now, say, 500).chats:
        assert town.store.waiting_notices(CLUBS) <= 2000 + 30 * 22
    assert town.store.waiting_notices(CLUBS) == 2000 + 30 * 22

    def ask() -> None:
        chat = town.store.chat(asking)
        assert chat is not None
        town.store.commit(Commit(None, chat, calls=(Call("sendMessage", {"text": "an exercise"}),) * 50))

    line = sent(town.store, Line(), 3600, (2.0, ask))
    groups = Counter(chat_id for _, chat_id, _ in line.arrived)
    assert (groups[asking], {groups[chat_id] for chat_id in late}) == (51, {23})
    assert len(groups) == 2000 and line.arrived[-1][0] - line.arrived[0][0] < 210
    times = line.at()
    assert all(later - earlier >= 1 - 0.01 for earlier, later in zip(times, times[30:], strict=False))
    for chat_id in (asking, *late):
        own = line.at(chat_id)
        assert all(later - earlier >= 60 for earlier, later in zip(own, own[20:], strict=False))
    # Nobody waits for a group that has used its limit up, though it stands in front.
    others = [at for at, chat_id, _ in line.arrived if groups[chat_id] == 1]
    assert len(others) == 2000 - 31 and others[-1] - others[0] <= (2000 + 30 * 22) / 20 + 5
