"""How one turn moves a person's session along the flow."""

from __future__ import annotations

from dataclasses import replace

from bot.records import RESULT, DiaryEntry, SessionRow, new_key
from bot.render import Message, paragraphs
from bot.speaker import CHECKED, CONSENT, PLAN, Speaker
from bot.work import Work
from flows.engine import Session, Turn
from flows.questions import OPENED, Answer, Refused
from flows.schema import Disposition, End, Permission


class Desk(Speaker):
    """Moves one person's turn along; everything that it does stands in the Work until that is committed."""

    def begin(self, work: Work) -> None:
        """Greets a person, and asks the first question."""
        self.say(work, Message(paragraphs(*map(self.words, ("start", "start.how", "start.banner", "start.private")))))
        self.restart(work)

    def restart(self, work: Work) -> None:
        """Begins the questions anew, saying why where the person did not ask for it."""
        before = [self.words(work.why_new)] if work.why_new else []
        if self._reached(work) is not None:
            self.record(work)
        if self.plan_waits(work) is not None:
            before.append(self.words("plan.checked" if work.chat.plan_state == CHECKED else "check.after_urgent"))
        self.fresh(work)
        self.ask(work, *before)

    def fresh(self, work: Work) -> None:
        """Puts a new session in the place of any earlier one; consent that still stands is not asked again."""
        settings = self.content.settings
        session = self.engine.start().session
        if work.chat.consent_version == settings.consent_version:
            session = self.engine.advance(session, "yes").session
        work.session = session
        work.row = SessionRow(
            key=new_key(),
            chat=work.chat.key,
            flow=self.content.flow.id,
            content_version=settings.content_version,
            state=session.state,
            started_at=work.now,
            updated_at=work.now,
            log=session.log,
        )

    def take(self, work: Work, turn: Turn) -> None:
        """Makes a turn of the engine the session's new place; buttons of the question before are stale now."""
        session = turn.session
        work.session = session
        work.row = replace(
            work.at,
            state=session.state,
            log=session.log,
            ticks=(),
            turn=work.at.turn + 1,
            open=session.state in self.engine.nodes,
            updated_at=work.now,
        )

    def answer(self, work: Work, answer: Answer) -> None:
        """Answers the question that waits, and shows what follows."""
        node, before = self.node(work), self.session(work)
        try:
            turn = self.engine.advance(before, answer)
        except Refused:
            self.repeat(work)
            return
        self.edit(work, self.render.answered(node, answer))
        if node.id == CONSENT and answer == "yes":
            version = self.content.settings.consent_version
            work.chat = replace(work.chat, consent_version=version, consent_at=work.now)
        self.take(work, turn)
        if self.waiting(work) and self.node(work).question.test and self.plan_waits(work) is not None:
            # No self-test while exercises are off.
            self.take(work, self.engine.advance(turn.session, "later"))
        notice = self.words.text(turn.notice) if turn.notice else ""
        if not self.waiting(work):
            if notice:
                self.say(work, Message(notice))
            self.finish(work, before)
            return
        if self.session(work).state in self.after_result and node.id not in self.after_result:
            self.record(work)
            self.say(work, self.result(work))
        self.ask(work, *([notice] if notice else []))

    def record(self, work: Work) -> None:
        """Notes the result in the diary and what it means for the plan."""
        screening = self.engine.assess(self.session(work)).screening
        data: dict[str, object] = {
            "disposition": screening.disposition.name,
            "flags": list(screening.flags),
            "content_version": self.content.settings.content_version,
        }
        work.diary.append(DiaryEntry(work.now, RESULT, data))
        if screening.disposition >= Disposition.URGENT:
            work.chat = replace(work.chat, critical_at=work.now)
        paused = screening.permission is Permission.NONE
        state = "PAUSED" if paused else "REFERRED" if screening.disposition is Disposition.PHYSIO else "ACTIVE"
        work.chat = replace(work.chat, plan_state=state)

    def finish(self, work: Work, before: Session | None) -> None:
        """Shows what the session ended in; `before` is the session that the last answer was given in, if any."""
        session = self.session(work)
        end = self.engine.ends[session.state]
        if not end.forget:
            self.follower.ended(work)
        if end.id != PLAN:
            if not end.forget:
                self.record(work)
            self.say(work, self.end(work, end))
            work.forget = end.forget
            if not end.forget:
                self.follower.goes_on(work)
            return
        came_on = before is None or before.state in self.after_result
        if not came_on:
            self._tell_change(work)
        if self.follower.goes_on(work):
            return
        tested = before is not None and self.engine.nodes[before.state].test is not None
        self.show_plan(work, self.follower.tested(work) if tested else "")
        if came_on and not (before is not None and before.facts.get(OPENED)):
            self.offer_checks(work)

    def _tell_change(self, work: Work) -> None:
        """Shows the result once more where answers since the plan was last shown have changed it."""
        session = self.session(work)
        earlier = self.engine.before_detour(session, PLAN)
        flags = self.engine.assess(session).screening.flags
        if earlier is None or self.engine.assess(earlier).screening.flags != flags:
            paused, day = work.chat.plan_state == "PAUSED", self.follower.day(work)
            self.record(work)
            if paused or (day is not None and day.state == "PAUSED"):
                # Only a full screen takes a plan out of its pause.
                work.chat = replace(work.chat, plan_state="PAUSED")
            elif day is None or day.screening.disposition >= day.disposition:
                # What stands does not fall before the next full screen, so nothing milder is said beside it.
                self.say(work, self.result(work, day))

    def back(self, work: Work) -> None:
        """Goes back to the question before, with its ticks as they were."""
        session = self.session(work)
        if not self.render.has_back(session):
            self.ask(work)
            return
        name, answer = session.log[-1]
        self.take(work, self.engine.back(session))
        if isinstance(answer, tuple) and self.session(work).state == name:
            work.row = replace(work.at, ticks=answer)
        if self.waiting(work):
            self.ask(work, edit=True)
        else:
            self.finish(work, None)

    def stop(self, work: Work) -> None:
        """Stops the questions and keeps the answers; a self-test after the plan is just left."""
        if self.leave_test(work):
            self.show_plan(work)
            return
        if self.node(work).question.first:
            # Whether an emergency is happening cannot be left open.
            self.ask(work)
            return
        end = self._reached(work)
        if end is not None:
            self.record(work)
            self.say(work, self.end(work, end))
        work.row = replace(work.at, open=False, updated_at=work.now)
        text = paragraphs(self.words("stopped"), self.words("safety_net"))
        self.say(work, self.render.menu(text, [("nav.continue", "g:resume")]))

    def _reached(self, work: Work) -> End | None:
        """Returns the end that the answers so far would lead to, where somebody should look at the person first."""
        session = work.session
        if session is None or session.state not in self.engine.nodes or session.facts["referred"] != "yes":
            return None
        return next(end for end in self.engine.ends.values() if end.when.holds(session.facts))

    def leave_test(self, work: Work) -> bool:
        """Leaves a self-test that was begun after the plan; returns whether the plan is there again."""
        session = work.session
        node = self.engine.nodes.get(session.state) if session is not None else None
        if session is None or node is None or node.test is None or session.facts.get(OPENED) != node.test.id:
            return False
        self.take(work, self.engine.leave_test(session))
        return not self.waiting(work)

    def resume(self, work: Work) -> None:
        """Carries on with a check that was stopped."""
        if work.session is None or work.session.state not in self.engine.nodes:
            # An old button: a plan that was made since must not be lost to it.
            self.where(work)
            return
        work.row = replace(work.at, open=True, updated_at=work.now)
        self.ask(work, self.words("welcome_back"))
