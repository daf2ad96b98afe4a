"""What is due -> the message that reminds a person of it, with only such buttons as there are."""

from __future__ import annotations

from collections.abc import Callable

from bot.records import Call, Kind
from bot.reminders import Due
from bot.render import Button, Message, Words, in_rows, paragraphs

ORDER = ("doctor_3_days", "recheck_48h", "check_in", "nudge", "monthly", "check_of_the_day")
"""What matters most for a person's safety is said first."""
ABOUT = {
    "check_in": ("checkin", "plan", "snooze", "skip"),
    "nudge": ("checkin", "plan"),
    "doctor_3_days": ("check", "snooze"),
    "recheck_48h": ("check", "snooze"),
    "monthly": ("checkin", "snooze", "monthly_off"),
    "check_of_the_day": ("check_of_the_day", "snooze", "skip", "checks_off"),
}
"""The menu buttons of each kind."""


class Notices:
    """Renders reminders in one language."""

    def __init__(self, words: Words, offers: Callable[[str], bool]) -> None:
        self.words = words
        self.offers = offers
        """Tells whether there is a menu button of this name."""
        self._worded: dict[tuple[Kind, ...], Call] = {}

    def __call__(self, due: Due) -> Call:
        """Returns the message of all that is due for one chat at once."""
        # A thousand people who are due at once are mostly told the same: it is worded once.
        if due.kinds not in self._worded:
            self._worded[due.kinds] = self._word(due.kinds)
        return self._worded[due.kinds]

    def _word(self, due: tuple[Kind, ...]) -> Call:
        kinds = [kind for kind in ORDER if kind in due]
        if "nudge" in kinds and "check_in" in kinds:
            # The nudge stands in the place of the usual words.
            kinds.remove("check_in")
        names = dict.fromkeys(name for kind in (*kinds, *due) for name in ABOUT[kind] if self.offers(name))
        buttons = [Button(self.words.label(f"reminder.{name}"), f"g:{name}") for name in names]
        text = paragraphs(*(self.words(f"notice.{kind}") for kind in kinds))
        return Call("sendMessage", Message(text, in_rows(buttons)).params())
