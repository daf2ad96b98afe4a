"""Laws of the whole bot in groups: all of it but the process, against a server that plays the groups."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot import posting
from bot.config import Settings
from bot.conversation import Conversation
from bot.membership import Membership
from bot.records import Club
from bot.store import Store
from bot.telegram import serve
from flows.engine import Engine
from tests.fake_bot_api import PATIENCE, TOKEN, USERNAME, FakeBotApi, Request
from tests.fake_groups import FakeGroup

OLD, NEW = -77, -1_000_000_000_077
ADA, BOB, EVE = 11, 12, 13
"""An admin, a member, and an admin who is anonymous."""
CARD = "Your answers stay in the private chat"

pytestmark = pytest.mark.filterwarnings("ignore::telegram.warnings.PTBUserWarning")


@dataclass
class House:
    """A bot that serves one group."""

    api: FakeBotApi
    store: Store
    bot: Conversation
    group: FakeGroup
    polls: list[int] = field(default_factory=list)

    async def done(self, *updates: int | None) -> None:
        """Waits until the updates are answered and nothing waits to be sent."""
        last = max(each for each in updates if each is not None)
        await asyncio.to_thread(self.api.wait_for_poll, last + 1)
        while self.store.pending() or any(map(self.store.waiting_notices, (0, 1, 2))):
            await asyncio.sleep(0.01)

    def texts(self) -> list[str]:
        return [shown.text for shown in self.api.messages(self.group.chat_id)]

    def sent(self) -> list[Request]:
        return self.api.calls("sendMessage", self.group.chat_id)

    def club(self) -> Club:
        chat = self.store.chat(self.group.chat_id)
        club = None if chat is None else self.store.club(chat.key)
        assert club is not None
        return club

    async def set_up(self, thread: int | None = None) -> None:
        """An admin switches the exercise of the day on."""
        await self.done(self.group.adds())
        await self.done(self.group.says(ADA, "/club city Berlin", thread))
        await self.done(self.group.presses(ADA, "Exercise on", thread))

    async def post(self) -> None:
        """Lets the moment come at which something is posted."""
        at = self.club().next_at
        assert at is not None
        posting.tick(self.store, at, self.bot.clubs.post)
        await self.done(self.api.say(99, "/help"))


@pytest.fixture
async def house(api: FakeBotApi, store: Store, path: Path, engine: Engine) -> AsyncIterator[House]:
    bot = Conversation(engine, store, dialogues=(Membership,))
    settings = Settings(TOKEN, api.base_url, api.base_file_url, path, poll_timeout=5, limits=False)
    task = asyncio.create_task(serve(settings, store, bot, bot.commands.menus()))
    yield House(api, store, bot, FakeGroup(api, OLD, {ADA}, {EVE}))
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(task, PATIENCE)


@pytest.fixture
def forum(house: House) -> House:
    """The same with a supergroup that has topics."""
    house.group = FakeGroup(house.api, NEW, {ADA}, {EVE})
    return house


async def test_the_bot_is_added_and_hears_only_what_privacy_mode_lets_it_hear(house: House) -> None:
    group = house.group
    await house.done(group.adds())
    assert len(house.texts()) == 1 and CARD in house.texts()[0]
    assert group.says(BOB, "my groin is numb") is None and group.says(BOB, "/check@OtherBot") is None
    await house.done(group.says(BOB, f"/start@{USERNAME} club"), group.says(BOB, "thank you", reply=True))
    assert len(house.texts()) == 1
    token = house.club().token
    shown = house.api.messages(OLD)[0]
    assert [button["url"] for row in shown.buttons for button in row] == [f"https://t.me/{USERNAME}?start={token}"]


async def test_check_is_answered_once_in_its_topic(forum: House) -> None:
    forum.group.is_member = True
    await forum.done(forum.group.says(BOB, "/check", 7))
    (call,) = forum.sent()
    assert int(call.params["message_thread_id"]) == 7 and CARD in call.params["text"]


async def test_admins_change_the_settings_anonymous_ones_too_and_others_are_told_so(house: House) -> None:
    group = house.group
    await house.set_up()
    assert len(house.club().exercise_on) == 7
    await house.done(group.presses(BOB, "Exercise off"))
    assert house.api.alerts == ["Only admins of this group can change this."] and house.club().exercise_on
    await house.done(group.presses(EVE, "18:00"))
    await house.done(group.says(EVE, "/club city Tokyo"), group.says(BOB, "/club city Paris"))
    assert (house.club().post_time.hour, house.club().zone) == (18, "Asia/Tokyo")
    (pressed,) = [call for call in house.api.calls("answerCallbackQuery") if call.params.get("show_alert")]
    assert pressed.status == 200 and len(house.api.answered) == 3


async def test_who_is_no_longer_an_admin_is_asked_about_again_after_a_minute_at_most(house: House) -> None:
    await house.set_up()
    asked = len(house.api.calls("getChatMember"))
    assert asked == 1
    house.api.fail(400, "Bad Request: member list is inaccessible", "getChatMember")
    await house.done(house.group.says(BOB, "/club city Paris"))
    assert "I could not ask Telegram" in house.texts()[-1] and house.club().zone == "Europe/Berlin"


@pytest.mark.parametrize(
    "tells",
    ["to from", "from to", "", "in to from", "in out to from", "out in to from", "to from in out", "from in out to"],
)
async def test_a_group_that_becomes_a_supergroup_takes_everything_with_it(house: House, tells: str) -> None:
    """Told by the service messages and more, in any order, or by nothing but the parameter of the error."""
    await house.set_up()
    await house.done(house.api.say(BOB, f"/start {house.club().token}"))
    before = house.club()
    house.group = house.group.upgrades(NEW, tells.split())
    if not tells:
        at = before.next_at
        assert at is not None
        posting.tick(house.store, at, house.bot.clubs.post)
    await house.done(house.api.say(99, "/help"))
    after = house.club()
    assert (after.key, after.token, after.exercise_on) == (before.key, before.token, before.exercise_on)
    assert (after.state, after.next_at is None) == ("active", False)
    assert house.store.chat(OLD) is None
    person = house.store.chat(BOB)
    assert person is not None and [club.key for club in house.store.joined_clubs(person.key)] == [before.key]
    if not tells:
        assert "Exercise of the day" in house.texts()[-1]
    await house.done(house.group.says(BOB, "/check", 4))
    assert CARD in house.texts()[-1]


async def test_a_supergroup_that_spoke_first_gives_its_members_to_the_club_that_moves_in(house: House) -> None:
    await house.set_up()
    before = house.club()
    house.group = house.group.upgrades(NEW, ())
    await house.done(house.group.says(BOB, "/check"))
    await house.done(house.api.say(BOB, f"/start {house.club().token}"))
    house.api.post(OLD, migrate_to_chat_id=NEW)
    await house.done(house.api.post(NEW, migrate_from_chat_id=OLD))
    assert house.club().key == before.key and house.club().exercise_on == before.exercise_on
    person = house.store.chat(BOB)
    assert person is not None and [club.key for club in house.store.joined_clubs(person.key)] == [before.key]


async def test_a_bot_that_was_kicked_posts_nothing_and_returns_with_its_old_settings(house: House) -> None:
    await house.set_up()
    before = house.club()
    await house.done(house.group.kicks())
    assert (house.club().state, house.club().next_at) == ("removed", None)
    sent = len(house.sent())
    await house.done(house.api.say(99, "/help"))
    assert len(house.sent()) == sent
    await house.done(house.group.adds())
    assert house.club().next_at == before.next_at and house.club().exercise_on == before.exercise_on
    assert CARD in house.texts()[-1]


@pytest.mark.parametrize(
    ("trouble", "thread"), [("removed", None), ("muted", None), ("removed", 7), ("muted", 7), ("topic_closed", 7)]
)
async def test_a_refusal_is_noted_once_and_nothing_is_tried_again(
    house: House, trouble: str, thread: int | None
) -> None:
    group = house.group = house.group if thread is None else FakeGroup(house.api, NEW, {ADA}, {EVE})
    await house.set_up(thread)
    # Telegram says nothing until the bot writes.
    group.is_member, group.is_muted = trouble != "removed", trouble == "muted"
    group.closed |= {7} if trouble == "topic_closed" else set()
    tried = len(house.sent())
    await house.post()
    assert (house.club().state, house.club().next_at) == (trouble, None)
    assert len(house.sent()) == tried + 1
    # The group speaks again, and all goes on.
    group.is_member, group.is_muted = True, False
    if thread is not None:
        await house.done(group.opens(thread))
    await house.done(group.says(BOB, "/exercise bridge", thread))
    assert house.club().state == "active" and house.club().next_at is not None
    assert "Two-leg glute bridge" in house.texts()[-1]


async def test_a_topic_that_closes_stops_the_posts_until_it_opens(forum: House) -> None:
    await forum.set_up(thread=7)
    await forum.done(forum.group.closes(7))
    assert (forum.club().state, forum.club().next_at) == ("topic_closed", None)
    await forum.done(forum.group.opens(7))
    assert forum.club().state == "active"


async def test_the_exercise_of_the_day_arrives_in_its_topic(forum: House) -> None:
    await forum.set_up(thread=7)
    await forum.post()
    call = forum.sent()[-1]
    assert "Exercise of the day" in call.params["text"] and int(call.params["message_thread_id"]) == 7
