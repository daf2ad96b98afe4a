"""Laws of the lock: one process has a database to itself, and a database that was lost is not taken for a new one."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.__main__ import main
from bot.store import Gone, InUse, Store, StoreError, alone
from bot.store.copies import backup
from tests.test_bot_process import Bot, installed
from tests.test_encryption import KEY

HOLDER = """
import sys, time
from pathlib import Path
from bot.store import alone
with alone(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_another_process_is_refused_by_name_until_this_one_dies(path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, path], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
        with pytest.raises(InUse, match=f"in use by another Backstride .process {holder.pid}.: stop that one"):
            alone(path).__enter__()
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with alone(path):
        pass


def test_the_lock_is_readable_by_its_owner_only(path: Path) -> None:
    with alone(path):
        assert path.with_name("bot.db.lock").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("loss", ["removed", "replaced", "moved", "its log removed"])
def test_a_database_that_is_lost_while_it_is_used_is_noticed(tmp_path: Path, loss: str) -> None:
    path = tmp_path / "data" / "bot.db"
    with alone(path) as place, closing(Store.open(path)) as store:
        place.opened()
        store.truncate_log()
        place.check()
        match loss:
            case "removed":
                path.unlink()
            case "replaced":
                shutil.copy(path, tmp_path / "copy")
                (tmp_path / "copy").replace(path)
            case "moved":
                path.parent.rename(tmp_path / "elsewhere")
            case _:
                path.with_name("bot.db-wal").unlink()
        with pytest.raises(Gone, match="removed or replaced while the bot used it"):
            place.check()


def test_a_bot_whose_database_is_removed_ends_in_one_clear_line(tmp_path: Path) -> None:
    with installed(tmp_path) as bot:
        bot.start()
        bot.api.wait_for_poll()
        bot.database.unlink()
        assert bot.wait() == 1
        assert bot.log.splitlines()[-1].startswith(f"Error: {bot.database} was removed or replaced")


def _use(path: Path) -> None:
    with alone(path) as place:
        Store.open(path).close()
        place.opened()


@pytest.mark.parametrize("loss", ["removed", "emptied"])
def test_a_database_that_was_used_and_is_lost_is_not_taken_for_a_new_one(path: Path, loss: str) -> None:
    _use(path)
    with alone(path):
        pass
    if loss == "removed":
        path.unlink()
    else:
        os.truncate(path, 0)
    for _ in range(2):
        with pytest.raises(Gone, match=r"restore a backup to this place, or remove .*bot\.db\.lock to begin"):
            alone(path).__enter__()
    path.with_name("bot.db.lock").unlink()
    path.unlink(missing_ok=True)
    _use(path)


def test_a_process_that_died_before_it_opened_the_database_leaves_a_new_one(path: Path) -> None:
    with alone(path):
        pass
    _use(path)


def test_a_second_bot_on_the_same_database_does_not_start(tmp_path: Path) -> None:
    with installed(tmp_path) as bot:
        bot.start()
        bot.api.wait_for_poll()
        second = Bot(bot.api, tmp_path, DATABASE_PATH=str(bot.database))
        second.log_file = tmp_path / "second.log"
        second.start()
        assert second.wait() == 1
        assert bot.process is not None
        assert f"is in use by another Backstride (process {bot.process.pid}): stop that one first" in second.log
        assert len(second.log.splitlines()) == 1
        assert bot.stop() == 0


@pytest.mark.parametrize("command", ["restore", "encrypt", "rekey"])
def test_no_database_is_replaced_while_a_process_has_it_for_itself(path: Path, tmp_path: Path, command: str) -> None:
    # Also one that is only about to open it.
    key = KEY if command == "rekey" else ""
    Store.open(path, key).close()
    backup(path, key, tmp_path / "copy.db")
    before = path.read_bytes()
    (tmp_path / "new").write_text(KEY[::-1], encoding="utf-8")
    more = {"restore": [str(tmp_path / "copy.db")], "encrypt": [], "rekey": ["--new-key-file", str(tmp_path / "new")]}
    environment = {"DATABASE_PATH": str(path), "DATABASE_KEY": KEY if command != "restore" else ""}
    given = [command, *more[command], "--env-file", os.devnull]
    with alone(path):
        refused = CliRunner().invoke(main, given, env=environment)
        assert refused.exit_code == 1 and "is in use by another Backstride" in refused.output
        assert path.read_bytes() == before
    assert CliRunner().invoke(main, given, env=environment).exit_code == 0


def test_a_restore_brings_back_what_was_lost_and_the_next_start_takes_it(path: Path, tmp_path: Path) -> None:
    _use(path)
    backup(path, "", tmp_path / "copy.db")
    path.unlink()
    with pytest.raises(Gone):
        alone(path).__enter__()
    environment = {"DATABASE_PATH": str(path), "DATABASE_KEY": ""}
    given = ["restore", str(tmp_path / "copy.db"), "--env-file", os.devnull]
    assert CliRunner().invoke(main, given, env=environment).exit_code == 0
    _use(path)
    path.unlink()
    with pytest.raises(Gone):
        alone(path).__enter__()


def _spoil(path: Path, kind: str) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        match kind:
            case "no database":
                file.write(b"this is no database at all" * 100)
            case "cut":
                file.truncate(size // 2 + 100)
            case "scribbled":
                file.seek(4096)
                file.write(os.urandom(size - 4096))


@pytest.mark.parametrize("kind", ["no database", "cut", "scribbled"])
def test_a_damaged_database_stops_the_start_and_is_left_as_it_is(tmp_path: Path, kind: str) -> None:
    with installed(tmp_path) as bot:
        with Store.open(bot.database)._db.conn as connection:
            connection.execute("insert into inbox (update_id, payload) values (1, null)")
        connection.close()
        _spoil(bot.database, kind)
        before = bot.database.read_bytes()
        bot.start()
        assert bot.wait() == 1
        assert bot.log.count("nothing was changed") == 1 and len(bot.log.splitlines()) == 1
        assert bot.database.read_bytes() == before
        assert bot.api.requests == []


def test_what_is_no_database_says_so(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"hello" * 1000)
    with pytest.raises(
        StoreError, match="cannot be opened: it is encrypted and DATABASE_KEY is not set, or it is not a database"
    ):
        Store.open(path)
    with pytest.raises(sqlite3.DatabaseError):
        sqlite3.connect(path).execute("select 1 from sqlite_master").fetchall()
