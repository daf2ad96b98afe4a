"""Laws of what expires by itself, of consent that is asked again, and of what /delete leaves."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from datetime import time, timedelta
from functools import partial
from pathlib import Path

import pytest

from bot.account import Account
from bot.check_in import CheckIn
from bot.own_data import Operator
from bot.records import Call, Commit, Reminder
from bot.reminding import Reminding
from bot.retention import SLICE, Retention
from bot.store.connection import connect
from bot.store.copies import backup
from flows.engine import Engine
from flows.schema import Content
from tests.chat import Chat, read_all
from tests.test_encryption import KEY, raw

OPERATOR = Operator("Running Club", "privacy@club.example")
BIG = 4_711_471_147_114


def opened(path: Path, engine: Engine, chat_id: int = BIG, key: str = "") -> Chat:
    dialogues = (CheckIn, partial(Account, operator=OPERATOR), Reminding)
    return Chat(path, engine, operator=OPERATOR, dialogues=dialogues, chat_id=chat_id, key=key)


@pytest.fixture
def chat(tmp_path: Path, engine: Engine) -> Iterator[Chat]:
    chat = opened(tmp_path / "data" / "x.db", engine)
    yield chat
    chat.store.close()


def sweep(chat: Chat) -> list[str]:
    """Does all that is due, and returns what the person is sent of it."""
    retention = Retention(chat.store, chat.bot.desk.render, OPERATOR.retention_days)
    while retention.slice(chat.now):
        pass
    said = []
    while heads := chat.store.heads(chat.now, 1, 1):
        said.append(str(heads[0].params["text"]))
        chat.store.sent(heads[0].id, 1, chat.now)
    return said


def is_gone(chat: Chat) -> bool:
    return chat.known is None


# ---- expiry ------------------------------------------------------------------------------------------------------


def test_a_person_is_warned_a_week_before_and_then_everything_goes(chat: Chat) -> None:
    chat.begin()
    chat.wait(days=82)
    assert sweep(chat) == []
    chat.wait(days=2)
    assert sweep(chat) == [chat.words("retention.warning", days=7)]
    assert sweep(chat) == []
    chat.wait(days=6)
    assert sweep(chat) == [] and not is_gone(chat)
    chat.wait(days=2)
    assert sweep(chat) == [] and is_gone(chat)
    with closing(connect(chat.path)) as db:
        left = {table: db.execute(f"select count(*) from {table}").fetchone()[0] for table in ("session", "diary")}
    assert left == {"session": 0, "diary": 0} and chat.store.audit() != []


def test_a_press_on_keep_begins_the_time_anew(chat: Chat) -> None:
    chat.begin()
    chat.wait(days=84)
    sweep(chat)
    assert chat.words("retention.kept", days=90) in read_all(chat.tap("g:keep"))
    chat.wait(days=80)
    assert sweep(chat) == [] and not is_gone(chat)
    chat.wait(days=4)
    assert len(sweep(chat)) == 1


def test_nobody_is_removed_who_was_not_warned_a_week_before(chat: Chat) -> None:
    chat.begin()
    chat.wait(days=400)
    # The bot was off for a year: the warning comes first all the same.
    assert len(sweep(chat)) == 1 and not is_gone(chat)
    chat.wait(days=6)
    assert sweep(chat) == [] and not is_gone(chat)
    chat.wait(days=2)
    sweep(chat)
    assert is_gone(chat)


def test_who_blocked_the_bot_expires_without_a_warning(chat: Chat) -> None:
    chat.begin()
    chat.do("blocked")
    chat.wait(days=85)
    assert sweep(chat) == [] and not is_gone(chat)
    chat.wait(days=6)
    assert sweep(chat) == [] and is_gone(chat)


def test_a_warning_waits_behind_what_somebody_waits_for(chat: Chat) -> None:
    chat.begin()
    chat.wait(days=84)
    Retention(chat.store, chat.bot.desk.render, 90).slice(chat.now)
    assert chat.store.heads(chat.now, 9) == [] and len(chat.store.heads(chat.now, 9, 1)) == 1


def test_a_crowd_expires_slice_by_slice(chat: Chat) -> None:
    chat.begin()
    for at in range(2 * SLICE + 1):
        row = replace(chat.chat, key=f"k{at}", chat_id=at + 1, blocked_at=chat.now)
        chat.store.commit(Commit(None, row))
    chat.wait(days=91)
    retention = Retention(chat.store, chat.bot.desk.render, 90)
    assert [retention.slice(chat.now) for _ in range(3)] == [True, True, False]


def test_a_clock_that_was_set_back_does_not_stop_the_sweep(chat: Chat) -> None:
    chat.begin()
    retention = Retention(chat.store, chat.bot.desk.render, 90)
    retention.slice(chat.now + timedelta(days=4000))
    chat.wait(days=84)
    retention.slice(chat.now)
    assert len(chat.store.heads(chat.now, 9, 1)) == 1


async def test_the_sweep_runs_beside_the_bot_and_wakes_the_sender(chat: Chat) -> None:
    chat.begin()
    chat.wait(days=84)
    woken = asyncio.Event()
    retention = Retention(chat.store, chat.bot.desk.render, 90)
    task = asyncio.create_task(retention.run(lambda: chat.now, woken.set, 0.01))
    await asyncio.wait_for(woken.wait(), 10)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert len(chat.store.heads(chat.now, 9, 1)) == 1


def test_what_was_sent_is_forgotten_with_time_and_what_waits_is_not(chat: Chat) -> None:
    chat.begin()
    with closing(connect(chat.path)) as db:
        sent = db.execute("select count(*) from outbox where sent_at is not null").fetchone()[0]
    chat.wait(days=60)
    chat.command("/plan")
    chat.wait(days=40)
    chat.store.commit(Commit(None, replace(chat.chat, seen_at=chat.now), calls=(Call("sendMessage", {"text": "hi"}),)))
    sweep(chat)
    with closing(connect(chat.path)) as db:
        left = db.execute("select sent_at from outbox").fetchall()
    assert 0 < len(left) < sent and None in [row[0] for row in left]


# ---- before consent ----------------------------------------------------------------------------------------------


def test_words_of_an_emergency_before_consent_are_kept_for_a_day(chat: Chat) -> None:
    chat.type("I have chest pain")
    chat.answer("yes")
    assert chat.chat.critical_at == chat.now and chat.diary == []
    chat.wait(hours=23)
    sweep(chat)
    assert not is_gone(chat)
    assert "emergency" in read_all(chat.command("/start")).lower()
    chat.wait(hours=25)
    sweep(chat)
    assert is_gone(chat)


def test_who_never_answers_about_consent_is_forgotten_after_a_day(chat: Chat) -> None:
    chat.command("/start")
    old = next(data for label, data in chat.newest.buttons.items() if label == "I agree")
    chat.wait(hours=25)
    sweep(chat)
    assert is_gone(chat)
    chat.tap(old)
    assert chat.asks("Q00")


# ---- the audit ---------------------------------------------------------------------------------------------------


def test_the_audit_counts_results_and_leads_to_nobody(chat: Chat, content: Content) -> None:
    chat.begin()
    (line,) = chat.store.audit()
    assert line == {
        "day": "2026-03-02",
        "content_version": content.settings.content_version,
        "disposition": chat.diary[0]["data"]["disposition"],
        "rules": chat.diary[0]["data"]["flags"],
        "count": 1,
    }
    other = opened(chat.path, chat.engine, 5)
    other.update = 100_000
    other.begin()
    other.store.close()
    assert [line["count"] for line in chat.store.audit()] == [2]
    assert "audit" not in chat.store.everything(chat.chat.key)


def test_what_could_not_be_handled_may_be_looked_at_for_a_week(chat: Chat) -> None:
    chat.begin()
    chat.store.receive(70_007, '{"said": "my left heel"}')
    chat.store.park(70_007, "KeyError", BIG, chat.now)
    sweep(chat)
    chat.wait(days=7)
    sweep(chat)
    assert [one.error for one in chat.store.parked_updates()] == ["KeyError"]
    chat.wait(minutes=11)
    sweep(chat)
    assert chat.store.parked_updates() == []


def test_the_audit_is_kept_for_twelve_months(chat: Chat) -> None:
    chat.begin()
    chat.wait(days=364)
    sweep(chat)
    assert len(chat.store.audit()) == 1
    chat.wait(days=3)
    sweep(chat)
    assert chat.store.audit() == []


# ---- a new version of the consent --------------------------------------------------------------------------------


@pytest.fixture
def changed(chat: Chat, content: Content) -> Chat:
    """Somebody with a plan and reminders, who agreed to an earlier version."""
    chat.begin()
    reminder = Reminder(chat.chat.key, "check_in", "Europe/Berlin", (time(8),), (0, 3))
    chat.store.commit(Commit(None, chat.chat, reminders=(reminder,)))
    settings = content.settings.model_copy(update={"consent_version": "new"})
    chat.restart(Engine(content.model_copy(update={"settings": settings})))
    return chat


@pytest.mark.parametrize(
    "line", ["/plan", "/checkin", "/check", "/remind", "/progress", "/country", "hello", "g:checkin"]
)
def test_a_new_version_asks_again_whatever_is_done_and_notes_nothing(changed: Chat, line: str) -> None:
    changed.wait(days=1)
    before = changed.store.everything(changed.chat.key)
    said = changed.tap(line) if ":" in line else changed.command(line) if line[0] == "/" else changed.type(line)
    assert changed.words("consent.changed") in read_all(said) and len(said) == 1
    after = changed.store.everything(changed.chat.key)
    assert {name: after[name] for name in ("session", "diary", "reminder")} == {
        name: before[name] for name in ("session", "diary", "reminder")
    }


@pytest.mark.parametrize("line", ["/urgent", "/privacy", "/export", "/delete", "/help"])
def test_help_and_rights_need_no_new_consent(changed: Chat, line: str) -> None:
    assert changed.words("consent.changed") not in read_all(changed.command(line))


def test_an_emergency_is_heard_and_answered_before_consent_is_asked_again(changed: Chat) -> None:
    changed.type("I have chest pain")
    assert changed.row.state == "NET"
    changed.answer("yes")
    assert changed.row.state == "emergency"
    assert changed.words("consent.changed") in read_all(changed.command("/plan"))


@pytest.mark.parametrize("how", ["press", "type"])
def test_who_agrees_goes_on_with_everything_there(changed: Chat, how: str) -> None:
    changed.wait(days=1)
    changed.command("/checkin")
    said = changed.press("I agree") if how == "press" else changed.type("i agree")
    assert changed.words("consent.agreed") in read_all(said)
    assert (changed.chat.consent_version, changed.chat.consent_at) == ("new", changed.now)
    assert changed.words("consent.changed") not in read_all(changed.command("/checkin"))
    assert len(changed.store.reminders(changed.chat.key)) == 1


def test_who_does_not_agree_is_left_alone_and_may_delete_or_agree_later(changed: Chat) -> None:
    changed.command("/plan")
    said = changed.press("I don't agree")
    assert changed.words("consent.disagreed") in read_all(said)
    assert changed.store.reminders(changed.chat.key) == () and changed.chat.consent_version != "new"
    assert changed.words("consent.changed") in read_all(changed.command("/plan"))
    changed.tap("g:agree")
    assert changed.chat.consent_version == "new"
    # An old button undoes nothing.
    changed.tap("g:disagree")
    assert changed.chat.consent_version == "new"


# ---- /privacy ----------------------------------------------------------------------------------------------------


def test_privacy_is_short_and_leads_to_the_whole_text(chat: Chat) -> None:
    chat.command("/privacy")
    assert "90 days" in chat.newest.text and "Running Club" in chat.newest.text
    whole = read_all(chat.press("Read it all"))
    for part in (
        "Running Club",
        "privacy@club.example",
        "90 days",
        "12 months",
        "24 hours",
        "/export",
        "/delete",
        "complain",
    ):
        assert part in whole, part
    assert is_gone(chat)


def test_the_whole_text_says_so_where_nobody_is_named(tmp_path: Path, engine: Engine) -> None:
    chat = Chat(tmp_path / "y.db", engine, dialogues=(partial(Account, operator=Operator()),))
    assert chat.words("privacy.operator_unknown") in read_all(chat.tap("g:privacy_full"))
    assert chat.words("idle") in read_all(chat.tap("g:keep"))
    chat.store.close()


# ---- /export and /delete -----------------------------------------------------------------------------------------

MARK = "a secret that nobody else has"


def owned_tables(db: sqlite3.Connection) -> dict[str, str]:
    """Every table that says whose a row is, found in the schema, so that a new one is covered by itself."""
    found = db.execute(
        """
        select list.name, info.name from pragma_table_list as list join pragma_table_info(list.name) as info
        where list.schema = 'main' and list.name not like 'sqlite%'
            and (info.name = 'chat' or info.name in (
                select "from" from pragma_foreign_key_list(list.name) where "table" = 'chat'))
        """
    ).fetchall()
    return dict(tuple(row) for row in found)


NO_TIMES = ("quiet", "paused_until", "skip_on", "race_on", "snoozed_at", "stopped_at", "next_at", "sent_at")
CHECKED: dict[str, str | None] = {
    "state": "active",
    "done_on": "2026-03-01",
    **dict.fromkeys(("times", "weekdays", "days"), "[]"),
    **dict.fromkeys(NO_TIMES),
}
"""Values that a check of the schema asks for, and those of which the bot makes times."""


def hanging_tables(db: sqlite3.Connection) -> set[str]:
    """Every table that hangs on one that belongs to chats, and so on chats as well."""
    found = db.execute(
        """
        select list.name, key."table" from pragma_table_list as list join pragma_foreign_key_list(list.name) as key
        where list.schema = 'main'
        """
    ).fetchall()
    owned = owned_tables(db)
    return {table for table, parent in map(tuple, found) if parent in owned} - {*owned}


def fill_every_table(path: Path, key: str, chat_key: str) -> set[str]:
    """Adds a row with a secret in every text of every table that belongs to chats."""
    with closing(connect(path, key)) as db:
        tables = owned_tables(db)
        # What hangs on a row names it by its key, which is the secret too.
        for table, owner in (tables | dict.fromkeys(hanging_tables(db), "")).items():
            columns = db.execute("select name, type from pragma_table_info(?)", [table]).fetchall()
            values = {
                name: CHECKED[name]
                if name in CHECKED
                else (chat_key if name == owner else json.dumps(MARK))
                if kind.lower() == "text"
                else 1
                for name, kind in (tuple(row) for row in columns)
                if name != "id"
            }
            marks = ", ".join(f":{name}" for name in values)
            db.execute(f"insert into {table} ({', '.join(values)}) values ({marks})", values)
        db.commit()
    return set(tables)


def traces(folder: Path) -> list[str]:
    """What the bytes of all files still say about the person."""
    found = raw(folder)
    marks = {
        "text": MARK.encode(),
        "id as text": str(BIG).encode(),
        "id as number": BIG.to_bytes(6, "big"),
        "what was said": b"my left heel",
    }
    return [name for name, mark in marks.items() if mark in found]


def test_the_export_is_every_row_of_every_table(chat: Chat) -> None:
    chat.begin()
    tables = fill_every_table(chat.path, "", chat.chat.key)
    exported = chat.store.everything(chat.chat.key)
    assert set(exported) == {*tables, "chat", "team_day"}
    assert {"session", "diary", "reminder", "outbox", "membership", "team_member", "parked_update"} <= tables
    assert all(MARK in json.dumps(exported[table]) for table in {*tables, "team_day"})


def test_every_table_belongs_to_chats_or_knows_no_person(chat: Chat) -> None:
    with closing(connect(chat.path)) as db:
        tables = {row[0] for row in db.execute("select name from sqlite_schema where type = 'table'").fetchall()}
        owned = {*owned_tables(db), *hanging_tables(db), "chat"}
    # A new table is either found by /export and /delete, or it is named here because it holds nothing about anybody.
    assert tables - owned == {"inbox", "audit", "upload", "_sqlite_migrations", "sqlite_sequence"}


@pytest.mark.parametrize("key", ["", KEY], ids=["plain", "encrypted"])
def test_delete_leaves_nothing_in_the_files_nor_in_a_backup_made_afterwards(
    tmp_path: Path, engine: Engine, key: str
) -> None:
    path = tmp_path / "data" / "x.db"
    chat = opened(path, engine, key=key)
    chat.begin()
    chat.wait(days=1)
    chat.command("/checkin")
    chat.type("my left heel")
    fill_every_table(path, key, chat.chat.key)
    # The scan finds what is there.
    assert {"text", "id as number"} <= set(traces(tmp_path)) or key
    with closing(connect(path, key)) as db:
        db.execute("delete from outbox where params = :mark", {"mark": json.dumps(MARK)})
        db.commit()
    chat.command("/delete")
    chat.press("Delete everything")
    assert is_gone(chat)
    Retention(chat.store, chat.bot.desk.render, 90).slice(chat.now)
    assert traces(tmp_path) == []
    backup(path, key, tmp_path / "after.db")
    assert traces(tmp_path) == []
    with closing(connect(tmp_path / "after.db", key)) as db:
        assert db.execute("select count(*) from chat").fetchone()[0] == 0
        everything = "\n".join(db.iterdump()) if not key else ""
    assert MARK not in everything and str(BIG) not in everything
    chat.store.close()


def test_old_pages_are_gone_from_the_log_once_a_sweep_has_passed(chat: Chat) -> None:
    chat.store.receive(9, "my left heel hurts")
    chat.store.mark_handled(9)
    assert "what was said" in traces(chat.path.parent)
    with closing(connect(chat.path)) as reader:
        reader.execute("begin")
        reader.execute("select count(*) from inbox").fetchone()
        retention = Retention(chat.store, chat.bot.desk.render, 90)
        retention.slice(chat.now)
        assert chat.store.truncate_log() is False
    # Another program was reading: the next look, ten seconds later, does it.
    retention.slice(chat.now)
    assert chat.store.log_is_clean and traces(chat.path.parent) == []
