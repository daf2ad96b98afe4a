"""Laws of encryption at rest, on real files and processes."""

from __future__ import annotations

import logging
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.__main__ import main
from bot.config import Settings, load_settings
from bot.records import Call, Chat, Commit, DiaryEntry
from bot.store import AlreadyHandled, Store, StoreError
from bot.store.connection import connect
from tests.crashing_bot import doomed

NOW = datetime(2026, 11, 25, 16, 0, tzinfo=UTC)
ROOT = Path(__file__).parent.parent
KEY = "correct horse 'battery' staple; --\""
OTHER = "another key that is long enough"
SECRET = "a deep ache in the left side"
ADA = Chat(key="ada", chat_id=4_711_471_147, created_at=NOW, seen_at=NOW, consent_version="1")


def fill(path: Path, key: str = "") -> None:
    """Leaves a person in a database."""
    with closing(Store.open(path, key)) as store:
        store.commit(Commit(7, ADA, diary=(DiaryEntry(NOW, "note", {"what": SECRET}),), calls=(say(SECRET),)))


def say(text: str) -> Call:
    return Call("sendMessage", {"text": text})


def contents(path: Path, key: str = "") -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables."""
    with closing(connect(path, key)) as db:
        names = [row[0] for row in db.execute("select name from sqlite_schema where type = 'table'").fetchall()]
        return {name: [tuple(row) for row in db.execute(f"select * from {name}").fetchall()] for name in names}


def raw(folder: Path) -> bytes:
    """All bytes of all files below a folder, but for the locks, which hold the number of a process."""
    files = (file for file in sorted(folder.rglob("*")) if file.is_file() and file.suffix != ".lock")
    return b"".join(file.read_bytes() for file in files)


def run(
    command: str, path: Path, *arguments: str | Path, typed: str | None = None, **environment: str | None
) -> Result:
    environment = {"DATABASE_PATH": str(path), "DATABASE_KEY": None, "DATABASE_KEY_FILE": None, **environment}
    options = [command, *map(str, arguments), "--env-file", str(path.parent / "none")]
    return CliRunner().invoke(main, options, input=typed, env=environment)


# ---- a store with a key ------------------------------------------------------------------------------------------


def test_with_a_key_no_file_shows_a_word_while_the_bot_runs(path: Path) -> None:
    with closing(Store.open(path, KEY)) as store:
        store.commit(Commit(7, ADA, diary=(DiaryEntry(NOW, "note", {"what": SECRET}),), calls=(say(SECRET),)))
        assert sorted(file.name for file in path.parent.iterdir()) == ["bot.db", "bot.db-shm", "bot.db-wal"]
        found = raw(path.parent)
        assert SECRET.encode() not in found and b"SQLite format" not in found and b"create table" not in found
        assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}
    assert SECRET in str(contents(path, KEY)["diary"])


def test_without_a_key_the_same_words_are_there_to_be_found(path: Path) -> None:
    fill(path)
    assert SECRET.encode() in raw(path.parent)


def test_an_encrypted_store_keeps_its_promises_about_the_disk(path: Path) -> None:
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1, "busy_timeout": 5000}
    with closing(Store.open(path, KEY)) as store:
        assert {name: store._db.execute(f"pragma {name}").fetchone()[0] for name in wanted} == wanted
        # No temporary file ever holds what the pages hide.
        options = {row[0] for row in store._db.execute("pragma compile_options").fetchall()}
        assert options & {"TEMP_STORE=2", "TEMP_STORE=3"}


def test_what_goes_wrong_in_an_encrypted_store_is_an_error_of_the_store(path: Path) -> None:
    with closing(Store.open(path, KEY)) as store:
        store.commit(Commit(7, ADA))
        with pytest.raises(AlreadyHandled):
            store.commit(Commit(7, ADA))
        for statement, kind in (
            ("insert into chat select * from chat", sqlite3.IntegrityError),
            ("select nothing", sqlite3.OperationalError),
            ("insert into diary (chat, at, kind, data) values ('nobody', '', '', '')", sqlite3.IntegrityError),
        ):
            with pytest.raises(kind), store._db.atomic():
                store._db.execute(statement)
        with pytest.raises(StoreError):
            store._db.conn.executemany("insert into chat (key) values (:key)", [{"key": "x"}])
        store._db.execute("pragma max_page_count=1")
        with pytest.raises(StoreError, match="full"):
            store.receive(100, "x" * 100_000)
    with pytest.raises(StoreError):
        store.receive(1, "")


# ---- keys that do not fit ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kept", "given", "said"),
    [
        (KEY, OTHER, "DATABASE_KEY does not open it"),
        (KEY, "", "DATABASE_KEY is not set"),
        ("", KEY, "run `backstride encrypt`"),
    ],
)
def test_a_key_that_does_not_fit_is_told_and_changes_nothing(path: Path, kept: str, given: str, said: str) -> None:
    fill(path, kept)
    before = raw(path.parent)
    with pytest.raises(StoreError, match="cannot be opened: ") as caught:
        Store.open(path, given)
    assert said in str(caught.value) and "\n" not in str(caught.value)
    assert KEY not in str(caught.value) and OTHER not in str(caught.value)
    assert raw(path.parent) == before and [file.name for file in path.parent.iterdir()] == ["bot.db"]


def test_a_missing_package_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlcipher3", None)
    monkeypatch.delitem(sys.modules, "bot.store.cipher", raising=False)
    monkeypatch.delattr("bot.store.cipher", raising=False)
    with pytest.raises(StoreError, match=r"backstride\[encryption\]"):
        Store.open(path, KEY)
    assert not path.exists() and list(path.parent.iterdir()) == []


def test_a_key_shows_in_no_record_and_no_complaint(tmp_path: Path) -> None:
    token = "12345:" + "a" * 35
    assert KEY not in repr(load_settings({"TELEGRAM_BOT_TOKEN": token, "DATABASE_KEY": KEY}))
    assert KEY not in repr(Settings(token=token, database_key=KEY))
    result = run("backup", tmp_path / "x.db", tmp_path / "y", DATABASE_KEY="too short 7")
    assert result.exit_code == 1 and "20 characters" in result.output and "too short 7" not in result.output


def test_a_key_may_come_from_a_file_and_only_from_one_place(path: Path, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n", encoding="utf-8")
    fill(path, KEY)
    assert run("backup", path, tmp_path / "one.db", DATABASE_KEY_FILE=str(file)).exit_code == 0
    both = run("backup", path, tmp_path / "two.db", DATABASE_KEY_FILE=str(file), DATABASE_KEY=KEY)
    assert both.exit_code == 1 and "both set" in both.output
    gone = run("backup", path, tmp_path / "two.db", DATABASE_KEY_FILE=str(tmp_path / "none"))
    assert gone.exit_code == 1 and "cannot be read" in gone.output
    file.write_text("\n", encoding="utf-8")
    assert "too short" in run("backup", path, tmp_path / "two.db", DATABASE_KEY_FILE=str(file)).output


# ---- from plain to encrypted, and to another key -----------------------------------------------------------------


def test_encrypt_keeps_every_row_and_leaves_no_plain_byte(path: Path) -> None:
    fill(path)
    before, inode = contents(path), path.stat().st_ino
    plain = path.open("rb")
    result = run("encrypt", path, DATABASE_KEY=KEY)
    assert result.exit_code == 0, result.output
    assert "verified" in result.output and "flash memory" in result.output and KEY not in result.output
    assert contents(path, KEY) == before and path.stat().st_ino != inode
    assert SECRET.encode() not in raw(path.parent)
    assert sorted(file.name for file in path.parent.iterdir()) == ["bot.db", "bot.db.lock"]
    # Who had opened the old file, and the disk below it, find it emptied.
    with plain:
        assert plain.read().strip(b"\0") == b""
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with closing(Store.open(path, KEY)) as store:
        assert store.chat(ADA.chat_id) == ADA
        store.commit(Commit(8, ADA, calls=(say("next"),)))
        # An id that was given once is never given again.
        assert [call.id for call in store.heads(NOW, 9)] == [1]


def test_rekey_opens_with_the_new_key_alone(path: Path, tmp_path: Path) -> None:
    fill(path, KEY)
    before = contents(path, KEY)
    result = run("rekey", path, typed=f"{OTHER}\n{OTHER}\n", DATABASE_KEY=KEY)
    assert result.exit_code == 0, result.output
    assert OTHER not in result.output and KEY not in result.output
    assert contents(path, OTHER) == before
    with pytest.raises(StoreError, match="does not open it"):
        Store.open(path, KEY)
    file = tmp_path / "key"
    file.write_text(KEY, encoding="utf-8")
    assert run("rekey", path, "--new-key-file", file, DATABASE_KEY=OTHER).exit_code == 0
    assert contents(path, KEY) == before


@pytest.mark.parametrize(
    ("command", "kept", "given", "said"),
    [
        ("encrypt", "", None, "DATABASE_KEY is missing"),
        ("encrypt", KEY, KEY, "encrypted already"),
        ("rekey", KEY, None, "DATABASE_KEY is missing"),
        ("rekey", KEY, OTHER, "does not open it"),
        ("rekey", "", KEY, "not encrypted"),
    ],
)
def test_a_conversion_that_does_not_fit_changes_nothing(
    path: Path, command: str, kept: str, given: str | None, said: str
) -> None:
    fill(path, kept)
    before = path.read_bytes()
    result = run(command, path, typed=f"{OTHER}\n{OTHER}\n", DATABASE_KEY=given)
    assert result.exit_code == 1 and said in result.output, result.output
    assert path.read_bytes() == before


@pytest.mark.parametrize(("command", "key"), [("encrypt", ""), ("rekey", KEY)])
def test_no_conversion_while_a_bot_has_the_file(path: Path, tmp_path: Path, command: str, key: str) -> None:
    fill(path, key)
    other = tmp_path / "other"
    other.write_text(OTHER, encoding="utf-8")
    with closing(Store.open(path, key)) as store:
        store.receive(9, SECRET)
        # A process of its own, as it is in life: within one process, files would share their locks.
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "bot",
                command,
                "--env-file",
                "none",
                *(["--new-key-file", str(other)] if command == "rekey" else []),
            ],
            env={**os.environ, "DATABASE_PATH": str(path), "DATABASE_KEY": key or KEY},
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
        )
        assert done.returncode == 1 and "stop the bot first" in done.stderr and len(done.stderr.splitlines()) == 1
        assert store.pending() == [(9, SECRET)]
    assert contents(path, key)["inbox"] == [(7, None, 0, None), (9, SECRET, 0, None)]


def test_a_conversion_without_a_database_creates_none(path: Path) -> None:
    path.parent.mkdir()
    result = run("encrypt", path, DATABASE_KEY=KEY)
    assert result.exit_code == 1 and "there is no database" in result.output and not path.exists()


@pytest.mark.parametrize("at", range(4))
def test_a_conversion_that_is_killed_leaves_one_of_the_two_whole(path: Path, tmp_path: Path, at: int) -> None:
    fill(path)
    before = contents(path)
    steps = [
        "bot.store.copies._export",
        "bot.store.copies.verify",
        "bot.store.copies.settle",
        "bot.store.copies._destroy",
    ]
    code = f"""
import os, importlib, sys
from pathlib import Path
import bot.store.copies as copies
name = {steps[at]!r}.rpartition(".")[2]
real = getattr(copies, name)
def last(*arguments):
    real(*arguments)
    os._exit(9)
setattr(copies, name, last)
copies.rewrite(Path({str(path)!r}), "", os.environ["DATABASE_KEY"])
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**doomed(), "DATABASE_KEY": KEY},
        check=False,
        capture_output=True,
    )
    assert done.returncode == 9, done.stderr
    encrypted = not path.read_bytes().startswith(b"SQLite format 3")
    assert contents(path, KEY if encrypted else "") == before and encrypted == (at == 3)
    # The next try is not held up by what the last one left.
    if not encrypted:
        assert run("encrypt", path, DATABASE_KEY=KEY).exit_code == 0
    assert contents(path, KEY) == before
    assert {file.name for file in path.parent.iterdir()} <= {"bot.db", "bot.db.lock"}


def test_no_log_of_any_level_holds_the_key(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        fill(path, KEY)
        for key in (OTHER, ""):
            with pytest.raises(StoreError):
                Store.open(path, key)
        seen: list[str] = []
        with closing(Store.open(path, KEY)) as store:
            store._db._tracer = lambda sql, _: seen.append(sql)
            tracer: Callable[[str], None] = seen.append
            store._db.conn.set_trace_callback(tracer)
            store.receive(8, "x")
    assert KEY not in caplog.text and KEY not in "".join(seen)
