"""Turns: of the engine alone, and durable ones on a real file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from unittest.mock import patch

import flows.engine
from bot.conversation import Conversation
from bot.desk import Incoming
from bot.store import Store
from flows.engine import Answer, Engine, Session
from tests.answers import crowd
from tests.bench.figures import Figure, median
from tests.person import Person

PEOPLE = 60
"""Made-up people, half of them calm; each goes through a whole triage."""
REPEATS = 10


def engine_turns(engine: Engine) -> list[Figure]:
    """Each answer of many conversations, given again and again."""
    plain, probing = [], []
    turns = [turn for answers in crowd(PEOPLE) for turn in _conversation(engine, Person(answers))]
    # A question that is asked only if it would change the plan makes the engine plan several times over.
    for session, answer in turns:
        with patch.object(flows.engine, "would_hold", wraps=flows.engine.would_hold) as probe:
            engine.advance(session, answer)
        times = probing if probe.called else plain
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


def durable_turns(engine: Engine, path: Path) -> list[Figure]:
    """Whole triages by button, on a file: received, handled and committed, each before the next."""
    store = Store.open(path)
    conversation = Conversation(engine, store)
    receiving: list[float] = []
    handling: list[float] = []
    for chat_id, answers in enumerate(crowd(PEOPLE), start=1):
        triage(conversation, store, chat_id, Person(answers), receiving, handling)
    store.close()
    whole = [received + handled for received, handled in zip(receiving, handling, strict=True)]
    return [
        median("a durable turn", whole, "ms", target=1.5),
        median("  receive: the update on the disk", receiving, "ms"),
        median("  handle: load, advance, render, commit", handling, "ms"),
    ]


def triage(
    conversation: Conversation,
    store: Store,
    chat_id: int,
    person: Person,
    receiving: list[float],
    handling: list[float],
) -> None:
    """One person's conversation from /start to its end, the times of each turn noted."""
    update_id = chat_id * 10_000
    incomings = _presses(conversation.engine, store, chat_id, person)
    for incoming in incomings:
        update_id += 1
        payload = json.dumps({"update_id": update_id, "filler": "x" * 600})
        begun = perf_counter()
        store.receive(update_id, payload)
        received = perf_counter()
        conversation.handle(Incoming(update_id, **incoming), datetime.now(UTC))
        handling.append(perf_counter() - received)
        receiving.append(received - begun)
        _deliver(store)


def _deliver(store: Store) -> None:
    """Plays the sender, outside the measured time."""
    now = datetime.now(UTC)
    while heads := store.heads(now, 10):
        for call in heads:
            store.sent(call.id, call.id, now)


def _presses(engine: Engine, store: Store, chat_id: int, person: Person) -> Iterator[dict[str, object]]:
    """What the person does next, given where the stored session is now."""
    yield {"chat_id": chat_id, "kind": "command", "text": "start"}
    while True:
        chat = store.chat(chat_id)
        row = store.latest_session(chat.key) if chat is not None else None
        if row is None or row.state not in engine.nodes:
            return
        session = engine.resume(row.state, row.log)
        answer = person.answer(engine, session)
        values = [option.value for option in engine.nodes[row.state].question.options]
        codes = [f"n{answer}"] if isinstance(answer, int) else []
        if isinstance(answer, str):
            codes = [f"a{values.index(answer)}"]
        elif isinstance(answer, tuple):
            codes = [*(f"t{values.index(tick)}" for tick in answer), "d"]
        for code in codes:
            yield {"chat_id": chat_id, "kind": "press", "data": f"q:{row.key}:{row.turn}:{code}", "message_id": 1}
