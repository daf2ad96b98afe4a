"""What all tests share: the shipped content and its engine, an empty database, a Bot API; how Hypothesis searches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from bot.store import Store
from flows import library
from flows.engine import Engine
from flows.schema import Content
from tests.fake_bot_api import FakeBotApi, running

# The same examples everywhere, and nothing timed: a slow machine is no failure.
settings.register_profile(
    "ci",
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=100,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.fixture(scope="session")
def content() -> Content:
    return library.load()


@pytest.fixture(scope="session")
def engine(content: Content) -> Engine:
    return Engine(content)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a database may be; neither it nor its folder is there yet."""
    return tmp_path / "data" / "bot.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    store = Store.open(path)
    yield store
    store.close()


@pytest.fixture
def api() -> Iterator[FakeBotApi]:
    with running() as api:
        yield api
