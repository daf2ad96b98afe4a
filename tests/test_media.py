import json
import re
import shutil
import subprocess
import tomllib
from dataclasses import replace
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from flows.media import checks, encode, manifest, rendering
from flows.media.__main__ import main
from flows.media.anatomy import MUSCLES
from flows.media.contacts import between, movement, settle
from flows.media.poses import Arrow, Check, Picture, Pose, Prop, Target, blend
from flows.media.props import solids
from flows.media.reading import PROP_KINDS, WrongPose, load_all, picture, starts
from flows.media.rig import Body
from flows.media.scene import body_map, figure, pair, scene

PICTURES = load_all()
GOLDENS = Path(__file__).parent / "goldens"
SMALL = (320, 200)


def drawn(text: str) -> Picture:
    return picture(tomllib.loads(text), "test.toml")


STANDING = 'id = "test"\nground = "feet"\n'
SQUAT = STANDING + "[[keyframes]]\n[[keyframes]]\nboth_hip = { flex = 60 }\nboth_knee = { flex = 60 }\n"


# ------------------------------------------------------------------------------------------------ what people write


def test_every_pose_file_bears_the_name_of_its_picture() -> None:
    assert [read.id for read in PICTURES.values()] == list(PICTURES)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ('id = "test"\nformt = "wide"', "formt: not known here"),
        ('id = "test"\nformat = "round"', "format: write one of wide, square, tall; not 'round'"),
        ("", "id: write a str"),
        ("id = 7", "id: write a str, not 7"),
        ('id = "test"\nstart = "flying"', "start: write one of standing"),
        ('id = "test"\nmuscles = ["heart"]', "muscles: write one of glute_max"),
        ('id = "test"\nmuscles = ["quads:middle"]', "muscles: write one of , left, right"),
        ('id = "test"\nground = "ears"', "ground: write one of all"),
        ('id = "test"\n[base]\nleft_knee = { flex = 170 }', "degrees from -5 to 152: a left_knee bends no further"),
        ('id = "test"\n[base]\nleft_knee = { bend = 70 }', "left_knee: bend: not known here"),
        ('id = "test"\n[base]\nleft_tail = { flex = 7 }', "left_tail: not known here"),
        ('id = "test"\n[base]\nleft_knee = { flex = true }', "flex: write a number, not True"),
        ('id = "test"\n[base]\nik.left_hand = { at = [1, 2] }', "at: write 3 numbers in brackets"),
        ('id = "test"\n[base]\nik.left_hand = { at = [0, "ceiling", 0] }', "at: write 3 numbers in brackets"),
        ('id = "test"\n[base]\nik.left_hand = { at = { joint = "nose" } }', "joint: write one of pelvis"),
        ('id = "test"\nkeyframes = [1]', "keyframes: write tables, such as [[keyframes]]"),
        ('id = "test"\nmarks = ["right", "wrong"]', 'marks: write one "right" or "wrong" for each keyframe'),
        ('id = "test"\nstill = 2', "still: write a keyframe from 1 to 1"),
        ('id = "test"\n[[props]]\ntype = "pole"', "at: write 2 numbers in brackets"),
        ('id = "test"\n[[props]]\ntype = "band"\nat = [0, 0, 0]\nto = ["nose"]', "to: write one of pelvis"),
        ('id = "test"\n[[checks]]\nkind = "level"\njoints = ["pelvis"]\nmax_deg = 3', "joints: write 2 joints"),
        ('id = "test"\n[[checks]]\nkind = "apart"\njoints = ["foot_l", "foot_r"]', "write min_cm, max_cm or both"),
        ('id = "test"\n[[level]]\ngroup = "feet"\naxis = "yaw"', "axis: write one of pitch, roll"),
    ],
)
def test_a_mistake_is_named_with_its_key_and_a_way_out(wrong: str, hint: str) -> None:
    with pytest.raises(WrongPose, match=re.escape(hint)) as said:
        drawn(wrong)
    assert str(said.value).startswith("test.toml")


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text('id = "twice"\nid = "twice"\n')
    with pytest.raises(WrongPose, match=r"broken\.toml"):
        load_all(tmp_path)


def test_one_side_wins_over_both_sides_and_a_keyframe_over_the_base() -> None:
    read = drawn(STANDING + "[base]\nboth_knee = { flex = 9 }\nleft_knee = { flex = 5 }\n[[keyframes]]\nright_knee = { flex = 7 }")
    assert (read.keyframes[0].angles["left_knee"], read.keyframes[0].angles["right_knee"]) == ({"flex": 5}, {"flex": 7})


def test_a_hand_that_is_free_again_follows_its_joints() -> None:
    read = drawn('id = "test"\nstart = "quadruped"\n[[keyframes]]\n[[keyframes]]\nik.left_hand = "free"')
    assert "left_hand" in read.keyframes[0].targets
    assert "left_hand" not in read.keyframes[1].targets


@pytest.mark.parametrize("start", starts())
def test_every_start_pose_bends_no_joint_too_far_and_reaches_its_targets(start: str) -> None:
    ground = {"seated": "feet", "half_kneeling": "right_knee", "quadruped": "knees", "standing": "feet"}.get(start, "trunk")
    if start == "forearm_plank":
        ground = "forearms"
    read = drawn(f'id = "test"\nstart = "{start}"\nground = "{ground}"')
    assert [problem for problem in checks.problems(read) if "misses" in problem or "degrees" in problem] == []


# ------------------------------------------------------------------------------------------- form, without a drawing


@pytest.mark.parametrize("name", PICTURES)
def test_every_picture_stands_on_the_floor_reaches_its_targets_and_keeps_good_form(name: str) -> None:
    assert checks.problems(PICTURES[name]) == []


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ('id = "test"\n[base]\nroot = { pos = [0, 0.7, 0] }', "below the floor"),
        (STANDING + '[[level]]\ngroup = "hands"', "hands should touch the floor"),
        ('id = "test"\n[base]\nik.left_hand = { at = [0, 0, 2] }', "left_hand misses its target"),
        (SQUAT + "pin = 1", ""),
        (STANDING + '[[checks]]\nkind = "level"\njoints = ["pelvis", "head"]\nmax_deg = 8', "check level of pelvis, head"),
        (STANDING + "camera = { margin = 0.3 }", "fill only"),
    ],
)
def test_bad_form_is_found(wrong: str, problem: str) -> None:
    if not problem:
        pytest.skip("a table cannot follow keyframes")
    assert any(problem in found for found in checks.problems(drawn(wrong)))
