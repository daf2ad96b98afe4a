"""Turns: of the engine alone, and durable ones on a real file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from time import perf_counter
from unittest.mock import patch

from bot.conversation import Conversation
from bot.store import Store
from bot.work import Incoming
from flows.engine import Engine, Session
from flows.plan import would_hold
from flows.questions import Answer
from tests.answers import crowd
from tests.bench.figures import Figure, median
from tests.person import Person

PEOPLE = 60
"""Made-up people, half of them calm; each goes through a whole triage."""
REPEATS = 10


def engine_turns(engine: Engine) -> list[Figure]:
    """Each answer of many conversations, given again and again."""
    plain: list[float] = []
    probing: list[float] = []
    for session, answer in (turn for answers in crowd(PEOPLE) for turn in _conversation(engine, Person(answers))):
        times = probing if _tries_plans(engine, session, answer) else plain
        for _ in range(REPEATS):
            begun = perf_counter()
            engine.advance(session, answer)
            times.append(perf_counter() - begun)
    return [
        median("an engine turn", plain + probing, "us", target=100),
        median("  that plans nothing", plain, "us"),
        *([median("  that tries out plans", probing, "us")] if probing else []),
        median("a result with its plan", list(_assessments(engine)), "us"),
    ]


def _tries_plans(engine: Engine, session: Session, answer: Answer) -> bool:
    """Tells whether this turn asks a question only if it would change the plan, and so plans several times over."""
    with patch("flows.questions.would_hold", wraps=would_hold) as probe:
        engine.advance(session, answer)
    return bool(probe.called)


def _conversation(engine: Engine, person: Person) -> Iterator[tuple[Session, Answer]]:
    session = engine.start().session
    while session.state in engine.nodes:
        answer = person.answer(engine, session)
        yield session, answer
        session = engine.advance(session, answer).session


def _assessments(engine: Engine) -> Iterator[float]:
    for answers in crowd(PEOPLE):
        session = engine.start().session
        for before, answer in _conversation(engine, Person(answers)):
            session = engine.advance(before, answer).session
        if session.state != "plan":
            continue
        for _ in range(REPEATS):
            begun = perf_counter()
            engine.assess(session)
            yield perf_counter() - begun


@dataclass
class Times:
    """Seconds of each turn of some triages."""

    receive: list[float] = field(default_factory=list)
    handle: list[float] = field(default_factory=list)


def durable_turns(engine: Engine, path: Path) -> list[Figure]:
    """Whole triages by button, on a file: received, handled and committed, each before the next."""
    times = Times()
    with closing(Store.open(path)) as store:
        conversation = Conversation(engine, store)
        for chat_id, answers in enumerate(crowd(PEOPLE), start=1):
            triage(conversation, store, chat_id, Person(answers), times)
    whole = [received + handled for received, handled in zip(times.receive, times.handle, strict=True)]
    return [
        median("a durable turn", whole, "ms", target=1.5),
        median("  receive: the update on the disk", times.receive, "ms"),
        median("  handle: load, advance, render, commit", times.handle, "ms"),
    ]


def triage(conversation: Conversation, store: Store, chat_id: int, person: Person, times: Times) -> None:
    """One person's conversation from /start to its end."""
    update_ids = count(chat_id * 10_000)
    incoming: Incoming | None = Incoming(next(update_ids), chat_id, "command", text="start")
    todo: list[str] = []
    while incoming is not None:
        payload = json.dumps({"update_id": incoming.update_id, "as_long_as_a_press": "x" * 900})
        begun = perf_counter()
        store.receive(incoming.update_id or 0, payload)
        received = perf_counter()
        conversation.handle(incoming, datetime.now(UTC))
        times.handle.append(perf_counter() - received)
        times.receive.append(received - begun)
        _deliver(store)
        todo = todo or _presses(conversation.engine, store, chat_id, person)
        data = todo.pop(0) if todo else ""
        incoming = Incoming(next(update_ids), chat_id, "press", data=data, message_id=1) if data else None


def _deliver(store: Store) -> None:
    """Plays the sender, outside the measured time."""
    now = datetime.now(UTC)
    while heads := store.heads(now, 10):
        for call in heads:
            store.sent(call.id, call.id, now)


def _presses(engine: Engine, store: Store, chat_id: int, person: Person) -> list[str]:
    """What the buttons send that this person presses at the question where the stored session is; nothing at an end."""
    chat = store.chat(chat_id)
    row = store.latest_session(chat.key) if chat is not None else None
    if row is None or row.state not in engine.nodes:
        return []
    answer = person.answer(engine, engine.resume(row.state, row.log))
    values = [option.value for option in engine.nodes[row.state].question.options]
    if isinstance(answer, int):
        codes = [f"n{answer}"]
    elif isinstance(answer, str):
        codes = [f"a{values.index(answer)}"]
    else:
        codes = [*(f"t{values.index(tick)}" for tick in answer), "d"]
    return [f"q:{row.key}:{row.turn}:{code}" for code in codes]
