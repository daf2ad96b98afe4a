"""One turn in the making: what is said, asked and edited, and how a session moves along the flow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Literal, Protocol, runtime_checkable

from bot.clips import Clips
from bot.days import Course, runner_date
from bot.drawings import Drawings, in_topic
from bot.outcome import Outcome
from bot.records import (
    INSTEAD,
    QUESTION,
    RESULT,
    Call,
    Chat,
    Club,
    DiaryEntry,
    Reminder,
    SessionRow,
    TeamMember,
    new_key,
)
from bot.render import LANGUAGE, Asking, Button, Message, Place, Renderer, Translate, Words, listed, paragraphs
from flows.engine import Engine, Session, Turn
from flows.follow_up import Day
from flows.questions import OPENED, Answer, Node, Refused
from flows.schema import Disposition, End, Permission

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

Kind = Literal[
    "command", "text", "edited", "press", "location", "blocked", "unblocked", "other",
    "added", "removed", "muted", "allowed", "topic_closed", "topic_opened",
]  # fmt: skip
"""What can happen; from "added" on, what only groups do to the bot."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """What a person did, as far as it concerns us."""

    update_id: int | None
    chat_id: int
    kind: Kind
    private: bool = True
    text: str = ""
    """What was written, or the name of a command without its slash."""
    argument: str = ""
    data: str = ""
    message_id: int | None = None
    """The message whose button was pressed."""
    thread_id: int | None = None
    location: tuple[float, float] | None = None
    """Latitude and longitude in degrees, to about ten kilometres; it is looked at in this turn and kept nowhere."""
    title: str = ""
    """The title of a group."""
    user_id: int | None = None
    """Whose rights in the group Telegram is to be asked for, where they matter; it is kept nowhere."""
    is_admin: bool | None = None
    """Whether an admin of the group did this; None where it was not asked, or Telegram did not say."""
    to_us: bool = True
    """Whether a command in a group names the bot; one that does not may be meant for another."""
    query_id: str = ""
    """The press in a group that waits for an answer of its own; in a private chat it has one by now."""


@dataclass(slots=True)
class Work:
    """One turn in the making; it becomes one Commit."""

    incoming: Incoming
    now: datetime
    chat: Chat
    row: SessionRow | None = None
    session: Session | None = None
    calls: list[Call] = field(default_factory=list)
    diary: list[DiaryEntry] = field(default_factory=list)
    forget: bool = False
    dialogues: list[SessionRow] = field(default_factory=list)
    """Sessions of other flows that changed."""
    reminders: tuple[Reminder, ...] | None = None
    """All the reminders that the chat has from now on, if they changed."""
    club: Club | None = None
    """The club that this group is, as it is from now on."""
    joined: tuple[str, ...] | None = None
    """The keys of all clubs to which the person belongs from now on, if they changed."""
    team: tuple[TeamMember, ...] = ()
    """The person's parts in team challenges that changed."""
    team_days: Mapping[date, bool] = field(default_factory=dict)
    """Days of the person for the challenge in which they take part, as yes or no."""
    why_new: str = ""
    """The phrase that tells why an earlier session cannot go on, if so."""

    @property
    def at(self) -> SessionRow:
        """The row of the session, where there is one."""
        if self.row is None:
            raise LookupError("no session has begun")
        return self.row


class Dialogue(Protocol):
    """Something else that a chat can be about, beside the triage: its commands, its buttons and its questions."""

    by_name: Mapping[str, Callable[[Work], None]]
    """Commands."""
    by_button: Mapping[str, Callable[[Work], None]]
    """Menu buttons: what stands behind g: in their data."""
    by_prefix: Mapping[str, Callable[[Work, str], None]]
    """Other buttons, by the first part of their data; the rest is passed on."""

    def reply(self, work: Work) -> bool:
        """Takes text or a location as the answer to its own open question; returns False where it asked none."""

    def close(self, work: Work) -> None:
        """Leaves its open question, because something more important came up."""


class Follower:
    """What follows the triage day by day; this one follows nothing."""

    def course(self, _: Work) -> Course | None:
        """Returns the last full screen and what was reported since."""
        return None

    def today(self, work: Work) -> date:
        """Returns the runner's date."""
        return runner_date(work.now)

    def day(self, _: Work) -> Day | None:
        """Returns how the plan stands today."""
        return None

    def no_plan(self, _: Work) -> Message | None:
        """Returns what to say in place of a plan that the days have paused."""
        return None

    def ended(self, _: Work) -> None:
        """Notes what a session of the triage has come to."""

    def goes_on(self, _: Work) -> bool:
        """Goes on with what led to the questions; returns False where nothing did."""
        return False

    def tested(self, _: Work) -> str:
        """Returns the phrase that says what a self-test after the plan does to it."""
        return "plan.refreshed"

    def numbers(self, _: Work) -> str:
        """Returns the numbers behind the plan's changes, escaped."""
        return ""


@runtime_checkable
class Arriving(Protocol):
    """A dialogue that a link into the private chat may concern."""

    def arrived(self, work: Work, token: str) -> None:
        """Takes up what the link stood for, before the person is greeted; a token of somebody else changes nothing."""


@runtime_checkable
class Noting(Protocol):
    """A dialogue that takes note of what a turn has come to, whichever dialogue brought it there."""

    def note(self, work: Work) -> None:
        """Adds to the Work what follows for it, before that is committed."""


@runtime_checkable
class Returning(Protocol):
    """A dialogue that has something to ask once a person has unblocked the bot."""

    def returned(self, work: Work) -> None:
        """Takes up what stood still while the bot was blocked."""


@runtime_checkable
class Guarding(Protocol):
    """A dialogue that may have to ask something before anything else is answered."""

    def guards(self, work: Work) -> bool:
        """Asks it; returns whether that is all that this turn does."""


class Desk:
    """Moves one person's turn along; everything that it does stands in the Work until that is committed."""

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

    # ---- saying ----------------------------------------------------------------------------------------------

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

    def _edit_pressed(self, work: Work, message: Message, message_id: int) -> None:
        shown = message.shown
        if shown is None:
            work.calls.append(Call("editMessageText", {**message.params(), "message_id": message_id}))
            return
        drawings = self._drawings(work)
        call = drawings.edit(shown, message_id, message) if drawings is not None else None
        # What was pressed may be a drawing, which no text can replace: then the text comes anew.
        text = {**message.params(), "message_id": message_id, INSTEAD: message.params()}
        work.calls.append(call or Call("editMessageText", text))

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

    def clip(self, work: Work) -> str:
        """Returns the id of the video that the question that waits can be done with; "" where none can be shown."""
        drawings = self._drawings(work)
        clip = self.clips.of_question(self.session(work)) if drawings is not None and self.waiting(work) else ""
        return clip if drawings is not None and drawings.loop(clip) is not None else ""

    def _show_test(self, work: Work) -> None:
        """Sends the drawing of a self-test before its first question."""
        drawings, shown = self._drawings(work), self.render.drawn(self.session(work))
        call = drawings.send(shown) if drawings is not None and shown is not None else None
        if call is not None:
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
        choices = [("nav.start", "g:check"), ("nav.urgent", "g:urgent")]
        self.say(work, self.render.menu(paragraphs(*before, self.words("idle")), choices))

    def result_again(self, work: Work) -> Message:
        """Returns what a result without a plan said, or that its person has been checked since."""
        if work.chat.plan_state == CHECKED:
            return Message(paragraphs(self.words("plan.checked"), self.words("safety_net")))
        return self._end(work, self.engine.ends[self.session(work).state])

    def to_carry_on(self, work: Work) -> list[tuple[str, str]]:
        """Returns the buttons to carry on or to start again; the second counts only while the session stands so."""
        return [("nav.continue", "g:resume"), ("nav.restart", self.to_restart(work))]

    def to_restart(self, work: Work) -> str:
        """Returns the data of a button that begins anew, and counts only while the session stands as it does."""
        return f"r:{work.at.key}:{work.at.turn}"

    # ---- turns of the flow -----------------------------------------------------------------------------------

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
            self.say(work, self._result(work))
        self.ask(work, *([notice] if notice else []))

    def repeat(self, work: Work) -> None:
        """Asks once more, kindly, after something that is no answer."""
        scale = self.node(work).question.kind == "scale"
        self.ask(work, self.words("question.repeat_scale" if scale else "question.repeat"))

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
            self.say(work, self._end(work, end))
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
            self._offer_checks(work)

    def _offer_checks(self, work: Work) -> None:
        """Offers one self-check a day beside a new plan, where some are left (clinical.md 3.1)."""
        if REMIND_CHECKS in self.offers and self.checks_left(work):
            offer = [("remind.checks", f"g:{REMIND_CHECKS}")]
            self.say(work, self.render.menu(self.words("remind.offer_checks"), offer))

    def recovered(self, message: Message, day: Day) -> Message:
        """Returns the report of a check-in, with the monthly one that follows a recovery (clinical.md 6.5)."""
        if RECOVERED not in day.actions or REMIND_MONTHLY not in self.offers:
            return message
        offer = (Button(self.words.label("remind.monthly"), f"g:{REMIND_MONTHLY}"),)
        return replace(
            message, text=paragraphs(message.text, self.words("remind.offer_monthly")), rows=(*message.rows, offer)
        )

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
            else:
                self.say(work, self._result(work, day))

    def _end(self, work: Work, end: End) -> Message:
        """The message of an end without a plan, with the reminder that clinical.md 7.3 offers."""
        ended = self.outcome.end(end, self.session(work), self.render.numbers(work.chat.country))
        message = self._with_contacts(work, ended)
        if end.id != DOCTOR or REMIND_DOCTOR not in self.offers:
            return message
        offer = Button(self.words.label("remind.doctor"), f"g:{REMIND_DOCTOR}")
        return replace(message, text=paragraphs(message.text, self.words("remind.offer_doctor")), rows=((offer,),))

    def _result(self, work: Work, day: Day | None = None) -> Message:
        """The result, with a reminder where it asks for a new check in 48 hours."""
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
        """Shows the drawings of the plan's tips and of the warm-up together, or their words."""
        captions = self.outcome.drawn_tips(self.session(work), self.follower.day(work))
        instead = Message(listed(captions.values()) or self.words("plan.no_look"))
        drawings = self._drawings(work)
        call = drawings.album(captions, instead) if drawings is not None else None
        if call is None:
            self.say(work, instead)
        else:
            work.calls.append(call)

    def plan_waits(self, work: Work) -> Message | None:
        """Returns what to say in place of a plan for a day after an URGENT or EMERGENCY result."""
        since = work.now - work.chat.critical_at if work.chat.critical_at is not None else PLAN_WAITS
        if since >= PLAN_WAITS:
            return None
        hours = -(-(PLAN_WAITS - since) // timedelta(hours=1))
        return Message(paragraphs(self.words("plan.waits", hours=hours), self.words("safety_net")))

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

    def why_asked(self, work: Work) -> None:
        """Says why the current question is asked."""
        self.ask(work, edit=True, with_why=True)

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
            self.say(work, self._end(work, end))
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

    def offer_resume(self, work: Work) -> None:
        """Asks whether to carry on with a check or to start again."""
        self.say(work, self.render.menu(self.words("resume.offer"), self.to_carry_on(work)))

    def resume(self, work: Work) -> None:
        """Carries on with a check that was stopped."""
        if work.session is None or work.session.state not in self.engine.nodes:
            # An old button: a plan that was made since must not be lost to it.
            self.where(work)
            return
        work.row = replace(work.at, open=True, updated_at=work.now)
        self.ask(work, self.words("welcome_back"))
