"""Telegram's side of the house: receives, answers, reminds and sends, until it is told to stop."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import httpx
from telegram import Bot
from telegram.error import InvalidToken, TelegramError
from telegram.request import HTTPXRequest

from bot.answering import PATIENCE, Answers, Listener
from bot.config import ConfigError, Settings
from bot.meter import Meter
from bot.pacing import FREE, UNLIMITED, Limits
from bot.polling import READ_TIMEOUT, Pauses, poll
from bot.reminders import Tick
from bot.sender import Sender
from bot.store import Store

log = logging.getLogger(__name__)

LAST_WORDS = 5.0
"""Seconds that what is queued may still take at the end."""
TICK = 10.0
"""Seconds between two looks at what is due: a reminder comes at most so late."""
SLICE, WAITING = 100, 500
"""How many reminders are queued at once, between which people are heard, and how many may wait to be sent."""
FOR_GOOD = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN})
"""Statuses of refusals that nothing is sent again after."""
LARGEST = {"retry_after": 7 * 86_400, "migrate_to_chat_id": 2**63 - 1}
"""The largest thinkable values of what a refusal may hold: seconds and a chat id."""
SCOPES = {"private": "all_private_chats", "groups": "all_group_chats"}

MenuCommands = Mapping[str, Sequence[tuple[str, str]]]
"""For each scope ("private", "groups") the commands with their descriptions."""


Unasked = Mapping[int, Callable[[datetime, int], Tick]]
"""What queues the calls of a priority that are due at a moment, at most so many; the lower number comes first."""
NOTHING: Unasked = {}


async def serve(
    settings: Settings,
    store: Store,
    listener: Listener,
    commands: MenuCommands,
    unasked: Unasked = NOTHING,
    *beside: Callable[[Callable[[], datetime], Callable[[], None]], Coroutine[Any, Any, None]],
) -> None:
    """Runs the bot until SIGTERM, SIGINT or SIGHUP; `unasked` queues what it says without being asked.

    What runs `beside` all this gets the clock, and what wakes the sender.
    Raises ConfigError when Telegram refuses the token, StoreError when the database can no longer be written.
    """
    bot = build_bot(settings)
    meter, close = _meter(settings, store)
    sender = Sender(bot, store, _clock, Limits() if settings.limits else UNLIMITED)
    sender.meter = meter
    answers = Answers(bot, store, listener, sender, PATIENCE if settings.limits else FREE)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop(number: signal.Signals) -> None:
        log.info("told to stop by %s", number.name)
        stopped.set()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        # Whoever starts it with nohup wants it to outlive the terminal.
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            loop.add_signal_handler(number, stop, number)

    async def receive() -> None:
        await _introduce(bot, listener)
        answers.add_pending()
        answering = asyncio.create_task(answers.run(), name="answers")
        publishing = asyncio.create_task(_publish(bot, commands), name="commands")
        receiving = asyncio.create_task(_receive(bot, store, answers, settings, meter), name="updates")
        try:
            await asyncio.wait({answering, receiving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            publishing.cancel()
            # What knocks now is not acknowledged, and comes again; the turn in hand is finished.
            await _end(receiving)
            await _end(answering)

    sending = asyncio.create_task(sender.run(), name="sender")
    receiving = asyncio.create_task(receive(), name="receiver")
    others = [asyncio.create_task(each(_clock, sender.wake)) for each in beside]
    work = [sending, receiving, asyncio.create_task(tick_away(store, sender, _clock, unasked), name="ticker"), *others]
    stopping = asyncio.create_task(stopped.wait(), name="stop")
    try:
        await asyncio.wait({*work, stopping}, return_when=asyncio.FIRST_COMPLETED)
        for task in reversed(work[1:]):
            await _end(task)
        await sender.drain(0 if sending.done() else LAST_WORDS)
    finally:
        stopping.cancel()
        close()
        try:
            await _end(sending)
        finally:
            await bot.shutdown()


def _meter(settings: Settings, store: Store) -> tuple[Meter, Callable[[], None]]:
    """Returns what counts, and what ends it."""
    if settings.metrics_port is None:
        return Meter(), lambda: None
    from bot.metrics import Metrics, open_window  # noqa: PLC0415  (most bots do without)

    metrics = Metrics(store, _clock)
    return metrics, open_window(metrics, settings.metrics_port, polls=settings.webhook is None).stop


async def _receive(bot: Bot, store: Store, answers: Answers, settings: Settings, meter: Meter) -> None:
    """Brings updates in, by the one way that the settings name; the other is closed explicitly."""
    if settings.webhook is not None:
        from bot.webhook import listen  # noqa: PLC0415  (a server that most bots do without)

        await listen(bot, store, answers, settings.webhook, meter)
    else:
        await answers.settled()
        with suppress(TelegramError):
            await bot.delete_webhook()
        await poll(bot, store, answers, settings.poll_timeout, meter)


async def _introduce(bot: Bot, listener: Listener) -> None:
    """Learns the bot's own name, which commands in groups are addressed to; waits for a server that is away."""
    pauses = Pauses()
    while True:
        try:
            await bot.initialize()
        except InvalidToken:
            raise ConfigError(
                "TELEGRAM_BOT_TOKEN is refused by the Bot API server: ask @BotFather for the current token, "
                "and check TELEGRAM_API_BASE_URL if it is set."
            ) from None
        except (TelegramError, TypeError, ValueError, LookupError, AttributeError) as error:
            # The library reads this answer with its own types, and says so little where it is none.
            log.warning("no contact with the Bot API server yet: %s", type(error).__name__)
            await asyncio.sleep(pauses.after(error))
        else:
            listener.username = bot.username
            log.info("running as @%s", bot.username)
            return


async def _publish(bot: Bot, commands: MenuCommands) -> None:
    """Sets the menu of commands for each kind of chat; one that fails is left as it was."""
    for scope, entries in commands.items():
        listed = [{"command": name, "description": description} for name, description in entries]
        try:
            await bot.do_api_request(
                "setMyCommands", api_kwargs={"commands": listed, "scope": {"type": SCOPES.get(scope, scope)}}
            )
        except TelegramError as error:
            log.warning("the commands for %s chats were not set: %s", scope, type(error).__name__)


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


class Connection(HTTPXRequest):
    """The library's transport, for which an answer that is none is trouble with the server and is not logged."""

    async def do_request(self, *args: Any, **more: Any) -> tuple[int, bytes]:
        """Returns the status and the body of an answer; raises TelegramError for a refusal that is not Telegram's."""
        status, payload = await super().do_request(*args, **more)
        if status in FOR_GOOD:
            # Whatever stands between us and Telegram says 403 too: taken at its word, everybody had blocked us.
            self.parse_json_payload(payload)
        return status, payload

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Reads an answer; raises TelegramError where it is not what the Bot API promises."""
        # The library would log what it cannot read: half an answer may hold what people say.
        try:
            answer = json.loads(payload.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            raise TelegramError("the answer is no JSON") from None
        if not isinstance(answer, dict) or not _is_sound(answer):
            raise TelegramError("the answer is no answer of the Bot API")
        return {"result": None, **answer}


def _is_sound(answer: Mapping[str, Any]) -> bool:
    """Tells whether what the library takes on trust in a refusal is of the type and size that the Bot API names."""
    parameters = answer.get("parameters", {})
    return (
        isinstance(answer.get("description", ""), str)
        and isinstance(parameters, dict)
        and all(
            name not in parameters or (type(parameters[name]) is int and abs(parameters[name]) <= largest)
            for name, largest in LARGEST.items()
        )
    )


def build_bot(settings: Settings) -> Bot:
    """Returns the connection to the Bot API server of the settings, not yet initialised."""
    # Reading the certificates of the world takes longer than reading our content: once is enough for both.
    tls = {"verify": httpx.create_ssl_context()}
    return Bot(
        settings.token,
        base_url=settings.base_url,
        base_file_url=settings.base_file_url,
        request=Connection(read_timeout=READ_TIMEOUT, connect_timeout=10.0, pool_timeout=10.0, httpx_kwargs=tls),
        get_updates_request=Connection(connection_pool_size=1, connect_timeout=10.0, httpx_kwargs=tls),
    )


def _clock() -> datetime:
    return datetime.now(UTC)
