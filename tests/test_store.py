"""Laws of the store, on real files."""

from __future__ import annotations

import json
import sqlite3
import stat
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlite_utils import Database

from bot.migrations import migrations
from bot.records import Call, Chat, Commit, DiaryEntry, ParkedUpdate, SessionRow, new_key
from bot.store import AlreadyHandled, Store, StoreError
from bot.store.outbox import OF_CHAT, WAITING

NOW = datetime(2026, 11, 25, 16, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
BIG = 2**52 - 1


def chat(chat_id: int = BIG, key: str = "ada") -> Chat:
    return Chat(key=key, chat_id=chat_id, created_at=NOW, seen_at=NOW)


def session(key: str = "s1", chat_key: str = "ada", at: datetime = NOW) -> SessionRow:
    return SessionRow(
        key=key, chat=chat_key, flow="low_back_pain", content_version="1", state="Q1", started_at=at, updated_at=at
    )


def say(text: str, tag: str = "") -> Call:
    return Call("sendMessage", {"text": text}, tag=tag)


def texts(store: Store, now: datetime = NOW) -> list[object]:
    return [call.params["text"] for call in store.heads(now, 100)]


def send_all(store: Store) -> list[object]:
    said: list[object] = []
    while heads := store.heads(NOW, 1):
        said.append(heads[0].params["text"])
        store.sent(heads[0].id, 100 + len(said), NOW)
    return said


def count(path: Path, table: str) -> int:
    with sqlite3.connect(path) as connection:
        return int(connection.execute(f"select count(*) from {table}").fetchone()[0])


# ---- the file ------------------------------------------------------------------------------------------------


def test_only_the_owner_can_read_the_files(store: Store, path: Path) -> None:
    store.receive(1, "{}")
    files = sorted(path.parent.iterdir())
    assert [file.name for file in files] == ["bot.db", "bot.db-shm", "bot.db-wal"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_the_schema_is_this_and_nothing_else(store: Store, path: Path) -> None:
    with sqlite3.connect(path) as connection:
        tables = connection.execute("select name, strict from pragma_table_list where schema = 'main'").fetchall()
        own = {name: strict for name, strict in tables if not name.startswith(("sqlite_", "_sqlite"))}
        columns = {
            name: [row[0] for row in connection.execute("select name from pragma_table_info(?)", [name])]
            for name in own
        }
    assert set(own.values()) == {1}
    assert columns == {
        "chat": "key chat_id kind country consent_version consent_at plan_state critical_at question_call blocked_at "
        "forgotten_at created_at seen_at text_only warned_at".split(),
        "audit": "day content_version disposition rules count".split(),
        "session": "key chat flow content_version state log ticks turn open started_at updated_at".split(),
        "diary": "id chat at kind data".split(),
        "upload": "bot sha256 file_id".split(),
        "inbox": "update_id payload attempts error".split(),
        "parked_update": "update_id chat payload error parked_at".split(),
        "reminder": "chat kind zone times weekdays days quiet paused_until skip_on race_on snoozed_at stopped_at "
        "done_on done next_at sent_at missed".split(),
        "club": "key chat token name language zone thread_id state post_time exercise_on challenge contacts card_at "
        "card_thread done_on done next_at posted_at".split(),
        "membership": "chat club joined_at".split(),
        "team_member": "key chat club since left_on".split(),
        "team_day": "member day done".split(),
        "team_week": "club monday at_least fewer_than teams settled_on post".split(),
        "outbox": "id chat method params tag edits message_id attempts not_before error sent_at priority begun_at "
        "expires_at parked_at".split(),
    }


def test_what_was_kept_before_reminders_lay_by_the_clock_comes_along(path: Path) -> None:
    path.parent.mkdir()
    before = Database(path)
    migrations.apply(before, stop_before="m003_reminders_by_the_clock")
    before.execute("pragma foreign_keys=on")
    rows = [
        (
            "ada",
            "check_in",
            "Europe/Berlin",
            '["07:00:00","19:00:00"]',
            "[0,2]",
            "[]",
            "2026-11-25T18:00:00.000000+00:00",
        ),
        ("ada", "monthly", "Europe/Berlin", '["09:00:00"]', "[]", '["2026-12-20"]', None),
    ]
    before.execute(
        "insert into chat (key, chat_id, kind, country, consent_version, plan_state, created_at, seen_at)"
        " values ('ada', 5, 'private', '', '', '', '2026-11-25', '2026-11-25')"
    )
    for row in rows:
        before.execute(
            "insert into reminder (chat, kind, zone, times, weekdays, days, next_at, done_on, done, missed)"
            " values (?, ?, ?, ?, ?, ?, ?, '2026-11-24', 2, 1)",
            row,
        )
    for number, params in enumerate(['{"text":"waits"}', None, '{"text":"gone"}']):
        before.execute(
            "insert into outbox (chat, method, params, tag, priority) values ('ada', 'sendMessage', ?, 'x', ?)",
            [params, number % 2],
        )
    before.execute('delete from outbox where params = \'{"text":"gone"}\'')
    kept = {table: list(before[table].rows) for table in ("reminder", "outbox", "chat")}
    before.close()
    with closing(Store.open(path)) as store:
        assert [dict(row) for row in store._db.execute("select * from reminder order by kind")] == kept["reminder"]
        outbox = [dict(row) for row in store._db.execute("select * from outbox order by id")]
        assert [{name: row[name] for name in kept["outbox"][0]} for row in outbox] == kept["outbox"]
        assert texts(store) == ["waits"] and [one.missed for one in store.reminders("ada")] == [1, 1]
        # An id that was used once is never given again.
        known = store.chat(5)
        assert known is not None
        store.commit(Commit(None, known, calls=(say("next"),)))
        assert store._db.execute("select max(id) as id from outbox").fetchone()["id"] == 4
        assert store._db.execute("pragma foreign_key_check").fetchall() == []


def test_the_calls_of_a_chat_go_with_it_those_that_wait_and_those_that_are_done(store: Store) -> None:
    store.commit(Commit(None, chat(), calls=(say("sent"), say("waits"))))
    store.commit(Commit(None, chat(7, "bob"), calls=(say("another's"),)))
    store.sent(store.heads(NOW, 1)[0].id, 1, NOW)
    store._db.execute("insert into outbox (chat, method, params, tag, priority) values ('ada', 'x', '{}', '', 1)")
    store._db.execute("delete from chat where key = 'ada'")
    assert texts(store) == ["another's"]
    assert store._db.execute("select count(*) as n from outbox").fetchone()["n"] == 1


def test_no_question_about_the_calls_of_one_chat_reads_those_of_all(store: Store) -> None:
    asked = (
        f"select * from outbox where {OF_CHAT} order by id",
        f"update outbox set params = null where {WAITING}",
        "delete from outbox where chat = :chat and params is null",
        "delete from outbox where priority in (0, 1) and chat = :chat and params is not null",
    )
    for sql in asked:
        details = [row["detail"] for row in store._db.execute(f"explain query plan {sql}", {"chat": ""}).fetchall()]
        assert not any(detail.startswith("SCAN") for detail in details), details


def test_a_commit_is_on_the_disk_before_it_returns(store: Store) -> None:
    pragma = {name: store._db.execute(f"pragma {name}").fetchone()[0] for name in PRAGMAS}
    assert pragma == PRAGMAS


PRAGMAS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1, "busy_timeout": 5000}


def test_opening_again_keeps_what_is_there(store: Store, path: Path) -> None:
    store.commit(Commit(None, chat(), session()))
    again = Store.open(path)
    assert again.chat(BIG) == chat()
    again.close()


@pytest.mark.parametrize("obstacle", ["folder", "file", "text"])
def test_a_path_that_cannot_be_used_gets_one_clear_line(tmp_path: Path, obstacle: str) -> None:
    path = tmp_path / "bot.db"
    if obstacle == "folder":
        path.mkdir()
    elif obstacle == "file":
        path.write_text("")
        path = path / "bot.db"
    else:
        path.write_text("this is no database at all, but a text that somebody wrote")
    with pytest.raises(StoreError, match=r"bot\.db cannot be opened: .*DATABASE_PATH") as caught:
        Store.open(path)
    assert "\n" not in str(caught.value)


# ---- inbox ---------------------------------------------------------------------------------------------------


def test_an_update_is_received_once(store: Store) -> None:
    assert store.receive(BIG, "first") is True
    assert store.receive(BIG, "second") is False
    assert store.pending() == [(BIG, "first")]


def test_pending_updates_come_in_order_and_survive_the_process(store: Store, path: Path) -> None:
    for update_id in (8, 7, 9):
        store.receive(update_id, f"payload {update_id}")
    again = Store.open(path)
    assert again.pending() == [(7, "payload 7"), (8, "payload 8"), (9, "payload 9")]
    again.close()


def test_a_handled_update_leaves_only_its_id(store: Store, path: Path) -> None:
    store.receive(7, "Ada wrote")
    store.receive(8, "Ada wrote again")
    store.commit(Commit(7, chat()))
    store.mark_handled(8)
    assert store.pending() == []
    assert store.receive(7, "Ada wrote") is False
    with sqlite3.connect(path) as connection:
        assert connection.execute("select * from inbox").fetchall() == [(7, None, 0, None), (8, None, 0, None)]


def test_an_update_counts_once_even_when_it_is_committed_twice(store: Store) -> None:
    store.receive(7, "{}")
    store.commit(Commit(7, chat(), session(), calls=(say("once"),)))
    with pytest.raises(AlreadyHandled):
        store.commit(Commit(7, chat(), replace(session(), state="Q2"), calls=(say("twice"),)))
    with pytest.raises(AlreadyHandled):
        store.mark_handled(7)
    assert send_all(store) == ["once"]
    assert store.latest_session("ada") == session()


def test_an_update_that_never_passed_the_inbox_counts_once_too(store: Store) -> None:
    store.commit(Commit(7, chat()))
    assert store.receive(7, "{}") is False
    with pytest.raises(AlreadyHandled):
        store.commit(Commit(7, chat()))


def test_failures_are_counted_and_a_poison_update_is_parked_without_its_payload(store: Store, path: Path) -> None:
    store.receive(7, "Ada wrote")
    assert [store.failed(7, "KeyError") for _ in range(3)] == [1, 2, 3]
    assert store.pending() == [(7, "Ada wrote")]
    store.park(7, "KeyError", 5_000_000_001, NOW)
    assert store.parked_updates() == [] and store.pending() == []
    assert store.receive(7, "Ada wrote") is False
    with sqlite3.connect(path) as connection:
        assert connection.execute("select * from inbox").fetchall() == [(7, None, 3, "KeyError")]


def test_a_poison_update_is_kept_for_a_look_with_whoever_agreed_and_goes_with_them(store: Store, path: Path) -> None:
    store.commit(Commit(None, replace(chat(), consent_version="1", consent_at=NOW)))
    store.commit(Commit(None, chat(BIG + 1, "bob")))
    for number, who in ((7, BIG), (8, BIG + 1), (9, BIG + 2)):
        store.receive(number, json.dumps({"said": f"by {who}"}))
        store.park(number, "KeyError", who, NOW)
    (kept,) = store.parked_updates()
    assert kept == ParkedUpdate(7, "ada", json.dumps({"said": f"by {BIG}"}), "KeyError", NOW)
    assert store.numbers(NOW).updates_parked == 1 and store.numbers(NOW).updates_waiting == 0
    assert f"by {BIG}" in json.dumps(store.everything("ada"))
    assert store.forget_parked(NOW) == 0
    store.commit(Commit(None, chat(), forget=True))
    assert store.parked_updates() == [] and f"by {BIG}".encode() not in path.read_bytes()


# ---- commit --------------------------------------------------------------------------------------------------


def test_what_is_saved_comes_back_equal(store: Store) -> None:
    full = Chat(
        key=new_key(),
        chat_id=-1_000_000_000_001,
        created_at=NOW,
        seen_at=datetime(2026, 11, 25, 19, 0, 0, 5, tzinfo=timezone(timedelta(hours=3))),
        kind="group",
        country="DE",
        consent_version="1",
        consent_at=NOW,
        plan_state="shown",
        critical_at=NOW,
        blocked_at=NOW,
    )
    kept = replace(
        session(chat_key=full.key),
        log=(("Q1", "yes"), ("Q2", 7), ("Q3", ("leg", "hip")), ("Q4", ()), ("net", None)),
        ticks=("leg", "🦵"),
        turn=5,
        open=False,
    )
    store.commit(Commit(None, full, kept, (DiaryEntry(NOW, "result", {"flags": ["A"], "rank": 3}),)))
    assert store.chat(full.chat_id) == full
    assert store.latest_session(full.key) == kept
    assert store.chat(1) is None
    assert store.latest_session("nobody") is None


def test_a_second_commit_replaces_chat_and_session(store: Store) -> None:
    store.commit(Commit(None, chat(), session()))
    store.commit(
        Commit(
            None, replace(chat(), country="DE", seen_at=LATER), replace(session(), state="Q2", turn=1, updated_at=LATER)
        )
    )
    known, kept = store.chat(BIG), store.latest_session("ada")
    assert known is not None and (known.country, known.created_at, known.seen_at) == ("DE", NOW, LATER)
    assert kept is not None and (kept.state, kept.turn, kept.started_at, kept.updated_at) == ("Q2", 1, NOW, LATER)


def test_the_latest_session_is_the_one_that_started_last(store: Store) -> None:
    store.commit(Commit(None, chat(), session("s2", at=LATER)))
    store.commit(Commit(None, chat(), session("s1")))
    store.commit(Commit(None, chat(), session("s3", at=LATER)))
    latest = store.latest_session("ada")
    assert latest is not None and latest.key == "s3"


def test_a_commit_that_fails_changes_nothing(store: Store) -> None:
    store.receive(7, "payload")
    with pytest.raises(sqlite3.IntegrityError):
        store.commit(Commit(7, chat(), session(chat_key="somebody else"), calls=(say("hello"),)))
    with pytest.raises(TypeError):
        store.commit(Commit(7, chat(), calls=(say("hello"), Call("sendMessage", {"text": b"no JSON"}))))
    assert store.chat(BIG) is None
    assert store.heads(NOW, 10) == []
    assert store.pending() == [(7, "payload")]


def test_the_chat_remembers_the_newest_question(store: Store) -> None:
    store.commit(Commit(None, chat(), calls=(say("hi"), say("How old?", "question"), say("bye"))))
    known = store.chat(BIG)
    assert known is not None and known.question_call == 2
    store.commit(Commit(None, known, calls=(say("more"),)))
    assert store.chat(BIG) == known


def test_everything_is_every_row_about_the_person_and_nobody_else(store: Store) -> None:
    entry = DiaryEntry(NOW, "result", {"rank": 3})
    store.commit(Commit(None, chat(), replace(session(), log=(("Q1", 7),)), (entry,), (say("one"), say("two"))))
    store.commit(Commit(None, chat(1, "bob"), session("s2", "bob"), (entry,), (say("three"),)))
    store.sent(1, 55, NOW)
    everything = json.loads(json.dumps(store.everything("ada")))
    assert {table: len(rows) for table, rows in everything.items()} == {
        "chat": 1,
        "session": 1,
        "diary": 1,
        "reminder": 0,
        "membership": 0,
        "club": 0,
        "team_member": 0,
        "team_day": 0,
        "parked_update": 0,
        "outbox": 2,
    }
    assert everything["chat"][0]["chat_id"] == BIG
    assert everything["session"][0]["log"] == [["Q1", 7]]
    assert everything["diary"][0]["data"] == {"rank": 3}
    assert [row["params"] for row in everything["outbox"]] == [None, {"text": "two"}]
    assert everything["outbox"][0]["sent_at"] == "2026-11-25T16:00:00.000000+00:00"


# ---- outbox --------------------------------------------------------------------------------------------------


def test_only_the_first_unsent_call_of_each_chat_may_be_made(store: Store) -> None:
    store.commit(Commit(None, chat(), calls=(say("a1"), say("a2"))))
    store.commit(Commit(None, chat(1, "bob"), calls=(say("b1"), say("b2"))))
    assert texts(store) == ["a1", "b1"]
    assert [call.params["text"] for call in store.heads(NOW, 1)] == ["a1"]
    store.sent(1, 55, NOW)
    assert texts(store) == ["a2", "b1"]


def test_a_postponed_call_holds_back_its_chat_until_its_time_and_no_other(store: Store) -> None:
    store.commit(Commit(None, chat(), calls=(say("a1"), say("a2"))))
    store.commit(Commit(None, chat(1, "bob"), calls=(say("b1"),)))
    assert store.next_retry_at(NOW) is None
    store.retry(1, LATER, "RetryAfter")
    assert texts(store) == ["b1"]
    assert store.next_retry_at(NOW) == LATER
    assert store.next_retry_at(LATER) is None
    assert texts(store, LATER) == ["a1", "b1"]
    assert store.heads(LATER, 1)[0].attempts == 1


def test_a_sent_call_keeps_its_message_id_and_nothing_that_it_said(store: Store, path: Path) -> None:
    store.commit(Commit(None, chat(), calls=(say("your back"),)))
    store.retry(1, NOW, "TimedOut")
    store.sent(1, BIG, LATER)
    with sqlite3.connect(path) as connection:
        row = connection.execute("select params, message_id, error, attempts from outbox").fetchone()
    assert row == (None, BIG, None, 1)
    assert store.heads(LATER, 10) == []


def test_an_edit_gets_the_message_that_the_edited_call_became(store: Store) -> None:
    store.commit(Commit(None, chat(), calls=(say("How old?", "question"),)))
    known = store.chat(BIG)
    assert known is not None
    edit = Call("editMessageText", {"text": "Age: 40"}, edits=known.question_call)
    store.commit(Commit(None, known, calls=(edit,)))
    store.sent(1, 4711, NOW)
    head = store.heads(NOW, 1)[0]
    assert (head.method, head.edits, head.message_id, head.chat_id) == ("editMessageText", 1, 4711, BIG)


def test_a_parked_call_lets_the_next_one_pass(store: Store, path: Path) -> None:
    store.commit(Commit(None, chat(), calls=(say("too long"), say("next"))))
    store.park_call(1, "BadRequest", LATER)
    assert send_all(store) == ["next"]
    with sqlite3.connect(path) as connection:
        assert connection.execute("select params, error, sent_at from outbox where id = 1").fetchone() == (
            None,
            "BadRequest",
            None,
        )


def test_a_block_parks_what_waits_and_the_first_date_stays(store: Store) -> None:
    store.commit(Commit(None, chat(), calls=(say("a1"), say("a2"))))
    store.commit(Commit(None, chat(1, "bob"), calls=(say("b1"),)))
    store.block("ada", NOW)
    store.block("ada", LATER)
    assert texts(store) == ["b1"]
    known = store.chat(BIG)
    assert known is not None and known.blocked_at == NOW
    store.commit(Commit(None, replace(known, blocked_at=None)))
    assert store.chat(BIG) == chat()


def test_heads_are_found_without_reading_what_was_sent(store: Store) -> None:
    # The plan of the query names the partial index that holds unsent calls only.
    seen: list[str] = []
    store._db._tracer = lambda sql, parameters: seen.append(sql)
    store.heads(NOW, 10)
    plan = store._db.execute(f"explain query plan {seen[0]}", {"now": "", "never": "", "limit": 1}).fetchall()
    assert any("outbox_unsent" in row["detail"] for row in plan)
    assert not any(row["detail"] == "SCAN outbox" for row in plan)


# ---- forgetting ----------------------------------------------------------------------------------------------


def forget(store: Store, *calls: Call) -> None:
    known = store.chat(BIG)
    assert known is not None
    store.commit(Commit(None, known, calls=calls, forget=True))


def remember(store: Store) -> None:
    full = replace(chat(), country="DE", consent_version="1", consent_at=NOW, plan_state="shown", critical_at=NOW)
    calls = (say("your secret back"), say("still waiting"))
    store.commit(Commit(None, full, session(), (DiaryEntry(NOW, "result", {"secret": "back"}),), calls))
    store.sent(1, 55, NOW)


def test_forgetting_leaves_the_goodbye_alone_and_then_nothing(store: Store, path: Path) -> None:
    remember(store)
    forget(store, say("gone"), say("goodbye"))
    left = store.chat(BIG)
    assert left is not None and left.key != "ada"
    assert left == Chat(key=left.key, chat_id=BIG, created_at=NOW, seen_at=NOW, forgotten_at=NOW)
    assert [count(path, table) for table in ("chat", "session", "diary", "outbox")] == [1, 0, 0, 2]
    assert send_all(store) == ["gone", "goodbye"]
    assert [count(path, table) for table in ("chat", "session", "diary", "outbox")] == [0, 0, 0, 0]


def test_forgetting_leaves_no_trace_in_the_files(store: Store, path: Path) -> None:
    remember(store)
    assert any(b"your secret back" in file.read_bytes() for file in path.parent.iterdir())
    forget(store, say("goodbye"))
    assert not any(b"secret" in file.read_bytes() for file in path.parent.iterdir())


def test_the_id_goes_from_the_files_soon_after_the_goodbye(store: Store, path: Path) -> None:
    remember(store)
    forget(store, say("goodbye"))
    clean = [store.log_is_clean]
    send_all(store)
    # Whoever keeps to what was promised about time looks for this every few seconds.
    assert [*clean, store.log_is_clean, store.truncate_log()] == [True, False, True]
    assert not any(BIG.to_bytes(8, "big") in file.read_bytes() for file in path.parent.iterdir())


def test_forgetting_without_a_goodbye_leaves_nothing(store: Store) -> None:
    remember(store)
    forget(store)
    assert store.chat(BIG) is None
    assert store.heads(NOW, 10) == []


@pytest.mark.parametrize("end", ["parked", "blocked"])
def test_a_goodbye_that_cannot_be_sent_leaves_nothing_either(store: Store, end: str) -> None:
    remember(store)
    forget(store, say("goodbye"))
    left = store.heads(NOW, 1)[0]
    if end == "parked":
        store.park_call(left.id, "BadRequest", LATER)
    else:
        store.block(left.chat, NOW)
    assert store.chat(BIG) is None


def test_who_writes_again_before_the_goodbye_is_sent_stays(store: Store) -> None:
    remember(store)
    forget(store, say("goodbye"))
    again = store.chat(BIG)
    assert again is not None
    store.commit(Commit(None, again, session(chat_key=again.key), calls=(say("welcome"),)))
    assert send_all(store) == ["goodbye", "welcome"]
    assert store.chat(BIG) == replace(again, forgotten_at=None)
    assert store.latest_session(again.key) is not None


def test_forgetting_twice_is_forgetting(store: Store) -> None:
    remember(store)
    forget(store, say("goodbye"))
    forget(store, say("goodbye again"))
    assert send_all(store) == ["goodbye again"]
    assert store.chat(BIG) is None


def test_a_call_that_was_on_its_way_while_its_person_was_forgotten_changes_nothing(store: Store) -> None:
    remember(store)
    flying = store.heads(NOW, 1)[0]
    forget(store, say("goodbye"))
    store.sent(flying.id, 56, NOW)
    store.park_call(flying.id, "BadRequest", LATER)
    store.retry(flying.id, LATER, "TimedOut")
    store.block(flying.chat, NOW)
    assert send_all(store) == ["goodbye"]


def test_the_id_of_a_call_is_never_given_again(store: Store) -> None:
    remember(store)
    forget(store)
    store.commit(Commit(None, chat(), calls=(say("hello"),)))
    assert store.heads(NOW, 1)[0].id == 3


# ---- a group that becomes a supergroup -----------------------------------------------------------------------


def test_a_migrated_chat_keeps_all_under_its_new_id(store: Store) -> None:
    store.commit(Commit(None, chat(-5), session(), calls=(say("a1"),)))
    store.migrate_chat(-5, -1_000_000_000_005)
    assert store.chat(-5) is None
    assert store.chat(-1_000_000_000_005) == chat(-1_000_000_000_005)
    assert store.heads(NOW, 1)[0].chat_id == -1_000_000_000_005


def test_a_migrated_chat_takes_in_what_the_new_id_has_gathered(store: Store) -> None:
    store.commit(Commit(None, replace(chat(-5), country="DE"), session(), calls=(say("old", "question"),)))
    store.commit(Commit(None, chat(-6, "new"), session("s2", "new", LATER), calls=(say("new", "question"),)))
    store.migrate_chat(-5, -6)
    known, latest = store.chat(-6), store.latest_session("ada")
    assert known is not None and (known.key, known.country, known.question_call) == ("ada", "DE", 2)
    assert latest is not None and latest.key == "s2"
    assert send_all(store) == ["old", "new"]


def test_the_migration_of_an_unknown_chat_is_no_error(store: Store) -> None:
    store.migrate_chat(-5, -6)
    assert store.chat(-6) is None
