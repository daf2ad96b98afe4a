"""Laws of every message: legal for Telegram in the longest case and in longer languages, and safe as HTML."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bot.outcome import Outcome
from bot.questions import Asking, Place, Renderer
from bot.render import TEXT_LIMIT, Button, Message, Words, in_rows
from flows.engine import Engine, Session
from flows.questions import Node
from flows.rules import Value
from flows.schema import Content, Planning
from flows.screen import conclude
from flows.simulate import read
from tests.answers import crowd
from tests.chat import assert_legal
from tests.person import TESTS, Person, talk
from tests.texts import longer

LANGUAGES = pytest.mark.parametrize("translate", [str, longer], ids=["english", "longer"])
Translate = Callable[[str], str]
PLACE = Place("12345678", 999)
"""The longest place: keys have eight characters, and nobody gives a thousand answers."""


def facts(content: Content, **answers: Any) -> dict[str, Value]:
    """The facts of answers given as plain data, with all that follows from them."""
    found = read(content, answers)
    conclude(content.screen, found)
    return found


def at(content: Content, node: Node, **answers: Any) -> Session:
    """A session in which a question waits."""
    return Session(node.id, (("Q00", "yes"),), facts(content, **answers))


def askings(node: Node) -> Iterator[Asking]:
    ticks = tuple(option.value for option in node.question.options)
    for before in ((), ("Something comes first.",)):
        yield Asking(before=before)
        yield Asking(ticks, with_why=True, too_many=node.question.kind == "multi", before=before)


def questions(engine: Engine, content: Content, translate: Translate) -> Iterator[tuple[Node, Message]]:
    renderer = Renderer(engine, Words(content, translate))
    cases: list[dict[str, Any]] = [
        {},
        {"rf": [*content.settings.fields["rf"].values], "bone": [*content.settings.fields["bone"].values]},
        {"life": "pp_3_12m"},
        {"site": "upper", "age": "65p", "newkind": "yes", "life": "preg"},
    ]
    for node in engine.nodes.values():
        for answers in cases:
            session = at(content, node, **answers)
            if node.item is not None and not node.item.ask.holds(session.facts):
                continue
            if node.test is not None:
                session.facts[f"{node.test.id}.how"] = "knees"
            for asking in askings(node):
                yield node, renderer.question(session, PLACE, asking)


def all_labels(message: Message) -> list[str]:
    return [button.label for row in message.rows for button in row]


def legal(message: Message) -> None:
    """One message, not cut into pieces: only results and plans may be longer."""
    assert len(message.parts()) == 1
    assert_legal(message.params())


# ---- questions ---------------------------------------------------------------------------------------------------


@LANGUAGES
def test_every_question_is_legal(engine: Engine, content: Content, translate: Translate) -> None:
    for _, message in questions(engine, content, translate):
        legal(message)


def test_every_button_of_a_question_has_at_most_24_characters(engine: Engine, content: Content) -> None:
    long = {label for _, message in questions(engine, content, str) for label in all_labels(message) if len(label) > 24}
    assert long == set()


def test_no_two_buttons_of_a_message_look_or_act_alike(engine: Engine, content: Content) -> None:
    for node, message in questions(engine, content, str):
        data = [button.data for row in message.rows for button in row]
        assert len(set(data)) == len(data), node.id
        assert len(set(all_labels(message))) == len(data), node.id


@LANGUAGES
def test_every_answered_question_is_one_short_line(engine: Engine, content: Content, translate: Translate) -> None:
    renderer = Renderer(engine, Words(content, translate))
    for node in engine.nodes.values():
        values = tuple(option.value for option in node.question.options)
        answers = {"scale": (0, 10), "single": values, "multi": ((), values)}[node.question.kind]
        for answer in answers:
            message = renderer.answered(node, answer)
            legal(message)
            assert "\n" not in message.text and message.rows == ()


def test_a_full_wording_stands_in_the_message_where_a_button_is_short(engine: Engine, content: Content) -> None:
    words = Words(content, str)
    for node, message in questions(engine, content, str):
        for option in node.question.options:
            assert not option.full or words.text(option.full) in message.text


def test_every_symptom_of_a_gate_stands_in_its_message(engine: Engine, content: Content) -> None:
    renderer, words = Renderer(engine, Words(content, str)), Words(content, str)
    for gate in engine.gates:
        if gate.text:
            message = renderer.question(at(content, engine.nodes[gate.id]), PLACE, Asking())
            hidden = [item.id for item in gate.items if words.text(item.bullet) not in message.text]
            assert hidden == (["RF_WEAK_PROG"] if gate.id == "Q02" else [])


def test_the_knees_version_of_a_self_test_says_so(engine: Engine, content: Content) -> None:
    renderer = Renderer(engine, Words(content, str))
    for answers in ({"age": "65p"}, {"rf": ["RF_SURG"], "cleared": "yes"}):
        for name in ("T6", "T8.left", "T8.right"):
            node = engine.nodes[name]
            message = renderer.question(at(content, node, **answers), PLACE, Asking())
            assert node.question.knees in message.text and node.question.text not in message.text


def test_how_to_do_a_self_test_comes_with_its_first_question(engine: Engine, content: Content) -> None:
    renderer = Renderer(engine, Words(content, str))
    for answers, firsts in (({}, "T8.how"), ({"age": "65p"}, "T8.left")):
        shown = [
            name
            for name in ("T8.how", "T8.left", "T8.right", "T8.tingle")
            if "Stop it when the line breaks"
            in renderer.question(at(content, engine.nodes[name], **answers), PLACE, Asking()).text
        ]
        assert shown == [firsts]


def test_the_question_about_clearance_names_every_reason(engine: Engine, content: Content) -> None:
    clearable = [rule for rule in content.screen.rules if rule.clearable]
    session = at(
        content,
        engine.nodes["CLEARED"],
        rf=["RF_CANCER", "RF_BONE", "RF_IMMUNE", "RF_SURG"],
        site="upper",
        age="65p",
        newkind="yes",
    )
    text = Renderer(engine, Words(content, str)).question(session, PLACE, Asking()).text
    assert len(clearable) == 6 and all(rule.reason in text for rule in clearable)


# ---- results, plans, cards ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def people(engine: Engine) -> list[Session]:
    """Sessions of people who went through the conversation to its end, the most talkative among them."""
    everything = {
        "load": ["vol_up", "long_spike", "race", "speed_up", "hills", "shoes", "less_active"],
        "timing": ["rest_sit", "late_run", "am_stiff", "night"],
        "form": ["lean_back", "slumped", "overstride", "waist_bend"],
        "dur": "gt12w",
        "trend": "worse",
        "sit": "gt8",
        "neutral": "no",
        "fear": "yes",
    }
    pelvic = {"life": "pp_3_12m", "pelvic": "yes", "rf": ["RF_FALL", "RF_CYCLE"], "leg": "below_knee", "nprs": 6}
    joints = {"onset": "lt35", "ax": ["AX_NIGHT2", "AX_MOVE", "AX_NSAID"], "site": "groin_hip", "bone": ["BS_RED"]}
    tested = {"T1": "short", "T2": "tight", "T3": "tight", "T4": "tight", "T4b": "stiff", "SLB": ["lt10", "30p"]}
    cases: list[dict[str, Any]] = [everything, everything | pelvic, everything | joints, everything | pelvic | joints]
    cases += [tested, {"rf": ["RF_SADDLE"]}]
    cases += [{name: value for name, value in case.items() if name not in (*TESTS, "core")} for case in crowd(120)]
    return [talk(engine, Person({"age": "35_44", **case})) for case in cases]


def outcome(engine: Engine, translate: Translate = str) -> Outcome:
    return Outcome(engine, Words(engine.content, translate))


NUMBERS = {"number": "n" * 90, "urgent_line": "u" * 40, "crisis_line": "c" * 40}


@LANGUAGES
def test_every_end_is_legal(engine: Engine, content: Content, people: list[Session], translate: Translate) -> None:
    shown = outcome(engine, translate)
    for end in engine.ends.values():
        for session in people:
            legal(shown.end(end, session, NUMBERS))


@LANGUAGES
def test_every_result_reason_and_plan_is_legal(engine: Engine, people: list[Session], translate: Translate) -> None:
    shown = outcome(engine, translate)
    for session in people:
        messages = [shown.why(session)]
        if session.state == "plan":
            messages += [shown.result(session), shown.plan(session, "Your plan, with the self-check counted in")]
        for piece in (piece for message in messages for piece in message.parts()):
            assert_legal(piece.params())


@LANGUAGES
def test_an_emergency_with_every_flag_at_once_is_legal(engine: Engine, content: Content, translate: Translate) -> None:
    fields = content.settings.fields
    everything = facts(content, rf=[*fields["rf"].values], bone=[*fields["bone"].values], nprs=10, life="preg")
    shown, session = outcome(engine, translate), Session("emergency", (), everything)
    for end in engine.ends.values():
        assert_legal(shown.end(end, session, NUMBERS).params())
    for piece in shown.why(session).parts():
        assert_legal(piece.params())


@LANGUAGES
@pytest.mark.parametrize("answers", [{}, {"leg": "below_knee", "nprs": 6}, {"life": "pp_3_12m"}, {"age": "65p"}])
@pytest.mark.parametrize("level", [1, 2, 3])
def test_every_card_is_legal_at_every_level(
    content: Content, translate: Translate, level: Any, answers: dict[str, Any]
) -> None:
    """One plan that holds every exercise, made of the real ones."""
    exercises = tuple(row.model_copy(update={"locked": False}) for row in content.library.exercises)
    slot = content.planning.slots[-1].model_copy(update={"mobility": 99, "strength": 99})
    rule = content.planning.levels[-1].model_copy(update={"level": level})
    planning: Planning = content.planning.model_copy(
        update={
            "exclusions": (),
            "slots": (slot,),
            "families": (),
            "levels": (rule,),
            "base_points": {row.id: 1 for row in exercises},
        }
    )
    library = content.library.model_copy(update={"exercises": exercises})
    engine = Engine(content.model_copy(update={"planning": planning, "library": library}))
    shown, session = outcome(engine, translate), Session("plan", (), facts(content, **answers))
    planned = shown.planned(session)
    assert len(planned) == sum(row.category != "always" for row in exercises)
    for name in planned:
        message = shown.card(session, name)
        legal(message)
        assert translate is not str or all(len(label) <= 24 for label in all_labels(message))


def test_menus_and_lists_are_legal(engine: Engine, content: Content, people: list[Session]) -> None:
    for translate in (str, longer):
        words = Words(content, translate)
        renderer = Renderer(engine, words)
        messages = [renderer.countries(), *(renderer.tests(session) for session in people)]
        messages.append(renderer.menu(words("idle"), [("nav.start", "g:check"), ("nav.urgent", "g:urgent")]))
        for message in messages:
            legal(message)
            assert translate is longer or all(len(label) <= 24 for label in all_labels(message))


def test_every_phrase_is_legal_on_its_own(content: Content) -> None:
    for translate in (str, longer):
        words = Words(content, translate)
        for phrase, text in content.phrases.phrases.items():
            assert len(words(phrase)) < TEXT_LIMIT, text


def test_labels_in_phrases_have_at_most_24_characters(content: Content) -> None:
    buttons = ("nav.", "delete.yes", "delete.no", "settings.change", "settings.priv", "settings.exp", "settings.del")
    labels = {name: text for name, text in content.phrases.phrases.items() if name.startswith(buttons)}
    labels |= {name: content.phrases.phrases[name] for name in ("card.next", "card.plan", "checked.button")}
    assert {name for name, text in labels.items() if len(text) > 24} == set()


# ---- HTML --------------------------------------------------------------------------------------------------------

NASTY = "<b>& </i> “x” <"


def nasty(text: str) -> str:
    """Translates into texts that break HTML wherever they are not escaped."""
    return f"{NASTY}{text}"


def test_a_text_with_html_in_it_is_shown_as_it_was_written(
    engine: Engine, content: Content, people: list[Session]
) -> None:
    for _, message in questions(engine, content, nasty):
        assert_legal(message.params())
        assert "&lt;b&gt;&amp; &lt;/i&gt;" in message.text and NASTY not in message.text
    shown, renderer = outcome(engine, nasty), Renderer(engine, Words(content, nasty))
    plan = next(session for session in people if session.state == "plan")
    messages = [shown.result(plan), shown.plan(plan), shown.why(plan), renderer.tests(plan), renderer.countries()]
    messages += [shown.card(plan, name) for name in shown.planned(plan)]
    messages += [shown.end(end, session, NUMBERS) for end in engine.ends.values() for session in people[:8]]
    for message in messages:
        for piece in message.parts():
            assert_legal(piece.params())
        assert NASTY not in message.text


def test_a_content_text_with_html_in_it_is_escaped(content: Content) -> None:
    part = next(part for part in content.flow.questions if part.id == "Q01")
    rest = tuple(part.model_copy(update={"text": NASTY}) if each is part else each for each in content.flow.questions)
    changed = content.model_copy(update={"flow": content.flow.model_copy(update={"questions": rest})})
    engine = Engine(changed)
    message = Renderer(engine, Words(changed, str)).question(at(changed, engine.nodes["Q01"]), PLACE, Asking())
    assert "&lt;b&gt;&amp; &lt;/i&gt; “x” &lt;" in message.text
    assert_legal(message.params())


def test_a_label_is_shown_as_it_is() -> None:
    params = Message("x", ((Button("a < b & c", "g:x"),),)).params()
    assert params["reply_markup"]["inline_keyboard"] == [[{"text": "a < b & c", "callback_data": "g:x"}]]


def test_a_value_that_is_filled_in_is_escaped_once(content: Content) -> None:
    words = Words(content, str)
    assert words("question.answered", question="a<b", answer="&amp;") == "a&lt;b: &amp;amp;"


def test_braces_in_a_value_are_left_alone(content: Content) -> None:
    assert Words(content, str)("question.answered", question="{x}", answer="{}") == "{x}: {}"


@pytest.mark.parametrize("slip", ["{nobody} x", "{answer} {nobody}", "{", "} {answer}", "{answer!z}", "{0} {answer.x}"])
def test_a_translation_with_a_slip_in_it_still_arrives(content: Content, slip: str) -> None:
    shown = Words(content, lambda _: slip)("question.answered", question="q", answer="a")
    assert shown and "Traceback" not in shown


def test_an_empty_text_is_never_translated(content: Content) -> None:
    assert Words(content, {"": "header"}.__getitem__).plain("") == ""


# ---- pieces and rows ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lengths", [[10], [4096], [4000, 94], [4000, 95], [2000, 2000, 2000], [3000] * 5, [1] * 5000])
def test_a_long_message_is_cut_at_paragraphs_and_nothing_is_lost(lengths: list[int]) -> None:
    text = "\n\n".join("x" * length for length in lengths)
    rows = ((Button("1", "x:1"),),)
    pieces = Message(text, rows).parts()
    assert "\n\n".join(piece.text for piece in pieces) == text
    assert all(len(piece.text) <= TEXT_LIMIT for piece in pieces)
    assert [piece.rows for piece in pieces] == [()] * (len(pieces) - 1) + [rows]


def test_no_paragraph_is_longer_than_a_message(engine: Engine, content: Content, people: list[Session]) -> None:
    shown = outcome(engine, longer)
    for session in people:
        if session.state == "plan":
            paragraphs = (shown.plan(session).text + "\n\n" + shown.why(session).text).split("\n\n")
            assert max(map(len, paragraphs)) <= TEXT_LIMIT


@pytest.mark.parametrize(
    ("labels", "rows"),
    [
        (["a"], [1]),
        (["a", "b"], [2]),
        (["a"] * 5, [2, 2, 1]),
        (["a", "x" * 15], [1, 1]),
        (["x" * 14] * 2, [2]),
        ([], []),
    ],
)
def test_short_labels_stand_in_pairs_and_long_ones_alone(labels: list[str], rows: list[int]) -> None:
    assert [len(row) for row in in_rows([Button(label, "d") for label in labels])] == rows
