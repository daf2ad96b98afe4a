"""Taking apart what people write in TOML: every mistake is told with its place and a way out."""

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, TypeGuard, TypeVar

from flows.media.anatomy import Point

T = TypeVar("T")
Tree = dict[str, Any]
Names = Sequence[str] | Mapping[str, object]


class WrongPose(ValueError):
    """A file says something that cannot be drawn; the message names the file, the key and a way out."""


class Table:
    """A table of the file that is taken apart key by key, so that what nobody asked for is found."""

    def __init__(self, tree: Tree, where: str, floor: Mapping[str, float] | None = None) -> None:
        self._left = dict(tree)
        self.where = where
        self._floor = floor or {}

    def fail(self, key: str, hint: str) -> NoReturn:
        """Raises WrongPose for a key, with what to write instead."""
        raise WrongPose(f"{self.where}: {key}: write {hint}")

    def take(self, key: str, kind: type[T], default: T | None = None) -> T:
        """Returns the value of a key, which must be of a kind."""
        value = self._left.pop(key, default)
        if not isinstance(value, kind):
            self.fail(key, f"a {kind.__name__}" + ("" if value is None else f", not {value!r}"))
        return value

    def expect(self, key: str, value: object, known: Names) -> None:
        """Raises WrongPose for a value that is not among known names."""
        if value not in known:
            self.fail(key, f"one of {', '.join(known)}; not {value!r}")

    def choice(self, key: str, known: Names, default: str | None = None) -> str:
        """Returns the value of a key, which must be one of the known names."""
        value = self.take(key, str, default)
        self.expect(key, value, known)
        return value

    def maybe(self, key: str, known: Names) -> str | None:
        """Returns the value of a key as `choice` does; none where the key is missing."""
        return self.choice(key, known) if key in self._left else None

    def number(self, key: str, default: float | None = None) -> float:
        """Returns a number."""
        value = self._left.pop(key, default)
        if not _is_number(value):
            self.fail(key, f"a number, not {value!r}")
        return float(value)

    def numbers(self, key: str, counts: Sequence[int], default: tuple[float, ...] | None = None) -> tuple[float, ...]:
        """Returns several numbers; how many may be one of the counts."""
        value = self._left.pop(key, default)
        if not isinstance(value, list | tuple) or len(value) not in counts or not all(map(_is_number, value)):
            self.fail(key, f"{' or '.join(map(str, counts))} numbers in brackets, not {value!r}")
        return tuple(float(x) for x in value)

    def pair(self, key: str, default: tuple[float, float]) -> tuple[float, float]:
        """Returns two numbers."""
        first, second = self.numbers(key, (2,), default)
        return first, second

    def point(self, key: str, default: Point | None = None) -> Point:
        """Returns three numbers, metres; the word floor stands for the height that the table knows for it."""
        value = self._left.get(key)
        if isinstance(value, list) and len(value) == 3 and value[1] == "floor" and "floor" in self._floor:
            self._left[key] = [value[0], self._floor["floor"], value[2]]
        x, y, z = self.numbers(key, (3,), default)
        return x, y, z

    def has(self, key: str) -> bool:
        """Tells whether there is a key."""
        return key in self._left

    def is_table(self, key: str) -> bool:
        """Tells whether the value of a key is a table."""
        return isinstance(self._left.get(key), dict)

    def sub(self, key: str, floor: Mapping[str, float] | None = None) -> "Table":
        """Returns the table under a key; an empty one where it is missing."""
        return Table(self.take(key, dict, {}), f"{self.where}: {key}", floor)

    def limb(self, key: str, floor: Mapping[str, float] | None = None) -> "Table | None":
        """Returns the table of a hand or foot, none when it is left to the joints (`"free"`)."""
        if self._left.get(key, "free") == "free":
            self._left.pop(key, None)
            return None
        return self.sub(key, floor)

    def tables(self, key: str) -> list["Table"]:
        """Returns the tables that are listed under a key."""
        value = self._left.pop(key, [])
        listed = value if isinstance(value, list) else [value]
        if not all(isinstance(item, dict) for item in listed):
            self.fail(key, f"tables, such as [[{key}]]")
        return [Table(item, f"{self.where}: {key} {i}") for i, item in enumerate(listed, 1)]

    def names(self) -> Sequence[str]:
        """Returns the keys that were not taken yet."""
        return tuple(self._left)

    def rest(self) -> Tree:
        """Takes all that is left, as it is written."""
        left, self._left = self._left, {}
        return left

    def end(self, value: T) -> T:
        """Returns the value that was made of the table; raises WrongPose where a key was not asked for."""
        if self._left:
            raise WrongPose(f"{self.where}: {', '.join(self._left)}: not known here; is it spelt right?")
        return value


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
