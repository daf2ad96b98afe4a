"""Whatever people answer in private, groups and inline mode are told the same as if nobody had written at all."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.challenge import Challenge, Totals
from bot.check_in import CheckIn
from bot.inline import Query
from bot.membership import Membership
from bot.records import Commit
from bot.reminding import Reminding
from bot.sharing import Sharing
from flows.engine import Engine
from flows.library import load
from tests.chat import NOW, Chat, Sent
from tests.group import GROUP, Group
from tests.person import Person

ENGINE = Engine(load())
DIALOGUES = (CheckIn, Membership, Challenge, Reminding, Sharing)
LINES = [
    "/check", "/exercise bridge", "/exercise", "/club", "/poster", "/plan", "/progress", "/team", "/export", "/start",
    "my leg is numb", "what is Ada's plan?", "/checkin", "/delete", "/share",
]  # fmt: skip
TYPED = ["", "bridge", "my plan", "pain 7", "ada", "numb between the legs", "check"]
PRIVATE = ["/plan", "/why", "/team", "/club", "/settings", "/export", "/share", "/poster", "/progress", "numb legs"]

deeds = st.lists(
    st.one_of(
        st.tuples(st.just("group"), st.sampled_from(LINES)),
        st.tuples(st.just("inline"), st.sampled_from(TYPED)),
        st.tuples(st.just("private"), st.sampled_from(PRIVATE)),
        st.tuples(st.just("tap"), st.sampled_from(["tm:", "g:team_leave", "g:team", "g:club", "g:plan"])),
        st.tuples(st.just("check-in"), st.sampled_from(["All, felt fine", "None", "Some"])),
        st.tuples(st.just("wait"), st.just("")),
    ),
    min_size=3,
    max_size=12,
)
people = st.fixed_dictionaries(
    {
        "rf": st.sampled_from([[], ["RF_FEVER"], ["RF_SADDLE"], ["RF_BONE"]]),
        "nprs": st.integers(0, 10),
        "leg": st.sampled_from(["none", "below_knee"]),
        "age": st.sampled_from(["18_34", "65_74"]),
    }
)


@contextmanager
def world() -> Iterator[Group]:
    with tempfile.TemporaryDirectory() as folder:
        group = Group(Path(folder) / "bot.db", ENGINE, chat_id=GROUP, dialogues=DIALOGUES)
        group.bot.clubs.also.append(Totals(group.store, group.bot.clubs.words))
        group.set_up()
        club = replace(group.club, challenge=True, token="token")
        group.store._db.execute("update club set token = 'token', challenge = 1")
        group.store.commit(Commit(None, group.chat, club=club))
        yield group
        group.store.close()


def told(sent: list[Sent]) -> list[Any]:
    return [(call.method, json.dumps(call.params, sort_keys=True)) for call in sent]


def public(group: Group, did: list[tuple[str, str]], person: Chat | None) -> list[Any]:
    """All that the group and inline mode were told, while a person may do what they like in private."""
    heard: list[Any] = []
    for kind, what in did:
        if kind == "group":
            heard += told(group.said(what, admin=True))
        elif kind == "inline":
            heard.append(group.bot.look_up(Query("1", what, "en")))
        elif kind == "wait":
            group.wait(days=1)
            heard.append(group.bot.clubs.post(group.club, group.now.date()))
        if person is not None:
            _act(person, kind, what, group)
    return heard


def _act(person: Chat, kind: str, what: str, group: Group) -> None:
    person.now = group.now
    if kind == "private":
        person.command(what) if what.startswith("/") else person.type(what)
    elif kind == "tap":
        person.tap(f"{what}{group.club.key}" if what.endswith(":") else what)
    elif kind == "check-in":
        person.command("/checkin")
        for label in ("Nothing new", "7", what, "No"):
            if label in person.newest.buttons:
                person.press(label)
    assert not [call for call in person.sent if call.params.get("chat_id", 1) < 0]


@settings(max_examples=25)
@given(deeds, people)
def test_groups_and_inline_mode_hear_nothing_of_what_a_person_does_in_private(
    did: list[tuple[str, str]], answers: dict[str, Any]
) -> None:
    with world() as group:
        alone = public(group, did, None)
    with world() as group:
        person = Chat(group.path, ENGINE, chat_id=7, dialogues=DIALOGUES, update=1_000_000, now=group.now)
        person.bot.username = group.bot.username
        person.command("/start token")
        person.go(Person(answers))
        beside = public(group, did, person)
        person.store.close()
    assert beside == alone


def test_the_total_of_a_team_is_all_that_people_change_in_a_group() -> None:
    monday, tuesday = NOW, NOW + timedelta(days=8)
    with world() as group:
        for at in range(5):
            person = Chat(group.path, ENGINE, chat_id=100 + at, dialogues=DIALOGUES, update=1_000_000 * (at + 1))
            person.now = monday - timedelta(days=1)
            person.command("/start token")
            person.go()
            person.tap(f"tm:{group.club.key}")
            for day in range(6):
                group.now = monday + timedelta(days=day)
                _act(person, "check-in", "All, felt fine", group)
            person.store.close()
        call = group.bot.clubs.post(group.club, tuesday.date())
        total = group.words("team.total", days=20)
    with world() as other:
        same = other.bot.clubs.post(other.club, tuesday.date())
    assert call is not None and same is not None
    assert call.params["text"] == f"{total}\n\n{same.params['text']}"
    assert {**call.params, "text": ""} == {**same.params, "text": ""}
