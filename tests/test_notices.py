"""Laws of the messages that remind, from their words to their coming out of the real process once."""

from __future__ import annotations

import signal
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest

from bot.notices import Notices
from bot.records import Chat, Commit, Kind, Reminder
from bot.reminders import Due, planned
from bot.render import Words
from bot.store import Store
from flows.schema import Content
from tests.chat import assert_legal
from tests.fake_bot_api import running
from tests.test_bot_process import Bot

KINDS: tuple[Kind, ...] = tuple(kind for kind in get_args(Kind) if kind != "club_post")
"""What a person may be reminded of; what clubs are told is said elsewhere."""
EVERY = tuple(range(7))


def shown(content: Content, *kinds: Kind, without: str = "") -> tuple[str, dict[str, str]]:
    notices = Notices(Words(content, str), lambda name: name != without)
    due = Due("ada", kinds, date(2026, 3, 2), datetime(2026, 3, 2, tzinfo=UTC))
    params: dict[str, Any] = dict(notices(due).params)
    assert_legal(params)
    rows = params.get("reply_markup", {}).get("inline_keyboard", [])
    return params["text"], {each["text"]: each["callback_data"] for row in rows for each in row}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_its_words_and_a_way_to_go_on(content: Content, kind: Kind) -> None:
    text, buttons = shown(content, kind)
    assert text and buttons


def test_a_check_in_can_be_done_put_off_and_left_out(content: Content) -> None:
    _, buttons = shown(content, "check_in")
    assert list(buttons.values()) == ["g:checkin", "g:plan", "g:snooze", "g:skip"]


def test_a_button_that_does_nothing_is_left_out(content: Content) -> None:
    for kind in KINDS:
        assert "g:checkin" not in shown(content, kind, without="checkin")[1].values()


def test_the_doctor_is_asked_about_first_and_with_the_safety_net(content: Content) -> None:
    text, buttons = shown(content, "check_in", "doctor_3_days")
    assert text.startswith("Three days ago I asked you") and "bladder or bowel change" in text
    assert next(iter(buttons)) == "Start the check"


def test_all_kinds_at_once_are_one_legal_message_that_greets_once(content: Content) -> None:
    text, buttons = shown(content, *KINDS)
    assert text.count("Hello!") == 1 and len(buttons) == len(set(buttons.values()))


def test_no_reminder_speaks_of_guilt_or_streaks(content: Content) -> None:
    said = " ".join(shown(content, kind)[0].lower() for kind in KINDS)
    assert not [word for word in ("missed", "streak", "fail", "should have", "forgot") if word in said]


def test_what_is_due_leaves_the_running_bot_once_and_not_again_after_a_kill(tmp_path: Path) -> None:
    chat_id, now = 5_100_000_001, datetime.now(UTC)
    due = now - timedelta(minutes=1)
    with running() as api:
        bot = Bot(api, tmp_path, POLL_TIMEOUT="1")
        api.say(chat_id, "/urgent")
        with closing(Store.open(bot.database)) as store:
            person = Chat("ada", chat_id, now, now)
            reminder = Reminder("ada", "check_in", "UTC", (due.time().replace(second=0, microsecond=0),), EVERY)
            reminder = planned(reminder, due - timedelta(minutes=3))
            store.commit(Commit(None, person, reminders=(reminder,)))
        try:
            bot.start()
            api.wait_for_text(chat_id, "This is the time you chose")
            bot.until_idle()
            assert bot.process is not None
            bot.process.kill()
            assert bot.wait() == -signal.SIGKILL
            # What was not confirmed to be read comes again, and is known.
            bot.start()
            api.say(chat_id, "/help")
            api.wait_for_text(chat_id, "What I can do")
            bot.until_idle()
            assert bot.stop() == 0
        finally:
            bot.end()
        reminded = [one for one in api.messages(chat_id) if "This is the time you chose" in one.text]
        assert len(reminded) == 1
        assert "g:snooze" in [each["callback_data"] for row in reminded[0].buttons for each in row]
        (row,) = bot.rows("select sent_at, missed from reminder")
        assert row["sent_at"] and row["missed"] == 0
