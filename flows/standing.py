"""What stands from day to day: the answers, what the rules conclude from them, the disposition and the plan's state."""

from __future__ import annotations

from flows.engine import compile_moves
from flows.rules import Value
from flows.schema import Content, Disposition, Permission
from flows.screen import Screening, conclude


class Standing:
    """The standing answers of one course and how its plan stands; everything that acts today is noted here."""

    def __init__(self, content: Content, answers: dict[str, Value], day: int) -> None:
        self.content = content
        self.answers = answers
        self.concluded: dict[str, Value] = {}
        self.state = content.check_in.states[0]
        self.move = compile_moves(content.check_in.states, content.check_in.moves)
        self.disposition = Disposition.SELF_CARE
        self.urgent_on: int | None = None
        """The last date on which an urgent result was given."""
        self.actions: list[str] = []
        self.screening = self._conclude()
        self.covered = self.screening.clearable
        self.raise_to(self.screening.disposition, day)
        if self.screening.permission is Permission.NONE:
            self.pause()

    @property
    def paused(self) -> bool:
        """Tells whether there are no exercises and no running."""
        return self.state == "PAUSED"

    @property
    def done(self) -> bool:
        """Tells whether the plan only maintains."""
        return self.state == "DONE"

    @property
    def in_plan(self) -> bool:
        """Tells whether the rows of the plan act."""
        return not self.paused and not self.done

    @property
    def facts(self) -> dict[str, Value]:
        """The standing answers, with what the last re-run concluded."""
        return {**self.answers, **self.concluded}

    def ticks(self, name: str) -> frozenset[str]:
        """Returns a standing answer that is a set."""
        held = self.answers[name]
        assert isinstance(held, frozenset)
        return held

    # ---- what acts -----------------------------------------------------------------------------------------------

    def pause(self) -> None:
        """Stops exercises and running."""
        self.move(self, "pause")

    def recover(self) -> None:
        """Turns the plan into maintenance."""
        self.move(self, "recover")

    def decide(self, action: str, disposition: Disposition, day: int) -> None:
        """Notes an action and raises the disposition as it says."""
        self.actions.append(action)
        self.raise_to(disposition, day)

    def raise_to(self, disposition: Disposition, day: int) -> None:
        """Raises the disposition, and pauses or refers the plan as it says."""
        self.disposition = max(self.disposition, disposition)
        if disposition >= Disposition.URGENT:
            self.urgent_on = day
        if disposition >= Disposition.DOCTOR:
            self.pause()
        elif disposition is Disposition.PHYSIO:
            self.move(self, "refer")

    # ---- rules ---------------------------------------------------------------------------------------------------

    def _conclude(self) -> Screening:
        facts = dict(self.answers)
        screening = conclude(self.content.screen, facts)
        self.concluded = {name: value for name, value in facts.items() if name not in self.answers}
        return screening

    def run_again(self, pain: int | None, day: int) -> tuple[frozenset[str], bool]:
        """Evaluates section 2 on today's pain; returns the rules that fire anew, and whether anything changed."""
        before = self.screening
        if pain is not None:
            self.answers["nprs"] = pain
        now = self._conclude()
        if not now.clearable <= self.covered:
            # A professional's word covers what was known when it was given.
            self.answers["cleared"] = "no"
            now = self._conclude()
        self.screening = now
        if self.disposition < Disposition.PHYSIO:
            self.disposition = now.disposition
        if now.disposition >= Disposition.DOCTOR and "D_FLAG" not in self.actions:
            self.actions.append("D_FLAG")
        self.raise_to(now.disposition, day)
        flags, old = frozenset(now.flags), frozenset(before.flags)
        return flags - old, (flags, now.permission) != (old, before.permission)
