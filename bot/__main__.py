"""The command line: builds and wires every object by hand, once."""

from __future__ import annotations

import gc
import json
import os
import shutil
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bot import upkeep

if TYPE_CHECKING:
    from bot.conversation import Conversation
    from bot.desk import Desk
    from bot.drawings import Drawings
    from bot.own_data import Operator
    from bot.store import Store
    from bot.work import Dialogue

# Each command imports what it needs: a start counts in tenths of a second, and most commands need no Telegram.

CHAT_DATABASE = Path("data/chat.db")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="backstride")
def main() -> None:
    """Backstride: a Telegram bot for runners with a sore low back.

    It gives information, not a diagnosis, and is a prototype until a clinician has signed its content off.
    """


def _conversation(
    store: Store, operator: Operator | None = None, dialogues: Iterable[Callable[[Desk, Store], Dialogue]] = ()
) -> Conversation:
    from bot.account import Account
    from bot.challenge import Challenge, Totals
    from bot.check_in import CheckIn
    from bot.conversation import Conversation
    from bot.membership import Membership
    from bot.own_data import Operator
    from bot.printing import Printing
    from bot.render import LANGUAGE
    from bot.sharing import Sharing
    from flows.catalog import languages, translator
    from flows.engine import Engine
    from flows.library import ContentError, load

    operator = operator or Operator()
    account = partial(Account, operator=operator)
    own: list[Callable[[Desk, Store], Dialogue]] = [CheckIn, Printing, Membership, Challenge, Sharing, account]
    try:
        translate, others = translator(LANGUAGE), [*own, *dialogues]
        conversation = Conversation(Engine(load()), store, translate, operator, others, language=LANGUAGE)
    except ContentError as error:
        raise click.ClickException(str(error)) from error
    voices = {code: translator(code) for code in languages()}
    conversation.clubs.learn(voices)
    conversation.inline.learn(voices)
    conversation.clubs.also.append(Totals(store, conversation.clubs.words))
    return conversation


@main.command()
@click.option(
    "--db",
    type=click.Path(dir_okay=False, path_type=Path),
    default=CHAT_DATABASE,
    show_default=True,
    help="Where the conversation is kept between runs.",
)
@click.option(
    "--script",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Types the lines of a transcript in place of you, then ends.",
)
@click.option(
    "--record",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Writes the conversation to a file that --script and replay can read.",
)
def chat(db: Path, script: Path | None, record: Path | None) -> None:
    """Talks in this terminal; needs no token and no network."""
    from bot.store import Store, StoreError, alone
    from bot.terminal import Terminal, run_through, typed_lines

    with ExitStack() as stack:
        try:
            stack.enter_context(alone(db))
            store = stack.enter_context(closing(Store.open(db)))
        except (StoreError, OSError) as error:
            raise click.ClickException(str(error)) from error
        conversation = _conversation(store)
        shown: list[str] = []

        def show(text: str) -> None:
            shown.append(click.unstyle(text))
            click.echo(_fitted(text))

        def bold(text: str) -> str:
            return click.style(text, bold=True)

        terminal = Terminal(conversation, store, show, bold)
        words = conversation.desk.words
        if script is not None:
            run_through(terminal, typed_lines(script))
        else:
            show_hint = sys.stdin.isatty()
            if show_hint:
                click.echo(_fitted(words.label("terminal.hint")) + "\n")
            terminal.begin()
            _talk(terminal, shown)
            click.echo(words.label("terminal.bye"))
        if record is not None:
            record.write_text("\n".join(shown) + "\n", encoding="utf-8")


def _fitted(text: str) -> str:
    """Breaks lines between words where a terminal would break them within."""
    if not sys.stdout.isatty():
        return text
    width = shutil.get_terminal_size().columns
    return "\n".join("\n".join(textwrap.wrap(line, width, break_long_words=False)) for line in text.split("\n"))


def _talk(terminal: Any, shown: list[str]) -> None:
    """Reads lines until the end of the input."""
    from bot.terminal import TYPED

    while True:
        try:
            line = input(TYPED if sys.stdin.isatty() else "")
        except (EOFError, KeyboardInterrupt):
            click.echo()
            return
        shown.append(TYPED + line)
        if not sys.stdin.isatty():
            click.echo(TYPED + line)
        terminal.type(line)


@main.command()
@click.argument("transcript", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def replay(transcript: Path) -> None:
    """Runs a recorded transcript through today's flow and shows what changed; exit 1 if anything did."""
    from bot.store import Store
    from bot.terminal import changes

    with tempfile.TemporaryDirectory() as folder, closing(Store.open(Path(folder) / "replay.db")) as store:
        difference = changes(transcript, _conversation(store), store)
    for line in difference:
        click.echo(line)
    if difference:
        raise SystemExit(1)
    click.echo("Nothing changed.")


@main.command()
@click.option(
    "--explain",
    is_flag=True,
    help="Adds the answers behind each result, and those that would change it.",
)
def simulate(explain: bool) -> None:
    """Evaluates the rules on answers read as JSON lines, and writes one JSON line each.

    Each line is an object with answer fields (age, rf, life, … band); a field that is missing has its default. Sets
    and pairs are lists, booleans "yes" or "no". An unknown field or value gives {"error"} for that line, and exit 1
    at the end.
    """
    from flows.library import load
    from flows.simulate import conclusion, explanation, parse

    content = load()

    def answer(line: bytes) -> dict[str, Any]:
        facts = parse(content, line)
        return conclusion(content, facts) | (explanation(content, facts) if explain else {})

    _answer_lines(answer)


def _answer_lines(answer: Callable[[bytes], dict[str, Any]]) -> None:
    """Answers each line of standard input with a line of JSON; exit 1 at the end if any was refused."""
    from flows.simulate import AnswerError

    failed = False
    for line in sys.stdin.buffer:
        if not line.strip():
            continue
        result: dict[str, Any]
        try:
            result = answer(line)
        except AnswerError as error:
            failed = True
            result = {"error": str(error)}
        sys.stdout.write(json.dumps(result, ensure_ascii=False) + "\n")
    sys.stdout.flush()
    if failed:
        raise SystemExit(1)


class _Explained(click.Command):
    """A command whose help ends with what every action id means, from the content."""

    def format_epilog(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the action ids and what they mean."""
        from flows.library import load

        with formatter.section("Actions"):
            formatter.write_dl([(action.id, action.explains) for action in load().check_in.actions])


@main.command(name="follow-up", cls=_Explained)
def follow_up() -> None:
    """Works the days after a full screen out from JSON lines, and writes one JSON line each.

    Each line is {"start": {answers as for simulate, plus run_status and W1}, "days": [{"day": 1, "C1": [], "C2": 3,
    "C3": {}, "C4": {}, "L": {}, "W1": 7, "W2": "same", "W5": "no", "tests": {}, "screen": {}, "assessed": "no"}]}.
    A part that is missing was not answered, and a day that is missing was missed; a day that is given twice replaces
    the first. C1 holds every id that the day's questions found: the bone questions too, which come at every check-in
    with BS_PREV and so before each step of the way back to running.

    \b
    A day may also hold:
      "accept": [exercises]   what was offered and is wanted; nothing else counts
      "NET": "yes"            an emergency that was typed is happening now (yes,
                              unsure, no); the start may hold it too
      "W3": {"week": 25, "longest": 10.5}
                              kilometres of the last 7 days and of the longest run
      "Q11b": {"onset": "lt35", "ax": [], "fear": "no"}
                              what D84 asks; before day 84 it does not count

    An unknown field or value gives {"error"} for that line, and exit 1 at the end.
    """  # noqa: D301  (click keeps the lines after it as they are)
    from flows.courses import course
    from flows.library import load

    _answer_lines(partial(course, load()))


@main.command()
@click.argument("content", type=click.Path(exists=True, file_okay=False, path_type=Path), required=False)
def check(content: Path | None) -> None:
    """Checks the shipped content (or that of a folder) and lists what carries each row of the source articles."""
    from flows.proof import check as prove

    report = prove(content)
    for line in report.lines:
        click.echo(line)
    for problem in report.problems:
        click.echo(problem, err=True)
    if report.problems:
        raise SystemExit(1)


@main.command()
@click.argument("flow", default="low_back_pain")
def diagram(flow: str) -> None:
    """Prints a flow as a mermaid diagram."""
    from flows.diagram import mermaid
    from flows.library import load

    content = load()
    if flow != content.flow.id:
        raise click.ClickException(f"there is no flow {flow!r}; there is {content.flow.id!r}")
    click.echo(mermaid(content))


@main.command()
@upkeep.env_file
def run(env_file: Path) -> None:
    """Runs the Telegram bot until it is stopped (SIGTERM or Ctrl-C)."""
    # What a start builds stays: looking through it for cycles, again and again, takes a sixth of the start.
    gc.disable()
    import asyncio

    from bot import posting, reminders
    from bot.config import ConfigError, load_settings
    from bot.logs import configure_logging
    from bot.notices import Notices
    from bot.operating import Operating
    from bot.own_data import Operator
    from bot.records import CLUBS, REMINDERS
    from bot.reminding import Reminding
    from bot.retention import Retention
    from bot.store import Store, StoreError, alone
    from bot.store.connection import reason
    from bot.telegram import serve

    try:
        settings = load_settings(os.environ, env_file)
        configure_logging(settings.log_level, settings.log_format, settings.secrets)
        path = settings.database_path
        with alone(path) as place, closing(Store.open(path, settings.database_key)) as store:
            place.opened()
            operator = Operator(settings.operator_name, settings.operator_contact, settings.retention_days)
            # A terminal is not there when a reminder is due, so that only a running bot offers them.
            conversation = _conversation(store, operator, [Reminding])
            conversation.desk.drawings = _drawings()
            notices = Notices(conversation.desk.words, conversation.offers)
            retain = Retention(store, conversation.desk.render, settings.retention_days)
            unasked = {
                REMINDERS: lambda now, most: reminders.tick(store, now, notices, most),
                CLUBS: lambda now, most: posting.tick(store, now, conversation.clubs.post, most),
            }
            listener = Operating(conversation, settings.operator_ids)
            gc.freeze()
            gc.enable()
            menus = conversation.commands.menus()
            asyncio.run(serve(settings, store, listener, menus, unasked, retain.run, place.watch))
    except ConfigError as error:
        raise click.ClickException(str(error)) from error
    except StoreError as error:
        raise click.ClickException(reason(error)) from error
    finally:
        gc.enable()


def _drawings() -> Drawings | None:
    """Returns the drawings of the package; a bot without them speaks in texts."""
    import logging

    from bot.drawings import Drawings, DrawingsError

    try:
        return Drawings.read()
    except DrawingsError as error:
        logging.getLogger(__name__).warning("%s; until then texts come in their place", error)
        return None


for _command in upkeep.COMMANDS:
    main.add_command(_command)


if __name__ == "__main__":
    main()
