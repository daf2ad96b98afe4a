"""Laws about the project itself: what its files promise each other."""

import ast
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from bot.config import Settings, load_settings
from bot.made import LONGEST
from bot.telegram import LAST_WORDS
from flows.schema import Content

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
TOKEN = "12345:" + "a" * 35


def locked() -> dict[str, str]:
    """Each package of the lock by its normalised name, with its version."""
    return {name.lower().replace("_", "-"): version for name, version in re.findall(r"(?m)^([\w.-]+)==([^\s;]+)", LOCK)}


def dependencies() -> list[str]:
    optional = PYPROJECT["project"]["optional-dependencies"].values()
    return [*PYPROJECT["project"]["dependencies"], *(one for group in optional for one in group)]


def name(requirement: str) -> str:
    return re.split(r"[<>=~!\[; ]", requirement)[0].lower().replace("_", "-").replace(".", "-")


def test_the_version_is_the_newest_heading_of_the_changelog() -> None:
    headings = re.findall(r"(?m)^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    assert headings[0] == PYPROJECT["project"]["version"]


def test_the_lock_names_no_address_and_no_path() -> None:
    requirements = [line for line in LOCK.splitlines() if not line.startswith("#")]
    assert not [line for line in requirements if re.search(r"://|/|\bfile:| @ |^-|--(?!hash=)", line)]


def test_every_requirement_of_the_lock_is_pinned_with_hashes() -> None:
    entries = re.split(r"(?m)^(?=[\w#])", LOCK)
    requirements = [entry for entry in entries if entry and not entry.startswith("#")]
    # One package may have one version for each of several versions of Python.
    assert {name(entry) for entry in requirements} == locked().keys()
    assert not [entry for entry in requirements if not re.search(r"--hash=sha256:[0-9a-f]{64}\s*$", entry)]


def test_the_lock_holds_every_dependency_and_the_build_backend() -> None:
    wanted = {name(one) for one in [*dependencies(), *PYPROJECT["build-system"]["requires"]]}
    assert wanted <= locked().keys()


def test_the_build_backend_is_pinned_as_it_is_locked() -> None:
    (backend,) = PYPROJECT["build-system"]["requires"]
    package, _, version = backend.partition("==")
    assert locked()[package] == version


def test_every_dependency_says_why_it_is_there() -> None:
    lines = [line.strip() for line in (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()]
    for requirement in PYPROJECT["project"]["dependencies"]:
        above = lines[lines.index(f'"{requirement}",') - 1]
        assert above.startswith("# "), f"{requirement} has no comment"


def test_the_example_settings_name_exactly_what_the_bot_reads() -> None:
    example = re.findall(r"(?m)^([A-Z_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"))
    tree = ast.parse((ROOT / "bot" / "config.py").read_text(encoding="utf-8"))
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert sorted(example) == sorted(text for text in texts if re.fullmatch(r"[A-Z]+(_[A-Z]+)+", text))


def test_the_example_settings_are_the_defaults() -> None:
    assert load_settings({"TELEGRAM_BOT_TOKEN": TOKEN}, ROOT / ".env.example") == Settings(token=TOKEN)


def test_every_example_setting_has_a_comment() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    above = {line: lines[at - 1] for at, line in enumerate(lines) if re.match(r"[A-Z_]+=", line)}
    assert not [line for line, comment in above.items() if not comment.startswith("# ")]


def test_no_module_is_longer_than_a_reader_holds() -> None:
    lengths = {
        path.relative_to(ROOT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for half in ("bot", "flows")
        for path in (ROOT / half).rglob("*.py")
    }
    assert not {path: lines for path, lines in lengths.items() if lines > 420}


def test_every_target_of_the_makefile_says_what_it_does() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (phony,) = re.findall(r"(?m)^\.PHONY: (.+)$", makefile)
    assert sorted(re.findall(r"(?m)^([a-z]+): .*## \S", makefile)) == sorted(phony.split())


def test_the_readme_names_every_command_of_the_makefile() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"(?m)^([a-z]+): .*## ", makefile))
    assert set(re.findall(r"(?m)(?:`|^|sudo )make ([a-z]+)", readme)) | {"help"} == targets


def test_the_readme_names_every_command_of_the_chat(content: Content) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = [phrase.split(".")[1] for phrase in content.phrases.phrases if phrase.startswith("command.")]
    assert {name.removeprefix("group_") for name in commands} <= set(re.findall(r"`/(\w+)", readme))


def test_the_readme_has_every_module_on_its_map() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    house = readme[readme.index("flows/                  pure") : readme.index("Five ideas carry it")]
    there = {path.name for half in ("bot", "flows") for path in (ROOT / half).glob("*.py")} - {"__init__.py"}
    stored = {path.name for path in (ROOT / "bot" / "store").glob("*.py")}
    named = set(re.findall(r"\b\w+\.py\b", house))
    assert there <= named <= there | stored


def test_the_documents_name_only_what_is_there() -> None:
    for document in (ROOT / "docs").glob("*.md"):
        text = document.read_text(encoding="utf-8")
        named = re.findall(r"`((?:bot|flows|deploy|docs)/[\w./-]+)`", text)
        named += [f"tests/{name}" for name in re.findall(r"`(test_\w+\.py)`", text)]
        named += [f"docs/{link}" for link in re.findall(r"\]\(([\w.-]+)\)", text)]
        assert named and not [name for name in named if not (ROOT / name).exists()], document.name


def test_the_script_of_ci_may_be_run() -> None:
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0


def test_systemd_waits_for_the_bot_to_end_by_itself_and_starts_it_again_whatever_ended_it() -> None:
    unit = (ROOT / "deploy" / "backstride.service").read_text(encoding="utf-8")
    patience = re.search(r"(?m)^TimeoutStopSec=(\d+)$", unit)
    assert patience is not None and int(patience[1]) > LAST_WORDS + LONGEST
    # To systemd a SIGHUP or a SIGPIPE is no failure.
    assert "\nRestart=always\n" in unit


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_the_units_pass_systemds_own_check(tmp_path: Path) -> None:
    units = [*(ROOT / "deploy").glob("*.service"), *(ROOT / "deploy").glob("*.timer")]
    for unit in units:
        text = unit.read_text(encoding="utf-8").replace("/opt/backstride/.venv/bin/backstride", "/bin/true")
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
        # A call that the filter refuses fails; without this line the bot would die of it.
        assert "SystemCallErrorNumber=EPERM" in text or unit.suffix == ".timer"
    command = ["systemd-analyze", "verify", *(str(tmp_path / unit.name) for unit in units)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "") and len(units) == 3
