"""Runs a campaign and prints what it cost; exit 1 when anything was lost or doubled."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from flows.engine import Engine
from flows.library import load
from tests.fake_bot_api import running
from tests.torture.campaign import Campaign

KEY = "only-for-torture-0123456789abcdef"
"""What the database of every second campaign is encrypted with."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=3600, help="the longest time before everybody may finish")
    parser.add_argument("--keep", type=Path, help="a folder for the database and the log")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, running() as api:
        folder = given.keep or Path(name)
        folder.mkdir(parents=True, exist_ok=True)
        report = Campaign(given.seed, folder, api, Engine(load()), "" if given.seed % 2 else KEY).run(
            given.kills, given.seconds
        )
    print("\n".join(report.lines()))
    raise SystemExit(not report.sound)


if __name__ == "__main__":
    main()
