"""/report and /sheet: what a person takes to a professional or to the mat, made only when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from bot import days
from bot.commands import no_plan
from bot.desk import Desk
from bot.handover import SEEN, Handover, Source, handover
from bot.letter import Letter
from bot.plan_page import PlanPage
from bot.records import INSTEAD
from bot.render import Message
from bot.store import Store
from bot.work import Work


class Printing:
    """Carries out /report and /sheet."""

    def __init__(self, desk: Desk, store: Store) -> None:
        self.desk, self.store, self.words = desk, store, desk.words
        self.letter = Letter(desk.outcome, desk.render, desk.words)
        self.plan_page = PlanPage(desk.outcome, desk.words)
        self.by_name: Mapping[str, Callable[[Work], None]] = {"report": self.report, "sheet": self.sheet}
        self.by_button: Mapping[str, Callable[[Work], None]] = dict(self.by_name)
        self.by_prefix: Mapping[str, Callable[[Work, str], None]] = {}

    def reply(self, _: Work) -> bool:
        """Asks nothing, so that no text is an answer."""
        return False

    def close(self, work: Work) -> None:
        """Has nothing open."""

    def report(self, work: Work) -> None:
        """Shows the handover as text, so that the person has read it, and then sends the same as a page."""
        self.desk.leave_test(work)
        session = work.session
        if session is None:
            why = self.words(work.why_new or "report.none_yet")
            self.desk.say(work, self.desk.render.menu(why, [("nav.start", "g:check")]))
        elif session.state in self.desk.engine.nodes:
            text = self.words("report.unfinished")
            self.desk.say(work, self.desk.render.menu(text, self.desk.to_carry_on(work)))
        else:
            told = self._told(work)
            self.desk.say(work, Message(self.words("report.intro")))
            self.desk.say(work, Message(self.words.escaped(self.letter.text(told))))
            self._send(work, "handover", ("report.caption", "report.file"), self.letter.page(told))

    def _told(self, work: Work) -> Handover:
        follower, diary = self.desk.follower, days.entries(self.store, work.chat.key)
        seen = self.store.diary(work.chat.key, *SEEN)
        source = Source(
            session=self.desk.session(work),
            key=work.at.key,
            diary=[*diary, *seen],
            course=follower.course(work),
            day=follower.day(work),
            today=follower.today(work),
            software=software(),
        )
        return handover(self.desk.engine, source)

    def sheet(self, work: Work) -> None:
        """Sends the plan as a page, or says plainly why there is none."""
        self.desk.leave_test(work)
        instead = no_plan(self.desk, work)
        if instead is not None:
            self.desk.say(work, instead)
            return
        follower = self.desk.follower
        today: date = follower.today(work)
        # Who wants no drawings has a slow connection: without them the page has a tenth of the bytes.
        drawn = not work.chat.text_only
        page = self.plan_page.page(self.desk.session(work), follower.day(work), today, drawn=drawn)
        self._send(work, "plan", ("sheet.caption", "sheet.file"), page)

    def _send(self, work: Work, by: str, phrases: tuple[str, str], data: dict[str, Any]) -> None:
        caption, name = phrases
        file = {"name": self.words.label(name), "by": by, "data": data}
        self.desk.say(work, Message(self.words(caption), document=file))
        instead = Message(self.words("report.no_page")).params()
        work.calls[-1] = replace(work.calls[-1], params={**work.calls[-1].params, INSTEAD: instead})


@cache
def software() -> str:
    """Returns the version of this software; empty where it was not installed as a package."""
    try:
        return version("backstride")
    except PackageNotFoundError:
        return ""
