"""The sounds of a clip: soft sine tones on silence."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SAMPLES = 44_100  # a second
ATTACK = 0.015  # seconds in which a note swells, so that it does not click
OVERTONE = 0.2  # of the octave above: a phone's loudspeaker hardly has the low one


@dataclass(frozen=True, slots=True)
class Tone:
    """Notes one after the other, each of so many seconds; the volume goes from 0 to 1."""

    hertz: tuple[float, ...]
    seconds: float
    volume: float

    def samples(self) -> NDArray[np.float64]:
        """Returns the tone as a wave from -1 to 1."""
        return np.concatenate([self._note(hertz) for hertz in self.hertz])

    def _note(self, hertz: float) -> NDArray[np.float64]:
        time = np.arange(round(self.seconds * SAMPLES)) / SAMPLES
        wave = np.sin(2 * np.pi * hertz * time) + OVERTONE * np.sin(4 * np.pi * hertz * time)
        swell = np.clip(time / ATTACK, 0, 1)
        # It fades to nothing at its own end, so that the next note begins from silence.
        fade = np.cos(np.pi / 2 * time / self.seconds) ** 2
        return np.asarray(self.volume * wave / (1 + OVERTONE) * swell * fade)


def track(cues: Iterable[tuple[float, Tone]], seconds: float) -> NDArray[np.int16]:
    """Returns 16-bit samples of tones, each from its second on; the rest is silence."""
    sound = np.zeros(round(seconds * SAMPLES))
    for start, tone in cues:
        begin = round(start * SAMPLES)
        piece = tone.samples()[: len(sound) - begin]
        sound[begin : begin + len(piece)] += piece
    return (np.clip(sound, -1, 1) * 32_767).astype(np.int16)
