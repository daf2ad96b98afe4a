"""What a person presses or types at a question -> the answer that it plainly means, or a kind repeat."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from bot.desk import Desk
from bot.work import Work
from flows.questions import Answer, Node
from flows.schema import Option, Question

PAIN = "pain"
DONE = "\0done"
"""Stands for the Done button among typed ticks."""

_NUMBER = re.compile(r"(\d{1,3})(?:\s*/\s*10)?")
_DASHES = re.compile("[\u2010-\u2015\u2212]")


def plain(text: str) -> str:
    """Returns text as it is compared: lower case, one kind of dash, single spaces, no full stop at the end."""
    folded = _DASHES.sub("-", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(folded.split()).rstrip(".!")


def number(text: str) -> int | None:
    """Returns the whole number that text is (7 or 7/10), or None."""
    match = _NUMBER.fullmatch(plain(text))
    return int(match.group(1)) if match else None


def matched(
    question: Question, text: str, translate: Callable[[str], str], whole: Collection[str] = ()
) -> Option | None:
    """Returns the one option that text names by its label, a synonym, a number or an unambiguous beginning.

    Some words, such as no, only ever stand for themselves: they do not begin another answer, such as not sure.
    """
    said, options = plain(text), question.options
    if not said:
        return None
    names = {option.value: _names(option, translate) for option in options}
    for option in options:
        if said in names[option.value]:
            return option
    figure = number(_without_unit(said, [plain(translate(unit)) for unit in question.units]))
    if figure is not None:
        within = [option for option in options if option.numbers and option.numbers[0] <= figure <= option.numbers[1]]
        return within[0] if len(within) == 1 else None
    if said in whole:
        return None
    begun = [option for option in options if any(name.startswith(said) for name in names[option.value])]
    return begun[0] if len(begun) == 1 else None


def _without_unit(said: str, units: Sequence[str]) -> str:
    figure, _, unit = said.partition(" ")
    return figure if unit in units else said


def _names(option: Option, translate: Callable[[str], str]) -> list[str]:
    texts = [option.label, *option.also, *([option.full] if option.full else [])]
    return [plain(translate(text)) for text in texts]


def ticked(
    node: Node, text: str, done: str, translate: Callable[[str], str], whole: Collection[str] = ()
) -> list[str] | None:
    """Returns the values (and DONE) that text names for a multi-select, parted by commas; None where one is unclear."""
    parts, values = text.split(","), []
    while parts:
        # A label may hold commas itself, so the longest run of parts that names one is taken.
        for size in range(len(parts), 0, -1):
            value = _named(node, ",".join(parts[:size]), done, translate, whole)
            if value is not None:
                values.append(value)
                parts = parts[size:]
                break
        else:
            return None
    return values


def _named(node: Node, text: str, done: str, translate: Callable[[str], str], whole: Collection[str]) -> str | None:
    if plain(text) == plain(done):
        return DONE
    option = matched(node.question, text, translate, whole)
    return option.value if option is not None else None


class Replies:
    """Takes presses and typed text as answers to the question that waits."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        words = desk.content.flow.gate_words
        plainly = [text for option in (words.yes, words.no) for text in (option.label, *option.also)]
        self._yes_and_no = frozenset(plain(desk.words.plain(text)) for text in plainly)

    def type(self, work: Work) -> bool:
        """Takes typed text: a navigation word, a number, or the words of one button; returns False for all else."""
        node, text = self.desk.node(work), work.incoming.text
        navigation = {"nav.back": self.desk.back, "nav.stop": self.desk.stop, "nav.why": self.desk.why_asked}
        for phrase, act in navigation.items():
            if plain(text) == plain(self.desk.words.label(phrase)):
                if phrase == "nav.stop" and any(option.value == PAIN for option in node.question.options):
                    # In a self-test the word may mean that it hurt: it is never taken as just leaving.
                    self.desk.ask(work, self.desk.words("test.stop"))
                else:
                    act(work)
                return True
        if node.question.kind == "multi":
            return self._type_ticks(work, node, text)
        answer: Answer | None
        if node.question.kind == "scale":
            answer = number(text)
        else:
            option = matched(node.question, text, self.desk.words.plain, self._yes_and_no)
            answer = option.value if option is not None else None
        if answer is not None:
            self.desk.answer(work, answer)
        return answer is not None

    def _type_ticks(self, work: Work, node: Node, text: str) -> bool:
        values = ticked(node, text, self.desk.words.label("nav.done"), self.desk.words.plain, self._yes_and_no)
        if values is None:
            return False
        before = work.at.ticks
        fits = all(self._tick(work, node, value, True) for value in values if value != DONE)
        if not fits:
            work.row = replace(work.at, ticks=before)
            self.desk.ask(work, too_many=True)
        elif DONE in values or (not before and _only_exclusive(node, work.at.ticks)):
            self.desk.answer(work, work.at.ticks)
        else:
            self.desk.ask(work)
        return True

    def press(self, work: Work, code: str) -> bool:
        """Does what a button of the current question says; returns False for one that it does not have."""
        node = self.desk.node(work)
        kind = node.question.kind
        simple = {"b": self.desk.back, "s": self.desk.stop, "w": self.desk.why_asked}
        if code in simple:
            simple[code](work)
            return True
        if code == "d" and kind == "multi":
            self.desk.answer(work, work.at.ticks)
            return True
        if not re.fullmatch("[antu][0-9]{1,3}", code):
            return False
        at = int(code[1:])
        if code[0] == "n" and kind == "scale" and at <= 10:
            self.desk.answer(work, at)
            return True
        if at >= len(node.question.options):
            return False
        value = node.question.options[at].value
        if code[0] == "a" and kind == "single":
            self.desk.answer(work, value)
        elif code[0] in "tu" and kind == "multi":
            self._press_tick(work, node, value, code[0] == "t")
        else:
            return False
        return True

    def _press_tick(self, work: Work, node: Node, value: str, wanted: bool) -> None:
        nothing_before = not work.at.ticks
        fits = self._tick(work, node, value, wanted)
        if nothing_before and _only_exclusive(node, work.at.ticks):
            # Nothing was ticked and "none of these" was pressed: that is the whole answer.
            self.desk.answer(work, work.at.ticks)
        else:
            self.desk.ask(work, edit=True, too_many=not fits)

    def _tick(self, work: Work, node: Node, value: str, wanted: bool) -> bool:
        """Sets or clears one tick; returns False where the most allowed is reached."""
        options = {option.value: option for option in node.question.options}
        ticks = [tick for tick in work.at.ticks if tick != value and tick in options]
        if wanted:
            alone = options[value].exclusive
            ticks = [value] if alone else [*(tick for tick in ticks if not options[tick].exclusive), value]
        counted = [tick for tick in ticks if not options[tick].free]
        if wanted and node.question.most is not None and len(counted) > node.question.most:
            return False
        work.row = replace(work.at, ticks=tuple(ticks), updated_at=work.now)
        return True


def _only_exclusive(node: Node, ticks: tuple[str, ...]) -> bool:
    return len(ticks) == 1 and any(option.exclusive for option in node.question.options if option.value == ticks[0])
