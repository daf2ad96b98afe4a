"""Laws of the way from every released schema to today's; schemas/ holds each as it was, with people in it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from bot.migrations import migrations
from bot.store import Store
from bot.store.connection import connect
from bot.store.copies import rewrite, verify
from flows.team import Total
from tests.test_encryption import KEY

SCHEMAS = Path(__file__).parent / "schemas"
RELEASED = sorted(path.stem for path in SCHEMAS.glob("*.sql"))
with closing(Database(memory=True)) as _nothing:
    STEPS = [each.name for each in migrations.pending(_nothing)]
AT = datetime(2026, 11, 25, 16, 0, tzinfo=UTC)


def built(schema: str, path: Path) -> Path:
    with closing(sqlite3.connect(path)) as db:
        db.executescript((SCHEMAS / f"{schema}.sql").read_text(encoding="utf-8"))
        db.execute("pragma journal_mode=wal")
    return path


def schema_of(path: Path, key: str = "") -> dict[str, set[tuple[object, ...]]]:
    """Every table with its columns, and every index and trigger, whatever the order of columns."""
    with closing(connect(path, key)) as db:
        tables = [row[0] for row in db.execute("select name from sqlite_schema where type = 'table'").fetchall()]
        found = {
            name: {
                tuple(row)
                for row in db.execute('select name, type, "notnull", dflt_value, pk from pragma_table_info(?)', [name])
            }
            for name in tables
        }
        others = db.execute("select type, name, tbl_name, sql from sqlite_schema where type <> 'table'").fetchall()
    return {**found, "": {tuple(row) for row in others}}


def test_there_is_a_snapshot_of_every_released_schema() -> None:
    # A step that was released and its snapshot share their number. These two are of states before 0.1.0, the first
    # version, which is not out yet: whoever releases it adds a snapshot of the last step.
    assert RELEASED == ["001_initial", "002_reminders"]


def rows_of(db: Database) -> dict[str, list[dict[str, Any]]]:
    return {
        name: list(db.table(name).rows) for name in db.table_names() if not name.startswith(("sqlite_", "_sqlite_"))
    }


def fill_empty(db: Database) -> None:
    """Puts one row of made-up values into every table that has none."""
    db.execute("pragma foreign_keys=off")
    for name in db.table_names():
        if not name.startswith("sqlite_") and not db.table(name).count:
            values = {
                column.name: 0 if column.type.lower() == "integer" else "active" if column.name == "state" else "[]"
                for column in db.table(name).columns
            }
            db.table(name).insert(values)
    db.conn.commit()


@pytest.mark.parametrize("step", range(1, len(STEPS)))
def test_no_step_loses_or_changes_what_any_schema_before_it_held(tmp_path: Path, step: int) -> None:
    path = built(RELEASED[0] if step == 1 else RELEASED[1], tmp_path / "old.db")
    with closing(Database(connect(path), execute_plugins=False)) as db:
        migrations.apply(db, stop_before=STEPS[step])
        fill_empty(db)
        before = rows_of(db)
        migrations.apply(db)
        after = rows_of(db)
    assert all(before.values())
    for table, rows in before.items():
        kept = [{name: row[name] for name in rows[0]} for row in after[table]]
        assert sorted(kept, key=repr) == sorted(rows, key=repr)


@pytest.mark.parametrize("schema", RELEASED)
def test_a_snapshot_is_what_its_steps_make(schema: str) -> None:
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript((SCHEMAS / f"{schema}.sql").read_text(encoding="utf-8"))
        applied = [row[0] for row in db.execute("select name from _sqlite_migrations order by id")]
        kept = {row[0] for row in db.execute("select sql from sqlite_schema where sql is not null")}
    with closing(Database(memory=True, strict=True)) as today:
        steps = [step.name for step in migrations.pending(today)]
        migrations.apply(today, stop_before=steps[len(applied)])
        made = {row[0] for row in today.execute("select sql from sqlite_schema where sql is not null").fetchall()}
    assert applied == steps[: len(applied)] and int(schema[:3]) == len(applied)
    # A released step never changes.
    assert kept == made


@pytest.mark.parametrize("schema", RELEASED)
def test_every_released_schema_becomes_todays_with_all_its_data(tmp_path: Path, schema: str) -> None:
    path = built(schema, tmp_path / "old.db")
    Store.open(tmp_path / "new.db").close()
    with closing(Store.open(path)) as store:
        ada, club = store.chat(4_711_471_147), store.chat(-1_000_000_000_005)
        assert ada is not None and (ada.key, ada.country, ada.consent_version) == ("ada", "DE", "1")
        assert (ada.consent_at, ada.plan_state, ada.critical_at, ada.question_call) == (AT, "ACTIVE", AT, 2)
        assert club is not None and club.kind == "group" and club.blocked_at == AT
        session = store.latest_session("ada")
        assert session is not None and session.log[1:3] == (("Q01", "35_44"), ("Q14", 3)) and session.turn == 17
        assert [entry.kind for entry in store.diary("ada", "result", "checked")] == ["result", "checked"]
        assert store.pending() == [(2, '{"update_id":2}')] and store.receive(1, "{}") is False
        (waits,) = store.heads(AT + timedelta(days=1), 9)
        assert (waits.id, waits.params, waits.message_id, waits.attempts) == (7, {"text": "waits"}, 55, 1)
        reminders = store.reminders("ada")
        assert len(reminders) == (0 if schema < "002" else 2)
        if reminders:
            one = reminders[0]
            assert (one.kind, one.times, one.weekdays, one.race_on) == (
                "check_in",
                (time(8),),
                (0, 3),
                date(2026, 12, 6),
            )
            assert (one.quiet, one.done_on, one.done) == ((time(22), time(7)), date(2026, 11, 25), 1)
            assert (one.next_at, one.sent_at, one.missed) == (AT, AT, 2)
            store.sent(7, 55, AT)
            assert [call.params for call in store.heads(AT, 9, 1)] == [{"text": "remember"}]
        # The id of a call is never given again, not even one whose row is gone.
        everything = json.dumps(store.everything("ada"))
        assert "waits" in everything or reminders
        row = store._db.execute("select seq from sqlite_sequence where name = 'outbox'").fetchone()
        assert row[0] == (9 if schema < "002" else 12)
    assert schema_of(path) == schema_of(tmp_path / "new.db")
    verify(path, "")


@pytest.mark.parametrize("schema", RELEASED)
def test_every_released_schema_can_be_encrypted_before_it_is_brought_up(tmp_path: Path, schema: str) -> None:
    path = built(schema, tmp_path / "old.db")
    Store.open(tmp_path / "new.db").close()
    rewrite(path, "", KEY)
    with closing(Store.open(path, KEY)) as store:
        assert store.chat(4_711_471_147) is not None and store.latest_session("ada") is not None
    assert schema_of(path, KEY) == schema_of(tmp_path / "new.db")


def test_whoever_was_deleted_before_weeks_forgot_them_is_taken_out_of_their_teams(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as db:
        old = Database(db, strict=True)
        migrations.apply(old, stop_before="m010_untold_weeks")
        old.execute(
            "insert into chat select 'g', -1, 'group', '', '', null, '', null, null, null, null, '', '', 0, null"
        )
        columns = "'', '', '', null, 'active', '07:00', '[]', 1, '[]', null, null, '0001-01-01', 0, null, null"
        old.execute(f"insert into club select 'c', 'g', 't', {columns}")
        old.execute("insert into team_member values ('here', 'g', 'c', '2026-01-01', null)")
        old.execute(
            """insert into team_week values ('c', '2026-03-02', 20, 20, '[["gone","here","lost"]]', '2026-03-10')"""
        )
        db.commit()
    with closing(Store.open(path)) as store:
        (week,) = store.team_weeks("c")
        assert week.teams == (frozenset({"", "here"}),) and week.total == Total(20, 20)
