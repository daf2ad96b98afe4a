"""A day after the screen -> messages: what changed and why, the light, where to go, and the numbers behind it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date

from bot.distances import shown_distance
from bot.outcome import Outcome
from bot.render import Button, Message, Words, bold, in_rows, one_decimal, paragraphs, short_date
from flows.engine import Session
from flows.follow_up import Day
from flows.rules import Value
from flows.schema import Disposition

URGENT_PAIN = "D_PAIN9"
RUN_ACTIONS = frozenset({"RUN_OFF_48H", "TWO_REDS", "D_WORSE", "LADDER_START", "STEP_UP", "STEP_DOWN"})
"""Actions whose sentence says what becomes of running."""
WARNING_LIGHTS = ("RED", "BONE")
ENDS = {Disposition.DOCTOR: "doctor", Disposition.URGENT: "urgent", Disposition.EMERGENCY: "emergency"}
"""The end of the flow whose message fits each disposition that stops a plan."""


class Reports:
    """Renders what follows from check-ins in one language."""

    def __init__(self, outcome: Outcome, words: Words) -> None:
        self.outcome, self.words = outcome, words
        self.content = words.content
        self.names = {exercise.id: exercise.name for exercise in self.content.library.exercises}

    def report(self, day: Day, before: Day, on: date, again: bool) -> Message:
        """Returns what a check-in changed and why, the light, today's running, and the safety net."""
        changes = list(self._changes(day))
        running = f"{bold(self.words('result.running'))} {self.outcome.running(day)}"
        text = paragraphs(
            bold(self.words("check_in.noted", date=short_date(on, self.words.language))),
            self.words("check_in.replaced") if again else "",
            self.words(f"light.{day.light}") if self._shines(day) else "",
            self.words("check_in.back") if self._is_back(day, before) else "",
            *changes,
            self._unchanged(day, before) if not changes and day.state != "PAUSED" else "",
            self.words("check_in.runs_with_it") if changes and self._runs_otherwise(day, before) else "",
            self._rests(day) if day.state == "PAUSED" else running,
            self.words("safety_net"),
        )
        return Message(text, self._choices(day))

    def _rests(self, day: Day) -> str:
        seen = self.words("check_in.paused_until_seen") if day.disposition >= Disposition.DOCTOR else ""
        return " ".join(part for part in (self.words("check_in.paused"), seen) if part)

    def _is_back(self, day: Day, before: Day) -> bool:
        """Tells whether the plan of a recovered runner rests since this day, for nothing that is urgent."""
        return before.state == "DONE" and "FULL_SCREEN" in day.actions and day.disposition < Disposition.DOCTOR

    def _shines(self, day: Day) -> bool:
        """Tells whether the light is named: a plan that rests hears no word of a run that may be done again."""
        return day.light in WARNING_LIGHTS or (day.light is not None and day.state != "PAUSED")

    def _runs_otherwise(self, day: Day, before: Day) -> bool:
        """Tells whether running changes beside an action that does not speak of it."""
        unsaid = RUN_ACTIONS.isdisjoint(act.partition(":")[0] for act in day.actions)
        return day.state != "PAUSED" and day.running != before.running and unsaid

    def _unchanged(self, day: Day, before: Day) -> str:
        """Says that no action changed anything, but for exercises made anew and running that a lock has let go."""
        order, known = self.content.check_in.returning.order.index, self.content.check_in.actions
        anew = [self.words.text(action.text) for action in known if action.id == "REFRESH"]
        said = anew if set(day.levels) != set(before.levels) else []
        if day.running != before.running:
            more = order(day.running) > order(before.running)
            said = [*said, self.words("check_in.runs_more" if more else "check_in.runs_less")]
        return paragraphs(*said) if said else self.words("check_in.no_change")

    def _choices(self, day: Day) -> tuple[tuple[Button, ...], ...]:
        label = self.words.label
        offers = [act.removeprefix("OFFER:") for act in day.actions if act.startswith("OFFER:")]
        rows = [
            (Button(label("check_in.yes"), f"o:yes:{name}"), Button(label("check_in.no"), f"o:no:{name}"))
            for name in offers
        ]
        screen = day.state == "PAUSED" and day.disposition < Disposition.DOCTOR
        first = Button(label("nav.start"), "g:check") if screen else Button(label("card.plan"), "g:plan")
        seen = Button(label("check_in.progress"), "g:progress")
        return (*rows, *in_rows([seen] if day.disposition >= Disposition.DOCTOR else [first, seen], wide=20))

    def _changes(self, day: Day) -> Iterator[str]:
        known = {action.id: action for action in self.content.check_in.actions}
        for act in dict.fromkeys(day.actions):
            name, _, about = act.partition(":")
            old, _, new = about.partition(">")
            waits = "step" in known[name].fills and not day.ladder_step
            if waits or (day.state == "PAUSED" and not known[name].rests):
                # A step of the way back that has begun anew since, or a row that acted before another paused the plan.
                continue
            values = {"exercise": self._name(old), "name": self._name(new), "step": self._step(day)}
            yield " ".join([self.words.text(known[name].text, **values), *self._distances(name, day)])

    def _distances(self, action: str, day: Day) -> Iterator[str]:
        """Says in kilometres what an action asks for, where the runner has told the distances."""
        rules = self.content.check_in.distances
        if action == "RUN_CUT_30" and day.distance:
            cut = day.distance * rules.cut_percent / 100
            yield self.words("check_in.cut", distance=shown_distance(cut, self.words.language))

    def _name(self, exercise: str) -> str:
        return self.words.plain(self.names[exercise]) if exercise else ""

    def _step(self, day: Day) -> str:
        steps = self.content.check_in.returning.steps
        return self.words.plain(steps[day.ladder_step - 1].text).rstrip(".") if day.ladder_step else ""

    # ---- where to go ---------------------------------------------------------------------------------------------

    def stops(self, day: Day, before: Day) -> bool:
        """Tells whether a day has come to what sends a person to a doctor."""
        new = before.state != "PAUSED" or day.disposition > before.disposition
        return day.disposition >= Disposition.DOCTOR and (new or not {URGENT_PAIN, "D_FLAG"}.isdisjoint(day.actions))

    def stopped(self, day: Day, pain: str, numbers: dict[str, str]) -> Message:
        """Returns the triage's own message for the rank that a day has come to; `pain` is C2, from 0 to 10."""
        facts: dict[str, Value] = dict(day.facts)
        if pain and int(pain) >= self.content.check_in.timing.pain_urgent:
            # The rule on strong pain says why.
            facts["nprs"] = int(pain)
        end = next(end for end in self.content.flow.ends if end.id == ENDS[day.disposition])
        return self.outcome.end(end, Session(end.id, (), facts), numbers, day.disposition)

    # ---- the numbers ---------------------------------------------------------------------------------------------

    def numbers(self, day: Day) -> str:
        """Returns the numbers behind the plan's changes, escaped."""
        words = self.words
        week_is_over = day.day - day.begun >= self.content.check_in.labels.week.days
        return paragraphs(
            bold(words("check_in.why_heading")),
            " ".join([self._pains(day), *self._more(day), *self._label(day)]),
            words("check_in.why_sessions", percent=math.floor(100 * day.adherence)) if week_is_over else "",
            " ".join([self._running(day), *self._locks(day)]),
            *self._changes(day),
        )

    def _label(self, day: Day) -> Iterator[str]:
        # How it goes is no permission: a plan that rests names no label.
        if day.state != "PAUSED" and (day.week is not None or day.label != "not_enough_data"):
            yield self.words("check_in.why_label", label=self.words.label(f"label.{day.label}"))

    def _pains(self, day: Day) -> str:
        if day.week is None:
            return self.words(
                "check_in.why_pain_few", start=day.baseline, values=self.content.check_in.labels.week.values
            )
        mean, fall = one_decimal(day.week, self.words.language), day.baseline - day.week
        change = one_decimal(abs(fall), self.words.language)
        phrase = "check_in.why_pain" if fall >= 0 else "check_in.why_pain_more"
        return self.words(phrase, start=day.baseline, mean=mean, change=change)

    def _more(self, day: Day) -> Iterator[str]:
        if day.recent is not None:
            yield self.words("check_in.why_recent", mean=one_decimal(day.recent, self.words.language))
        if day.ability is not None:
            start, now = day.ability
            yield self.words("check_in.why_ability", start=start, now=now)

    def _locks(self, day: Day) -> Iterator[str]:
        rules = self.content.check_in.returning
        fills = {
            "red": {"days": rules.red_days},
            "two_reds": {"pain": rules.calm, "values": rules.calm_values},
            "bone": {"days": rules.bone_days},
        }
        for lock in day.locks:
            yield self.words(f"check_in.why_lock_{lock}", **fills.get(lock, {}))

    def _running(self, day: Day) -> str:
        words, running = self.words, self.words.label(f"running.{day.running}")
        if day.ladder_step is None:
            return words("check_in.why_running", running=running)
        phrase = "check_in.why_ladder" if day.ladder_step else "check_in.why_waiting"
        return words(phrase, step=day.ladder_step, running=running)
