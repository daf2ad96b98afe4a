"""The videos to follow along: what clips.toml says of them, read and checked, and when what happens in each."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.media.poses import Picture
from flows.media.tables import Table, WrongPose
from flows.media.tones import Tone

CLIPS = Path(__file__).parent / "clips.toml"
LONGEST_HOLD, LONGEST_WAIT = 300, 10
TONES = ("ready", "change", "end")


@dataclass(frozen=True, slots=True)
class Position:
    """What is held: the still of a pose, perhaps with the sides of the body changed, or turned round as a drawing."""

    pose: str
    swap: bool = False
    flip: bool = False


@dataclass(frozen=True, slots=True)
class Hold:
    """A position for whole seconds; none for a timer that shows the ring alone."""

    seconds: int
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class Clip:
    """One video: seconds to get ready, its holds without a break between them, seconds with a tick at the end."""

    id: str
    holds: tuple[Hold, ...]
    ready: int
    done: int
    tones: Mapping[str, Tone]

    @property
    def ends_at(self) -> int:
        """Returns the second in which the last hold is over."""
        return self.ready + sum(hold.seconds for hold in self.holds)

    @property
    def seconds(self) -> int:
        """Returns how long the video is."""
        return self.ends_at + self.done

    def starts(self) -> Iterator[int]:
        """Yields the second in which each hold begins."""
        start = self.ready
        for hold in self.holds:
            yield start
            start += hold.seconds

    def cues(self) -> Iterator[tuple[float, Tone]]:
        """Yields every tone with its second: one soft one a second to get ready, one at each change, one at the end."""
        yield from ((second, self.tones["ready"]) for second in range(self.ready))
        yield from ((start, self.tones["change"]) for start in self.starts())
        yield self.ends_at, self.tones["end"]

    def positions(self) -> tuple[Position, ...]:
        """Returns the positions that are held, each once, in order."""
        return tuple(dict.fromkeys(hold.position for hold in self.holds if hold.position is not None))


def load(pictures: Mapping[str, Picture], path: Path = CLIPS) -> dict[str, Clip]:
    """Returns every clip by its id; raises WrongPose with the key that is wrong."""
    try:
        return clips(tomllib.loads(path.read_text("utf-8")), pictures, path.name)
    except tomllib.TOMLDecodeError as wrong:
        raise WrongPose(f"{path.name}: {wrong}") from wrong


def clips(tree: dict[str, Any], pictures: Mapping[str, Picture], where: str) -> dict[str, Clip]:
    """Returns the clips that a file's contents describe, made of these pictures."""
    table = Table(tree, where)
    ready, done = _whole(table, "ready", LONGEST_WAIT), _whole(table, "done", LONGEST_WAIT)
    sounds = table.sub("tones")
    tones = sounds.end({name: _tone(sounds.sub(name)) for name in TONES})
    places, listed = table.sub("positions"), table.sub("clips")
    positions = {name: _position(places.sub(name), pictures) for name in places.names()}
    found = {}
    for name in listed.names():
        one = listed.sub(name)
        holds = tuple(_hold(hold, positions) for hold in one.tables("holds"))
        if not holds:
            one.fail("holds", "at least one, such as { seconds = 30 }")
        found[name] = one.end(Clip(name, holds, ready, done, tones))
        _same_camera(one, found[name], pictures)
    return table.end(found)


def _same_camera(table: Table, clip: Clip, pictures: Mapping[str, Picture]) -> None:
    """One clip has one camera: a figure that jumps between its positions is hard to follow."""
    seen = {(pictures[place.pose].camera, pictures[place.pose].body) for place in clip.positions()}
    if len(seen) > 1:
        table.fail("holds", "positions whose poses have the same camera and body")


def _whole(table: Table, key: str, most: int) -> int:
    seconds = table.number(key)
    if seconds != int(seconds) or not 1 <= seconds <= most:
        table.fail(key, f"whole seconds from 1 to {most}, not {seconds:g}")
    return int(seconds)


def _tone(table: Table) -> Tone:
    hertz = table.numbers("hertz", (1, 2, 3))
    if not all(200 <= note <= 2000 for note in hertz):
        table.fail("hertz", "notes from 200 to 2000: a phone plays no others well")
    seconds, volume = table.number("seconds"), table.number("volume")
    if not 0.05 <= seconds <= 1:
        table.fail("seconds", "0.05 to 1 for each note")
    if not 0 < volume <= 1:
        table.fail("volume", "a number above 0, up to 1")
    return table.end(Tone(hertz, seconds, volume))


def _position(table: Table, pictures: Mapping[str, Picture]) -> Position:
    return table.end(
        Position(table.choice("pose", pictures), table.take("swap", bool, False), table.take("flip", bool, False))
    )


def _hold(table: Table, positions: Mapping[str, Position]) -> Hold:
    name = table.maybe("position", positions)
    return table.end(Hold(_whole(table, "seconds", LONGEST_HOLD), positions[name] if name else None))
