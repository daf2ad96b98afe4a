"""Laws of the fault campaign and of fuzzing, in a short run; `make torture` has the long one."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.engine import Engine
from tests.fake_bot_api import knock, running
from tests.test_bot_process import installed
from tests.test_webhook import free_port
from tests.torture.campaign import Campaign
from tests.torture.fuzz import fuzz
from tests.torture.people import Soul


@pytest.fixture
def quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_nothing_is_lost_or_doubled_while_the_bot_is_killed_and_the_world_fails(tmp_path: Path, engine: Engine) -> None:
    with running() as api:
        report = Campaign(20261125, tmp_path, api, engine).run(kills=8, seconds=10)
    assert report.sound, "\n".join(report.lines())
    assert report.kills and report.answers


def test_the_account_of_a_person_notices_what_is_lost_and_what_is_there_twice(engine: Engine) -> None:
    with running() as api:
        soul = Soul(api, engine, random.Random(1))
        soul.said = [["Q00", "yes"], ["Q01", "35_44"]]
        assert soul.account('[["Q00", "yes"], ["Q01", "35_44"]]') == (0, 0)
        assert soul.account('[["Q00", "yes"]]') == (1, 0)
        assert soul.account('[["Q00", "yes"], ["Q01", "35_44"], ["Q01", "35_44"]]') == (0, 1)
        assert soul.account(None) == (2, 0)
        assert soul.waits_in_vain()


@pytest.mark.filterwarnings("ignore")
async def test_random_updates_raise_nothing_and_leave_the_database_sound(tmp_path: Path, quiet: None) -> None:
    lines = await fuzz(1, 600, tmp_path / "fuzz.db")
    assert lines[-1] == "sound", "\n".join(lines)


async def test_random_bytes_at_the_door_are_refused_and_the_bot_lives_on(tmp_path: Path) -> None:
    port, secret, chance = free_port(), "a-secret-of-the-webhook", random.Random(7)
    address = f"http://127.0.0.1:{port}/telegram"
    url = "https://bot.example.org/telegram"
    with installed(tmp_path, 409, WEBHOOK_URL=url, WEBHOOK_SECRET=secret, WEBHOOK_PORT=str(port)) as bot:
        bot.start()
        bot.api.wait_for(lambda: bot.api.webhook)
        for _ in range(300):
            body = chance.randbytes(chance.randint(0, 300))
            if chance.random() < 0.5:
                body = b'{"update_id": ' + body[:40] + b"}"
            given = chance.choice([secret, "wrong", None])
            assert await asyncio.to_thread(knock, address, body, given) == (400 if given == secret else 403)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(chance.randbytes(5000))
        await writer.drain()
        writer.close()
        assert bot.rows("select * from inbox") == []
        bot.api.webhook_at = address
        bot.api.say(5_000_000_001, "/start")
        await asyncio.to_thread(bot.api.wait_for, lambda: bot.api.messages(5_000_000_001))
        assert bot.process is not None
        bot.process.terminate()
        assert await asyncio.to_thread(bot.wait) == 0
        del reader
