"""What the rules conclude -> messages: the result, the plan, its cards and the reasons."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.distances import shown_distance
from bot.exercise_cards import Cards
from bot.render import Button, Message, Words, bold, listed, paragraphs
from flows.check_in_schema import Step
from flows.engine import Engine, Session
from flows.follow_up import Day
from flows.plan import Assessment, PlannedExercise, assess, exclusions, run_rule
from flows.questions import Node
from flows.rules import Facts, Value
from flows.safety_net import folded
from flows.schema import Advice, Disposition, End, Exercise, Permission, Rule
from flows.screen import CLEARED
from flows.simulate import because

TOP_FINDINGS = 3
"""How many findings a person is shown (clinical.md 4.1)."""


class Outcome:
    """Renders results in one language."""

    def __init__(self, engine: Engine, words: Words) -> None:
        self.engine = engine
        self.content = engine.content
        self.words = words
        self.cards = Cards(words)
        self._rules = {rule.id: rule for rule in self.content.screen.rules}
        self._exercises = {exercise.id: exercise for exercise in self.content.library.exercises}
        self._pairs = [(offer.exercise, offer.replaces) for offer in self.content.check_in.progress.offers]
        self._notes = {offer.exercise: offer.note for offer in self.content.check_in.progress.offers}
        self._advice = {advice.id: advice for advice in self.content.planning.advice}

    # ---- where to go -----------------------------------------------------------------------------------------

    def end(self, end: End, session: Session, numbers: dict[str, str], rank: Disposition | None = None) -> Message:
        """Returns the message of an end without a plan, as strong as clinical.md 7.3 has it.

        A day can come to a rank that no rule has on the answers alone.
        """
        result = self.engine.assess(session)
        raised = rank is not None and rank > result.screening.disposition
        who = self.words.plain(self.content.screen.default_doctor) if raised else self._who(result)
        values = {**numbers, "who": who, "tell": self._tell(result)}
        extra = [self.words.text(line.text, **values) for line in end.also if line.when.holds(session.facts)]
        rank = max(rank or Disposition.SELF_CARE, result.screening.disposition)
        shown = rank < Disposition.EMERGENCY and bool(result.screening.flags)
        reasons = paragraphs(self._because(result), self._answers(result)) if shown else ""
        net = self.words("safety_net") if rank < Disposition.EMERGENCY and not end.forget else ""
        main = self.words.text(end.text, **values)
        main = bold(main) if rank >= Disposition.EMERGENCY else main
        text = paragraphs(main, *extra, reasons, net, self._banner())
        if rank >= Disposition.URGENT:
            text = paragraphs(text, self.words("checked.full"))
            return Message(text, ((Button(self.words.label("checked.button"), "g:checked"),),))
        return Message(text)

    def result(self, session: Session, waits: bool = False, day: Day | None = None) -> Message:
        """Returns where to go, then why, what may contribute, and how much running is allowed.

        While a plan waits after an URGENT or EMERGENCY result there is no running and no exercise either.
        """
        result = self.stands(session, day)
        screening = result.screening
        phrase = f"result.{screening.disposition.name}"
        if screening.permission is Permission.GENTLE and screening.disposition is Disposition.PHYSIO:
            phrase += "_gentle"
        running = self.words.text(result.running.text)
        if result.running.running in ("EASY", "HOLD", "NORMAL"):
            running = f"{running} {self.words.text(self._advice[self.content.planning.running_advice].text)}"
        if waits:
            running = self.words("result.running_waits")
        return Message(
            paragraphs(
                bold(self.words("result.heading")),
                self.words("check.after_urgent") if waits else "",
                bold(self.words(phrase, who=self._who(result))),
                self._because(result) or self.words("result.no_flags"),
                self._answers(result),
                self._findings(result),
                f"{bold(self.words('result.running'))} {running}",
                self._review(result),
                self.words("safety_net"),
                self._banner(),
            )
        )

    def _who(self, result: Assessment) -> str:
        return "; ".join(self.words.plain(part) for part in result.screening.who.split("; ") if part)

    def _rule(self, flag: str) -> Rule:
        return self._rules[flag.removesuffix(CLEARED)]

    def _tell(self, result: Assessment) -> str:
        lines = [self._rule(flag).tell for flag in result.screening.flags]
        first = next((line for line in lines if line), "")
        return self.words.plain(first) if first else self.words.label("default.tell")

    def _because(self, result: Assessment) -> str:
        reasons = [self._reason(flag) for flag in result.screening.flags]
        if len(reasons) == 1:
            return self.words("result.because", reason=reasons[0])
        lines = listed(self.words("result.reason", reason=reason) for reason in reasons)
        return f"{self.words('result.because_all')}\n{lines}" if reasons else ""

    def _reason(self, flag: str) -> str:
        rule = self._rule(flag)
        cleared = flag.endswith(CLEARED) and rule.cleared_reason
        return self.words.plain(rule.cleared_reason if cleared else rule.reason)

    def _answers(self, result: Assessment) -> str:
        decisive = result.screening.flags or result.findings[:TOP_FINDINGS]
        said = [line for name in decisive for line in self._said(result, name)]
        return self.words("result.answers", answers="; ".join(dict.fromkeys(said))) if said else ""

    def _said(self, result: Assessment, name: str) -> list[str]:
        """The person's own answers that made a flag or finding true, in the words of the questions."""
        reasons = because(self.content, result, name)
        return list(dict.fromkeys(line for fact, value in reasons for line in self._labels(result.facts, fact, value)))

    def _labels(self, facts: Facts, name: str, value: Value) -> Iterator[str]:
        for gate in self.engine.gates:
            yield from (self.words.plain(item.short) for item in gate.items if (gate.field, item.id) == (name, value))
        for node in self.engine.nodes.values():
            if node.id not in facts or not _stores(node, name):
                continue
            answer, short = facts[node.id], self.words.plain(node.question.short)
            ticked = (value,) if isinstance(answer, frozenset) else (answer,)
            labels = [self.words.plain(option.label) for option in node.question.options if option.value in ticked]
            if isinstance(answer, int):
                labels = [str(answer)]
            yield from (f"{short}: {label}" for label in labels)

    def _findings(self, result: Assessment) -> str:
        texts = {finding.id: finding.text for finding in self.content.planning.findings}
        top = [self.words.text(texts[name]) for name in result.findings[:TOP_FINDINGS]]
        return f"{bold(self.words('result.findings'))}\n{listed(top)}"

    def _review(self, result: Assessment) -> str:
        lines = [self.words("result.review")]
        for flag, phrase in (("HIGH_IRRIT", "review_48h"), ("AGE50_NEW", "age50"), ("AXSPA_3", "axspa")):
            if flag in result.screening.flags:
                lines.append(self.words(f"result.{phrase}"))
        return " ".join(lines)

    def _banner(self) -> str:
        return f"<i>{self.words('result.version', version=self.content.settings.content_version)}</i>"

    # ---- the plan --------------------------------------------------------------------------------------------

    def stands(self, session: Session, day: Day | None = None) -> Assessment:
        """Returns what the rules conclude, with the exercises and levels of a day after the screen."""
        if day is None:
            return self.engine.assess(session)
        result = assess(self.content, day.facts)
        reasons = {planned.exercise: planned.reasons for planned in result.plan}
        plan = tuple(PlannedExercise(name, level, reasons.get(name, ())) for name, level in day.levels.items())
        rules = [rule for rule in self.content.planning.running if rule.running == day.running]
        running = result.running if result.running.running == day.running or not rules else rules[-1]
        return replace(result, screening=day.screening, running=running, plan=plan)

    def running(self, day: Day) -> str:
        """Returns how much running a day allows, escaped."""
        return self.words.escaped(self.running_plain(day))

    def running_plain(self, day: Day) -> str:
        """Returns how much running a day allows, not escaped; on the way back to running it is a step of that."""
        steps = self.content.check_in.returning.steps
        if day.ladder_step and day.running not in self.content.check_in.returning.off:
            text = self.words.plain(steps[day.ladder_step - 1].text)
            step = self.words.label("check_in.step", step=day.ladder_step, steps=len(steps), text=text)
            return " ".join([step, *self._distances(day, steps[day.ladder_step - 1])])
        rules = [rule for rule in self.content.planning.running if rule.running == day.running]
        mine = run_rule(self.content.planning, day.facts)
        return self.words.plain((mine if mine.running == day.running else rules[-1]).text)

    def _distances(self, day: Day, step: Step) -> Iterator[str]:
        """Says in kilometres what a step allows, where the runner has told the distances, not escaped."""
        rules, language = self.content.check_in.distances, self.words.language
        if step.longest and day.longest:
            yield self.words.label("check_in.longest", distance=shown_distance(day.longest, language))
        if step.speed and day.distance:
            speed = day.distance * rules.speed_percent / 100
            yield self.words.label("check_in.speed", distance=shown_distance(speed, language))

    def planned(self, session: Session, day: Day | None = None) -> list[str]:
        """Returns the exercises of the plan in order."""
        return [planned.exercise for planned in self.stands(session, day).plan]

    def find(self, session: Session, name: str, day: Day | None = None) -> str:
        """Returns the exercise of the plan that a person names, by an unambiguous part of its name; else nothing."""
        wanted = folded(name)
        found = []
        for exercise in (self._exercises[planned] for planned in self.planned(session, day)):
            names = [exercise.id, *(self.words.plain(text) for text in (exercise.name, *exercise.aliases))]
            if wanted and any(wanted in folded(each) for each in names):
                found.append(exercise.id)
        return found[0] if len(found) == 1 else ""

    def has_recovered(self, day: Day | None) -> bool:
        """Tells whether a runner has recovered: then less strength work a week keeps them well."""
        return day is not None and day.state == "DONE"

    def plan(self, session: Session, before: str = "", day: Day | None = None) -> Message:
        """Returns the overview of the plan with a button for each card, below a sentence."""
        result = self.stands(session, day)
        rows = {"mobility": list[str](), "strength": list[str]()}
        for at, planned in enumerate(result.plan, 1):
            exercise = self._exercises[planned.exercise]
            row = self._row(at, planned, exercise)
            if day is not None and planned.exercise in day.halved:
                row += f" {self.words('plan.halved')}"
            if note := self.noted(planned.exercise):
                row += f" {self.words.escaped(note)}"
            row += f"\n{turn}" if (turn := self._turn(planned.exercise, day)) else ""
            rows[exercise.category].append(row)
        easiest = all(planned.level == 1 for planned in result.plan)
        gentle = result.screening.permission is Permission.GENTLE and easiest
        strength = bold(self.words("plan.strength_done" if self.has_recovered(day) else "plan.strength"))
        if not result.plan:
            return self._empty(result, before, day)
        text = paragraphs(
            before,
            bold(self.words("plan.heading")),
            self._advice_to_be_seen(result, day),
            self.words("plan.gentle") if gentle else "",
            f"{bold(self.words('plan.mobility'))}\n" + "\n".join(rows["mobility"]) if rows["mobility"] else "",
            f"{strength}\n" + "\n".join(rows["strength"]),
            f"{bold(self.words('result.running'))} {self.running(day)}" if day is not None else "",
            self.words("plan.frequency"),
            self.words.text(self.content.library.common_rules),
            self._always(result),
            *self._tips(result),
            self.words("plan.tests") if self._tests_help(session, day) else "",
            self.words("plan.open"),
            self.words("safety_net"),
            self._banner(),
        )
        cards = tuple(Button(str(at), f"x:{planned.exercise}") for at, planned in enumerate(result.plan, 1))
        check_in = [] if day is None else [(Button(self.words.label("check_in.button"), "g:checkin"),)]
        return Message(text, (cards, *check_in))

    def _advice_to_be_seen(self, result: Assessment, day: Day | None) -> str:
        """Returns the advice that stands beside a plan on the days after it was given (clinical.md 6.1), escaped."""
        if day is None or day.day == day.begun or day.disposition is not Disposition.PHYSIO:
            return ""
        return self.words(
            "plan.referred", who=self._who(result) or self.words.plain(self.content.screen.default_physio)
        )

    def _turn(self, exercise: str, day: Day | None) -> str:
        """Returns whether the next session has this exercise, where two take turns; else nothing."""
        resting = frozenset[str]() if day is None else day.resting
        for new, old in self._pairs:
            if exercise in resting & {new, old}:
                return self.words("plan.rests", name=self._name(new if exercise == old else old))
            if exercise == new and old in resting:
                return self.words("plan.has_turn", name=self._name(old))
        return ""

    def _name(self, exercise: str) -> str:
        return self.words.plain(self._exercises[exercise].name)

    def _empty(self, result: Assessment, before: str, day: Day | None) -> Message:
        """Returns the plan of a runner for whom every exercise was too much."""
        text = paragraphs(
            before,
            bold(self.words("plan.heading")),
            self.words("plan.empty"),
            f"{bold(self.words('result.running'))} {self.running(day)}" if day is not None else "",
            self._always(result),
            *self._tips(result),
            self.words("safety_net"),
            self._banner(),
        )
        return Message(text, ((Button(self.words.label("check_in.button"), "g:checkin"),),))

    def noted(self, exercise: str) -> str:
        """Returns when an exercise that was offered later is done, in brackets, not escaped; "" for any other."""
        note = self._notes.get(exercise)
        return self.words.label("plan.noted", note=self.words.plain(note)) if note else ""

    def _tests_help(self, session: Session, day: Day | None) -> bool:
        tests = self.content.self_tests.tests
        open_to_change = session.facts.get("Q19") != "now" and not self.has_recovered(day)
        return open_to_change and any(self.engine.test_offered(test.id, session.facts) for test in tests)

    def _row(self, at: int, planned: PlannedExercise, exercise: Exercise) -> str:
        level = exercise.levels[planned.level - 1]
        name = self.words.plain(exercise.name)
        return self.words("plan.row", number=at, name=name, level=planned.level, dose=self.cards.dose(level.dose))

    def _always(self, result: Assessment) -> str:
        lines = []
        for exercise in self.always(result):
            name, how = self.words.plain(exercise.name), self.cards.how(exercise, 1, result.facts)
            note = self.words.plain(exercise.levels[0].dose.note)
            lines.append(self.words("plan.always_note" if note else "plan.always_row", name=name, how=how, note=note))
        return f"{bold(self.words('plan.always'))}\n{listed(lines)}"

    def always(self, result: Assessment) -> list[Exercise]:
        """Returns what comes on top of every plan; the warm-up only where running is allowed."""
        runs = result.running.running in ("EASY", "HOLD", "NORMAL")
        rows = [exercise for exercise in self.content.library.exercises if exercise.category == "always"]
        return [exercise for exercise in rows if runs or exercise.id != "warmup_dynamic"]

    def _tips(self, result: Assessment) -> list[str]:
        advice = [self._advice[name] for name in result.advice]
        later = result.running.running in ("STOP", "WALK")
        now = [self._tip(tip, result) for tip in advice if not (later and tip.about_running)]
        then = [self._tip(tip, result) for tip in advice if later and tip.about_running]
        return [
            f"{bold(self.words(heading))}\n{listed(tips)}"
            for heading, tips in (("plan.tips", now), ("plan.tips_later", then))
            if tips
        ]

    def drawn_tips(self, session: Session, day: Day | None = None) -> dict[str, str]:
        """Returns the drawings of the plan's tips and of the warm-up, each with its alt text, escaped."""
        result, drawn = self.stands(session, day), self.content.pictures
        always = [row.id for row in self.always(result)]
        names = [name for shown in (*result.advice, *always) for name in drawn.series.get(shown, ())]
        return {name: self.words.text(drawn.pictures[name]) for name in names}

    def _tip(self, tip: Advice, result: Assessment) -> str:
        if not tip.needs:
            return self.words.text(tip.text)
        excluded, _ = exclusions(self.content, result.facts)
        allowed = [name for name in tip.needs if name not in excluded]
        named = allowed[0] if allowed else "walk"
        return self.words.text(tip.text, exercise=self.words.plain(self._exercises[named].name))

    # ---- cards -----------------------------------------------------------------------------------------------

    def card(self, session: Session, exercise: str, day: Day | None = None) -> Message:
        """Returns the card of one exercise of the plan."""
        halved = self.words("card.halved") if day is not None and exercise in day.halved else ""
        now = [text for text in (halved, self._turn(exercise, day)) if text]
        return self.cards.card(self.stands(session, day), exercise, self._banner(), *now)

    # ---- why -------------------------------------------------------------------------------------------------

    def why(self, session: Session, *, rests: bool = False) -> Message:
        """Returns every rule and finding that fired, its source and grade, and the answers behind it.

        While a plan rests nothing is said of why it was made: that would sound as if all were well.
        """
        result = self.engine.assess(session)
        rows = []
        for flag in result.screening.flags:
            rule = self._rule(flag)
            reason = self.words.label("result.because", reason=self._reason(flag))
            rows.append(self._reasoned("why.rule", result, flag, rule.source, rule.grade, reason=reason))
        for finding in self.content.planning.findings:
            if finding.id in result.findings and not rests:
                text = self.words.plain(finding.text)
                rows.append(self._reasoned("why.finding", result, finding.id, finding.source, finding.grade, text=text))
        shown = paragraphs(*rows) or self.words("why.rests" if rests else "result.no_flags")
        return Message(paragraphs(bold(self.words("why.heading")), shown, self._banner()))

    def _reasoned(
        self, phrase: str, result: Assessment, name: str, source: Sequence[str], grade: str, **values: str
    ) -> str:
        titles = {row.id: row.title for row in self.content.sources.sources}
        named = ", ".join(f"{row}: {self.words.plain(titles[row])}" for row in source if row in titles)
        line = self.words(phrase, id=name, source=named, grade=self.words.label(f"grade.{grade}"), **values)
        answers = "; ".join(self._said(result, name))
        return line + (f"\n{self.words('why.answers', answers=answers)}" if answers else "")


def _stores(node: Node, name: str) -> bool:
    """Tells whether the answer to a question is, or sets, this field."""
    return name in (node.question.field, node.id) or any(name in option.set for option in node.question.options)
