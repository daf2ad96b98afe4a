"""Laws of files in calls: a drawing is uploaded once, and its text goes out where it cannot be sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.drawings import File
from bot.records import CLUBS, INSTEAD, Call
from bot.sender import UPLOADS
from tests.fake_bot_api import Request
from tests.test_sender import ADA, BOB, Office, api, clock, office

__all__ = ["api", "clock", "office"]

LOOP = File("walk.mp4", "5e" * 32, 960, 600, 3)
STILL = File("walk.jpg", "7a" * 32, 960, 600)
VIDEO = File("timer.mp4", "1b" * 32, 720, 720, 37, sound=True)
OTHER = File("plank.jpg", "9c" * 32, 960, 600)
TEXT = {"text": "Walk tall.", "parse_mode": "HTML"}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, office: Office) -> Path:
    """Four rendered files, where the sender looks for them."""
    for file in (LOOP, STILL, OTHER, VIDEO):
        (tmp_path / file.name).write_bytes(file.name.encode())
    office.sender._files._folder = tmp_path
    return tmp_path


def animation(**more: Any) -> Call:
    return Call("sendAnimation", {"animation": LOOP.parameter(), "caption": "Walking.", **LOOP.size(), **more})


def album(*files: File) -> Call:
    media = [{"type": "photo", "media": file.parameter(), "caption": file.name} for file in files]
    return Call("sendMediaGroup", {"media": media, INSTEAD: TEXT})


def made(office: Office, method: str) -> list[Request]:
    return office.api.calls(method)


async def test_a_drawing_is_uploaded_once_and_sent_by_its_id_from_then_on(office: Office) -> None:
    for chat in (ADA, BOB, ADA):
        office.queue(chat, animation())
        await office.settle()
    first, *others = made(office, "sendAnimation")
    assert first.params["animation"] == ("walk.mp4", b"walk.mp4")
    assert {each.params["animation"] for each in others} == {"file1"}
    assert [len(office.api.messages(chat)) for chat in (ADA, BOB)] == [2, 1]


async def test_the_same_content_is_not_uploaded_again_after_a_restart(office: Office) -> None:
    office.queue(ADA, animation())
    await office.settle()
    assert office.store.file_id(123456, LOOP.sha256) == "file1"


async def test_an_album_is_uploaded_once_and_each_picture_remembered(office: Office) -> None:
    office.queue(ADA, album(STILL, OTHER))
    await office.settle()
    office.queue(BOB, album(OTHER, STILL))
    await office.settle()
    assert office.api.shelf.uploads == ["walk.jpg", "plank.jpg"]
    assert [shown.media for shown in office.api.messages(BOB)] == [("photo", "file2"), ("photo", "file1")]


async def test_a_card_turns_into_another_drawing(office: Office) -> None:
    (first,) = office.queue(ADA, animation())
    await office.settle()
    media = {"type": "photo", "media": OTHER.parameter(), "caption": "A plank."}
    params = {"media": media, "message_id": office.row(first)["message_id"], INSTEAD: TEXT}
    office.queue(ADA, Call("editMessageMedia", params))
    await office.settle()
    (shown,) = office.api.messages(ADA)
    assert (shown.text, shown.media) == ("A plank.", ("photo", "file2"))
    assert office.store.file_id(123456, OTHER.sha256) == "file2"


async def test_a_file_that_telegram_has_lost_is_uploaded_anew(office: Office) -> None:
    office.queue(ADA, animation())
    await office.settle()
    office.api.shelf.lose()
    office.queue(ADA, animation(**{INSTEAD: TEXT}))
    await office.settle()
    assert office.api.shelf.uploads == ["walk.mp4", "walk.mp4"]
    assert all(shown.media is not None for shown in office.api.messages(ADA))


@pytest.mark.parametrize("said", ["wrong remote file identifier specified: x", "FILE_REFERENCE_EXPIRED", "MEDIA_EMPTY"])
async def test_whatever_telegram_calls_it_a_file_that_it_no_longer_takes_is_uploaded_anew(
    office: Office, said: str
) -> None:
    office.queue(ADA, animation())
    await office.settle()
    office.api.fail(400, f"Bad Request: {said}", "sendAnimation")
    office.queue(ADA, animation(**{INSTEAD: TEXT}))
    await office.settle()
    assert office.api.shelf.uploads == ["walk.mp4", "walk.mp4"]
    assert all(shown.media is not None for shown in office.api.messages(ADA))


@pytest.mark.parametrize("trouble", ["refused", "gone", "failing"])
async def test_where_a_drawing_cannot_be_sent_its_text_goes_out(office: Office, folder: Path, trouble: str) -> None:
    if trouble == "refused":
        office.api.fail(400, "Bad Request: file is too big", "sendAnimation")
    elif trouble == "gone":
        (folder / LOOP.name).unlink()
    else:
        office.api.fail(502, "Bad Gateway", "sendAnimation", times=UPLOADS)
    (row,) = office.queue(ADA, animation(**{INSTEAD: TEXT}))
    for _ in range(UPLOADS):
        await office.pass_time(60)
    (shown,) = office.api.messages(ADA)
    assert (shown.text, shown.media) == ("Walk tall.", None)
    assert office.row(row)["sent_at"] is not None
    assert office.row(row)["params"] is None


async def test_a_post_that_may_have_arrived_is_not_followed_by_its_text(office: Office) -> None:
    office.api.fail(429, "Too Many Requests", "sendAnimation", times=UPLOADS - 1, retry_after=1)
    (row,) = office.queue(ADA, animation(**{INSTEAD: TEXT}))
    office.store._db.execute("update outbox set priority = :clubs", {"clubs": CLUBS})
    for at in range(UPLOADS):
        if at == UPLOADS - 1:
            office.api.cut("sendAnimation", done=True)
        await office.pass_time(60)
    (shown,) = office.api.messages(ADA)
    assert shown.media is not None
    assert (office.row(row)["error"], office.row(row)["params"]) == ("uncertain", None)


async def test_a_name_that_leads_out_of_the_folder_of_the_drawings_sends_nothing(office: Office, folder: Path) -> None:
    for name in (f"../{folder.name}/{LOOP.name}", str(folder / LOOP.name), "../../etc/passwd"):
        (row,) = office.queue(ADA, animation(animation={"$drawing": {"name": name, "sha256": "unknown"}}))
        await office.settle()
        assert office.row(row)["error"] == "FileNotFoundError"
    assert made(office, "sendAnimation") == []


async def test_an_animation_that_no_text_can_replace_is_left_and_the_text_comes_anew(office: Office) -> None:
    (first,) = office.queue(ADA, animation())
    await office.settle()
    params = {**TEXT, "message_id": office.row(first)["message_id"], INSTEAD: TEXT}
    office.queue(ADA, Call("editMessageText", params))
    await office.settle()
    assert [shown.text for shown in office.api.messages(ADA)] == ["Walking.", "Walk tall."]


async def test_a_drawing_without_a_text_is_parked_and_the_next_call_passes(office: Office) -> None:
    office.api.fail(400, "Bad Request: file is too big", "sendAnimation")
    (row, _) = office.queue(ADA, animation(), "How many seconds?")
    await office.settle()
    assert office.texts(ADA) == ["How many seconds?"]
    assert "File is too big" in office.row(row)["error"]


async def test_the_text_of_a_drawing_that_was_sent_is_erased_with_it(office: Office) -> None:
    (row,) = office.queue(ADA, animation(**{INSTEAD: TEXT}))
    await office.settle()
    assert office.row(row)["params"] is None
    assert INSTEAD not in made(office, "sendAnimation")[0].params


def follow() -> Call:
    return Call("sendVideo", {"video": VIDEO.parameter(), "caption": "Thirty seconds.", **VIDEO.size(), INSTEAD: TEXT})


async def test_a_video_is_uploaded_once_and_sent_by_its_id_from_then_on(office: Office) -> None:
    for chat in (ADA, BOB):
        office.queue(chat, follow())
        await office.settle()
    assert office.api.shelf.uploads == ["timer.mp4"]
    assert [office.api.messages(chat)[0].media for chat in (ADA, BOB)] == [("video", "file1")] * 2
    assert office.store.file_id(123456, VIDEO.sha256) == "file1"


async def test_where_a_video_cannot_be_sent_its_text_goes_out(office: Office) -> None:
    office.api.fail(400, "Bad Request: file is too big", "sendVideo")
    office.queue(ADA, follow())
    await office.settle()
    (shown,) = office.api.messages(ADA)
    assert (shown.text, shown.media) == ("Walk tall.", None)
