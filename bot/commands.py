"""The commands and menu buttons: what a person can do besides answering questions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.desk import Desk
from bot.own_data import Operator, OwnData
from bot.records import DiaryEntry
from bot.render import Message, bold, paragraphs
from bot.replies import number, plain
from bot.speaker import CHECKED, PLAN
from bot.store import Store
from bot.work import Work
from flows.questions import Refused

PRIVATE = (
    "start", "check", "plan", "exercise", "tests", "why", "urgent", "country", "privacy", "export", "delete",
    "settings", "help", "stop",
)  # fmt: skip
"""Commands of the private chat, in the order in which Telegram lists them."""


class Commands:
    """Carries out commands and menu buttons on a Work."""

    def __init__(self, desk: Desk, store: Store, operator: Operator) -> None:
        self.desk = desk
        self.words = desk.words
        self.own = OwnData(desk, store, operator)
        acts = {name: getattr(self, name) for name in PRIVATE if name not in self.own.by_name}
        self.by_name: dict[str, Callable[[Work], None]] = {**acts, **self.own.by_name}
        self.by_button: dict[str, Callable[[Work], None]] = {
            **self.by_name,
            **self.own.by_button,
            "look": self.look,
            "question": desk.where,
            "resume": desk.resume,
            "checked": self.checked,
            "check_of_the_day": self.check_of_the_day,
        }
        self.others: tuple[str, ...] = ()
        """Commands of other dialogues, which are listed after these."""
        self.in_groups: list[tuple[str, str]] = []
        """Commands of groups, with what Telegram shows beside them."""
        self._by_label = {plain(self.words.label(phrase)): act for phrase, act in self._labels().items()}

    def _labels(self) -> dict[str, Callable[[Work], None]]:
        """What the button of a menu does when its label is typed; to delete everything takes a press."""
        return {
            "nav.start": self.check,
            "nav.continue": self.carry_on,
            "nav.restart": self.start_again,
            "nav.to_question": self.desk.where,
            "nav.urgent": self.urgent,
            "checked.button": self.checked,
            "card.plan": self.plan,
            "timer.button": self._follow_question,
            "settings.change_country": self.own.country,
            "settings.export": self.own.export,
            "settings.privacy": self.own.privacy,
            "settings.delete": self.own.delete,
            "delete.no": self.own.keep_all,
        }

    def type(self, work: Work) -> bool:
        """Does what a typed label of a menu button says; returns False for any other text."""
        said = plain(work.incoming.text)
        act = self._by_label.get(said) or self.by_name.get(said)
        if act is not None:
            act(work)
            return True
        return self._type_listed(work, said)

    def _type_listed(self, work: Work, said: str) -> bool:
        """Takes what a list offers: a country, a self-test, or the number of an exercise in the plan."""
        content, words = self.desk.content, self.words
        for country in content.countries.countries:
            if said == plain(words.plain(country.name)):
                self.own.set_country(work, country.id)
                return True
        for test in content.self_tests.tests:
            if said == plain(words.plain(test.name)):
                self.test(work, test.id)
                return True
        planned = self.desk.outcome.planned(self.desk.session(work)) if self.desk.has_plan(work) else []
        at = number(said)
        if at is None or not 1 <= at <= len(planned):
            return False
        self.card(work, planned[at - 1])
        return True

    def menus(self) -> dict[str, list[tuple[str, str]]]:
        """Returns the commands of each kind of chat, with what Telegram shows beside them."""
        private = [(name, self.words.label(f"command.{name}")) for name in (*PRIVATE, *self.others)]
        return {"private": private, "groups": self.in_groups}

    # ---- the conversation ------------------------------------------------------------------------------------

    def start(self, work: Work) -> None:
        """Greets a new person, or meets a known one where they are."""
        if self.desk.waiting(work):
            self.desk.where(work, "welcome_back")
        elif work.why_new:
            self.desk.restart(work)
        elif work.row is None:
            self.desk.begin(work)
        else:
            self.desk.where(work)

    def check(self, work: Work) -> None:
        """Begins a new screen; asks first where an unfinished one or a plan would give way to it."""
        session = work.session
        if session is None and not work.why_new:
            self.desk.begin(work)
        elif session is not None and session.state in self.desk.engine.nodes and self.desk.begun(session):
            self.desk.offer_resume(work)
        elif self.desk.has_plan(work) and self.desk.follower.no_plan(work) is None:
            choices = [("nav.start", self.desk.to_restart(work)), ("card.plan", "g:plan")]
            self.desk.say(work, self.desk.render.menu(self.words("check.again"), choices))
        else:
            self.desk.restart(work)

    def start_again(self, work: Work) -> None:
        """Begins anew where a check was stopped; one that is going on is carried on."""
        if self.desk.waiting(work):
            self.desk.where(work)
        else:
            self.desk.restart(work)

    def carry_on(self, work: Work) -> None:
        """Goes on with a check that was stopped, or shows where a person is."""
        if self.desk.waiting(work):
            self.desk.where(work)
        else:
            self.desk.resume(work)

    def stop(self, work: Work) -> None:
        """Stops the questions and keeps the answers."""
        if self.desk.waiting(work):
            self.desk.stop(work)
        else:
            self.desk.say(work, Message(self.words("stop.nothing")))

    def checked(self, work: Work) -> None:
        """Notes that a person was checked today and told that it is safe; no plan follows for a day."""
        session = work.session
        ended = session is not None and session.state in self.desk.engine.ends
        # A check-in can come to an urgent result too, though the triage before it did not.
        by_day = work.chat.plan_state == "PAUSED" and self.desk.plan_waits(work) is not None
        if session is None or not ended or not (self.desk.is_urgent(session) or by_day):
            self.desk.where(work)
            return
        work.diary.append(DiaryEntry(work.now, "checked"))
        work.chat = replace(work.chat, critical_at=work.now, plan_state=CHECKED)
        self.desk.say(work, Message(paragraphs(self.words("checked.thanks"), self.words("safety_net"))))

    def urgent(self, work: Work) -> None:
        """Says where to get help now, from any state."""
        numbers = self.desk.render.numbers(work.chat.country)
        lines = [self.words(f"urgent{part}", **numbers) for part in ("", ".signs", ".line")]
        country = "" if work.chat.country else self.words("urgent.country")
        text = paragraphs(bold(lines[0]), *lines[1:], country)
        waiting = [("nav.to_question", "g:question")] if self.desk.waiting(work) else []
        self.desk.say(work, self.desk.render.menu(text, waiting))

    # ---- the plan --------------------------------------------------------------------------------------------

    def plan(self, work: Work) -> None:
        """Shows the plan, or says plainly why there is none."""
        if self._has_plan(work):
            self.desk.show_plan(work)

    def exercise(self, work: Work) -> None:
        """Shows the card of one exercise of the plan, by its name or the beginning of it."""
        if not self._has_plan(work):
            return
        desk, day = self.desk, self.desk.follower.day(work)
        wanted = desk.outcome.find(desk.session(work), work.incoming.argument, day)
        if wanted:
            self.card(work, wanted)
        else:
            self.desk.show_plan(work, before="card.not_in_plan" if work.incoming.argument else "")

    def card(self, work: Work, exercise: str) -> None:
        """Shows the card of an exercise that a button names."""
        if self._has_plan(work) and self._planned(work, exercise):
            self.desk.say(work, self._card(work, exercise))

    def more(self, work: Work, exercise: str) -> None:
        """Shows the whole card of an exercise whose drawing left no room for it."""
        if self._has_plan(work) and self._planned(work, exercise):
            self.desk.say(work, replace(self._card(work, exercise), shown=None))

    def look(self, work: Work) -> None:
        """Shows the drawings that belong to the tips of the plan and to the warm-up."""
        if self._has_plan(work):
            self.desk.show_tips(work)

    def next_card(self, work: Work, exercise: str) -> None:
        """Turns a card into the next one."""
        if self._has_plan(work) and self._planned(work, exercise):
            self.desk.edit(work, self._card(work, exercise))

    def follow(self, work: Work, clip: str) -> None:
        """Sends the video that a button names: of the question that waits, or a timer for a stretch of the plan."""
        desk = self.desk
        if desk.waiting(work) and clip == desk.clips.of_question(desk.session(work)):
            desk.say(work, desk.clips.message(clip, ("nav.to_question", "g:question")))
        elif desk.clips.is_timer(clip) and self._has_plan(work):
            desk.say(work, desk.clips.message(clip, ("card.plan", "g:plan")))
        elif not desk.clips.is_timer(clip):
            desk.where(work, "question.stale")

    def _follow_question(self, work: Work) -> None:
        """Sends the video of the question that waits, where its button is typed."""
        clip = self.desk.clip(work)
        if clip:
            self.follow(work, clip)
        else:
            self.desk.where(work)

    def _card(self, work: Work, exercise: str) -> Message:
        return self.desk.outcome.card(self.desk.session(work), exercise, self.desk.follower.day(work))

    def _planned(self, work: Work, exercise: str) -> bool:
        if exercise in self.desk.outcome.planned(self.desk.session(work), self.desk.follower.day(work)):
            return True
        self.desk.show_plan(work, before="card.not_in_plan")
        return False

    def _has_plan(self, work: Work) -> bool:
        """Tells whether exercises may be shown now; where not, says why (clinical.md 2.7)."""
        self.desk.leave_test(work)
        reason = no_plan(self.desk, work)
        if reason is not None:
            self.desk.say(work, reason)
        return reason is None

    def tests(self, work: Work) -> None:
        """Lists the self-tests that may be done now."""
        if self._may_test(work):
            self.desk.say(work, self.desk.render.tests(self.desk.session(work)))

    def test(self, work: Work, test: str) -> None:
        """Begins one self-test."""
        if not self._may_test(work):
            return
        try:
            turn = self.desk.engine.open_test(self.desk.session(work), test)
        except Refused:
            self.desk.say(work, Message(self.words("tests.not_offered")))
            return
        self.desk.take(work, turn)
        self.desk.ask(work)

    def check_of_the_day(self, work: Work) -> None:
        """Begins one of the self-tests that are not done yet, by turns from day to day (clinical.md 3.1)."""
        if not self._may_test(work):
            return
        left = self.desk.checks_left(work)
        if left:
            self.test(work, left[work.now.toordinal() % len(left)])
        else:
            self.desk.say(work, Message(self.words("tests.all_done")))

    def _may_test(self, work: Work) -> bool:
        """Tells whether there is a plan that a self-test can refine; where not, says why."""
        self.desk.leave_test(work)
        waits = self.desk.plan_waits(work)
        if self.desk.has_plan(work) and waits is not None:
            self.desk.say(work, waits)
            return False
        if self.desk.has_plan(work) and self.desk.follower.no_plan(work) is None:
            return True
        ended = work.session is not None and work.session.state not in self.desk.engine.nodes
        self.desk.say(work, Message(self.words("tests.none" if ended else "tests.first")))
        return False

    def why(self, work: Work) -> None:
        """Says which rules and findings fired, on which answers, and where they come from."""
        session = work.session
        if session is None or not (session.state in self.desk.engine.ends or self.desk.has_result(session)):
            self.desk.say(work, Message(self.words("why.none")))
        else:
            day = self.desk.follower.day(work)
            self.desk.say(work, self.desk.outcome.why(session, rests=day is not None and day.state == "PAUSED"))
            if numbers := self.desk.follower.numbers(work):
                self.desk.say(work, Message(numbers))

    def help(self, work: Work) -> None:
        """Lists the commands."""
        rows = [self.words("help.row", command=name, description=text) for name, text in self.menus()["private"]]
        self.desk.say(
            work,
            Message(
                paragraphs(self.words("help") + "\n" + "\n".join(rows), self.words("start.banner")),
                self.desk.render.add_button(self.desk.username),
            ),
        )


def no_plan(desk: Desk, work: Work) -> Message | None:
    """Returns why no exercises may be shown now, or None where they may (clinical.md 2.7)."""
    words = desk.words
    if work.session is None:
        why = words(work.why_new) if work.why_new else words("plan.none_yet")
        return desk.render.menu(why, [("nav.start", "g:check")])
    if work.session.state in desk.engine.nodes:
        return desk.render.menu(words("plan.unfinished"), desk.to_carry_on(work))
    if not desk.has_plan(work):
        stopped = desk.follower.no_plan(work) if work.session.state == PLAN else None
        return stopped or desk.result_again(work)
    return desk.plan_waits(work) or desk.follower.no_plan(work)
