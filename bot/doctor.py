"""Looks at an installation and says what is wrong and how to mend it."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from bot.config import Settings
from bot.store import Older, Store, StoreError
from bot.store.connection import Told, check, reason
from bot.store.copies import litestream_trouble

ROOM = 200_000_000
"""Bytes that should be free on the disk of the database."""
DRIFT = 5.0
"""Seconds that the clock may differ from Telegram's."""
PATIENCE = 15.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `cure` says what to do where it is not well, and a warning fails nothing."""

    what: str
    said: str
    cure: str = ""
    warning: bool = False

    @property
    def failed(self) -> bool:
        """Tells whether this stops the bot from doing its work."""
        return bool(self.cure) and not self.warning

    def lines(self) -> Iterator[str]:
        """Yields this as it is printed."""
        mark = "FAIL" if self.failed else "warn" if self.cure else "ok"
        yield f"{mark:5} {self.what}: {self.said}"
        if self.cure:
            yield f"      -> {self.cure}"


def look(settings: Settings, check_content: Callable[[], list[str]], commands: list[str]) -> list[Finding]:
    """Returns all findings; what cannot be looked at is a finding too."""
    return [
        *_content(check_content),
        *_operator(settings),
        *_database(settings),
        _room(settings),
        *asyncio.run(_telegram(settings, commands)),
    ]


def _content(check_content: Callable[[], list[str]]) -> Iterator[Finding]:
    problems = check_content()
    if problems:
        yield Finding("content", problems[0], "run `backstride check`, and correct what it names")
    else:
        yield Finding("content", "complete and consistent")


def _operator(settings: Settings) -> Iterator[Finding]:
    for name, value in (("OPERATOR_NAME", settings.operator_name), ("OPERATOR_CONTACT", settings.operator_contact)):
        if value:
            yield Finding(name, value)
        else:
            yield Finding(
                name, "not set", f"set {name} in .env: /privacy must say who runs this bot and how to reach them"
            )


def _database(settings: Settings) -> Iterator[Finding]:
    path = settings.database_path
    if not path.exists():
        yield Finding("database", f"{path} is not there yet; the first start creates it")
        return
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        yield Finding("database file", f"others may read it ({mode:o})", f"chmod 600 {path}")
    if trouble := litestream_trouble(path, settings.database_key):
        yield Finding("replication", "Litestream and DATABASE_KEY", trouble)
    try:
        check(path, settings.database_key)
        with Store.reading(path, settings.database_key) as store:
            numbers = store.numbers(datetime.now(UTC))
    except Older:
        yield Finding("database", "sound; its schema is older", "start the bot once: it is brought up to date", True)
        return
    except Told as error:
        yield Finding("database", error.what, error.cure or "see DATABASE_PATH")
        return
    except (OSError, StoreError) as error:
        yield Finding("database", reason(error), "mend that, and start the doctor again")
        return
    yield Finding("database", f"sound, and its schema is up to date; {numbers.chats} chats")
    if numbers.calls_parked:
        yield Finding("outbox", f"{numbers.calls_parked} messages were given up", "`backstride outbox` lists why", True)
    if numbers.updates_parked:
        said = f"{numbers.updates_parked} could not be handled in the last 7 days"
        yield Finding("incoming updates", said, "`backstride updates` lists why", True)


def _room(settings: Settings) -> Finding:
    folder = settings.database_path.absolute().parent
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    said = f"{free / 1e9:.1f} GB free"
    return Finding("disk", said, "" if free > ROOM else f"make room on the disk of {folder}: at least 200 MB")


async def _telegram(settings: Settings, commands: list[str]) -> list[Finding]:
    async with httpx.AsyncClient(timeout=PATIENCE) as client:

        async def ask(method: str, **params: Any) -> tuple[httpx.Response, Any]:
            answer = await client.post(f"{settings.base_url}{settings.token}/{method}", json=params)
            said = answer.json()
            if not isinstance(said, dict):
                raise ValueError
            return answer, said

        try:
            answer, me = await ask("getMe")
            if not me.get("ok"):
                return [_refused(answer.status_code)]
            _, menu = await ask("getMyCommands", scope={"type": "all_private_chats"})
            _, hook = await ask("getWebhookInfo")
        except (httpx.HTTPError, ValueError) as error:
            # The error's own text may hold the address, and with it the token.
            cure = "check the network, the firewall and TELEGRAM_API_BASE_URL, then try again"
            return [Finding("Telegram", f"cannot be reached ({type(error).__name__})", cure)]
    bot = me["result"]
    return [
        Finding("token", f"accepted; this is @{bot.get('username', '?')}"),
        _clock(answer),
        _commands(menu.get("result") or [], commands),
        _privacy_mode(bot),
        _webhook(settings, (hook.get("result") or {})),
    ]


def _refused(status: int) -> Finding:
    if status in (401, 404):
        cure = "ask @BotFather for the current token (/mybots, API Token) and put it into .env"
        return Finding("token", "Telegram refuses it", cure)
    return Finding("Telegram", f"answers with status {status}", "wait a few minutes, then try again")


def _clock(answer: httpx.Response) -> Finding:
    said = answer.headers.get("Date")
    try:
        drift = abs((datetime.now(UTC) - parsedate_to_datetime(said or "")).total_seconds())
    except (TypeError, ValueError):
        return Finding("clock", "Telegram did not say what time it is", "try again later", warning=True)
    if drift > DRIFT:
        cure = "switch time synchronisation on (timedatectl set-ntp true): reminders follow this clock"
        return Finding("clock", f"{drift:.0f} s away from Telegram's", cure)
    return Finding("clock", "agrees with Telegram's")


def _commands(menu: list[dict[str, Any]], commands: list[str]) -> Finding:
    missing = [name for name in commands if name not in {one.get("command") for one in menu}]
    if missing:
        cure = "start the bot once (`backstride run`): it sets them"
        return Finding("commands", f"Telegram's menu lacks {', '.join(missing)}", cure, warning=True)
    return Finding("commands", f"all {len(commands)} are in Telegram's menu")


def _privacy_mode(bot: dict[str, Any]) -> Finding:
    if bot.get("can_read_all_group_messages"):
        cure = "switch it on with @BotFather (/setprivacy, Enable), then add the bot to its groups again"
        return Finding("privacy mode", "off: the bot receives all that is said in its groups", cure)
    return Finding("privacy mode", "on: in groups the bot sees only what is meant for it")


def _webhook(settings: Settings, hook: dict[str, Any]) -> Finding:
    if settings.webhook is None:
        return Finding("updates", "fetched by long polling")
    if hook.get("url") != settings.webhook.url:
        cure = "start the bot once (`backstride run`): it sets the webhook"
        return Finding("updates", "Telegram does not know the webhook", cure, warning=True)
    if hook.get("last_error_message"):
        cure = "look at the reverse proxy, its certificate and WEBHOOK_PORT"
        return Finding("updates", f"Telegram could not reach the webhook: {hook['last_error_message']}", cure)
    return Finding("updates", f"the webhook is set; {hook.get('pending_update_count', 0)} updates wait")
