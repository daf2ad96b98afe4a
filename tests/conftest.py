"""What all tests share: the shipped content, the engine that runs it, and how Hypothesis searches."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

from flows import library
from flows.engine import Engine
from flows.schema import Content

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
