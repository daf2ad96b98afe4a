"""The closed set of conditions that content may use, and their evaluation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

Value = str | int | frozenset[str] | tuple[str, ...] | tuple[int, ...]
"""One answer: a choice, a number, a set of ticks, or the left and right side of a timed hold (buckets or seconds)."""

Facts = Mapping[str, Value]
"""What is known of a person: answers by question id and by field, and what was worked out of them."""

SECONDS = ".seconds"
"""Suffix of the fact that holds both sides of a timed hold as numbers; absent unless both were timed."""


class ConditionError(ValueError):
    """A condition in the content that cannot be read."""


class Condition(Protocol):
    """Something about a person that is true or false."""

    def holds(self, facts: Facts) -> bool:
        """Tells whether it is true of these facts; a fact that is missing makes a test false."""
        ...

    def names(self) -> Iterable[tuple[str, Value | None]]:
        """Yields each fact that it reads, with each value that it looks for (None for a number)."""
        ...

    def because(self, facts: Facts) -> Iterable[tuple[str, Value]]:
        """Yields the facts that made it true, as (name, value); for a set only the ticked member."""
        ...


@dataclass(frozen=True, slots=True)
class OneOf:
    """A choice that is one of these, or a set (or a pair of sides) that contains one of these."""

    name: str
    values: frozenset[str]

    def holds(self, facts: Facts) -> bool:
        """Tells whether the answer is, or contains, one of the values."""
        value = facts.get(self.name)
        if value is None:
            return False
        if isinstance(value, str):
            return value in self.values
        return not isinstance(value, int) and not self.values.isdisjoint(value)

    def names(self) -> Iterable[tuple[str, Value | None]]:
        """Yields the fact with each value looked for."""
        return ((self.name, value) for value in sorted(self.values))

    def because(self, facts: Facts) -> Iterable[tuple[str, Value]]:
        """Yields the choice, or each ticked member that was looked for."""
        value = facts.get(self.name)
        if isinstance(value, str):
            if value in self.values:
                yield self.name, value
        elif value is not None and not isinstance(value, int):
            yield from ((self.name, str(member)) for member in sorted(self.values.intersection(value)))


@dataclass(frozen=True, slots=True)
class Within:
    """A number within bounds, both inclusive."""

    name: str
    low: int
    high: int

    def holds(self, facts: Facts) -> bool:
        """Tells whether the number lies within the bounds."""
        value = facts.get(self.name)
        return isinstance(value, int) and self.low <= value <= self.high

    def names(self) -> Iterable[tuple[str, Value | None]]:
        """Yields the fact."""
        yield self.name, None

    def because(self, facts: Facts) -> Iterable[tuple[str, Value]]:
        """Yields the number."""
        if self.holds(facts):
            yield self.name, facts[self.name]


@dataclass(frozen=True, slots=True)
class Sides:
    """The smaller side of a timed hold, or the gap between the sides, within bounds in seconds."""

    name: str
    gap: bool
    low: int
    high: int

    def holds(self, facts: Facts) -> bool:
        """Tells whether both sides were timed and the figure lies within the bounds."""
        seconds: Any = facts.get(self.name + SECONDS)
        if seconds is None:
            return False
        figure = abs(seconds[0] - seconds[1]) if self.gap else min(seconds)
        return bool(self.low <= figure <= self.high)

    def names(self) -> Iterable[tuple[str, Value | None]]:
        """Yields the pair."""
        yield self.name, None

    def because(self, facts: Facts) -> Iterable[tuple[str, Value]]:
        """Yields both sides."""
        if self.holds(facts):
            yield self.name, facts[self.name]


@dataclass(frozen=True, slots=True)
class Count:
    """How many of these conditions hold, within bounds, both inclusive."""

    parts: tuple[Condition, ...]
    low: int
    high: int

    def holds(self, facts: Facts) -> bool:
        """Tells whether the number of true parts lies within the bounds."""
        return self.low <= sum(part.holds(facts) for part in self.parts) <= self.high

    def names(self) -> Iterable[tuple[str, Value | None]]:
        """Yields what the parts read."""
        return (name for part in self.parts for name in part.names())

    def because(self, facts: Facts) -> Iterable[tuple[str, Value]]:
        """Yields what made the true parts true."""
        return (fact for part in self.parts if part.holds(facts) for fact in part.because(facts))


@dataclass(frozen=True, slots=True)
class All:
    """Every one of these conditions; none at all is true."""

    parts: tuple[Condition, ...]

    def holds(self, facts: Facts) -> bool:
        """Tells whether every part is true."""
        for part in self.parts:  # noqa: SIM110  (a generator here doubles the time of a turn)
            if not part.holds(facts):
                return False
        return True

    def names(self) -> Iterable[tuple[str, Value | None]]:
        """Yields what the parts read."""
        return (name for part in self.parts for name in part.names())

    def because(self, facts: Facts) -> Iterable[tuple[str, Value]]:
        """Yields what made the parts true."""
        return (fact for part in self.parts for fact in part.because(facts))


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of these conditions."""

    parts: tuple[Condition, ...]

    def holds(self, facts: Facts) -> bool:
        """Tells whether some part is true."""
        for part in self.parts:  # noqa: SIM110  (a generator here doubles the time of a turn)
            if part.holds(facts):
                return True
        return False

    def names(self) -> Iterable[tuple[str, Value | None]]:
        """Yields what the parts read."""
        return (name for part in self.parts for name in part.names())

    def because(self, facts: Facts) -> Iterable[tuple[str, Value]]:
        """Yields what made the true parts true."""
        return (fact for part in self.parts if part.holds(facts) for fact in part.because(facts))


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a condition."""

    part: Condition

    def holds(self, facts: Facts) -> bool:
        """Tells whether the part is false."""
        return not self.part.holds(facts)

    def names(self) -> Iterable[tuple[str, Value | None]]:
        """Yields what the part reads."""
        return self.part.names()

    def because(self, facts: Facts) -> Iterable[tuple[str, Value]]:
        """Yields single choices and numbers that it reads: an absent tick is no reason to show."""
        for name in dict.fromkeys(name for name, _ in self.part.names()):
            value = facts.get(name)
            if isinstance(value, str | int):
                yield name, value


Terms = Mapping[str, Condition]
"""Conditions that the content has named."""
KINDS = (OneOf, Within, Sides, Count, All, AnyOf, Not)
"""Every form that a condition can have."""
ALWAYS: Condition = All(())
NEVER: Condition = AnyOf(())
NO_LIMIT = 10**6
"""Stands for a bound that a condition does not give."""


def _bounds(raw: dict[str, Any]) -> tuple[int, int]:
    """Takes the bounds out of a condition: is, at_least, at_most."""
    given = {key: raw.pop(key) for key in ("is", "at_least", "at_most") if key in raw}
    if not given or not all(type(bound) is int for bound in given.values()):
        raise ConditionError("give is, at_least or at_most with a whole number")
    if "is" in given and len(given) > 1:
        raise ConditionError("'is' stands alone, without at_least or at_most")
    exact = given.get("is")
    if exact is not None:
        return exact, exact
    return given.get("at_least", -NO_LIMIT), given.get("at_most", NO_LIMIT)


def _texts(raw: Any) -> frozenset[str]:
    values = raw if isinstance(raw, list) else [raw]
    if not values or not all(isinstance(value, str) for value in values):
        raise ConditionError(f"values are texts in quotes, not {raw!r}")
    return frozenset(values)


def _answer(raw: dict[str, Any], _: Terms) -> Condition:
    name = raw.pop("answer")
    if "one_of" in raw:
        return OneOf(name, _texts(raw.pop("one_of")))
    if isinstance(raw.get("is"), str):
        return OneOf(name, _texts(raw.pop("is")))
    return Within(name, *_bounds(raw))


def _term(raw: dict[str, Any], terms: Terms) -> Condition:
    name = raw.pop("term")
    if name not in terms:
        raise ConditionError(f"no term is called {name!r}; terms are named before they are used")
    return terms[name]


_FORMS: dict[str, Callable[[dict[str, Any], Terms], Condition]] = {
    "answer": _answer,
    "rule": lambda raw, _: OneOf("fired", _texts(raw.pop("rule"))),
    "term": _term,
    "gap": lambda raw, _: Sides(raw.pop("gap"), True, *_bounds(raw)),
    "smallest": lambda raw, _: Sides(raw.pop("smallest"), False, *_bounds(raw)),
    "count": lambda raw, terms: Count(_parts(raw.pop("count"), terms), *_bounds(raw)),
    "all": lambda raw, terms: All(_parts(raw.pop("all"), terms)),
    "any": lambda raw, terms: AnyOf(_parts(raw.pop("any"), terms)),
    "not": lambda raw, terms: Not(parse(raw.pop("not"), terms)),
}
"""Each form of a condition by the key that it begins with; a reader takes out what it understands."""


def parse(raw: Any, terms: Terms) -> Condition:
    """Reads a condition as content writes it.

    Terms are the conditions that the content has named so far. Raises ConditionError with a sentence that says
    what to write instead.
    """
    if isinstance(raw, bool):
        return ALWAYS if raw else NEVER
    if not isinstance(raw, dict) or not raw:
        raise ConditionError(f"a condition is a mapping such as {{answer: leg, is: none}}, not {raw!r}")
    left = dict(raw)
    form = next((key for key in _FORMS if key in left), None)
    if form is None:
        raise ConditionError(f"no condition begins with {', '.join(map(str, left))}; use {', '.join(_FORMS)}")
    condition = _FORMS[form](left, terms)
    if left:
        raise ConditionError(f"not understood here: {', '.join(map(str, left))}")
    return condition


def _parts(raw: Any, terms: Terms) -> tuple[Condition, ...]:
    if not isinstance(raw, list) or not raw:
        raise ConditionError("give a list of conditions")
    return tuple(parse(part, terms) for part in raw)
