"""Laws of the content that no single model can see: names that exist, rows that are carried."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from flows import rules
from flows.engine import Engine
from flows.entries import ALL_GATES, HEARD, RECHECKED
from flows.library import CONTENT, Note, Problem, Steps, read
from flows.plan import NOTHING_FOUND
from flows.questions import OPENED, Node, nodes
from flows.schema import Content, Gate, Option, Question, Sourced
from flows.screen import CLEARED
from flows.wording import check_words, mean_grade

COMPUTED = {"rank", "permission", "referred", "clearance", HEARD, OPENED, RECHECKED}
"""Facts that the engine works out; conditions may read them."""
MEASURED: dict[str, set[str]] = {
    "label": {"worse", "recovered", "improved", "slight", "unchanged", "not_enough_data"},
    "worry": {"yes", "no"},
    "worried": {"yes", "no"},
    "adherence": set(),
    "m7": set(),
    "m7_up": set(),
}
"""Facts that the days after a plan are measured by; the rows of check_in.yaml may read them."""
UNRULED = {"consent", "tests", "run_status", "W1"}
"""Fields that no rule reads yet: they are stored, and are no answers of `simulate`."""
ARTICLES = {"S0": 10, "S1": 14, "S2": 13, "S3": 10, "S4": 14}
"""How many rows clinical.md 1.1 has for each source article."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found: lines to read, and problems to solve."""

    lines: tuple[str, ...]
    problems: tuple[Problem, ...]


def check(folder: Path | None = None) -> Report:
    """Checks a folder of content, by default the shipped one."""
    reading = read(folder or CONTENT)
    content = reading.content
    if content is None:
        return Report((), tuple(sorted(reading.problems)))
    for law in (
        _names,
        _conditions,
        _references,
        _options,
        _symptoms,
        _sources,
        _articles,
        _pictures,
        check_words,
        _ends,
    ):
        law(content, reading.problem)
    return Report(tuple(_summary(content)), tuple(sorted(set(reading.problems))))


# ---- names -------------------------------------------------------------------------------------------------------


def _names(content: Content, note: Note) -> None:
    """Every id is used once, and the order of the rules is that of their disposition."""
    lists: list[tuple[str, tuple[str, ...], Iterable[str]]] = [
        ("screen", ("rules",), [rule.id for rule in content.screen.rules]),
        ("planning", ("findings",), [row.id for row in content.planning.findings]),
        ("planning", ("exclusions",), [row.id for row in content.planning.exclusions]),
        ("planning", ("advice",), [row.id for row in content.planning.advice]),
        ("library", ("exercises",), [row.id for row in content.library.exercises]),
        ("sources", ("sources",), [row.id for row in content.sources.sources]),
        ("sources", ("articles",), [row.id for row in content.sources.articles]),
        ("countries", ("countries",), [row.id for row in content.countries.countries]),
    ]
    for part, path, ids in lists:
        for twice in _twice(ids):
            note(part, (*path, twice), f"{twice} stands twice", "give each its own id")
    for twice in _twice([*(part.id for part in content.flow.questions), *asked_once(content)]):
        note("flow", ("questions", twice), f"{twice} stands twice", "give each question its own id")
    ranks = [rule.disposition for rule in content.screen.rules]
    if ranks != sorted(ranks, reverse=True):
        note("screen", ("rules",), "a rule stands after one of lower disposition", "order them as clinical.md 2.1 does")
    if NOTHING_FOUND not in {row.id for row in content.planning.findings}:
        note("planning", ("findings",), f"{NOTHING_FOUND} is missing", "add the finding for people without another")


def asked_once(content: Content) -> list[str]:
    """Returns the ids of questions that stand inside gates and self-tests."""
    inside = []
    for part in content.flow.questions:
        if isinstance(part, Gate):
            for item in part.items:
                inside += [item.id, *([item.clarify.id] if item.clarify else []), *(each.id for each in item.then)]
    return inside + [question.id for test in content.self_tests.tests for question in test.questions]


def _twice(ids: Iterable[str]) -> list[str]:
    seen: set[str] = set()
    return [each for each in ids if each in seen or seen.add(each)]  # type: ignore[func-returns-value]


def _known(content: Content) -> dict[str, set[str]]:
    """Each fact that a condition may read, with the values that it can have (none listed: a number)."""
    known: dict[str, set[str]] = {name: set() for name in COMPUTED}
    known |= MEASURED
    known["permission"] = {"NONE", "GENTLE", "FULL"}
    known["referred"] = known["clearance"] = {"yes", "no"}
    known[HEARD] = {"heard"}
    known[RECHECKED] = {ALL_GATES, *(node.id for node in nodes(content))}
    known[OPENED] = {test.id for test in content.self_tests.tests}
    for name, field in content.settings.fields.items():
        known[name] = set(field.values)
    flags = {rule.id for rule in content.screen.rules}
    cleared = {rule.id + CLEARED for rule in content.screen.rules if rule.clearable}
    known["fired"] = flags | cleared | {row.id for row in content.planning.findings}
    for node in nodes(content):
        known.setdefault(node.id, set()).update(option.value for option in node.question.options)
    return known


def _conditions(content: Content, note: Note) -> None:
    """Conditions read facts and values that exist: one that does not would be silently false."""
    known = _known(content)
    for part, path, condition in conditions(content):
        for name, value in condition.names():
            if name not in known:
                note(part, path, f"a condition reads {name!r}, which is no answer", "name a field or a question")
            elif value is not None and value not in known[name]:
                note(part, path, f"{name} is never {value!r}", "write one of its values")


def conditions(content: Content) -> Iterator[tuple[str, Steps, rules.Condition]]:
    """Yields every condition of the content with the place of what it belongs to."""
    for part in ("screen", "planning", "flow", "self_tests", "library", "check_in"):
        for path, value in walk(getattr(content, part), ()):
            if isinstance(value, rules.KINDS):
                yield part, path, value


def walk(value: object, path: Steps) -> Iterator[tuple[Steps, object]]:
    """Yields a part of the content and all that stands in it, each with its path."""
    yield path, value
    if isinstance(value, BaseModel):
        inside: Iterable[tuple[str | int, object]] = [(name, getattr(value, name)) for name in type(value).model_fields]
    elif isinstance(value, tuple):
        inside = [(getattr(each, "id", at), each) for at, each in enumerate(value)]
    elif isinstance(value, dict):
        inside = value.items()
    else:
        return
    for step, each in inside:
        yield from walk(each, (*path, step))


def _references(content: Content, note: Note) -> None:
    """Exercises, advice, tests and questions that one part names exist in the other."""
    exercises = {row.id for row in content.library.exercises}
    advice = {row.id for row in content.planning.advice}
    tests = {row.id for row in content.self_tests.tests}
    planning = content.planning
    for row in planning.findings:
        named = {name for ranked in row.ranked for name in ranked.exercises}
        _missing(note, "planning", ("findings", row.id), named - exercises, "exercise")
        _missing(note, "planning", ("findings", row.id), {tip.advice for tip in row.advice} - advice, "advice")
    for rule in planning.exclusions:
        named = {*rule.remove, *rule.keep_only, *rule.bonus}
        _missing(note, "planning", ("exclusions", rule.id), named - exercises, "exercise")
    tables = {
        "base_points": set(planning.base_points),
        "substitute": {*planning.substitute, *planning.substitute.values()},
        "families": {name for family in planning.families for name in family.exercises},
        "levels": {name for level in planning.levels for name in level.exercises},
    }
    for table, named in tables.items():
        _missing(note, "planning", (table,), named - exercises, "exercise")
    for tip in planning.advice:
        _missing(note, "planning", ("advice", tip.id), set(tip.needs) - exercises, "exercise")
    _missing(note, "planning", ("always_advice",), {planning.always_advice, planning.running_advice} - advice, "advice")
    for test in content.self_tests.tests:
        _missing(note, "self_tests", ("tests", test.id), set(test.exercises) - exercises, "exercise")
    for at, gate in enumerate(content.self_tests.gate):
        _missing(note, "self_tests", ("gate", at), {*gate.allow, *gate.knees} - tests, "self-test")


def _missing(note: Note, part: str, path: Steps, names: set[str], kind: str) -> None:
    for name in sorted(names):
        note(part, path, f"there is no {kind} {name!r}", "correct the name, or add it")


# ---- questions ---------------------------------------------------------------------------------------------------


def _options(content: Content, note: Note) -> None:
    """What an option stores is a value of its field, and what it reopens exists."""
    fields = content.settings.fields
    # Compiled here, and only here: that is slow, but a flow that cannot be compiled must not pass.
    engine = Engine(content)
    reopened = {*engine.nodes, *(gate.id for gate in engine.gates)}
    for node in engine.nodes.values():
        question = node.question
        part, steps = _place(content, node)
        if question.field and question.field not in fields and question.field not in UNRULED:
            note(
                part, steps, f"{node.id} stores {question.field!r}, which settings.yaml does not have", "add the field"
            )
        for name, value in (each for option in question.options for each in _stored(question, option)):
            if name not in fields and name not in UNRULED:
                note(part, steps, f"there is no field {name!r}", "add it to settings.yaml")
            elif name in fields and value not in fields[name].values:
                note(part, steps, f"{name} is never {value!r}", "write one of its values")
        for name in (name for option in question.options for name in option.ask_again):
            if name not in reopened:
                note(part, steps, f"{node.id} reopens {name!r}, which does not exist", "name a question or a gate")
        for twice in _twice(option.value for option in question.options):
            note(part, steps, f"{node.id} has the option {twice!r} twice", "give each its own value")


def _symptoms(content: Content, note: Note) -> None:
    """Every symptom of a gate is a value of its field, and a rule reads it: another would be silently lost."""
    read = {each for part, _, condition in conditions(content) if part == "screen" for each in condition.names()}
    for gate in (part for part in content.flow.questions if isinstance(part, Gate)):
        field = content.settings.fields.get(gate.field)
        for item in gate.items:
            place = ("questions", gate.id, "items", item.id)
            if field is None or item.id not in field.values:
                note("flow", place, f"{gate.field} is never {item.id!r}", "name it as settings.yaml does")
            elif (gate.field, item.id) not in read:
                note("flow", place, f"no rule reads {item.id!r}", "add its rule to red_flags.yaml")


def _place(content: Content, node: Node) -> tuple[str, Steps]:
    if node.test is not None:
        return "self_tests", ("tests", node.test.id, "questions", node.id)
    if node.id in {part.id for part in content.flow.questions}:
        return "flow", ("questions", node.id)
    return "flow", ("questions", node.group, "items", node.id.partition(".")[0])


def _stored(question: Question, option: Option) -> Iterator[tuple[str, str]]:
    """Yields each (field, value) that choosing an option can store."""
    yield from option.set.items()
    yield from option.add.items()
    if question.field and not option.exclusive and question.field not in UNRULED:
        yield question.field, option.value
        if option.on_knees:
            yield question.field, option.on_knees


def _ends(content: Content, note: Note) -> None:
    """The conversation always comes to an end: the last end holds for everybody."""
    last = content.flow.ends[-1]
    if last.when != rules.ALWAYS or last.place != "last":
        note("flow", ("ends", last.id), "the last end does not hold for everybody", "give it when: true, place: last")


# ---- sources and pictures -------------------------------------------------------------------------------------------


def _sources(content: Content, note: Note) -> None:
    """Every source that is named stands in sources.yaml."""
    known = {row.id for row in content.sources.sources}
    for part in ("screen", "planning", "library", "self_tests"):
        for path, value in walk(getattr(content, part), ()):
            if isinstance(value, Sourced):
                _missing(note, part, path, set(value.source) - known, "source")


def _carriers(content: Content) -> set[str]:
    """Every id that can carry a statement of a source article."""
    return {
        *(node.id for node in nodes(content)),
        *(part.id for part in content.flow.questions if isinstance(part, Gate)),
        *_known(content)["fired"],
        *(row.id for row in content.planning.advice),
        *(row.id for row in content.library.exercises),
        *(row.id for row in content.self_tests.tests),
        *content.phrases.phrases,
        "common_stop",
    }


def _articles(content: Content, note: Note) -> None:
    """Nothing of the source articles is missing: each row is carried, or left out for a reason."""
    carriers = _carriers(content)
    rows = content.sources.articles
    for row in rows:
        _missing(note, "sources", ("articles", row.id), set(row.carried_by) - carriers, "content with id")
    for article, count in ARTICLES.items():
        have = sum(row.id.startswith(f"{article}-") for row in rows)
        if have != count:
            note(
                "sources", ("articles",), f"{article} has {have} rows of {count}", "add those that clinical.md 1.1 has"
            )


def _pictures(content: Content, note: Note) -> None:
    """Every exercise and self-test has a drawing, and every drawing that is named has its words."""
    drawn = content.pictures
    for exercise in content.library.exercises:
        if not drawn.of_exercise(exercise.id, 1):
            note("pictures", ("pictures",), f"{exercise.id} has no drawing", "say in words what its drawing shows")
    for test in content.self_tests.tests:
        if not drawn.of_test(test.id):
            note("pictures", ("pictures",), f"test {test.id} has no drawing", "say in words what its drawing shows")
    shown = {row.id for row in content.planning.advice} | {row.id for row in content.library.exercises}
    shown |= {test.id for test in content.self_tests.tests}
    for name, series in drawn.series.items():
        _missing(note, "pictures", ("series", name), {name} - shown, "tip, exercise or test")
        _missing(note, "pictures", ("series", name), set(series) - set(drawn.pictures), "drawing")
    for name, drawing in drawn.on_knees.items():
        _missing(note, "pictures", ("on_knees", name), {name} - shown, "test")
        _missing(note, "pictures", ("on_knees", name), {drawing} - set(drawn.pictures), "drawing")
    _clips(content, note)


def _clips(content: Content, note: Note) -> None:
    """Every video goes with a question that there is, and has its words."""
    drawn = content.pictures
    asked = {question.id for test in content.self_tests.tests for question in test.questions}
    for name, offered in drawn.clips.items():
        _missing(note, "pictures", ("clips", name), {name} - asked, "question of a self-test")
        named = {offered.clip, offered.on_knees} - {""}
        _missing(note, "pictures", ("clips", name), named - set(drawn.pictures), "video")
    for at, timer in enumerate(drawn.timers):
        _missing(note, "pictures", ("timers", at), {timer.clip} - set(drawn.pictures), "video")


# ---- report ------------------------------------------------------------------------------------------------------


def _summary(content: Content) -> Iterator[str]:
    for row in content.sources.articles:
        yield f"{row.id}: {', '.join(row.carried_by) or 'left out: ' + row.left_out}"
    owed = [row.name for row in content.countries.countries if row.verified_on is None]
    if owed:
        yield f"owed before release: telephone numbers not verified by a person: {', '.join(owed)}"
    yield f"content {content.settings.content_version}; mean reading grade {mean_grade(content):.1f}"


LAWS = (
    _names, _conditions, _references, _options, _symptoms, _sources, _articles, _pictures, check_words, _ends,
)  # fmt: skip
"""What `check` proves, one after the other; each notes what it finds wrong."""
