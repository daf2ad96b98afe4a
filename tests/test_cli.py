"""Laws of the command line: what each command reads, writes and exits with."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.__main__ import main
from flows.library import CONTENT
from flows.schema import Content

ROOT = Path(__file__).parent.parent
TRANSCRIPTS = ROOT / "tests" / "transcripts"
COMMANDS = (
    "chat", "run", "check", "simulate", "diagram", "replay", "backup", "restore", "encrypt", "rekey", "doctor",
    "outbox", "updates",
)  # fmt: skip


def run(*arguments: str | Path, typed: str | None = None, **environment: str | None) -> Result:
    return CliRunner().invoke(main, [str(each) for each in arguments], input=typed, env=environment)


def test_help_names_every_command_with_one_sentence() -> None:
    result = run("--help")
    assert result.exit_code == 0
    assert "not a diagnosis" in result.output
    for command in COMMANDS:
        line = next(line for line in result.output.splitlines() if line.strip().startswith(f"{command} "))
        assert len(line.split()) > 4


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    for option in ("--help", "-h"):
        result = run(command, option)
        assert result.exit_code == 0 and result.output.startswith(f"Usage: main {command}")


def test_the_version_is_that_of_the_package() -> None:
    try:
        installed = version("backstride")
    except PackageNotFoundError:
        pytest.skip("the package is not installed here")
    assert run("--version").output.split()[-1] == installed


# ---- chat and replay ---------------------------------------------------------------------------------------------


def test_a_piped_chat_echoes_what_is_typed_in_plain_text(tmp_path: Path) -> None:
    result = run("chat", "--db", tmp_path / "c.db", typed="1\n40\n")
    assert result.exit_code == 0
    assert "1) I agree" in result.output and "\n> 40\n" in result.output and "Step 2 of 17" in result.output
    assert "\x1b" not in result.output and "Your answers are kept." in result.output


def test_the_database_keeps_the_conversation_between_runs(tmp_path: Path) -> None:
    db = tmp_path / "deep" / "c.db"
    run("chat", "--db", db, typed="1\n40\n")
    result = run("chat", "--db", db, typed="")
    assert "Welcome back" in result.output and "Step 2 of 17" in result.output
    assert db.stat().st_mode & 0o077 == 0


def test_a_script_is_typed_and_its_record_replays_without_a_change(tmp_path: Path) -> None:
    script, record = tmp_path / "s.txt", tmp_path / "r.txt"
    script.write_text("# a short one\n1\n40\nnone\n/urgent\n", encoding="utf-8")
    result = run("chat", "--db", tmp_path / "c.db", "--script", script, "--record", record)
    assert result.exit_code == 0 and record.read_text(encoding="utf-8").strip() == result.output.strip()
    replayed = run("replay", record)
    assert (replayed.exit_code, replayed.output) == (0, "Nothing changed.\n")
    again = run("chat", "--db", tmp_path / "d.db", "--script", record)
    assert again.output == result.output


def test_a_typed_chat_can_be_recorded_and_replayed(tmp_path: Path) -> None:
    record = tmp_path / "r.txt"
    run("chat", "--db", tmp_path / "c.db", "--record", record, typed="1\n40\n2\nyes\n")
    assert run("replay", record).output == "Nothing changed.\n"


def test_an_edited_transcript_gives_a_difference_and_exit_1(tmp_path: Path) -> None:
    edited = tmp_path / "e.txt"
    text = (TRANSCRIPTS / "emergency.txt").read_text(encoding="utf-8")
    edited.write_text(text.replace("within hours", "within days"), encoding="utf-8")
    result = run("replay", edited)
    assert result.exit_code == 1 and result.output.startswith("--- recorded\n+++ today\n")
    changed = [line[0] for line in result.output.splitlines() if "What you describe can need treatment within" in line]
    assert changed == ["-", "+"]


def test_a_transcript_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    result = run("replay", tmp_path / "none.txt")
    assert result.exit_code == 2 and "does not exist" in result.output


# ---- simulate ----------------------------------------------------------------------------------------------------


def simulate(lines: Iterable[str], *options: str) -> tuple[list[dict[str, Any]], int]:
    result = run("simulate", *options, typed="".join(f"{line}\n" for line in lines))
    return [json.loads(line) for line in result.output.splitlines()], result.exit_code


def test_simulate_writes_one_line_for_each_in_order() -> None:
    rows, code = simulate(['{"rf": ["RF_SADDLE"]}', "", "{}", '{"rf": ["RF_FEVER"]}'])
    assert [row["disposition"] for row in rows] == ["EMERGENCY", "SELF_CARE", "URGENT"] and code == 0
    assert list(rows[0]) == [
        "disposition", "permission", "running", "flags", "who", "findings", "plan", "advice",
    ]  # fmt: skip


def test_a_wrong_line_gives_an_error_in_its_place_and_exit_1_at_the_end() -> None:
    rows, code = simulate(["{}", '{"height": 3}', "nonsense", '{"age": "12"}', '{"nprs": 9}'])
    assert code == 1
    assert [sorted(row) == ["error"] for row in rows] == [False, True, True, True, False]
    assert "height" in rows[1]["error"] and rows[4]["disposition"] == "URGENT"


def test_explain_adds_the_answers_behind_and_what_would_change_it() -> None:
    rows, _ = simulate(['{"rf": ["RF_FEVER"], "nprs": 4}'], "--explain")
    assert rows[0]["because"] == {"RF_FEVER": {"rf": "RF_FEVER"}}
    assert {"field": "rf", "value": [], "disposition": "SELF_CARE"} in rows[0]["would_change"]


def test_nothing_in_gives_nothing_out() -> None:
    assert simulate([]) == ([], 0)


# ---- check and diagram -------------------------------------------------------------------------------------------


def test_the_shipped_content_passes_and_every_row_of_the_articles_is_printed(content: Content) -> None:
    result = run("check")
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert len(content.sources.articles) == 61
    for row in content.sources.articles:
        line = next(line for line in lines if re.match(rf"{re.escape(row.id)}\b", line))
        assert all(name in line for name in row.carried_by) and row.left_out in line


def test_a_broken_copy_is_told_by_file_and_line_and_exit_1(tmp_path: Path) -> None:
    folder = tmp_path / "content"
    shutil.copytree(CONTENT, folder)
    path = folder / "low_back_pain.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("kind: scale", "kind: scales", 1), encoding="utf-8")
    line = text[: text.index("kind: scale")].count("\n") + 1
    result = run("check", folder)
    assert result.exit_code == 1
    assert any(row.startswith(f"low_back_pain.yaml:{line}: ") for row in result.stderr.splitlines()), result.stderr


def test_a_folder_that_is_not_there_is_told() -> None:
    assert run("check", "/nowhere").exit_code == 2


def test_the_diagram_is_mermaid_and_another_flow_is_told() -> None:
    result = run("diagram")
    assert result.exit_code == 0 and "Q01" in result.output and "emergency" in result.output
    wrong = run("diagram", "knee")
    assert wrong.exit_code == 1 and "there is no flow 'knee'" in wrong.output


# ---- run ---------------------------------------------------------------------------------------------------------


def test_a_missing_token_is_told_in_one_clear_line(tmp_path: Path) -> None:
    result = run("run", "--env-file", tmp_path / "none", TELEGRAM_BOT_TOKEN=None)
    assert result.exit_code == 1
    assert len(result.output.splitlines()) == 1 and "TELEGRAM_BOT_TOKEN" in result.output


def test_a_database_that_cannot_be_opened_is_told_in_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = run(
        "run",
        "--env-file",
        tmp_path / "none",
        TELEGRAM_BOT_TOKEN="123456:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw",
        DATABASE_PATH=str(tmp_path / "file" / "x.db"),
    )
    assert result.exit_code == 1 and len(result.output.splitlines()) == 1 and "DATABASE_PATH" in result.output


def test_a_chat_on_a_file_that_is_no_database_is_told_in_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "c.db").write_text("no database", encoding="utf-8")
    result = run("chat", "--db", tmp_path / "c.db", typed="")
    assert result.exit_code == 1 and len(result.output.splitlines()) == 1 and "not a database" in result.output


# ---- as a process ------------------------------------------------------------------------------------------------


def process(*arguments: str, typed: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        input=typed,
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "HOME": str(folder)},
    )


def test_the_chat_is_a_process_that_takes_a_pipe(tmp_path: Path) -> None:
    done = process("chat", "--db", str(tmp_path / "c.db"), typed="1\nchest pain\n", folder=tmp_path)
    assert done.returncode == 0 and done.stderr == ""
    assert "Is what you wrote about happening to you now?" in done.stdout and "\x1b" not in done.stdout


def test_in_a_terminal_the_chat_shows_a_hint_and_bold_text_and_ends_with_ctrl_d(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    arguments = [sys.executable, "-m", "bot", "chat", "--db", str(tmp_path / "c.db")]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "60", "LINES": "40"}
    with subprocess.Popen(arguments, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, cwd=ROOT) as chat:
        os.close(theirs)
        os.write(ours, b"1\n40\n\x04")
        shown = b""
        with contextlib.suppress(OSError):  # the other end is closed
            while piece := os.read(ours, 4096):
                shown += piece
    os.close(ours)
    text = shown.decode()
    assert chat.returncode == 0, text
    assert "Commands begin with a slash" in text and "\x1b[1mStep 2 of 17" in text and "Your answers are kept" in text
    assert max(len(re.sub(r"\x1b\[\d+m", "", line)) for line in text.splitlines()) <= 60


def test_content_that_cannot_be_used_is_told_in_one_line(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    for part in ("bot", "flows"):
        shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "flows" / "content" / "phrases/plan.yaml").write_text("phrases: 3\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "bot", "chat", "--db", str(tmp_path / "c.db")],
        input="",
        capture_output=True,
        text=True,
        check=False,
        cwd=copy,
    )
    assert done.returncode == 1 and "phrases/plan.yaml" in done.stderr and "backstride check" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_no_command_but_run_loads_telegram(tmp_path: Path) -> None:
    code = "import sys; from bot.terminal import Terminal; import bot.__main__; assert 'telegram' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
