"""Laws of the figures: they count what happened, name nobody, and are seen on this machine only."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import urllib.request
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.error import HTTPError

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from bot import metrics
from bot.config import ConfigError
from bot.metrics import Metrics, open_window
from bot.records import Call, Chat, Commit, Notice
from bot.store import Numbers, Store
from bot.telegram import serve
from tests.fake_bot_api import PATIENCE, FakeBotApi
from tests.test_telegram import ADA, MENU, Echo, settings
from tests.test_webhook import free_port

NOW = datetime(2026, 11, 25, 16, 0, tzinfo=UTC)


def read(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def values(text: str) -> dict[str, float]:
    return {
        sample.name + "".join(f" {value}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_a_running_bot_shows_what_it_did_and_names_nobody(api: FakeBotApi, store: Store, tmp_path: Path) -> None:
    given = replace(settings(api, tmp_path / "bot.db"), metrics_port=free_port())
    task = asyncio.create_task(serve(given, store, Echo(store), MENU))
    try:
        api.say(ADA, "hello")
        api.say(ADA, "poison")
        await asyncio.to_thread(api.wait_for_text, ADA, "sorry")
        assert given.metrics_port is not None
        health = await asyncio.to_thread(read, given.metrics_port, "/healthz")
        status, text = await asyncio.to_thread(read, given.metrics_port, "/metrics")
    finally:
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(task, PATIENCE)
    assert (health[0], json.loads(health[1])) == (200, {"ok": True, "reason": ""})
    seen = values(text)
    assert status == 200
    assert seen["backstride_updates_total text"] == 2
    assert seen["backstride_turn_seconds_count answered"] == seen["backstride_turn_seconds_count parked"] == 1
    assert seen["backstride_sends_total sendMessage sent"] >= 1
    assert seen["backstride_chats"] == 1
    assert seen["backstride_telegram_silence_seconds"] < 60
    assert str(ADA) not in text and "Ada" not in text and "hello" not in text


def test_what_waits_is_counted_by_priority_and_age(store: Store) -> None:
    ada, bob = Chat("ada", 1, NOW, NOW), Chat("bob", 2, NOW, NOW - timedelta(seconds=90))
    store.commit(Commit(None, ada, calls=(Call("sendMessage", {}), Call("sendMessage", {}))))
    store.commit(Commit(None, bob, calls=(Call("sendMessage", {}),)))
    store.remind([], [Notice("ada", Call("sendMessage", {}), NOW)])
    store.receive(7, "{}")
    store.park_call(1, "BadRequest", NOW)
    assert store.numbers(NOW) == Numbers(2, 1, {0: 2, 1: 1}, 1, 90.0, 0, 0)
    assert values_of(store)["backstride_outbox_depth answers"] == 2
    assert values_of(store)["backstride_outbox_depth clubs"] == 0
    assert values_of(store)["backstride_outbox_age_seconds"] == 90


def values_of(store: Store) -> dict[str, float]:
    return values(generate_latest(Metrics(store, lambda: NOW).registry).decode())


def test_a_bot_is_ill_without_its_database_or_without_a_word_from_telegram(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = Metrics(store, lambda: NOW)
    assert seen.illness(polls=True) == ""
    monkeypatch.setattr(metrics, "SILENCE", -1)
    assert seen.illness(polls=True) == "no word from Telegram"
    assert seen.illness(polls=False) == ""
    store._db.execute("drop table reminder")
    assert seen.illness(polls=True) == "the database cannot be read"


async def test_illness_is_status_503_and_a_taken_port_is_told(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "SILENCE", -1)
    port = free_port()
    server = open_window(Metrics(store, lambda: NOW), port, polls=True)
    try:
        status, text = await asyncio.to_thread(read, port, "/healthz")
        assert (status, json.loads(text)) == (503, {"ok": False, "reason": "no word from Telegram"})
        with pytest.raises(ConfigError, match="METRICS_PORT"):
            open_window(Metrics(store, lambda: NOW), port, polls=True)
    finally:
        server.stop()
