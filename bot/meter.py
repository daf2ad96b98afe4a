"""What may be counted while the bot works; this one counts nothing."""

from __future__ import annotations


class Meter:
    """Hears of what happens, never of whom it happens to; bot.metrics has the one that counts."""

    def received(self, kind: str) -> None:
        """Notes an update, by the kind of what a person did."""

    def turned(self, seconds: float, result: str) -> None:
        """Notes how long a turn took, and whether it was "answered", "failed" or "parked"."""

    def called(self, method: str, result: str) -> None:
        """Notes a call of the outbox and what came of it: "sent", "refused", "blocked", "limited" and the like."""

    def in_contact(self) -> None:
        """Notes that Telegram has answered just now."""
