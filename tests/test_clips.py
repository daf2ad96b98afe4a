"""Laws of the videos to follow along: exact holds in order, a tone at each change, files that every phone plays."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import numpy as np
import pytest
from numpy.typing import NDArray

from flows.media import clips, filming, manifest
from flows.media.__main__ import main
from flows.media.clips import Clip, Hold
from flows.media.contacts import settle
from flows.media.poses import Picture, mirrored, other_side
from flows.media.reading import FOLDER, load_all
from flows.media.tables import WrongPose
from flows.media.tones import SAMPLES, Tone, track

PICTURES = load_all()
CLIPS = clips.load(PICTURES)
IDS = sorted(CLIPS)

# clinical.md 3.4, row T6: the first and the last hold, and each of the six between.
CIRCUITS = {"clip_plank_short": (15, 5), "clip_plank_mid": (20, 10), "clip_plank_full": (30, 15)}
LIFTED = [
    set(), {"hand_r"}, {"hand_l"}, {"foot_r"}, {"foot_l"}, {"hand_r", "foot_l"}, {"hand_l", "foot_r"}, set(),
]  # fmt: skip


# ---- what is held, for how long ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CIRCUITS)
def test_the_plank_circuit_has_the_holds_of_the_protocol(name: str) -> None:
    ends, each = CIRCUITS[name]
    assert [hold.seconds for hold in CLIPS[name].holds] == [ends, *[each] * 6, ends]


@pytest.mark.parametrize(
    ("name", "total"), [("clip_plank_short", 60), ("clip_plank_mid", 100), ("clip_plank_full", 150)]
)
def test_the_plank_circuit_lasts_as_long_as_its_name_in_the_app_says(name: str, total: int) -> None:
    clip = CLIPS[name]
    assert clip.ends_at - clip.ready == total


@pytest.mark.parametrize("name", CIRCUITS)
def test_the_plank_circuit_lifts_arms_and_legs_in_the_order_of_the_protocol(name: str) -> None:
    assert [lifted(hold) for hold in CLIPS[name].holds] == LIFTED


def lifted(hold: Hold) -> set[str]:
    """The hands and feet that are in the air, measured on the skeleton of the position."""
    picture = held(hold)
    joints = settle(picture, picture.keyframes[picture.still - 1]).posed.joints
    limits = {"hand": 0.2, "foot": 0.25}
    return {f"{limb}_{side}" for limb, limit in limits.items() for side in "lr" if joints[f"{limb}_{side}"][1] > limit}


def held(hold: Hold) -> Picture:
    assert hold.position is not None
    picture = PICTURES[hold.position.pose]
    # A drawing that is turned round shows the other side as well.
    return mirrored(picture) if hold.position.swap != hold.position.flip else picture


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_bridge_is_held_for_thirty_seconds_with_the_foot_of_its_side_on_the_floor(side: str) -> None:
    (hold,) = CLIPS[f"clip_bridge_{side}"].holds
    picture = held(hold)
    joints = settle(picture, picture.keyframes[-1]).posed.joints
    own, other = (joints[f"foot_{each[0]}"][1] for each in (side, other_side(side)))
    assert hold.seconds == 30
    assert own < 0.15
    assert other > 0.3


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_side_plank_is_held_for_thirty_seconds_on_the_elbow_of_its_side(side: str) -> None:
    (hold,) = CLIPS[f"clip_side_plank_{side}"].holds
    picture = held(hold)
    joints = settle(picture, picture.keyframes[-1]).posed.joints
    assert hold.seconds == 30
    assert joints[f"lowerarm_{side[0]}"][1] < 0.1
    assert joints[f"lowerarm_{other_side(side)[0]}"][1] > 0.4


@pytest.mark.parametrize("seconds", [20, 30, 60])
def test_a_timer_for_stretches_is_a_ring_alone(seconds: int) -> None:
    assert CLIPS[f"clip_timer_{seconds}"].holds == (Hold(seconds),)


def test_these_and_no_other_clips_are_made() -> None:
    tests = [f"clip_{kind}_{side}" for kind in ("bridge", "side_plank") for side in ("left", "right")]
    assert sorted([*CIRCUITS, *tests, *(f"clip_timer_{seconds}" for seconds in (20, 30, 60))]) == IDS


@pytest.mark.parametrize("name", PICTURES)
def test_a_mirrored_pose_has_each_joint_where_its_other_side_was(name: str) -> None:
    picture = replace(PICTURES[name], arrows=())
    there = mirrored(picture)
    assert mirrored(there) == picture
    pose = len(picture.keyframes) - 1
    joints = settle(picture, picture.keyframes[pose]).posed.joints
    other = settle(there, there.keyframes[pose]).posed.joints
    for joint, place in joints.items():
        assert other[other_side(joint)] == pytest.approx(place * [-1, 1, 1], abs=0.02), joint


# ---- what people write -------------------------------------------------------------------------------------------

HEAD = "ready = 2\ndone = 1\n"
TONES = "".join(f"[tones.{name}]\nhertz = [600]\nseconds = 0.2\nvolume = 0.5\n" for name in clips.TONES)
PLACE = '[positions.still]\npose = "plank_1"\n'
TIMER = "[clips.timer]\nholds = [{ seconds = 3 }]\n"
TWO = """[clips.two]
holds = [{ position = "still", seconds = 1 }, { position = "side", seconds = 1 }]
"""


def read(text: str) -> dict[str, Clip]:
    return clips.clips(tomllib.loads(text), PICTURES, "clips.toml")


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (f"done = 1\n{TONES}", "ready: write a number, not None"),
        (f"ready = 2.5\ndone = 1\n{TONES}", "ready: write whole seconds from 1 to 10, not 2.5"),
        (HEAD, "tones: ready: hertz: write 1 or 2 or 3 numbers in brackets, not None"),
        (HEAD + TONES.replace("[600]", "[60]"), "hertz: write notes from 200 to 2000"),
        (HEAD + TONES.replace("0.2", "9"), "seconds: write 0.05 to 1 for each note"),
        (HEAD + TONES.replace("0.5", "0"), "volume: write a number above 0, up to 1"),
        (HEAD + TONES + "[tones.bell]\n", "tones: bell: not known here"),
        (HEAD + TONES + '[positions.up]\npose = "handstand"\n', "positions: up: pose: write one of band_abduction"),
        (HEAD + TONES + PLACE + "turn = true\n", "positions: still: turn: not known here"),
        (HEAD + TONES + PLACE + "flip = 1\n", "flip: write a bool, not 1"),
        (HEAD + TONES + TIMER.replace("3", "0"), "timer: holds 1: seconds: write whole seconds from 1 to 300, not 0"),
        (HEAD + TONES + TIMER.replace("3", "3, position = 'up'"), "position: write one of ; not 'up'"),
        (HEAD + TONES + TIMER + "pause = 1\n", "clips: timer: pause: not known here"),
        (HEAD + TONES + "[clips.timer]\n", "timer: holds: write at least one"),
        (f"loud = true\n{HEAD}{TONES}", "loud: not known here"),
        (
            f'{HEAD}{TONES}{PLACE}[positions.side]\npose = "test_t8"\n{TWO}',
            "two: holds: write positions whose poses have the same camera and body",
        ),
    ],
)
def test_a_mistake_in_the_clips_is_named_with_its_key_and_a_way_out(wrong: str, hint: str) -> None:
    with pytest.raises(WrongPose, match=re.escape(hint)) as said:
        read(wrong)
    assert str(said.value).startswith("clips.toml")


def test_clips_that_are_no_toml_are_told(tmp_path: Path) -> None:
    (tmp_path / "clips.toml").write_text("ready = 1\nready = 2\n")
    with pytest.raises(WrongPose, match=r"clips\.toml"):
        clips.load(PICTURES, tmp_path / "clips.toml")


# ---- sound -------------------------------------------------------------------------------------------------------


def test_a_tone_begins_and_ends_in_silence_and_is_never_too_loud() -> None:
    wave = Tone((600, 800), 0.2, 0.5).samples()
    assert len(wave) == round(0.4 * SAMPLES)
    assert abs(wave[0]) < 1e-6 and abs(wave[-1]) < 1e-3 and abs(wave[round(0.2 * SAMPLES)]) < 1e-3
    assert 0.3 < np.abs(wave).max() <= 0.5


def test_a_tone_that_would_pass_the_end_is_cut_there() -> None:
    assert len(track([(0.9, Tone((600,), 0.5, 0.5))], 1)) == SAMPLES


def heard(path: Path) -> NDArray[np.float64]:
    """The sound of a file, decoded, from -1 to 1."""
    program = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-i", str(path)]
    raw = subprocess.run(
        [*program, "-f", "s16le", "-ac", "1", "-ar", str(SAMPLES), "-"], capture_output=True, check=True
    )
    return np.frombuffer(raw.stdout, "<i2") / 32_768


def begins(sound: NDArray[np.float64], loud: float = 0.05) -> list[float]:
    """The seconds in which a tone begins after at least a tenth of quiet, to a hundredth."""
    step = SAMPLES // 100
    peaks = np.abs(sound[: len(sound) // step * step].reshape(-1, step)).max(1)
    at = [k for k in np.flatnonzero(peaks > loud) if not (peaks[max(k - 10, 0) : k] > loud).any()]
    return [k / 100 for k in at]


def pitch(sound: NDArray[np.float64], second: float) -> float:
    """The strongest frequency of a tenth of a second."""
    piece = sound[round((second + 0.02) * SAMPLES) :][: SAMPLES // 10]
    return float(np.abs(np.fft.rfft(piece * np.hanning(len(piece)))).argmax()) * 10


@pytest.mark.parametrize("name", IDS)
def test_every_shipped_clip_sounds_at_each_change_and_otherwise_at_its_ends_and_while_getting_ready(name: str) -> None:
    clip, sound = CLIPS[name], heard(manifest.RENDERED / f"{name}.mp4")
    changes = [*clip.starts(), clip.ends_at]
    notes = [clip.ends_at + k * clip.tones["end"].seconds for k in range(len(clip.tones["end"].hertz))]
    expected = sorted({*map(float, range(clip.ready)), *map(float, changes), *notes})
    assert begins(sound) == pytest.approx(expected, abs=0.03)
    assert len(sound) / SAMPLES == pytest.approx(clip.seconds, abs=0.05)


def test_getting_ready_sounds_softer_and_the_end_otherwise_than_a_change() -> None:
    clip, sound = CLIPS["clip_plank_short"], heard(manifest.RENDERED / "clip_plank_short.mp4")
    ready, change, end = (sound[round(at * SAMPLES) :][:4000] for at in (1, clip.ready, clip.ends_at))
    assert np.abs(ready).max() < 0.5 * np.abs(change).max()
    assert np.abs(end).max() > 0.2
    pitches = [pitch(sound, at) for at in (clip.ready, 20, clip.ends_at, clip.ends_at + 0.5)]
    assert pitches == pytest.approx([784, 784, 659, 523], abs=12)


# ---- pictures ----------------------------------------------------------------------------------------------------

SMALL = replace(
    CLIPS["clip_plank_short"], id="small", ready=1, done=1,
    holds=tuple(replace(hold, seconds=1) for hold in CLIPS["clip_plank_short"].holds[:3]),
)  # fmt: skip


@pytest.fixture(scope="module")
def drawn() -> list[NDArray[np.int16]]:
    return [np.asarray(frame).astype(np.int16) for frame in filming.frames(SMALL, PICTURES, side=160, fine=1)]


def blue(frame: NDArray[np.int16]) -> int:
    """How many pixels of the ring's colour lie in the upper half."""
    upper = frame[: frame.shape[0] * 49 // 100]
    return int((np.abs(upper - (0x1F, 0x6F, 0xB2)).max(2) < 24).sum())


def test_the_ring_empties_evenly_over_each_hold_and_is_full_at_the_next(drawn: list[NDArray[np.int16]]) -> None:
    for start in (10, 20, 30):
        filled = [blue(frame) for frame in drawn[start : start + 10]]
        assert filled == sorted(filled, reverse=True)
        assert filled[5] == pytest.approx(filled[0] / 2, rel=0.2)
        assert filled[9] < filled[0] / 4


def test_only_the_ring_changes_while_a_position_is_held(drawn: list[NDArray[np.int16]]) -> None:
    lower = [frame[90:] for frame in drawn]
    assert all((each == lower[10]).all() for each in lower[10:20])
    assert (lower[20] != lower[10]).any() and (lower[30] != lower[20]).any()


def test_a_tick_stands_in_the_ring_at_the_end_alone(drawn: list[NDArray[np.int16]]) -> None:
    green = [int((np.abs(frame - (0x1E, 0x7B, 0x4F)).max(2) < 24).sum()) for frame in drawn]
    assert len(drawn) == 50
    assert not any(green[:40]) and min(green[40:]) > 10


def test_getting_ready_has_another_ring_than_a_hold(drawn: list[NDArray[np.int16]]) -> None:
    assert not any(blue(frame) for frame in drawn[:10])


def test_a_flipped_position_is_the_mirror_image_of_the_other() -> None:
    left, right = (
        next(filming.frames(CLIPS[f"clip_bridge_{side}"], PICTURES, side=160, fine=1)) for side in ("left", "right")
    )
    lower = [np.asarray(image)[90:] for image in (left, right)]
    assert (lower[0][:, ::-1] == lower[1]).all()


def test_a_timer_needs_no_pose() -> None:
    assert len(list(filming.frames(replace(SMALL, holds=(Hold(1),)), {}, side=80))) == 30


# ---- files -------------------------------------------------------------------------------------------------------


def well_made(path: Path, side: int, seconds: float) -> None:
    said = subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-i", str(path)], capture_output=True, text=True, check=False
    ).stderr
    content = path.read_bytes()
    assert re.search(r"Video: h264 .*yuv420p", said)
    assert f"{side}x{side}" in said
    assert "Audio: aac" in said
    assert 0 < content.index(b"moov") < content.index(b"mdat")
    found = re.search(r"Duration: (\d+):(\d+):([\d.]+)", said)
    assert found
    assert int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3]) == pytest.approx(seconds, abs=0.05)


@pytest.mark.parametrize("name", IDS)
def test_every_shipped_clip_is_an_h264_with_sound_that_starts_at_once_and_is_small(name: str) -> None:
    path = manifest.RENDERED / f"{name}.mp4"
    well_made(path, filming.SIDE, CLIPS[name].seconds)
    assert path.stat().st_size < 400_000


def test_a_clip_is_written_with_what_the_manifest_says_of_it(tmp_path: Path) -> None:
    entry = filming.film(SMALL, PICTURES, tmp_path / "made", side=160, fine=1)
    well_made(tmp_path / "made" / "small.mp4", 160, 5)
    about = entry["files"]["small.mp4"]
    assert (about["width"], about["height"], about["duration"]) == (160, 160, 5)
    assert entry["source"] == manifest.clip_source(SMALL)
    assert begins(heard(tmp_path / "made" / "small.mp4")) == pytest.approx([0, 1, 2, 3, 4, 4.5], abs=0.03)


# ---- manifest and commands ---------------------------------------------------------------------------------------


def found(known: dict[str, Any], listed: dict[str, Clip] = CLIPS) -> str:
    return "\n".join(manifest.clip_problems(listed, known))


def test_the_shipped_clips_are_those_of_their_definition() -> None:
    assert found(manifest.read()) == ""


def test_a_definition_that_was_edited_and_not_filmed_is_found() -> None:
    clip = CLIPS["clip_timer_20"]
    longer = replace(clip, holds=(Hold(21),))
    louder = replace(clip, tones={**clip.tones, "end": replace(clip.tones["end"], volume=0.6)})
    for edited in (longer, louder):
        assert "clip_timer_20: is missing or older" in found(manifest.read(), {**CLIPS, clip.id: edited})


def test_a_pose_that_was_edited_makes_the_clips_that_show_it_old(tmp_path: Path) -> None:
    for path in (FOLDER / "plank_2.toml", FOLDER / "plank_1.toml"):
        (tmp_path / path.name).write_text(path.read_text())
    shown = replace(SMALL, holds=SMALL.holds[:2])
    before = manifest.clip_source(shown, tmp_path)
    assert before == manifest.clip_source(shown)
    (tmp_path / "plank_2.toml").write_text("# edited\n")
    assert manifest.clip_source(shown, tmp_path) != before


def test_missing_orphaned_old_and_large_clips_are_found() -> None:
    known = json.loads(json.dumps(manifest.read()))
    known["clips"]["clip_timer_20"]["generator"] = "0"
    known["clips"]["clip_timer_30"]["files"]["clip_timer_30.mp4"]["bytes"] = 3_100_000
    known["clips"]["clip_gone"] = {"files": {}}
    del known["clips"]["clip_timer_60"]
    said = found(known)
    for problem in ("clip_timer_20: is missing or older", "30.mp4: 3.1 MB (3 at most)", "clip_gone: rendered, but"):
        assert problem in said
    assert "clip_timer_60: is missing or older" in said
    assert "clip_timer_20: is missing" in found({"pictures": {}})


def test_clips_makes_only_what_is_old(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["clips"]) == 0
    assert capsys.readouterr().out == ""


def test_an_unknown_clip_is_told_with_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["clips", "clip_dance"]) == 1
    assert "clip_dance: not in clips.toml; it has clip_plank_short" in capsys.readouterr().err
