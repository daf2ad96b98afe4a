"""The account of a campaign: what each person should have against what the database, the screens and the log hold."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.fake_bot_api import TOKEN, FakeBotApi
from tests.torture.people import Soul

SECRET = "torture-webhook-secret"
REMINDER = "Reminder number"
Rows = Callable[[str], list[dict[str, Any]]]


@dataclass
class Report:
    """What happened, and what it cost."""

    seed: int
    encrypted: bool = False
    kills: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    updates: int = 0
    people: int = 0
    answers: int = 0
    reminders: int = 0
    lost: int = 0
    doubled: int = 0
    messages_lost: int = 0
    messages_doubled: int = 0
    reminders_doubled: int = 0
    reminders_marked: int = 0
    troubles: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Returns the report as it is printed."""
        faults = ", ".join(f"{count} {name}" for name, count in sorted(self.faults.items()))
        ends = ", ".join(f"{count} {name}" for name, count in sorted(self.ends.items()))
        kind = "encrypted" if self.encrypted else "plain"
        return [
            f"seed {self.seed}, {kind}: {self.kills} kills, {self.faults.total()} faults, {self.updates} updates",
            f"faults: {faults or 'none'}",
            f"lives ended: {ends}",
            f"people: {self.people}, who gave {self.answers} answers",
            f"answers: {self.lost} lost, {self.doubled} doubled",
            f"messages: {self.messages_lost} lost, {self.messages_doubled} shown twice",
            f"reminders: {self.reminders}; {self.reminders_marked} marked cut off, {self.reminders_doubled} repeated",
            *(f"TROUBLE: {trouble}" for trouble in self.troubles),
        ]

    @property
    def sound(self) -> bool:
        """Tells whether nothing is lost or doubled that must not be."""
        return not (self.lost or self.doubled or self.messages_lost or self.reminders_doubled or self.troubles)


def settle(report: Report, people: list[Soul], api: FakeBotApi, rows: Rows) -> None:
    """Compares answers and messages of everybody."""
    query = "select chat_id, log from session join chat on chat.key = session.chat order by session.rowid"
    logs = {row["chat_id"]: row["log"] for row in rows(query)}
    results = Counter(row["chat_id"] for row in rows(_RESULTS))
    for soul in people:
        lost, doubled = soul.account(logs.get(soul.chat_id))
        report.lost += lost
        report.doubled += doubled
        report.answers += len(soul.said)
        if lost or doubled:
            report.troubles.append(f"of person {soul.chat_id} {lost} answers are lost, {doubled} doubled")
        if soul.waits_in_vain():
            report.messages_lost += 1
            report.troubles.append(f"a person waits in vain at {soul.session.state}")
        if soul.astray:
            report.troubles.append(f"person {soul.chat_id} was asked something else than {soul.astray}")
        if results[soul.chat_id] != soul.done:
            report.troubles.append(f"{results[soul.chat_id]} results are noted for a person who has {int(soul.done)}")
    report.people = len(people)
    asked = Counter((call.chat_id, _marked(call.params)) for call in api.calls("sendMessage") if call.status == 200)
    report.messages_doubled = sum(count - 1 for (_, mark), count in asked.items() if mark)


_RESULTS = "select chat_id from diary join chat on chat.key = diary.chat where diary.kind = 'result'"


def settle_reminders(report: Report, sent: dict[int, str], api: FakeBotApi, rows: Rows) -> None:
    """Compares the reminders that were queued, by the number of their call, with what people see."""
    chats = {row["chat_id"] for row in rows("select chat_id from chat")}
    shown = Counter(one.text for chat_id in chats for one in api.messages(chat_id) if one.text.startswith(REMINDER))
    ends = {row["id"]: row for row in rows("select id, error, sent_at, params from outbox where priority = 1")}
    report.reminders = len(sent)
    for number, text in sent.items():
        row, times = ends[number], shown[text]
        report.reminders_doubled += max(times - 1, 0)
        report.reminders_marked += row["error"] == "uncertain"
        if row["sent_at"] is not None and not times:
            report.messages_lost += 1
            report.troubles.append("a reminder counts as sent, and nobody has it")
        if row["sent_at"] is None and row["error"] != "uncertain":
            report.troubles.append(f"a reminder was given up: {row['error']}")


def look_at_database(report: Report, malformed: set[int], rows: Rows) -> None:
    """Looks for what must not be there whatever happened."""
    found = report.troubles
    parked = [row for row in rows("select * from inbox where error is not null") if row["update_id"] not in malformed]
    if parked:
        found.append(f"{len(parked)} updates were parked: {parked[0]['error']}")
    try:
        if rows("pragma integrity_check") != [{"integrity_check": "ok"}]:
            found.append("the database is damaged")
        if rows("pragma foreign_key_check"):
            found.append("rows of the database hang in the air")
    except sqlite3.DatabaseError as error:
        found.append(f"the database cannot be read: {error}")


def look_at_log(report: Report, log: str, people: list[Soul], api: FakeBotApi, key: str) -> None:
    """Looks for what no log may hold: the token, the key, what was answered or shown, and who somebody is."""
    secrets = {"the token": TOKEN.partition(":")[2], "the webhook's secret": SECRET, "a name": "Ada", "the key": key}
    report.troubles += [f"the log holds {what}" for what, words in secrets.items() if words and words in log]
    words = {str(soul.chat_id) for soul in people} | {word for soul in people for word in soul.words()}
    report.troubles += [
        f"the log holds {word!r}" for word in sorted(words) if re.search(rf"\b{re.escape(word)}\b", log)
    ]
    texts = {line for soul in people for shown in api.messages(soul.chat_id) for line in shown.text.split("\n")}
    report.troubles += [f"the log holds {text!r}" for text in sorted(texts) if len(text) > 12 and text in log]
    for line in log.splitlines():
        if "Traceback" in line or '"traceback"' in line:
            report.troubles.append(f"an exception is in the log: {line[:200]}")
            return


def _marked(params: dict[str, Any]) -> str:
    rows = params.get("reply_markup", {}).get("inline_keyboard", [])
    data = [str(button.get("callback_data", "")) for row in rows for button in row]
    return next((":".join(one.split(":")[1:3]) for one in data if one.startswith("q:")), "")
