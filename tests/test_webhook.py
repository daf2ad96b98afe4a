"""Laws of the webhook: real HTTP on loopback, a real database, and Telegram's own words."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from bot import listening as listening_at
from bot.config import ConfigError, Settings, Webhook
from bot.decoding import ALLOWED_UPDATES
from bot.store import Store, StoreError
from bot.telegram import serve
from bot.webhook import LARGEST
from tests.fake_bot_api import PATIENCE, FakeBotApi, knock
from tests.test_telegram import ADA, MENU, Echo, inbox, settings

SECRET = "a-secret-of-the-webhook"
URL = "https://bot.example.org/telegram"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class House:
    """A bot that listens, and the address of its door."""

    def __init__(self, api: FakeBotApi, store: Store, task: asyncio.Task[None], address: str) -> None:
        self.api, self.store, self.task, self.address = api, store, task, address

    async def knock(self, body: bytes, secret: str | None = SECRET, method: str = "POST") -> int:
        return await asyncio.to_thread(knock, self.address, body, secret, method)

    async def ring(self) -> socket.socket:
        """Connects, and says nothing."""
        parts = urlsplit(self.address)
        return await asyncio.to_thread(socket.create_connection, (parts.hostname, parts.port))

    async def until_said(self, words: str) -> None:
        await asyncio.to_thread(self.api.wait_for_text, ADA, words)


def listening(api: FakeBotApi, path: Path) -> Settings:
    return replace(settings(api, path), webhook=Webhook(URL, SECRET, port=free_port()))


@asynccontextmanager
async def open_house(api: FakeBotApi, path: Path, store: Store) -> AsyncIterator[House]:
    given = listening(api, path)
    assert given.webhook is not None
    address = f"http://127.0.0.1:{given.webhook.port}/telegram"
    task = asyncio.create_task(serve(given, store, Echo(store), MENU))
    await asyncio.to_thread(api.wait_for, lambda: api.webhook)
    api.webhook_at = address
    try:
        yield House(api, store, task, address)
    finally:
        if not task.done():
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.wait_for(task, PATIENCE)


@pytest.fixture
async def house(api: FakeBotApi, path: Path, store: Store) -> AsyncIterator[House]:
    async with open_house(api, path, store) as house:
        yield house


def update(update_id: int, text: str) -> bytes:
    message = {"message_id": 1, "date": 0, "chat": {"id": ADA, "type": "private"}, "text": text}
    return json.dumps({"update_id": update_id, "message": message}).encode()


async def test_the_webhook_is_set_with_its_secret_and_the_kinds_of_updates_by_name(house: House) -> None:
    (call,) = house.api.calls("setWebhook")
    assert (call.params["url"], call.params["secret_token"], call.params["max_connections"]) == (URL, SECRET, "1")
    assert house.api.allowed_updates == list(ALLOWED_UPDATES)
    assert house.api.calls("getUpdates") == []


async def test_what_is_said_is_kept_acknowledged_and_answered(house: House, path: Path) -> None:
    number = house.api.say(ADA, "hello")
    await house.until_said("heard hello")
    assert house.api.delivered == [(number, 200)]
    assert inbox(path) == [(number, None, 0, None)]


async def test_an_inline_query_is_answered_and_not_kept(house: House, path: Path) -> None:
    house.api.look_up(ADA, "bridge")
    (call,) = await asyncio.to_thread(house.api.wait_for, lambda: house.api.calls("answerInlineQuery"))
    assert call.status == 200 and inbox(path) == []


async def test_an_update_that_comes_twice_is_acknowledged_twice_and_counts_once(house: House) -> None:
    house.api.greet(ADA)
    assert [await house.knock(update(7, "hello")), await house.knock(update(7, "hello"))] == [200, 200]
    assert await house.knock(update(8, "next")) == 200
    await house.until_said("heard next")
    assert [shown.text for shown in house.api.messages(ADA)] == ["heard hello", "heard next"]


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET + "x", SECRET.upper(), "é"])
async def test_without_the_secret_nothing_gets_in(house: House, path: Path, secret: str | None) -> None:
    assert await house.knock(update(7, "hello"), secret) == 403
    assert inbox(path) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe\x00",
        b"hello",
        b"[]",
        b"null",
        b'{"message": {}}',
        b'{"update_id": "7"}',
        b'{"update_id": true}',
        b'{"update_id": -1}',
        b'{"update_id": 99999999999999999999999}',
        b"[" * 100_000,
        b'{"update_id": 1e400}',
    ],
)
async def test_what_is_no_update_is_refused_and_not_kept(house: House, path: Path, body: bytes) -> None:
    assert await house.knock(body) == 400
    assert inbox(path) == []


async def test_a_body_that_is_too_large_is_refused_and_the_door_stays_open(house: House, path: Path) -> None:
    assert await house.knock(b'{"update_id": 1, "x": "' + b"x" * LARGEST + b'"}') in (0, 400, 413)
    assert inbox(path) == []
    house.api.say(ADA, "hello")
    await house.until_said("heard hello")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
async def test_only_a_post_is_an_update(house: House, path: Path, method: str) -> None:
    assert await house.knock(update(7, "hello"), SECRET, method) == 405
    assert inbox(path) == []


async def test_another_path_leads_nowhere(house: House) -> None:
    elsewhere = house.address.replace("telegram", "admin")
    assert await asyncio.to_thread(knock, elsewhere, update(7, "hello"), SECRET) == 404


async def test_an_update_that_the_library_cannot_read_is_acknowledged_and_parked(house: House, path: Path) -> None:
    assert await house.knock(b'{"update_id": 7, "message": {"no": "message"}}') == 200
    house.api.say(ADA, "next")
    await house.until_said("heard next")
    assert inbox(path)[0] == (7, None, 3, "KeyError")


async def test_a_store_that_fails_acknowledges_nothing_and_ends_the_bot(
    api: FakeBotApi, path: Path, store: Store
) -> None:
    async with open_house(api, path, store) as house:
        store._db.execute("create trigger full before insert on inbox begin select raise(abort, 'disk full'); end")
        number = api.say(ADA, "hello")
        with pytest.raises(StoreError, match="disk full"):
            await asyncio.wait_for(house.task, PATIENCE)
        (first, *_) = await asyncio.to_thread(api.wait_for, lambda: api.delivered)
        assert first in ((number, 500), (number, 0))
        store._db.execute("drop trigger full")
    async with open_house(api, path, store) as house:
        await house.until_said("heard hello")


async def test_what_is_kept_when_the_bot_ends_is_answered_by_the_next_one(
    api: FakeBotApi, path: Path, store: Store
) -> None:
    api.greet(ADA)
    store.receive(7, update(7, "first").decode())
    async with open_house(api, path, store) as house:
        await house.until_said("heard first")


async def test_a_signal_ends_the_bot_after_what_waits_is_sent(house: House) -> None:
    house.api.delay(0.3, "sendMessage")
    house.api.say(ADA, "hello")
    await asyncio.to_thread(house.api.wait_for, lambda: house.api.delivered)
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(house.task, PATIENCE)
    assert [shown.text for shown in house.api.messages(ADA)] in (["heard hello"], [])
    pending = house.store.pending()
    assert bool(pending) == (house.api.messages(ADA) == [])


async def test_a_webhook_that_cannot_be_set_yet_is_set_later(api: FakeBotApi, path: Path, store: Store) -> None:
    api.fail(500, "Internal Server Error", "setWebhook")
    async with open_house(api, path, store) as house:
        house.api.say(ADA, "hello")
        await house.until_said("heard hello")
    assert len(api.calls("setWebhook")) == 2


async def test_a_port_that_is_taken_ends_the_bot_with_one_clear_line(api: FakeBotApi, path: Path, store: Store) -> None:
    given: Any = listening(api, path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", given.webhook.port))
        taken.listen()
        with pytest.raises(ConfigError, match="WEBHOOK_PORT cannot be listened at"):
            await asyncio.wait_for(serve(given, store, Echo(store), MENU), PATIENCE)


async def _is_hung_up(line: socket.socket) -> bool:
    line.settimeout(PATIENCE)
    return await asyncio.to_thread(line.recv, 1) == b""


async def test_whoever_never_comes_to_the_end_is_hung_up_on(
    api: FakeBotApi, path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening_at, "IDLE", 0.1)
    async with open_house(api, path, store) as house:
        with await house.ring() as line:
            line.sendall(b"POST /telegram HTTP/1.1\r\nHost: ")
            assert await _is_hung_up(line)


async def test_a_crowd_at_the_door_is_sent_away_and_makes_room_when_it_leaves(
    api: FakeBotApi, path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening_at, "MOST", 2)
    async with open_house(api, path, store) as house:
        crowd = [await house.ring() for _ in range(3)]
        assert await _is_hung_up(crowd[2])
        for line in crowd:
            line.close()
        api.say(ADA, "hello")
        await house.until_said("heard hello")
