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
from flows.media.reading import PROP_KINDS, load_all, picture, starts
from flows.media.rig import Body
from flows.media.scene import body_map, figure, pair, scene
from flows.media.tables import WrongPose

PICTURES = load_all()
GOLDENS = Path(__file__).parent / "goldens"
SMALL = (320, 200)


def drawn(text: str) -> Picture:
    return picture(tomllib.loads(text), "test.toml")


STANDING = 'id = "test"\nground = "feet"\n'
SQUAT = STANDING + "[[keyframes]]\n[[keyframes]]\nboth_hip = { flex = 60 }\nboth_knee = { flex = 60 }\n"
SITTING = 'id = "test"\n[base]\nboth_hip = { flex = 90 }\n'


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
    read = drawn(
        STANDING
        + "[base]\nboth_knee = { flex = 9 }\nleft_knee = { flex = 5 }\n[[keyframes]]\nright_knee = { flex = 7 }"
    )
    assert (read.keyframes[0].angles["left_knee"], read.keyframes[0].angles["right_knee"]) == ({"flex": 5}, {"flex": 7})


def test_a_hand_that_is_free_again_follows_its_joints() -> None:
    read = drawn('id = "test"\nstart = "quadruped"\n[[keyframes]]\n[[keyframes]]\nik.left_hand = "free"')
    assert "left_hand" in read.keyframes[0].targets
    assert "left_hand" not in read.keyframes[1].targets


@pytest.mark.parametrize("start", starts())
def test_every_start_pose_bends_no_joint_too_far_and_reaches_its_targets(start: str) -> None:
    ground = {"seated": "feet", "half_kneeling": "right_knee", "quadruped": "knees", "standing": "feet"}.get(
        start, "trunk"
    )
    if start == "forearm_plank":
        ground = "forearms"
    read = drawn(f'id = "test"\nstart = "{start}"\nground = "{ground}"')
    assert [problem for problem in checks.problems(read) if "misses" in problem or "degrees" in problem] == []


# ------------------------------------------------------------------------------------------- form, without a drawing


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ('id = "test"\n[base]\nroot = { pos = [0, 0.7, 0] }', "below the floor"),
        (STANDING + '[[level]]\ngroup = "hands"', "hands should touch the floor"),
        ('id = "test"\n[base]\nik.left_hand = { at = [0, 0, 2] }', "left_hand misses its target"),
        (
            STANDING + '[[checks]]\nkind = "level"\njoints = ["pelvis", "head"]\nmax_deg = 8',
            "check level of pelvis, head",
        ),
        (STANDING + "camera = { margin = 0.3 }", "fill only"),
        (SQUAT + '[[arrows]]\njoint = "pelvis"\noffset = [-500, 0]', "an arrow comes within -"),
        (SITTING + 'ik.left_hand = { at = { bone = "thigh_l", offset = [0, -0.12, 0] } }', "goes through left thigh"),
    ],
)
def test_bad_form_is_found(wrong: str, problem: str) -> None:
    assert any(problem in found for found in checks.problems(drawn(wrong)))


def test_a_joint_that_bends_too_far_by_its_target_is_found() -> None:
    near = 'ik.left_hand = { at = { joint = "upperarm_l", offset = [0.0, 0.0, 0.02] } }'
    assert any("left elbow is bent" in found for found in checks.problems(drawn(STANDING + f"[base]\n{near}")))


@pytest.mark.parametrize("cycle", [True, False])
def test_a_check_at_one_keyframe_measures_that_keyframe(cycle: bool) -> None:
    bends = "\n".join(f"[[keyframes]]\nleft_knee = {{ flex = {10 * k} }}" for k in range(6))
    law = (
        '[[checks]]\nkind = "angle"\njoints = ["thigh_l", "calf_l", "foot_l"]\nmin_deg = 129\nmax_deg = 131\nwhen = "6"'
    )
    read = replace(drawn(f'id = "test"\n{law}\n{bends}'), cycle=cycle)
    assert not any("check angle" in found for found in checks.problems(read))


def test_a_pinned_joint_that_slides_is_found() -> None:
    away = drawn('id = "test"\n[[keyframes]]\n[[keyframes]]\nroot = { pos = [0.3, 0.84, 0] }')
    assert not any("slides" in found for found in checks.problems(replace(away, pin="pelvis")))
    here, there = (Pose(targets={"left_hand": Target((x, 1.0, 0.3))}) for x in (0.3, 0.2))
    held = replace(away, pin="hand_l", keyframes=(here, there))
    assert any("hand_l is pinned and slides" in found for found in checks.problems(held))


@pytest.mark.parametrize(
    ("kind", "joints", "expected"),
    [
        ("level", ["a", "b"], 45),
        ("upright", ["a", "b"], 45),
        ("line", ["a", "c", "b"], 100),
        ("above", ["a", "b"], 100),
        ("angle", ["a", "c", "b"], 90),
        ("apart", ["a", "c"], 100),
        ("higher", ["b", "a"], 100),
        ("ahead", ["b", "a"], 100),
    ],
)
def test_each_kind_of_check_measures_what_it_says(kind: str, joints: list[str], expected: float) -> None:
    places = {"a": np.zeros(3), "b": np.array([0.0, 1.0, 1.0]), "c": np.array([0.0, 0.0, 1.0])}
    measured = checks.measure(Check(kind, tuple(joints), (0, 0)), places)
    assert measured == pytest.approx(100 / 2**0.5 if kind == "line" else expected)


# ------------------------------------------------------------------------------------------------------ the movement


def test_a_movement_goes_evenly_from_the_first_keyframe_to_the_last() -> None:
    squat = drawn(SQUAT)
    heights = [moment.posed.joints["pelvis"][1] for moment in movement(squat, 14)]
    steps = -np.diff(heights)
    assert steps.min() > 0
    assert steps.max() < 0.03


def test_a_cycle_ends_where_it_begins() -> None:
    ring = replace(drawn(SQUAT), cycle=True)
    assert between(ring, 2.0) == ring.keyframes[0]
    heights = [moment.posed.joints["pelvis"][1] for moment in movement(ring, 10)]
    assert len(heights) == 20
    assert abs(heights[-1] - heights[0]) < 0.03


def test_a_hand_that_only_one_keyframe_places_comes_there_without_a_jump() -> None:
    raised = Pose(targets={"left_hand": Target((0.3, 1.5, 0.3))})
    places = [
        settle(drawn(STANDING), blend((Pose(), raised), (1 - share, share))).posed.joints["hand_l"]
        for share in np.linspace(0, 1, 21)
    ]
    assert np.linalg.norm(np.diff(places, axis=0), axis=1).max() < 0.12
    assert places[-1] == pytest.approx([0.3, 1.5, 0.3], abs=0.02)


def test_a_hand_on_a_bone_turns_with_it() -> None:
    behind = {"left_hand": Target((0.0, -0.2, -0.1), "thigh_l", turning=True)}
    lifted = settle(drawn("id = 'test'"), Pose({"left_hip": {"flex": 90}}, targets=behind))
    hip, hand = lifted.posed.joints["thigh_l"], np.array(lifted.pose.targets["left_hand"].at)
    assert hand - hip == pytest.approx([0.0, -0.1, 0.2], abs=1e-6)


def test_a_shoulder_stays_on_the_trunk_where_the_pose_says_so() -> None:
    def shoulder(girdle: bool) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        reach = {"left_hand": Target((0.2, 1.3, 0.55), girdle=girdle)}
        return settle(drawn("id = 'test'"), Pose(targets=reach)).posed.joints["upperarm_l"]

    hanging = settle(drawn("id = 'test'"), Pose()).posed.joints["upperarm_l"]
    assert shoulder(girdle=False) == pytest.approx(hanging)
    assert np.linalg.norm(shoulder(girdle=True) - hanging) > 0.02


def test_two_contacts_are_found_together() -> None:
    plank = PICTURES["front_plank_l3"]
    body = Body.load("f")
    for moment in movement(plank, 2):
        skin = body.skin(moment.posed)
        assert abs(skin[body.part("right_forearm")][:, 1].min()) < 0.005
        assert abs(skin[body.part("left_toes")][:, 1].min()) < 0.005


# ------------------------------------------------------------------------------------------------------- the drawing


@pytest.mark.parametrize("name", ["bird_dog_l2", "clamshell_l3"])
def test_a_small_frame_looks_like_its_golden(name: str) -> None:
    stage = scene(PICTURES[name], steps=4, size=SMALL, fine=1)
    image = np.asarray(stage.frame(len(stage.moments) - 1)).astype(float)
    with Image.open(GOLDENS / f"media_{name}.png") as file:
        golden = np.asarray(file.convert("RGB")).astype(float)
    difference = np.abs(image - golden).max(2)
    assert difference.mean() < 1.0
    assert (difference > 40).mean() < 0.005


def test_a_frame_shows_the_background_the_arrow_and_the_working_muscle() -> None:
    image = np.asarray(scene(PICTURES["bird_dog_l2"], steps=4, size=SMALL, fine=1).frame(0)).reshape(-1, 3).astype(int)
    assert (image == (0xF3, 0xF5, 0xF8)).all(1).mean() > 0.3
    assert (np.abs(image - (0xD1, 0x43, 0x1A)).max(1) < 12).sum() > 50
    assert ((image[:, 0] > 1.75 * image[:, 1]) & (image[:, 2] > image[:, 1]) & (image[:, 0] > 100)).sum() > 50


@pytest.mark.parametrize("muscle", MUSCLES)
def test_the_body_map_shows_every_muscle(muscle: str) -> None:
    def red(muscles: tuple[str, ...]) -> int:
        image = np.asarray(body_map(muscles, 160)).astype(int)
        return int(((image[..., 0] - image[..., 1]) > 60).sum())

    assert red((muscle,)) > 20
    assert red((f"{muscle}:left",)) > 10
    assert red(()) == 0


def test_a_body_map_of_front_and_back_has_two_figures() -> None:
    assert body_map(("abs", "erectors"), 120).width == 2 * body_map(("abs",), 120).width
    assert body_map(("abs", "obliques"), 120).width == body_map(("abs",), 120).width


@pytest.mark.parametrize("kind", PROP_KINDS)
def test_every_thing_has_a_shape(kind: str) -> None:
    at, size = PROP_KINDS[kind]
    prop = Prop(kind, (0.5,) * at[-1] if kind != "mini_band" else (0.53,), (0.3,) * size[0], turn=30)
    stage = replace(drawn('id = "test"'), props=(prop,))
    moment = settle(stage, stage.keyframes[0])
    for solid in solids(stage, moment, Body.load("f").skin(moment.posed)):
        assert np.isfinite(solid.points).all()
        assert solid.faces.max() < len(solid.points)
        assert np.ptp(solid.points, axis=0).max() > 0.01


@pytest.mark.parametrize("name", ["band_abduction_l3", "clamshell_l3"])
def test_no_skin_comes_through_a_loop_around_the_legs(name: str) -> None:
    read, body = PICTURES[name], Body.load(PICTURES[name].body)
    skin = body.skin(settle(read, read.keyframes[-1]).posed)
    band = next(prop for prop in read.props if prop.kind == "mini_band")
    loop = next(solid for solid in solids(read, settle(read, read.keyframes[-1]), skin) if solid.colour == "band")
    under = skin[(body.region[:, 0] < 0.1) & (np.abs(body.paint[:, 1] - band.at[0]) < 0.02)]
    lower, upper = np.split(loop.points, 2)
    across = np.cross(np.roll(lower, -1, axis=0) - lower, upper[0] - lower[0])
    outward = across / np.linalg.norm(across, axis=1, keepdims=True)
    outward *= np.sign(np.sum((lower - lower.mean(0)) * outward, axis=1))[:, None]
    assert np.einsum("sej,ej->se", under[:, None] - lower, outward).max() < -0.005


def test_a_mirror_shows_the_figure_once_more() -> None:
    glass = """camera = { yaw = 152, pitch = 8 }
        [[props]]
        type = "mirror"
        at = [0.30, 0.62]
        size = [1.0, 1.72]
        turn = 180"""

    def blue(read: Picture) -> int:
        image = np.asarray(scene(read, size=SMALL, fine=1).frame(0)).astype(int)
        return int((image[..., 2] - image[..., 0] > 60).sum())

    assert blue(drawn(STANDING + glass)) > 1.3 * blue(drawn(STANDING + glass.replace('"mirror"', '"wall"')))


def test_postures_stand_side_by_side_under_a_tick_and_a_cross() -> None:
    both = replace(PICTURES["posture_tall"], keyframes=PICTURES["posture_tall"].keyframes * 2, marks=("right", "wrong"))
    image = np.asarray(pair(both, size=SMALL, fine=1)).astype(int)
    left, right = image[:, :160], image[:, 160:]
    assert ((left[..., 1] - left[..., 0]) > 60).sum() > 20
    assert ((right[..., 0] - right[..., 1]) > 120).sum() > 20
    assert not ((left[..., 0] - left[..., 1]) > 120).any()
    assert not both.moves


def test_a_figure_alone_has_neither_arrow_nor_map() -> None:
    read = PICTURES["bird_dog_l2"]
    image = np.asarray(figure(read, read.keyframes[1], SMALL, fine=1)).astype(int)
    assert not (np.abs(image - (0xD1, 0x43, 0x1A)).max(2) < 12).any()
    assert (image[:40, :40] == (0xF3, 0xF5, 0xF8)).all()


def test_a_short_arrow_is_long_enough_to_be_seen() -> None:
    still = replace(drawn(SQUAT), arrows=(Arrow("foot_l", double=True),))
    image = np.asarray(scene(still, size=(640, 400), fine=1).frame(0)).astype(int)
    assert (np.abs(image - (0xD1, 0x43, 0x1A)).max(2) < 12).sum() > 600


# --------------------------------------------------------------------------------------------- files and their manifest


def pixels(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


def probe(path: Path) -> str:
    """Returns what ffmpeg says of a file."""
    return subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-i", str(path)], capture_output=True, text=True, check=False
    ).stderr


def well_made(path: Path, size: tuple[int, int]) -> None:
    said, content = probe(path), path.read_bytes()
    assert re.search(r"Video: h264 .*yuv420p", said)
    assert f"{size[0]}x{size[1]}" in said
    assert "20 fps" in said
    assert "Audio" not in said
    assert 0 < content.index(b"moov") < content.index(b"mdat")


def test_a_loop_is_a_silent_h264_that_starts_at_once_and_lasts_as_long_as_the_manifest_says(tmp_path: Path) -> None:
    entry = rendering.render(PICTURES["bird_dog_l2"], tmp_path, fine=1, size=SMALL)
    well_made(tmp_path / "bird_dog_l2.mp4", SMALL)
    assert set(entry["files"]) == {"bird_dog_l2.mp4", "bird_dog_l2.jpg"}
    assert entry["files"]["bird_dog_l2.mp4"]["duration"] == 2.65
    assert "Duration: 00:00:02.65" in probe(tmp_path / "bird_dog_l2.mp4")
    assert pixels(tmp_path / "bird_dog_l2.jpg") == SMALL


def test_a_still_has_no_loop(tmp_path: Path) -> None:
    assert set(rendering.render(PICTURES["posture_tall"], tmp_path, fine=1, size=SMALL)["files"]) == {
        "posture_tall.jpg"
    }


@pytest.mark.parametrize("path", sorted(manifest.RENDERED.glob("*.mp4")), ids=lambda path: path.stem)
def test_every_shipped_loop_is_well_made(path: Path) -> None:
    if path.stem in PICTURES:
        well_made(path, PICTURES[path.stem].size)


def test_a_loop_comes_back_the_way_it_went_and_joins_without_a_jump() -> None:
    order = encode.sequence(15, (0.5, 0.8))
    assert len(order) == 53
    assert max(abs(a - b) for a, b in zip(order, [*order[1:], order[0]], strict=True)) == 1
    assert encode.sequence(4, (0.5, 0.8), cycle=True) == [0, 1, 2, 3]
    assert encode.sequence(2, (0.5, 0.8), cycle=True, rounds=2) == [0, 1, 0, 1]


@pytest.mark.parametrize("name", PICTURES)
def test_every_loop_lasts_two_to_four_seconds(name: str) -> None:
    read = PICTURES[name]
    count = len(movement(replace(read, level=(), pin=None), rendering.steps_of(read)))
    if read.moves:
        assert 2 <= len(encode.sequence(count, read.hold, cycle=read.cycle, rounds=read.rounds)) / encode.RATE <= 4


def test_ffmpeg_that_fails_is_heard_of(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"no\.mp4"):
        encode.write_loop(tmp_path / "missing" / "no.mp4", [], SMALL)


def test_the_shipped_pictures_are_those_of_the_poses() -> None:
    assert list(manifest.problems(PICTURES, manifest.read())) == []


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """A copy of one rendered picture."""
    for suffix in ("mp4", "jpg"):
        shutil.copy(manifest.RENDERED / f"bird_dog_l2.{suffix}", tmp_path)
    return tmp_path


def listed(folder: Path, pictures: dict[str, Picture] | None = None, **changes: object) -> str:
    entry = {**manifest.read()["pictures"]["bird_dog_l2"], **changes}
    known = {"bird_dog_l2": PICTURES["bird_dog_l2"]} if pictures is None else pictures
    return "\n".join(manifest.problems(known, {"pictures": {"bird_dog_l2": entry}}, folder))


def test_pictures_that_fit_raise_no_word(shipped: Path) -> None:
    assert listed(shipped) == ""


def test_a_pose_that_was_edited_and_not_rendered_is_found(shipped: Path, tmp_path: Path) -> None:
    assert "older than its pose" in listed(shipped, source="another")
    assert "older than its pose" in listed(shipped, generator=0)
    (tmp_path / "poses").mkdir()
    edited = tmp_path / "poses" / "bird_dog_l2.toml"
    edited.write_text("# edited\n")
    assert manifest.source(PICTURES["bird_dog_l2"], edited.parent) != manifest.source(PICTURES["bird_dog_l2"])


def test_missing_changed_stray_and_orphaned_files_are_found(shipped: Path) -> None:
    (shipped / "stray.jpg").write_bytes(b"")
    (shipped / "bird_dog_l2.mp4").write_bytes(b"changed")
    (shipped / "bird_dog_l2.jpg").unlink()
    found = listed(shipped, {})
    for problem in ("stray.jpg: nobody", "l2.mp4: is not the file", "l2.jpg: is missing", "its pose is gone"):
        assert problem in found


def test_files_that_are_too_large_or_too_long_are_found(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = json.loads(json.dumps(manifest.read()["pictures"]["bird_dog_l2"]["files"]))
    files["bird_dog_l2.mp4"] |= {"bytes": 150_001, "duration": 4.5}
    files["bird_dog_l2.jpg"] |= {"bytes": 80_001}
    monkeypatch.setattr(manifest, "LARGEST", 1000)
    found = listed(shipped, files=files)
    for problem in ("mp4: 150 kB", "lasts 4.5 s", "jpg: 80 kB", "MB (0.001 at most)"):
        assert problem in found


# ----------------------------------------------------------------------------------------------------------- commands


def test_preview_writes_a_picture_of_all_keyframes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "seen.png"
    assert main(["preview", "posture_tall", "--out", str(out)]) == 0
    assert pixels(out) == (720, 720)
    assert main(["preview", "bird_dog_l2", "--out", str(out)]) == 0
    assert pixels(out) == (1920, 600)
    assert str(out) in capsys.readouterr().out


def test_an_unknown_picture_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["preview", "handstand"]) == 1
    assert "handstand: there is no handstand.toml" in capsys.readouterr().err


def test_every_picture_stands_on_the_floor_reaches_its_targets_and_keeps_good_form_and_check_says_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["check", "posture_tall"]) == 0
    assert main(["check"]) == 0
    assert capsys.readouterr().err == ""


def test_render_draws_only_what_is_stale(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["render"]) == 0
    assert capsys.readouterr().out == ""
