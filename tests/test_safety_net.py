"""Laws of the free-text safety net: clinical.md 2.8."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.safety_net import SafetyNet, folded
from flows.schema import Content, FreeText

APOSTROPHES = "'\u2018\u2019\u201b\u02bc\u02b9\u2032\uff07`\u00b4"

EMERGENCIES = """
    my groin is numb | numb groin | Numbness in the groin since yesterday | it feels numb around the saddle
    saddle area has gone numb | numb when I wipe | my bum is numb | numb between my legs | can't feel it when I wipe
    can't pee | I can't pee since this morning | cannot pee | I couldn't pee last night | unable to pee
    I cant pass urine | trouble peeing | can not urinate | no control of my bladder
    I wet myself | wet my self last night | I've wet myself twice | I have wet the bed | pissed myself
    both legs | pain in both legs | tingling in both my legs | it goes down both of my legs | both feet tingle
    paralysed | I am paralyzed | my leg feels paralysed | paralysis
    foot drop | my foot drops when I walk | footdrop | drop foot on the left | my toes drag | dragging my foot
    collapse | I collapsed | he has collapsed at home | collapsing | I passed out
    chest pain | pain in my chest | my chest hurts | tight chest | chest tightness | chest pressure
"""
CRISES = """
    suicidal | I feel suicidal | thinking about suicide | i want to die | want to die | I just want to die now
    I wanna die | I don't want to live anymore | I want to kill myself | I'm going to end my life | better off dead
"""
EVERYDAY = """
    my back hurts when I bend | it is worse after a long run | I want to run a marathon | I am dying to run again?
    dead tired after the race | deadlifts hurt my back | I died on the last hill | the hills killed me | I live in Kent
    I want to live in Spain one day | I changed my diet | my watch battery is dead | 3 | yes | not sure | below the knee
    I hurt myself running | I hurt my back in a race | I ran 40 km this week | a sudden stop | it goes away when I sit
    I could kill for a good run | I killed it in the last race | what is the point of this question
    I give up on stretching | I can't run any faster | the end of my long run | I ended my run early
    I run 40 kms a week | my kms went up | I'd rather be running | I hope it goes away | I wish I was faster
    hello | thanks, bye
"""
HARMLESS = """
    my back hurts when I bend | it is worse after a long run | one leg | the pain is in my buttock | a number of runs
    both shoes are new | I want to run again | 3 | yes | no | none of these | not sure | 18-34 | below the knee, one leg
    my knee is sore | I sit at a desk | I run four times a week | it aches after running | stiff in the morning
"""


def sentences(block: str) -> list[str]:
    return [each.strip() for line in block.strip().splitlines() for each in line.split("|")]


@pytest.fixture(scope="module")
def net(content: Content) -> SafetyNet:
    return SafetyNet(content.free_text)


def entries(content: Content) -> list[tuple[str, tuple[str, ...]]]:
    languages = content.free_text.languages.values()
    return [
        (kind, entry)
        for language in languages
        for kind, listed in (("crisis", language.crisis), ("emergency", language.emergency))
        for entry in listed
    ]


@pytest.mark.parametrize("text", sentences(EMERGENCIES))
def test_words_of_an_emergency_are_heard(net: SafetyNet, text: str) -> None:
    assert net.hears(text) == "emergency"


@pytest.mark.parametrize("text", sentences(CRISES))
def test_words_of_a_crisis_are_heard(net: SafetyNet, text: str) -> None:
    assert net.hears(text) == "crisis"


@pytest.mark.parametrize("text", sentences(EVERYDAY))
def test_everyday_words_of_runners_are_no_crisis(net: SafetyNet, text: str) -> None:
    assert net.hears(text) != "crisis"


@pytest.mark.parametrize("text", sentences(HARMLESS))
def test_answers_and_everyday_complaints_are_not_heard(net: SafetyNet, text: str) -> None:
    assert net.hears(text) == ""


@pytest.mark.parametrize("apostrophe", APOSTROPHES)
@pytest.mark.parametrize("text", ["I can't pee", "I can't feel my legs", "I don't want to live"])
def test_every_kind_of_apostrophe_is_heard(net: SafetyNet, text: str, apostrophe: str) -> None:
    assert net.hears(text.replace("'", apostrophe)) == net.hears(text) != ""


@pytest.mark.parametrize("text", sentences(EMERGENCIES) + sentences(CRISES))
def test_capitals_gaps_and_punctuation_do_not_matter(net: SafetyNet, text: str) -> None:
    heard = net.hears(text)
    assert net.hears(text.upper()) == heard
    assert net.hears(text.title().replace("'S", "'s")) == heard
    assert net.hears(f"\n  {text.replace(' ', '   ')}!!! ") == heard
    assert net.hears(text.replace(" ", "\u00a0")) == heard
    assert net.hears(f"Hello. ({text})") == heard


def test_a_crisis_is_heard_before_an_emergency(net: SafetyNet) -> None:
    assert net.hears("I can't pee and I want to die") == "crisis"


def test_words_of_one_entry_are_heard_in_any_order_and_far_apart(net: SafetyNet) -> None:
    assert net.hears("the groin, since I fell on the ice last week, has been completely numb") == "emergency"
    assert net.hears("numb, and by that I mean really nothing, around the groin") == "emergency"


def test_every_entry_is_heard_as_it_is_written(content: Content, net: SafetyNet) -> None:
    for kind, entry in entries(content):
        text = " and ".join(entry)
        assert net.hears(text) == "crisis" or (net.hears(text), kind) == ("emergency", "emergency"), entry
        if kind == "crisis":
            assert net.hears(text) == "crisis", entry


def test_every_entry_is_heard_with_longer_words_and_among_others(content: Content, net: SafetyNet) -> None:
    for _, entry in entries(content):
        assert net.hears(f"well {'ness, '.join(entry)}ness it is"), entry


def test_every_entry_is_written_as_it_is_compared(content: Content) -> None:
    for _, entry in entries(content):
        assert entry
        assert list(entry) == [folded(beginning) for beginning in entry]
        assert all(entry)


def test_a_beginning_counts_at_the_start_of_a_word_only() -> None:
    net = SafetyNet(FreeText.model_validate({"languages": {"en": {"emergency": [["pee"]], "crisis": [["die"]]}}}))
    assert net.hears("pees") == "emergency"
    assert net.hears("speed") == net.hears("a-speed-y") == ""
    assert net.hears("dies") == "crisis"
    assert net.hears("soldier") == ""


def test_every_language_listens_in_every_chat() -> None:
    net = SafetyNet(
        FreeText.model_validate(
            {
                "languages": {
                    "en": {"emergency": [["numb", "groin"]], "crisis": [["suicid"]]},
                    "de": {"emergency": [["taub", "leiste"]], "crisis": [["umbringen"]]},
                }
            }
        )
    )
    assert net.hears("meine Leiste ist TAUB") == "emergency"
    assert net.hears("ich will mich umbringen") == "crisis"
    assert net.hears("numb groin") == "emergency"
    assert net.hears("numb leiste") == ""


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("I CAN\u2019T  Pee!", "i cant pee"),
        ("\uff23\uff41\uff4e\u2019\uff54", "cant"),
        ("a_b-c\n\td", "a b c d"),
        ("STRASSE stra\u00dfe", "strasse strasse"),
        ("  \u26a0\ufe0f ", ""),
        ("", ""),
        ("na\u00efve", "na\u00efve"),
    ],
)
def test_text_is_folded_to_plain_words(text: str, plain: str) -> None:
    assert folded(text) == plain


@given(st.text())
def test_any_text_is_read_and_folding_twice_changes_nothing(content: Content, text: str) -> None:
    once = folded(text)
    assert folded(once) == once
    assert SafetyNet(content.free_text).hears(text) in ("", "emergency", "crisis")


@given(st.text(), st.text())
def test_nothing_that_is_written_around_it_hides_an_emergency(content: Content, before: str, after: str) -> None:
    assert SafetyNet(content.free_text).hears(f"{before} numb groin {after}")


@pytest.mark.parametrize("text", ["can t pee", "can,t pee", "CAN T PEE", "can\u00adt pee"])
def test_a_negation_torn_apart_is_heard(net: SafetyNet, text: str) -> None:
    assert net.hears(text) == "emergency"
