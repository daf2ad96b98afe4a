"""Telegram's side of the house: every update is kept before it is acknowledged, then handed to the conversation."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import signal
import traceback
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Protocol

from telegram import Bot, Update
from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError
from telegram.request import HTTPXRequest

from bot.config import ConfigError, Settings
from bot.decoding import decode, decode_query
from bot.desk import Incoming
from bot.inline import Query
from bot.pacing import UNLIMITED, Limits
from bot.reminders import Tick
from bot.rights import Rights, concerned
from bot.sender import Sender, patience
from bot.store import AlreadyHandled, Store

log = logging.getLogger(__name__)

ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member", "inline_query")
"""Asked for explicitly: the server remembers the last list that it was given."""
ATTEMPTS = 3
READ_TIMEOUT = 20.0
LAST_WORDS = 5.0
"""Seconds that what is queued may still take at the end."""
LONGEST_PAUSE = 30.0
TICK = 10.0
"""Seconds between two looks at what is due: a reminder comes at most so late."""
SLICE, WAITING = 100, 500
"""How many reminders are queued at once, between which people are heard, and how many may wait to be sent."""
SCOPES = {"private": "all_private_chats", "groups": "all_group_chats"}

MenuCommands = Mapping[str, Sequence[tuple[str, str]]]
"""For each scope ("private", "groups") the commands with their descriptions."""


Unasked = Mapping[int, Callable[[datetime, int], Tick]]
"""What queues the calls of a priority that are due at a moment, at most so many; the lower number comes first."""
NOTHING: Unasked = {}


class Listener(Protocol):
    """What answers people; bot.conversation has the real one."""

    username: str

    def handle(self, incoming: Incoming, now: datetime) -> None:
        """Answers one update in one commit."""

    def look_up(self, query: Query) -> Mapping[str, object]:
        """Returns the parameters of the answer to an inline query."""

    def apologise(self, incoming: Incoming, now: datetime) -> None:
        """Tells the person that an update of theirs could not be handled."""


async def serve(
    settings: Settings,
    store: Store,
    listener: Listener,
    commands: MenuCommands,
    unasked: Unasked = NOTHING,
) -> None:
    """Runs the bot until SIGTERM or SIGINT; `unasked` queues what it says without being asked.

    Raises ConfigError when Telegram refuses the token, StoreError when the database can no longer be written.
    """
    bot = build_bot(settings)
    sender = Sender(bot, store, _clock, Limits() if settings.limits else UNLIMITED)
    receiver = Receiver(bot, store, listener, sender, _clock)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    sending = asyncio.create_task(sender.run(), name="sender")
    receiving = asyncio.create_task(receiver.run(settings.poll_timeout, commands), name="receiver")
    ticking = asyncio.create_task(tick_away(store, sender, _clock, unasked), name="ticker")
    stopping = asyncio.create_task(stopped.wait(), name="stop")
    try:
        await asyncio.wait({sending, receiving, ticking, stopping}, return_when=asyncio.FIRST_COMPLETED)
        await _end(ticking)
        await _end(receiving)
        await sender.drain(0 if sending.done() else LAST_WORDS)
    finally:
        stopping.cancel()
        try:
            await _end(sending)
        finally:
            await bot.shutdown()


async def tick_away(
    store: Store,
    sender: Sender,
    clock: Callable[[], datetime],
    unasked: Unasked,
    pause: float = TICK,
) -> None:
    """Queues what is due, slice by slice, until it is cancelled; raises StoreError when the store fails."""
    while unasked:
        busy = False
        for priority, queue in sorted(unasked.items()):
            # What is less urgent waits for a moment in which nothing else is due.
            if not busy and store.waiting_notices(priority) < WAITING:
                done = queue(clock(), SLICE)
                busy = done.chats > 0
                if done.queued:
                    sender.wake()
        # A slice with something in it may have left more; people come before the next one.
        await asyncio.sleep(0 if busy else pause)
    await asyncio.Event().wait()


async def _end(task: asyncio.Task[None]) -> None:
    """Cancels a task and waits for it; raises what ended it before."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def build_bot(settings: Settings) -> Bot:
    """Returns the connection to the Bot API server of the settings, not yet initialised."""
    return Bot(
        settings.token,
        base_url=settings.base_url,
        base_file_url=settings.base_file_url,
        request=HTTPXRequest(read_timeout=READ_TIMEOUT, connect_timeout=10.0, pool_timeout=10.0),
        get_updates_request=HTTPXRequest(connection_pool_size=1, connect_timeout=10.0),
    )


def configure_logging(level: str, token: str) -> None:
    """Logs to standard error, with the secret of the token blacked out wherever it appears."""
    handler = logging.StreamHandler()
    handler.setFormatter(RedactingFormatter(token))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # Below warnings these print addresses, which hold the token, and what people say and we answer.
    for name in ("httpx", "httpcore", "telegram", "transitions"):
        logging.getLogger(name).setLevel(logging.WARNING)


class RedactingFormatter(logging.Formatter):
    """Blacks out the token in the finished line, so that tracebacks are covered as well as messages."""

    def __init__(self, token: str) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._secret = token.partition(":")[2]

    def format(self, record: logging.LogRecord) -> str:
        """Formats a record without the secret part of the token."""
        return super().format(record).replace(self._secret, "[token]")


class Receiver:
    """Fetches updates by long polling, keeps them in the inbox and has each answered."""

    def __init__(
        self, bot: Bot, store: Store, listener: Listener, sender: Sender, clock: Callable[[], datetime]
    ) -> None:
        self._bot = bot
        self._store = store
        self._listener = listener
        self._sender = sender
        self._clock = clock
        self._rights = Rights(bot, clock)
        self._errands: set[asyncio.Task[None]] = set()

    async def run(self, poll_timeout: int, commands: MenuCommands) -> None:
        """Answers what an earlier run left in the inbox, then polls until it is cancelled."""
        try:
            await self._introduce()
            self._errand(self._publish(commands))
            for update_id, payload in self._store.pending():
                await self._answer(update_id, json.loads(payload))
            await self._poll(poll_timeout)
        finally:
            for errand in self._errands:
                errand.cancel()

    async def _introduce(self) -> None:
        """Learns the bot's own name, which commands in groups are addressed to; waits for a server that is away."""
        pauses = Pauses()
        while True:
            try:
                await self._bot.initialize()
            except InvalidToken:
                raise ConfigError(
                    "TELEGRAM_BOT_TOKEN is refused by the Bot API server: ask @BotFather for the current token, "
                    "and check TELEGRAM_API_BASE_URL if it is set."
                ) from None
            except TelegramError as error:
                log.warning("no contact with the Bot API server yet: %s", type(error).__name__)
                await asyncio.sleep(pauses.after(error))
            else:
                self._listener.username = self._bot.username
                log.info("running as @%s", self._bot.username)
                return

    async def _poll(self, poll_timeout: int) -> None:
        offset, pauses = 0, Pauses()
        while True:
            try:
                batch = await self._fetch(offset, poll_timeout)
            except TelegramError as error:
                log.warning("fetching updates failed: %s", type(error).__name__)
                if isinstance(error, Conflict):
                    await self._resolve(error)
                await asyncio.sleep(pauses.after(error))
                continue
            pauses = Pauses()
            # All are on the disk before the first is answered; the next fetch acknowledges them.
            kept = [raw for raw in batch if not self._looked_up(raw)]
            new = [raw for raw in kept if self._store.receive(raw["update_id"], json.dumps(raw))]
            for raw in new:
                await self._answer(raw["update_id"], raw)
            offset = max((raw["update_id"] + 1 for raw in batch), default=offset)

    def _looked_up(self, raw: dict[str, Any]) -> bool:
        """Answers an inline query at once; returns False for any other update.

        It never reaches the inbox: it is free text of somebody who may not even know us, and seconds later its answer
        is worth nothing. What is lost when the process dies is typed again.
        """
        if "inline_query" not in raw:
            return False
        try:
            query = decode_query(Update.de_json(raw, self._bot))
            if query is not None:
                self._errand(self._answer_query(self._listener.look_up(query)))
        except Exception as error:  # noqa: BLE001
            _log_failure(raw["update_id"], error)
        return True

    async def _answer_query(self, answer: Mapping[str, object]) -> None:
        try:
            await self._bot.do_api_request("answerInlineQuery", api_kwargs=dict(answer))
        except TelegramError as error:
            # Too old, or typed on: the next one has its own answer.
            log.info("an inline query was not answered: %s", type(error).__name__)

    async def _fetch(self, offset: int, poll_timeout: int) -> list[dict[str, Any]]:
        # Raw, so that one update that the library cannot read does not hold up the others.
        batch: list[dict[str, Any]] = await self._bot.do_api_request(
            "getUpdates",
            api_kwargs={"offset": offset, "timeout": poll_timeout, "allowed_updates": list(ALLOWED_UPDATES)},
            read_timeout=poll_timeout + READ_TIMEOUT,
        )
        return batch

    async def _resolve(self, error: Conflict) -> None:
        if "webhook" in error.message.lower():
            log.warning("a webhook was set for this bot: it is removed, for this bot polls")
            with suppress(TelegramError):
                await self._bot.delete_webhook()
        else:
            log.error("another program is fetching this bot's updates: stop it")

    async def _answer(self, update_id: int, raw: dict[str, Any]) -> None:
        """Has one update answered; after its last attempt it is parked, and the person told."""
        incoming: Incoming | None = None
        while True:
            try:
                incoming = incoming or await self._read(raw)
                if incoming is None:
                    self._store.mark_handled(update_id)
                else:
                    self._listener.handle(incoming, self._clock())
                break
            except AlreadyHandled:
                break
            except Exception as error:  # noqa: BLE001
                _log_failure(update_id, error)
                if self._store.failed(update_id, type(error).__name__) >= ATTEMPTS:
                    self._park(update_id, incoming, error)
                    break
        self._sender.wake()
        await asyncio.sleep(0)

    async def _read(self, raw: dict[str, Any]) -> Incoming | None:
        update = Update.de_json(raw, self._bot)
        message, query = update.message, update.callback_query
        if message is not None and message.migrate_to_chat_id is not None:
            self._store.migrate_chat(message.chat.id, message.migrate_to_chat_id)
        if message is not None and message.migrate_from_chat_id is not None:
            self._store.migrate_chat(message.migrate_from_chat_id, message.chat.id)
        incoming = decode(update, self._bot.username)
        if query is not None and (incoming is None or not incoming.query_id):
            self._errand(self._confirm(query.id))
        who = concerned(incoming) if incoming is not None else None
        if incoming is None or who is None:
            return incoming
        if not self._rights.knows(who):
            await self._rights.ask(who)
        return self._rights.told(incoming)

    def _park(self, update_id: int, incoming: Incoming | None, error: Exception) -> None:
        if incoming is not None:
            try:
                self._listener.apologise(incoming, self._clock())
            except Exception as second:  # noqa: BLE001
                _log_failure(update_id, second)
        self._store.park(update_id, type(error).__name__)

    def _errand(self, work: Coroutine[Any, Any, None]) -> None:
        errand = asyncio.create_task(work)
        self._errands.add(errand)
        errand.add_done_callback(self._errands.discard)

    async def _confirm(self, query_id: str) -> None:
        """Stops the button's spinner: a courtesy that nothing depends on."""
        with suppress(TelegramError):
            await self._bot.answer_callback_query(query_id)

    async def _publish(self, commands: MenuCommands) -> None:
        """Sets the menu of commands for each kind of chat; one that fails is left as it was."""
        for scope, entries in commands.items():
            listed = [{"command": name, "description": description} for name, description in entries]
            try:
                await self._bot.do_api_request(
                    "setMyCommands", api_kwargs={"commands": listed, "scope": {"type": SCOPES.get(scope, scope)}}
                )
            except TelegramError as error:
                log.warning("the commands for %s chats were not set: %s", scope, type(error).__name__)


class Pauses:
    """How long to wait after each failure in a row: longer every time, unless the server names a time."""

    def __init__(self) -> None:
        self._next = 0.5

    def after(self, error: TelegramError) -> float:
        """Returns the seconds to wait after this failure."""
        if isinstance(error, RetryAfter):
            return patience(error).total_seconds()
        pause, self._next = self._next, min(self._next * 2, LONGEST_PAUSE)
        return random.uniform(pause / 2, pause)


def _clock() -> datetime:
    return datetime.now(UTC)


def _log_failure(update_id: int, error: Exception) -> None:
    # Where it failed, not what was said: an exception's own text may quote the person.
    where = "".join(traceback.format_tb(error.__traceback__))
    log.error("update %d failed with %s\n%s", update_id, type(error).__name__, where)
