"""Laws of rights: Telegram is asked, its answer holds for a minute at most, and no answer gives no rights."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from telegram import Bot

from bot import rights
from bot.rights import Rights, concerned
from bot.work import Incoming
from tests.fake_bot_api import TOKEN, FakeBotApi, running
from tests.fake_groups import FakeGroup

GROUP, ADA, BOB = -7, 11, 12
CLUB = Incoming(1, GROUP, "command", private=False, text="club", user_id=ADA)

pytestmark = pytest.mark.filterwarnings("ignore::telegram.warnings.PTBUserWarning")


class Asking:
    """Rights with a clock by hand, and the group that they are in."""

    def __init__(self, api: FakeBotApi, bot: Bot) -> None:
        self.api = api
        self.now = datetime(2026, 3, 2, 12, tzinfo=UTC)
        self.group = FakeGroup(api, GROUP, {ADA}, is_member=True)
        self.rights = Rights(bot, lambda: self.now)

    async def told(self, incoming: Incoming) -> bool | None:
        who = concerned(incoming)
        assert who is not None
        if not self.rights.knows(who):
            await self.rights.ask(who)
        told = self.rights.told(incoming)
        assert told == replace(incoming, user_id=None, is_admin=told.is_admin)
        return told.is_admin

    @property
    def asked(self) -> int:
        return len(self.api.calls("getChatMember"))


@pytest.fixture
async def asking() -> AsyncIterator[Asking]:
    with running() as api:
        async with Bot(TOKEN, base_url=api.base_url) as bot:
            yield Asking(api, bot)


async def test_an_admin_is_one_and_nobody_else_is(asking: Asking) -> None:
    assert await asking.told(CLUB) is True
    assert await asking.told(replace(CLUB, user_id=BOB)) is False


async def test_an_answer_holds_for_less_than_a_minute(asking: Asking) -> None:
    assert await asking.told(CLUB)
    asking.group.admins.clear()
    asking.now += timedelta(seconds=59)
    assert await asking.told(CLUB) and asking.asked == 1
    asking.now += timedelta(seconds=1)
    assert await asking.told(CLUB) is False and asking.asked == 2


async def test_a_clock_that_is_set_back_makes_no_answer_last_longer(asking: Asking) -> None:
    assert await asking.told(CLUB)
    asking.now -= timedelta(hours=1)
    assert await asking.told(CLUB) and asking.asked == 2


async def test_no_answer_gives_no_rights_and_is_soon_asked_for_again(asking: Asking) -> None:
    asking.group.is_member = False
    assert await asking.told(CLUB) is None
    asking.group.is_member = True
    asking.now += timedelta(seconds=5)
    assert await asking.told(CLUB) is True


async def test_a_server_that_does_not_answer_is_not_waited_for(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rights, "PATIENCE", 0.01)
    asking.api.delay(0.3, "getChatMember")
    assert await asking.told(CLUB) is None


async def test_what_asks_for_no_rights_is_left_as_it_is(asking: Asking) -> None:
    said = replace(CLUB, user_id=None)
    assert concerned(said) is None and asking.rights.told(said) == said


async def test_what_nobody_was_asked_about_gives_no_rights(asking: Asking) -> None:
    assert asking.rights.told(CLUB).is_admin is None
