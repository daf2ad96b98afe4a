"""The door that Telegram knocks at: an update is on the disk before it is acknowledged, and nobody else gets in.

The library's own webhook server reads an update before it is kept, and takes bodies of any size; Tornado, on which it
is built, lets us keep first and read later, as polling does.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import logging
from collections.abc import Awaitable, Callable

from telegram import Bot
from telegram.error import TelegramError
from tornado.web import Application, HTTPError, RequestHandler

from bot.answering import Answers
from bot.config import Webhook
from bot.decoding import ALLOWED_UPDATES, update_id_of
from bot.listening import Server, port_at
from bot.meter import Meter
from bot.polling import Pauses
from bot.store import Store, StoreError

log = logging.getLogger(__name__)

LARGEST = 1_000_000
"""Bytes of a body: an update with a text of 4096 characters and a long keyboard has a few tens of thousands."""
SLOWEST = 10.0
"""Seconds in which a body must have come."""
HEADER = "X-Telegram-Bot-Api-Secret-Token"


async def listen(bot: Bot, store: Store, answers: Answers, webhook: Webhook, meter: Meter) -> None:
    """Listens until it is cancelled.

    Raises ConfigError when the address cannot be listened at, StoreError when the store fails.
    """
    failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def keep(update_id: int, raw: dict[str, object]) -> None:
        if answers.looked_up(update_id, raw):
            meter.in_contact()
            return
        try:
            is_new = store.receive(update_id, json.dumps(raw))
        except StoreError as error:
            if not failed.done():
                failed.set_exception(error)
            raise
        meter.in_contact()
        if is_new:
            answers.add(update_id, raw)

    app = Application([(webhook.path, Door, {"secret": webhook.secret, "keep": keep})])
    server = Server(app, max_body_size=LARGEST, max_header_size=16_384, body_timeout=SLOWEST, no_keep_alive=False)
    server.add_socket(port_at(webhook.listen, webhook.port, "WEBHOOK_PORT"))
    try:
        await persist(lambda: _announce(bot, webhook), "the webhook could not be set yet")
        log.info("listening at port %d", webhook.port)
        await failed
    finally:
        server.stop()
        await server.close_all_connections()


async def persist(call: Callable[[], Awaitable[object]], trouble: str) -> None:
    """Makes a call until Telegram has taken it."""
    pauses = Pauses()
    while True:
        try:
            await call()
        except TelegramError as error:
            log.warning("%s: %s", trouble, type(error).__name__)
            await asyncio.sleep(pauses.after(error))
        else:
            return


async def _announce(bot: Bot, webhook: Webhook) -> None:
    # One connection: what a person does arrives in its order, and an update takes us about a millisecond.
    await bot.do_api_request(
        "setWebhook",
        api_kwargs={
            "url": webhook.url,
            "secret_token": webhook.secret,
            "allowed_updates": list(ALLOWED_UPDATES),
            "max_connections": 1,
        },
    )


class Door(RequestHandler):
    """Lets in updates of whoever knows the secret, and says nothing to anybody else."""

    def initialize(self, secret: str, keep: Callable[[int, dict[str, object]], None]) -> None:
        """Takes what Tornado hands to each request."""
        self._secret = secret.encode()
        self._keep = keep

    def prepare(self) -> None:
        """Refuses whoever does not know the secret."""
        if not hmac.compare_digest(self.request.headers.get(HEADER, "").encode(errors="replace"), self._secret):
            raise HTTPError(403)

    def post(self) -> None:
        """Keeps one update, then acknowledges it."""
        try:
            raw = json.loads(self.request.body)
        except (ValueError, RecursionError):
            raise HTTPError(400) from None
        update_id = update_id_of(raw)
        if update_id is None:
            raise HTTPError(400)
        try:
            self._keep(update_id, raw)
        except StoreError:
            raise HTTPError(500) from None

    def write_error(self, status_code: int, **_: object) -> None:
        """Answers with the status alone."""
        self.set_status(status_code)
        self.finish()

    def log_exception(self, *_: object) -> None:
        """Says nothing: a refusal is no event, and anybody may knock."""

    def set_default_headers(self) -> None:
        """Does not tell what it is built of."""
        self.clear_header("Server")
