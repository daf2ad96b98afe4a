"""Answer sets in the fields of clinical.md section 8, for laws about all inputs."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from flows import library
from flows.schema import AnswerField

Answers = dict[str, Any]
"""What a line of `simulate` holds: sets and pairs are lists, and a missing field has its default."""

FIELDS = library.load().settings.fields
SERIOUS: dict[str, set[str]] = {
    "age": {"u18"},
    "site": {"upper"},
    "life": {"preg"},
    "timing": {"constant"},
    "rf": set(FIELDS["rf"].values) - {"RF_FALL", "RF_CYCLE", "RF_CANCER", "RF_BONE", "RF_IMMUNE", "RF_SURG"},
}
"""Answers that nearly always end in a referral; a calm person gives none of them."""


def _strategy(name: str, field: AnswerField, calm: bool) -> st.SearchStrategy[Any]:
    values = [value for value in field.values if not calm or value not in SERIOUS.get(name, set())]
    if field.kind == "number":
        return st.integers(field.low, 8 if calm else field.high)
    if field.kind == "choice":
        return st.sampled_from(values)
    if field.kind == "pair":
        return st.lists(st.sampled_from(values), min_size=2, max_size=2)
    most = 1 if calm and name in ("rf", "bone") else 4
    return st.lists(st.sampled_from(values), unique=True, max_size=most)


def _people(calm: bool) -> st.SearchStrategy[Answers]:
    return st.fixed_dictionaries({}, optional={name: _strategy(name, field, calm) for name, field in FIELDS.items()})


CALM = _people(calm=True)
"""People who often get a plan."""
ANYONE = st.one_of(CALM, _people(calm=False))


def crowd(count: int, seed: int = 1) -> Iterator[Answers]:
    """Yields many answer sets at once, always the same ones: half calm, half anything."""
    chance = random.Random(seed)
    for number in range(count):
        yield {
            name: _drawn(chance, name, field, number % 2 == 0)
            for name, field in FIELDS.items()
            if chance.random() > 0.4
        }


def _drawn(chance: random.Random, name: str, field: AnswerField, calm: bool) -> Any:
    values = [value for value in field.values if not calm or value not in SERIOUS.get(name, set())]
    if field.kind == "number":
        return chance.randint(field.low, 8 if calm else field.high)
    if field.kind == "choice":
        return chance.choice(values)
    if field.kind == "pair":
        return [chance.choice(values), chance.choice(values)]
    sizes = (0, 0, 0, 1) if calm and name in ("rf", "bone") else (0, 1, 1, 2, 3, 4)
    return chance.sample(values, min(chance.choice(sizes), len(values)))
