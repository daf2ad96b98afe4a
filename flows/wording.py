"""Laws of the words in the content: plain, kind, short enough, and with no hole that nothing fills."""

from __future__ import annotations

import re

from flows.catalog import texts
from flows.entries import CLEARED
from flows.library import Note, Steps
from flows.schema import Content

NUMBERS = ("number", "urgent_line", "crisis_line")
MESSAGE = 4096
"""Characters of one Telegram message."""


def reading_grade(text: str) -> float:
    """Returns the automated readability index: the school grade for which a text is written (Smith & Senter 1967)."""
    words = re.findall(r"[\w'\u2019]+", text)
    sentences = max(1, len(re.findall(r"[.!?:;](?:\s|$)", text)))
    letters = sum(len(word) for word in words)
    return 4.71 * letters / max(1, len(words)) + 0.5 * len(words) / sentences - 21.43


def check_words(content: Content, note: Note) -> None:
    """Notes texts that frighten, promise, fit no message, are hard to read or leave a place open that nothing fills."""
    settings = content.settings
    unwanted = [re.compile(rf"(?<!\w){re.escape(word)}(?!\w)") for word in (*settings.frightening, *settings.claims)]
    for part in ("screen", "planning", "flow", "self_tests", "library", "countries", "phrases", "pictures", "check_in"):
        for where, text in texts(getattr(content, part)):
            path = _path(where)
            for word in unwanted:
                # "not a medical device" and "can need treatment" are the words of clinical.md itself.
                if match := word.search(text.casefold()):
                    note(part, path, f"the text says {match.group()!r}", "say it in a kinder or plainer word")
            open_places = re.findall(r"\{([^{}]*)\}", text)
            for name in set(open_places) - set(_fillable(content, part, path)):
                note(part, path, f"nothing fills {{{name}}} here", "use a placeholder that AUTHORING.md lists for it")
            if text.count("{") != len(open_places) or text.count("}") != len(open_places):
                note(part, path, "a brace stands alone", "write placeholders as {name}, and no other braces")
            if len(text) > MESSAGE // 2:
                note(part, path, f"the text has {len(text)} characters", f"keep it under {MESSAGE // 2}")
    grade = mean_grade(content)
    if grade > settings.reading_grade:
        note("flow", ("questions",), f"texts read at grade {grade:.1f}", f"shorten them to {settings.reading_grade}")


def _fillable(content: Content, part: str, path: Steps) -> tuple[str, ...]:
    """The names that are filled in at one place; elsewhere a placeholder would be shown as it is, or worse."""
    match part, path:
        case "phrases", ("phrases", str(phrase)):
            return content.phrases.fills.get(phrase, ())
        case "flow", ("ends", *_):
            return (*NUMBERS, "who", "tell")
        case "flow", ("questions", str(question), "text") if question == CLEARED:
            return ("reasons",)
        case "planning", ("advice", str(advice), "text"):
            return ("exercise",) if any(row.needs for row in content.planning.advice if row.id == advice) else ()
        case "check_in", ("actions", str(action), "text"):
            return next(row.fills for row in content.check_in.actions if row.id == action)
    return ()


def mean_grade(content: Content) -> float:
    """Returns the mean school grade of all texts of at least eight words."""
    long = [
        text
        for part in ("flow", "self_tests", "library", "planning")
        for _, text in texts(getattr(content, part))
        if len(text.split()) >= 8
    ]
    return sum(map(reading_grade, long)) / max(1, len(long))


def _path(where: str) -> Steps:
    """Turns a place such as questions[Q07].options[0].full into a path."""
    # What stands in brackets is one step, dots and all: phrases[nav.back].
    steps = (inside or name for inside, name in re.findall(r"\[([^\]]*)\]|([^.\[\]]+)", where))
    return tuple(int(step) if step.isdigit() else step for step in steps)
