"""The check-in: one card that is edited in place, and what follows from it day by day (clinical.md 6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date

from bot import check_in_log, days
from bot.check_in_card import DISTANCES, CheckInCard
from bot.desk import Desk
from bot.following import STOPPED, Following
from bot.records import QUESTION, SessionRow, new_key
from bot.reminders import checked_in
from bot.render import Message, paragraphs
from bot.replies import plain
from bot.speaker import PLAN
from bot.store import Store
from bot.work import Work
from flows.asked import Asked, asked
from flows.follow_up import Day
from flows.schema import Disposition


class CheckIn(Following):
    """Carries out /checkin and /progress, and follows the triage day by day."""

    def __init__(self, desk: Desk, store: Store) -> None:
        super().__init__(desk, store)
        self.card = CheckInCard(desk.words)
        self.by_name: Mapping[str, Callable[[Work], None]] = {"checkin": self.begin, "progress": self.progress}
        self.by_button: Mapping[str, Callable[[Work], None]] = {
            "checkin": self.begin,
            "progress": self.progress,
            "assessed": self.assessed,
            "not_assessed": self.not_assessed,
        }
        self.by_prefix: Mapping[str, Callable[[Work, str], None]] = {"k": self.press, "o": self.offered}

    # ---- what the triage has come to -----------------------------------------------------------------------------

    def ended(self, work: Work) -> None:
        """Notes a full screen, or signs and self-tests that came after it."""
        session = self.desk.session(work)
        entries = days.entries(self.store, work.chat.key, work.diary)
        found = days.since(self.desk.engine, session, entries, days.When(work.at.key, self.today(work), work.now))
        row = self.row(work)
        if row is not None and row.open and any(entry.kind == days.SCREEN for entry in found):
            self._note(work, row)
        work.diary.extend(found)

    def goes_on(self, work: Work) -> bool:
        """Goes on with the check-in once the gates are through; without a plan that ends it."""
        row, session = self.row(work), self.desk.session(work)
        if row is None or not row.open or row.state != check_in_log.GATES:
            return self._stopped_by_signs(work)
        begun = int(check_in_log.said(row.log, check_in_log.BEGUN) or 0)
        if len(session.log) < begun:
            # Back led out of the gates: what was said about warning signs is open again.
            log = tuple(entry for entry in row.log if entry[0] not in ("C1", check_in_log.BEGUN))
            self._move(work, row, log)
            self._show(work)
            return True
        ids = tuple(sorted(days.signs(self.desk.engine, session, begun - 1) or ()))
        log = (*(entry for entry in row.log if entry[0] != check_in_log.FOUND), (check_in_log.FOUND, ids))
        self._move(work, row, log)
        if session.state != PLAN:
            # What the triage has said is enough for today.
            self._note(work, self._row(work))
            return True
        if check_in_log.day_of(log) < self.today(work):
            self._note(work, self._row(work))
            return False
        self._go(work)
        return True

    def _stopped_by_signs(self, work: Work) -> bool:
        """Says where to go when signs beside a check-in stop the plan, though the triage alone would not."""
        course = self.course(work)
        if course is None or not any(entry.kind == days.SIGNS for entry in work.diary):
            return False
        day = course.today(self.content, self.today(work))
        if day.disposition < Disposition.DOCTOR or self.desk.session(work).state != PLAN:
            return False
        work.chat = replace(work.chat, plan_state="PAUSED")
        self.desk.say(work, self.reports.stopped(day, "", self.desk.render.numbers(work.chat.country)))
        return True

    # ---- the card ------------------------------------------------------------------------------------------------

    def begin(self, work: Work) -> None:
        """Begins the check-in of today, or shows the one that is open."""
        self.desk.leave_test(work)
        course, on = self.course(work), self.today(work)
        if work.session is not None and work.session.state in self.desk.engine.nodes:
            self.desk.say(work, self.desk.render.menu(self.words("check_in.unfinished"), self.desk.to_carry_on(work)))
            return
        if course is None:
            self.desk.say(work, self.desk.render.menu(self.words("check_in.first"), [("nav.start", "g:check")]))
            return
        if work.session is None:
            # Questions that were left in the middle are too old to go on with, and the plan waits for them.
            self.desk.restart(work)
            return
        row = self.row(work)
        if row is not None and row.open and check_in_log.day_of(row.log) >= on and row.started_at > course.screened_at:
            self._go(work)
            return
        if row is not None and row.open:
            self._note(work, row)
            course = self.course(work) or course
        day = course.today(self.content, on)
        if course.number(on) < 1:
            choices = [("check_in.new_sign", "g:check"), ("nav.urgent", "g:urgent")]
            self.desk.say(work, self.desk.render.menu(self.words("check_in.tomorrow"), choices))
        elif day.state == "PAUSED" and day.disposition < Disposition.DOCTOR and work.chat.plan_state not in STOPPED:
            self.desk.say(work, self.screen_first())
        else:
            self._open(work, course, day, on)

    def _open(self, work: Work, course: days.Course, day: Day, on: date) -> None:
        paused = day.state == "PAUSED" or work.chat.plan_state in STOPPED
        more = asked(self.content, self._before(course, on), course.number(on))
        extras = (*(f"L.{part}" for part in more.entry), *more.week)
        questions = check_in_log.EVERY_DAY[:2] if paused else (*check_in_log.EVERY_DAY, *extras)
        log = check_in_log.opened(on, questions, tuple(day.levels))
        version = self.content.settings.content_version
        row = SessionRow(new_key(), work.chat.key, check_in_log.FLOW, version, "C1", work.now, work.now, log)
        work.dialogues.append(row)
        again = any(each.day == course.number(on) and each.answered for each in course.reported)
        self._show(work, "check_in.again" if again else "")

    def _before(self, course: days.Course, on: date) -> Day:
        """Returns how things stood before the check-in of this date."""
        number = course.number(on)
        return [day for day in course.days(self.content) if day.day < number][-1]

    def _asked(self, work: Work, log: check_in_log.Log) -> Asked | None:
        """Returns what this check-in asks beside its four questions; None while the plan rests."""
        course, on = self.course(work), check_in_log.day_of(log)
        if course is None or len(check_in_log.listed(log, check_in_log.ASKED)) < len(check_in_log.EVERY_DAY):
            return None
        return asked(self.content, self._before(course, on), course.number(on))

    def _repeated(self, work: Work, log: check_in_log.Log) -> tuple[str, ...]:
        """Returns the gate and the items that are asked again though nothing is new; all gates are not listed."""
        found = self._asked(work, log)
        if found is None or found.gates:
            return ()
        bone = (self.content.check_in.bone_gate,) if found.bone else ()
        return (*bone, *self.desk.engine.unsure(self.desk.session(work)))

    # ---- answers -------------------------------------------------------------------------------------------------

    def press(self, work: Work, data: str) -> None:
        """Takes a button of the card."""
        key, turn, code = [*data.split(":"), "", ""][:3]
        row = self.row(work)
        if work.session is None:
            self.begin(work)
        elif row is None or row.key != key:
            self.desk.where(work, "busy")
        elif not row.open or check_in_log.day_of(row.log) < self.today(work):
            choices = [("check_in.button", "g:checkin"), ("card.plan", "g:plan")]
            self.desk.say(work, self.desk.render.menu(self.words("check_in.over"), choices))
        elif row.state == check_in_log.GATES:
            self.desk.where(work, "question.stale")
        elif str(row.turn) != turn or not self._coded(work, row, code):
            self._show(work, "question.stale")

    def _coded(self, work: Work, row: SessionRow, code: str) -> bool:
        offered = check_in_log.options(row.log, row.state)
        if code == "b":
            self._move(work, row, check_in_log.back(row.log))
            self._show(work)
            return True
        if code == "d" and row.state == check_in_log.HURT:
            self._answer(work, row, row.ticks)
            return True
        if not (code[:1] in ("a", "t", "u") and code[1:].isascii() and code[1:].isdigit() and len(code) < 4):
            return False
        at = int(code[1:])
        if at >= len(offered) or (code[0] == "a") == (row.state == check_in_log.HURT):
            return False
        if code[0] == "a":
            self._answer(work, row, offered[at])
        else:
            ticks = {*row.ticks, offered[at]} if code[0] == "t" else {*row.ticks} - {offered[at]}
            work.dialogues.append(replace(row, ticks=tuple(n for n in offered if n in ticks), updated_at=work.now))
            self._show(work)
        return True

    def reply(self, work: Work) -> bool:
        """Takes typed text as the answer to the card; returns False where it asks nothing."""
        row = self.row(work)
        if row is None or not row.open or row.state == check_in_log.GATES or self.desk.waiting(work):
            return False
        if work.session is None or work.incoming.kind != "text" or check_in_log.day_of(row.log) < self.today(work):
            return False
        text = work.incoming.text
        if row.state == check_in_log.HURT:
            chosen = self.card.hurt(row, text)
            if plain(text) == plain(self.words.label("nav.done")):
                self._answer(work, row, row.ticks)
                return True
        else:
            chosen = self.card.named(row.state, text)
        if len(chosen) != 1:
            scale = check_in_log.OPTIONS.get(row.state) == check_in_log.NUMBERS
            repeat = "check_in.repeat_distance" if row.state in DISTANCES else "question.repeat"
            self._show(work, "question.repeat_scale" if scale else repeat)
        else:
            self._answer(work, row, tuple(chosen) if row.state == check_in_log.HURT else chosen[0])
        return True

    def _answer(self, work: Work, row: SessionRow, value: str | tuple[str, ...]) -> None:
        if row.state == "C1" and value == "none":
            found = self._asked(work, row.log)
            more = "more" if self._repeated(work, row.log) else "none"
            value = "week" if found is not None and found.gates else more
        self._move(work, row, (*row.log, (row.state, value)))
        if work.reminders is None and (reminders := self.store.reminders(work.chat.key)):
            work.reminders = checked_in(reminders, work.now)
        self._go(work)

    def _move(self, work: Work, row: SessionRow, log: check_in_log.Log) -> None:
        state = check_in_log.due(log)
        work.dialogues.append(replace(row, log=log, state=state, ticks=(), turn=row.turn + 1, updated_at=work.now))

    def _row(self, work: Work) -> SessionRow:
        row = self.row(work)
        assert row is not None
        return row

    def _go(self, work: Work) -> None:
        """Shows what comes next: a question, the gates, or what follows from the check-in."""
        row = self._row(work)
        if row.state == check_in_log.GATES:
            self._ask_gates(work, row)
        elif row.state == check_in_log.DONE:
            self._finish(work, row)
        else:
            self._show(work)

    def _ask_gates(self, work: Work, row: SessionRow) -> None:
        session = self.desk.session(work)
        if not check_in_log.said(row.log, check_in_log.BEGUN):
            said = check_in_log.said(row.log, "C1")
            names = self._repeated(work, row.log) if said == "more" else ()
            turn = self.desk.engine.recheck(session, names)
            log = (*row.log, (check_in_log.BEGUN, len(turn.session.log)))
            self._move(work, row, log)
            self._edit(work, Message(paragraphs(*map(self.words, self._why_asked(said, names)))))
            self.desk.take(work, turn)
        if self.desk.waiting(work):
            self.desk.ask(work)
        else:
            # The result before stands and is urgent: it is said again.
            self.desk.finish(work, session)

    def _why_asked(self, said: str, names: tuple[str, ...]) -> list[str]:
        """Returns the phrases that say why warning signs are asked in full."""
        if said != "more":
            return ["check_in.gates_week" if said == "week" else "check_in.gates"]
        bone = self.content.check_in.bone_gate
        phrases = ["check_in.gates_bone"] if bone in names else []
        return [*phrases, *(["check_in.gates_open"] if set(names) - {bone} else [])]

    def close(self, work: Work) -> None:
        """Leaves the card as it is: what was answered counts, and /checkin shows it again."""

    # ---- the end -------------------------------------------------------------------------------------------------

    def _note(self, work: Work, row: SessionRow) -> None:
        """Puts a check-in into the diary and ends it."""
        given = check_in_log.answers(row.log)
        if given:
            work.diary.append(days.reported(check_in_log.day_of(row.log), given, work.now))
        work.dialogues.append(replace(row, open=False, turn=row.turn + 1, updated_at=work.now))

    def _finish(self, work: Work, row: SessionRow) -> None:
        on = check_in_log.day_of(row.log)
        known = self.store.diary(work.chat.key, days.CHECK_IN)
        again = any(entry.data["date"] == on.isoformat() for entry in known)
        self._note(work, row)
        course = self.course(work)
        if course is None:
            return
        number = course.number(on)
        followed = course.days(self.content)
        day = self.resting(work, next((day for day in followed if day.day == number), followed[-1]))
        before = self._before(course, on)
        self._edit(work, self.desk.recovered(self.reports.report(day, before, on, again), day))
        self._stop(work, day, before, check_in_log.said(row.log, "C2"))
        if day.state != "PAUSED" and self.desk.session(work).state == PLAN:
            self._ask_now(work, day)

    def _ask_now(self, work: Work, day: Day) -> None:
        """Asks what a day wants to know at once: the gates where it became worse, the late questions after months."""
        session, late, engine = self.desk.session(work), self.content.check_in.late, self.desk.engine
        worse = "D_WORSE" in day.actions
        lasts = late.row in day.actions and late.questions[0] not in session.facts
        if not (worse or lasts):
            return
        gates = [gate.id for gate in engine.gates if gate.text] if worse else []
        self.desk.take(work, engine.recheck(session, (*gates, *(late.questions if lasts else ()))))
        phrases = (["check_in.gates"] if worse else []) + (["check_in.late"] if lasts else [])
        self.desk.ask(work, *map(self.words, phrases))

    def _stop(self, work: Work, day: Day, before: Day, pain: str) -> None:
        """Pauses the plan where the day says so, and says where to go."""
        chat = work.chat
        if chat.plan_state not in STOPPED:
            work.chat = replace(chat, plan_state=day.state)
        if not self.reports.stops(day, before):
            return
        if day.disposition >= Disposition.URGENT:
            work.chat = replace(work.chat, critical_at=work.now)
        self.desk.say(work, self.reports.stopped(day, pain, self.desk.render.numbers(chat.country)))

    # ---- rendering -----------------------------------------------------------------------------------------------

    def _show(self, work: Work, before: str = "") -> None:
        """Shows the question that waits: on the card that was pressed, or on a new one."""
        self._edit(work, self.card.message(self._row(work), before))

    def _edit(self, work: Work, message: Message) -> None:
        if work.incoming.kind == "press" and work.incoming.data.startswith("k:"):
            self.desk.edit(work, message)
        else:
            self.desk.say(work, message, QUESTION)
