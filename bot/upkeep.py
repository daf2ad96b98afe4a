"""The commands that look after an installation: its health, what was given up, copies, encryption and its key."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bot.config import Database

env_file = click.option(
    "--env-file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path(".env"),
    show_default=True,
    help="Settings; the environment wins over the file.",
)


@contextmanager
def _told() -> Iterator[None]:
    """Ends a command in one clear line where the database or the settings do not allow it."""
    from bot.config import ConfigError
    from bot.store.connection import StoreError, reason

    try:
        yield
    except (ConfigError, FileExistsError) as error:
        raise click.ClickException(str(error)) from error
    except (OSError, StoreError) as error:
        name = f"{error.filename}: " if isinstance(error, OSError) and error.filename else ""
        raise click.ClickException(name + reason(error)) from error


def _database(env_file: Path) -> Database:
    from bot.config import ConfigError, load_database

    database = load_database(os.environ, env_file)
    if not database.path.exists():
        raise ConfigError(f"there is no database {database.path}: DATABASE_PATH says where it is.")
    return database


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@env_file
def backup(path: Path, env_file: Path) -> None:
    """Copies the database, also while the bot runs, and verifies the copy.

    Where PATH is a folder, the copy is named after the time. With DATABASE_KEY the copy is under the same key.
    """
    from bot.store.copies import backup as copied

    with _told():
        database = _database(env_file)
        target = path / f"backstride-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.db" if path.is_dir() else path
        copied(database.path, database.key, target)
    click.echo(f"{target}: {target.stat().st_size:,} bytes, verified, {_kind(database)}")


def _kind(database: Database) -> str:
    if database.key:
        return "encrypted with DATABASE_KEY: keep the key elsewhere"
    return "not encrypted: it holds health data, so keep it where nobody else can read it, and not for long"


@click.command()
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@env_file
def restore(path: Path, env_file: Path) -> None:
    """Puts a backup in the place of the database; the bot must be stopped.

    The backup is verified first. What was there is kept aside.
    """
    from bot.config import load_database
    from bot.store.copies import restore as put_back
    from bot.store.lock import alone

    with _told():
        database = load_database(os.environ, env_file)
        with alone(database.path, may_be_lost=True) as place:
            aside = put_back(path, database.key, database.path, datetime.now(UTC))
            place.opened()
    click.echo(f"{database.path}: restored from {path}, verified")
    if aside is not None:
        click.echo(f"What was there is in {aside}: remove it once all is well, for it holds health data.")
    click.echo("Who used /delete after that backup was made is in it again: the operator's checklist says what to do.")


@click.command()
@env_file
def encrypt(env_file: Path) -> None:
    """Encrypts the plain database with DATABASE_KEY; the bot must be stopped.

    The plain file is overwritten and removed once the encrypted one is verified.
    """
    from bot.config import ConfigError
    from bot.store.copies import rewrite
    from bot.store.lock import alone

    with _told():
        database = _database(env_file)
        if not database.key:
            raise ConfigError("DATABASE_KEY is missing: set it, or DATABASE_KEY_FILE, to a long random text first.")
        with database.path.open("rb") as file:
            if not file.read(16).startswith(b"SQLite format 3"):
                raise ConfigError(f"{database.path} is not a plain database: is it encrypted already?")
        with alone(database.path):
            rewrite(database.path, "", database.key)
    click.echo(f"{database.path}: encrypted, verified")
    _tell_rest("The plain file was overwritten and removed.")


@click.command()
@click.option(
    "--new-key-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Holds the new key; without it you are asked.",
)
@env_file
def rekey(new_key_file: Path | None, env_file: Path) -> None:
    """Encrypts the database with a new key in place of DATABASE_KEY; the bot must be stopped."""
    from bot.config import ConfigError, key_in, strong
    from bot.store.copies import rewrite
    from bot.store.lock import alone

    with _told():
        database = _database(env_file)
        if not database.key:
            raise ConfigError("DATABASE_KEY is missing: set the key of today; `backstride encrypt` sets the first one.")
        if new_key_file is not None:
            new = key_in(new_key_file)
        else:
            new = strong(click.prompt("New key", hide_input=True, confirmation_prompt=True), "The new key")
        with alone(database.path):
            rewrite(database.path, database.key, new)
    click.echo(f"{database.path}: encrypted with the new key, verified")
    click.echo("Now put the new key in the place of the old one: DATABASE_KEY, or the file of DATABASE_KEY_FILE.")
    _tell_rest("The file under the old key was overwritten and removed; backups that you made keep their old key.")


def _tell_rest(done: str) -> None:
    click.echo(
        f"{done} On flash memory, on file systems that copy on write and in snapshots old blocks may remain: "
        "there only destroying the disk's own key or the disk helps."
    )


@click.command()
@click.argument("number", type=int, required=False)
@env_file
def updates(number: int | None, env_file: Path) -> None:
    """Lists incoming updates that could not be handled; with a NUMBER it shows what that one says.

    They are kept for 7 days, and hold what a person wrote: show them to nobody who need not know.
    """
    import json

    from bot.store import Store

    with _told():
        database = _database(env_file)
        with Store.reading(database.path, database.key) as store:
            parked = store.parked_updates()
    if number is None:
        click.echo(f"Could not be handled in the last 7 days: {len(parked) or 'none'}")
        for update in parked:
            click.echo(f"{update.update_id:>12}  {update.parked_at:%Y-%m-%d %H:%M}Z  {update.chat}  {update.error}")
        return
    shown = next((update for update in parked if update.update_id == number), None)
    if shown is None:
        raise click.ClickException(f"there is no update {number} here: it was handled, or is older than 7 days")
    click.echo(json.dumps(json.loads(shown.payload), indent=2))


@click.command()
@env_file
def doctor(env_file: Path) -> None:
    """Looks at settings, database, disk, clock, content and Telegram; says how to mend each; exit 1 on a failure."""
    from bot.commands import PRIVATE
    from bot.config import load_settings
    from bot.doctor import look
    from flows.proof import check as prove

    with _told():
        settings = load_settings(os.environ, env_file)
    findings = look(settings, lambda: [str(one) for one in prove(None).problems], list(PRIVATE))
    for finding in findings:
        for line in finding.lines():
            click.echo(line)
    failed = sum(finding.failed for finding in findings)
    click.echo(f"{failed or 'No'} failure{'' if failed == 1 else 's'}.")
    if failed:
        raise SystemExit(1)


@click.command()
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many are listed.")
@env_file
def outbox(limit: int, env_file: Path) -> None:
    """Lists messages that were given up: when, why, and in which chat, by its random key; never what they said."""
    from bot.records import CLUBS, PEOPLE, REMINDERS
    from bot.store import Store

    with _told():
        database = _database(env_file)
        with Store.reading(database.path, database.key) as store:
            numbers, parked = store.numbers(datetime.now(UTC)), store.parked_calls(limit)
    answers, reminders, posts = (numbers.calls_waiting.get(one, 0) for one in (PEOPLE, REMINDERS, CLUBS))
    click.echo(f"Waiting: {answers} answers, {reminders} reminders, {posts} club posts.")
    click.echo(f"Given up: {'none' if not parked else f'the newest {len(parked)}'}")
    for call in parked:
        when = "-" if call.parked_at is None else f"{call.parked_at:%Y-%m-%d %H:%M}Z"
        click.echo(f"{call.id:>8}  {when:17}  {call.chat}  {call.method:22}  {call.error}")


COMMANDS = (backup, restore, encrypt, rekey, doctor, outbox, updates)
