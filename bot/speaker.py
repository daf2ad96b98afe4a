"""What a turn shows: questions, results and the plan, as new messages, edited ones or drawings; it moves nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from bot.clips import Clips
from bot.drawings import Drawings, in_topic
from bot.outcome import Outcome
from bot.questions import Asking, Place, Renderer
from bot.records import INSTEAD, QUESTION, Call
from bot.render import LANGUAGE, Button, Message, Translate, Words, listed, paragraphs
from bot.work import Follower, Work
from flows.engine import Engine, Session
from flows.follow_up import Day
from flows.questions import Node
from flows.schema import Disposition, End

PLAN = "plan"
"""The end of the flow in which a person has a plan."""
DOCTOR = "doctor"
"""The end of the flow that sends a person to a doctor."""
REMIND_DOCTOR, REMIND_RECHECK = "remind_doctor", "remind_recheck"
"""The menu buttons by which a person asks to be reminded of the doctor, or of a new check."""
REMIND_CHECKS, REMIND_MONTHLY = "remind_checks", "remind_monthly"
"""The menu buttons by which a person asks for one self-check a day, or for a check-in once a month."""
RECOVERED = "D_RECOVERED"
RECHECK_FLAG = "HIGH_IRRIT"
CONSENT = "Q00"
CHECKED = "CHECKED"
"""The plan's state after a person was sent for help and has been checked."""
PLAN_WAITS = timedelta(hours=24)
"""No plan is shown for this long after an URGENT or EMERGENCY result (clinical.md 2.7)."""


class Speaker:
    """Says, asks and shows; all of it stands in the Work until that is committed."""

    def __init__(self, engine: Engine, translate: Translate, language: str = LANGUAGE) -> None:
        self.engine = engine
        self.content = engine.content
        self.words = Words(engine.content, translate, language)
        self.render = Renderer(engine, self.words)
        self.outcome = Outcome(engine, self.words)
        self.clips = Clips(engine, self.words)
        self.follower = Follower()
        self.contacts: Callable[[Work], str] = lambda _: ""
        """Whom a person's clubs name for a sore back, escaped; nothing where there is nobody."""
        self.username = ""
        self.after_result = {node.id for node in engine.nodes.values() if node.question.after_result}
        self.offers: frozenset[str] = frozenset()
        """Menu buttons that other dialogues have, so that none is shown that does nothing."""
        self.drawings: Drawings | None = None
        """The drawings, where the chat's program can show any."""
        self.forgetting = {end.id for end in engine.ends.values() if end.forget}

    # ---- where things stand ---------------------------------------------------------------------------------------

    def session(self, work: Work) -> Session:
        """Returns the session in hand; raises LookupError where none has begun."""
        if work.session is None:
            raise LookupError("no session has begun")
        return work.session

    def node(self, work: Work) -> Node:
        """Returns the question that waits for an answer."""
        return self.engine.nodes[self.session(work).state]

    def waiting(self, work: Work) -> bool:
        """Tells whether a question waits for an answer."""
        return work.row is not None and work.session is not None and work.row.open

    def begun(self, session: Session) -> bool:
        """Tells whether more than the consent was answered."""
        return any(name != CONSENT for name, _ in session.log)

    def has_result(self, session: Session) -> bool:
        """Tells whether the result was shown already, though questions may follow it."""
        return session.state in self.after_result or not self.after_result.isdisjoint(session.facts)

    def is_urgent(self, session: Session) -> bool:
        """Tells whether the result is URGENT or EMERGENCY."""
        return self.engine.assess(session).screening.disposition >= Disposition.URGENT

    def has_plan(self, work: Work) -> bool:
        """Tells whether the session ended in a plan that nothing has paused since."""
        return work.session is not None and work.session.state == PLAN and work.chat.plan_state != "PAUSED"

    def checks_left(self, work: Work) -> list[str]:
        """Returns the self-tests that may be done now and are not done yet; none where nothing may be tested."""
        if not self.has_plan(work) or self.plan_waits(work) is not None or self.follower.no_plan(work) is not None:
            return []
        return self.render.tests_left(self.session(work))

    def plan_waits(self, work: Work) -> Message | None:
        """Returns what to say in place of a plan for a day after an URGENT or EMERGENCY result."""
        since = work.now - work.chat.critical_at if work.chat.critical_at is not None else PLAN_WAITS
        if since >= PLAN_WAITS:
            return None
        hours = -(-(PLAN_WAITS - since) // timedelta(hours=1))
        return Message(paragraphs(self.words("plan.waits", hours=hours), self.words("safety_net")))

    # ---- saying ---------------------------------------------------------------------------------------------------

    def say(self, work: Work, message: Message, tag: str = "") -> None:
        """Adds a new message, in as many pieces as Telegram needs, or its drawing."""
        if self._show(work, message):
            return
        pieces = message.parts()
        for piece in pieces:
            method = "sendDocument" if piece.document else "sendMessage"
            params = piece.params()
            if work.incoming.thread_id is not None:
                params["message_thread_id"] = work.incoming.thread_id
            work.calls.append(Call(method, params, tag if piece is pieces[-1] else ""))

    def edit(self, work: Work, message: Message) -> None:
        """Changes the message that was pressed, or else the one that asked the current question."""
        if work.incoming.message_id is not None:
            self._edit_pressed(work, message, work.incoming.message_id)
        elif work.chat.question_call is not None:
            work.calls.append(Call("editMessageText", message.params(), edits=work.chat.question_call))

    def respond(self, work: Work, message: Message) -> None:
        """Changes the message that was pressed; says it anew where nothing was."""
        tell = self.edit if work.incoming.message_id is not None else self.say
        tell(work, message)

    def _edit_pressed(self, work: Work, message: Message, message_id: int) -> None:
        shown = message.shown
        if shown is None:
            work.calls.append(Call("editMessageText", {**message.params(), "message_id": message_id}))
            return
        drawings = self._drawings(work)
        if drawings is None:
            # What was pressed may be a drawing of before, which no text can replace: then the text comes anew.
            text = {**message.params(), "message_id": message_id, INSTEAD: message.params()}
            work.calls.append(Call("editMessageText", text))
        elif (call := drawings.edit(shown, message_id, message)) is not None:
            work.calls.append(call)
        else:
            self.say(work, message)

    def _show(self, work: Work, message: Message) -> bool:
        """Sends the drawing of a message in its place; returns False where there is none, or none is wanted."""
        drawings, shown = self._drawings(work), message.shown
        call = drawings.send(shown, message) if drawings is not None and shown is not None else None
        if call is not None:
            work.calls.append(in_topic(call, work.incoming.thread_id))
        return call is not None

    def call(self, message: Message, thread_id: int | None) -> Call:
        """Returns the one call that says a message in a topic, as its drawing where there is one."""
        call = self.drawings.send(message.shown, message) if self.drawings and message.shown else None
        return in_topic(call or Call("sendMessage", message.params()), thread_id)

    def _drawings(self, work: Work) -> Drawings | None:
        return None if work.chat.text_only else self.drawings

    # ---- asking ---------------------------------------------------------------------------------------------------

    def ask(self, work: Work, *before: str, edit: bool = False, with_why: bool = False, too_many: bool = False) -> None:
        """Shows the question that waits for an answer, below some sentences."""
        if self.node(work).question.first:
            # Whatever else is said, the words that may save somebody stay on the screen.
            before = (self.words("net.heard", **self.render.numbers(work.chat.country)), *before)
        asking = Asking(work.at.ticks, with_why, too_many, before)
        message = self.render.question(self.session(work), Place(work.at.key, work.at.turn), asking)
        if clip := self.clip(work):
            message = self.clips.offered(message, clip)
        if not edit:
            self._show_test(work)
        if edit and work.incoming.message_id is not None:
            self.edit(work, message)
        else:
            self.say(work, message, QUESTION)

    def repeat(self, work: Work) -> None:
        """Asks once more, kindly, after something that is no answer."""
        scale = self.node(work).question.kind == "scale"
        self.ask(work, self.words("question.repeat_scale" if scale else "question.repeat"))

    def why_asked(self, work: Work) -> None:
        """Says why the current question is asked."""
        self.ask(work, edit=True, with_why=True)

    def clip(self, work: Work) -> str:
        """Returns the id of the video that the question that waits can be done with; "" where none can be shown."""
        drawings = self._drawings(work)
        clip = self.clips.of_question(self.session(work)) if drawings is not None and self.waiting(work) else ""
        return clip if drawings is not None and drawings.loop(clip) is not None else ""

    def _show_test(self, work: Work) -> None:
        """Sends the drawings of a self-test before its first question, which says all that they show."""
        drawings, shown = self._drawings(work), self.render.drawn(self.session(work))
        if drawings is not None and (call := drawings.several(shown)) is not None:
            work.calls.append(call)

    def where(self, work: Work, phrase: str = "") -> None:
        """Shows a person where they are: at a question, or with nothing open."""
        before = [self.words(phrase)] if phrase else []
        if self.waiting(work):
            self.ask(work, *before)
        elif work.session is not None and work.session.state in self.engine.nodes:
            self.offer_resume(work)
        else:
            self._idle(work, before)

    def _idle(self, work: Work, before: list[str]) -> None:
        """Says what can be done here; for a day after a result that sends a person somewhere, says that once more."""
        session = work.session
        end = self.engine.ends.get(session.state) if session is not None else None
        recent = work.row is not None and work.now - work.row.updated_at < PLAN_WAITS
        if session is not None and end is not None and end.id != PLAN and recent:
            self.say(work, self.result_again(work))
            return
        stopped = self.follower.no_plan(work) if end is not None and end.id == PLAN else None
        if stopped is not None:
            # The full screen comes first, or where to go, whatever a person says after a silence.
            self.say(work, stopped)
            return
        choices = [("nav.start", "g:check"), ("nav.urgent", "g:urgent")]
        self.say(work, self.render.menu(paragraphs(*before, self.words("idle")), choices))

    def offer_resume(self, work: Work) -> None:
        """Asks whether to carry on with a check or to start again."""
        self.say(work, self.render.menu(self.words("resume.offer"), self.to_carry_on(work)))

    def to_carry_on(self, work: Work) -> list[tuple[str, str]]:
        """Returns the buttons to carry on or to start again; the second counts only while the session stands so."""
        return [("nav.continue", "g:resume"), ("nav.restart", self.to_restart(work))]

    def to_restart(self, work: Work) -> str:
        """Returns the data of a button that begins anew, and counts only while the session stands as it does."""
        return f"r:{work.at.key}:{work.at.turn}"

    # ---- results --------------------------------------------------------------------------------------------------

    def end(self, work: Work, end: End) -> Message:
        """Returns the message of an end without a plan, with the reminder that clinical.md 7.3 offers."""
        ended = self.outcome.end(end, self.session(work), self.render.numbers(work.chat.country))
        message = self._with_contacts(work, ended)
        if end.id != DOCTOR or REMIND_DOCTOR not in self.offers:
            return message
        offer = Button(self.words.label("remind.doctor"), f"g:{REMIND_DOCTOR}")
        return replace(message, text=paragraphs(message.text, self.words("remind.offer_doctor")), rows=((offer,),))

    def result(self, work: Work, day: Day | None = None) -> Message:
        """Returns the result, with a reminder where it asks for a new check in 48 hours."""
        session = self.session(work)
        message = self._with_contacts(work, self.outcome.result(session, self.plan_waits(work) is not None, day))
        flags = self.engine.assess(session).screening.flags
        if RECHECK_FLAG not in flags or REMIND_RECHECK not in self.offers:
            return message
        return replace(message, rows=((Button(self.words.label("remind.recheck"), f"g:{REMIND_RECHECK}"),),))

    def _with_contacts(self, work: Work, message: Message) -> Message:
        """Adds whom the person's clubs name, where no doctor comes first."""
        rank = self.engine.assess(self.session(work)).screening.disposition
        if rank > Disposition.PHYSIO or self.session(work).state in self.forgetting:
            return message
        return replace(message, text=paragraphs(message.text, self.contacts(work)))

    def result_again(self, work: Work) -> Message:
        """Returns what a result without a plan said, or that its person has been checked since."""
        if work.chat.plan_state == CHECKED:
            return Message(paragraphs(self.words("plan.checked"), self.words("safety_net")))
        return self.end(work, self.engine.ends[self.session(work).state])

    def recovered(self, message: Message, day: Day) -> Message:
        """Returns the report of a check-in, with the monthly one that follows a recovery (clinical.md 6.5)."""
        if RECOVERED not in day.actions or REMIND_MONTHLY not in self.offers:
            return message
        offer = (Button(self.words.label("remind.monthly"), f"g:{REMIND_MONTHLY}"),)
        return replace(
            message, text=paragraphs(message.text, self.words("remind.offer_monthly")), rows=(*message.rows, offer)
        )

    def offer_checks(self, work: Work) -> None:
        """Offers one self-check a day beside a new plan, where some are left (clinical.md 3.1)."""
        if REMIND_CHECKS in self.offers and self.checks_left(work):
            offer = [("remind.checks", f"g:{REMIND_CHECKS}")]
            self.say(work, self.render.menu(self.words("remind.offer_checks"), offer))

    # ---- the plan -------------------------------------------------------------------------------------------------

    def show_plan(self, work: Work, before: str = "") -> None:
        """Shows the plan below a sentence, or says how long it waits."""
        waits = self.plan_waits(work) or self.follower.no_plan(work)
        day, said = self.follower.day(work), self.words(before) if before else ""
        self.say(work, waits or self._plan(work, said, day))

    def _plan(self, work: Work, before: str, day: Day | None) -> Message:
        message = self.outcome.plan(self.session(work), before, day)
        if self._drawings(work) is None or not self.outcome.drawn_tips(self.session(work), day):
            return message
        return replace(message, rows=(*message.rows, (Button(self.words.label("plan.look"), "g:look"),)))

    def show_tips(self, work: Work) -> None:
        """Shows the drawings of the plan's tips together and the warm-up as loops, or the words of them all."""
        captions = self.outcome.drawn_tips(self.session(work), self.follower.day(work))
        drawings = self._drawings(work)
        calls = drawings.moving_apart(captions) if drawings is not None else []
        if calls:
            work.calls += calls
        else:
            self.say(work, Message(listed(captions.values()) or self.words("plan.no_look")))
