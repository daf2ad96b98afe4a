"""What the content files may say: one model for each thing that a clinician writes."""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from flows import rules
from flows.check_in_schema import CheckIn
from flows.parts import (
    SHOWN,
    AnswerField,
    Category,
    Condition,
    Disposition,
    DispositionName,
    ExtraLine,
    Grade,
    Label,
    LevelRule,
    Part,
    Permission,
    PermissionName,
    Running,
    Sourced,
    Terms,
    Text,
)
from flows.pictures import Pictures
from flows.plan_schema import Advice, Dosage, Exclusion, Exercise, Finding, Library, Planning, Range, RunRule

__all__ = [
    "SHOWN", "Advice", "AnswerField", "Category", "CheckIn", "Disposition", "Dosage", "Exclusion", "Exercise",
    "Finding", "Grade", "LevelRule", "Library", "Permission", "Pictures", "Planning", "Range", "RunRule", "Running",
    "Sourced",
]  # fmt: skip
"""Names of other modules that readers of the content find here too."""


class Option(Part):
    """One button of a question, and what pressing it does."""

    value: str
    label: Label
    full: Text = ""
    """The full wording for the message text, where the label is too short for it."""
    also: tuple[Text, ...] = ()
    """Other words that a person may type for it."""
    numbers: tuple[int, int] | None = None
    """A typed number from the first to the second, both inclusive, means this option."""
    set: dict[str, str] = Field(default_factory=dict)
    add: dict[str, str] = Field(default_factory=dict)
    ask_again: tuple[str, ...] = ()
    """Gates (item by item) or questions that become open again."""
    exclusive: bool = False
    """In a multi-select: None, which clears the other ticks and is stored as nothing ticked."""
    pending: bool = False
    """In a multi-select: does not enter the field until another question confirms it."""
    free: bool = False
    """In a multi-select: does not count towards the most that may be ticked."""
    on_knees: str = ""
    """The value stored in its place when a self-test was done on the knees."""
    notice: Text = ""
    """A sentence shown with the next message."""


class PlanProbe(Part):
    """A question that is asked only if a plan made with this answer would hold one of these exercises."""

    answer: dict[str, str]
    any_of: tuple[str, ...]


class Question(Part):
    """One message with buttons; the answer is stored under the question's id and, where named, in its field."""

    id: str
    kind: Literal["single", "multi", "scale"] = "single"
    step: int | None = None
    field: str = ""
    side: Literal["", "left", "right"] = ""
    text: Text
    knees: Text = ""
    """The text in its place when the test is allowed on the knees only."""
    why: Text
    short: Text
    """The question in two or three words, for the line that it shrinks to and for the reasons shown."""
    options: tuple[Option, ...] = ()
    most: int | None = None
    """The most options that may be ticked."""
    units: tuple[Text, ...] = ()
    """Words that a person may type behind a number, such as hours."""
    ask: Condition = rules.ALWAYS
    in_referral: Condition = rules.NEVER
    """Whether it is still asked when the result is DOCTOR or higher, or PREG."""
    group: str = ""
    """Questions of one group are finished before an URGENT result is shown."""
    test: Literal["", "quick"] = ""
    """Set on the question that offers the quick self-tests: it is asked only where one of them is allowed."""
    first: bool = False
    """Comes before every other question, also before consent."""
    after_result: bool = False
    kept: bool = True
    """Whether the answer is stored; an answer that is not kept can only give its notice."""
    probe: PlanProbe | None = None


class Item(Part):
    """One yes/no symptom of a gate."""

    id: str
    short: Text
    bullet: Text
    text: Text
    again: Text = ""
    """Other words, for the second time, where the gate asks 'Not sure' again."""
    second_unsure: Literal["counts", "no"] = "counts"
    ask: Condition = rules.ALWAYS
    extra: tuple[Option, ...] = ()
    """Further buttons, such as 'prefer not to say', which count as No."""
    clarify: Question | None = None
    """Asked at once after Yes or a 'Not sure' that counts; its options say whether the item counts."""
    then: tuple[Question, ...] = ()
    """Asked at once, the item counting already."""


class Gate(Part):
    """A list of symptoms asked in one message, and one by one unless it is 'None of these'."""

    id: str
    kind: Literal["gate"]
    step: int | None = None
    field: str
    text: Text = ""
    """Without a text there is no gate message: its items are asked at once."""
    why: Text
    short: Text
    not_sure: Literal["counts", "ask_again"]
    gate_unsure: bool = False
    """Whether the gate message has a 'Not sure' button."""
    items: tuple[Item, ...]
    ask: Condition = rules.ALWAYS
    in_referral: Condition = rules.NEVER


def _kind(raw: Any) -> str:
    # An error is then told for the one model that is meant, not for both.
    kind = raw.get("kind") if isinstance(raw, dict) else getattr(raw, "kind", None)
    return "gate" if kind == "gate" else "question"


_Asked = Annotated[Question, Tag("question")] | Annotated[Gate, Tag("gate")]


class End(Part):
    """A place where the conversation stops, with the message shown there."""

    id: str
    when: Condition
    place: Literal["at_once", "after_group", "last"]
    text: Text = ""
    """Empty where a plan is shown."""
    also: tuple[ExtraLine, ...] = ()
    forget: bool = False
    """Whether every row about the person goes once this is shown."""


class GateWords(Part):
    """The buttons that all gates and their items share."""

    none: Option
    some: Option
    yes: Option
    no: Option
    unsure: Option


class Flow(Part):
    """One authored conversation."""

    id: str
    steps: int
    terms: Terms = Field(default_factory=dict)
    gate_words: GateWords
    tests_after: str
    questions: tuple[Annotated[_Asked, Discriminator(_kind)], ...]
    ends: tuple[End, ...]


class Rule(Sourced):
    """A red flag, a combination or a computed rule: when it fires, where the person should go."""

    id: str
    disposition: DispositionName
    permission: PermissionName = Permission.FULL
    clearable: bool = False
    who: Text = ""
    when: Condition
    reason: Text
    """Ends the sentence 'because …' with the person's own words, naming no disease."""
    tell: Text = ""
    """One line to read out to the people who help, for EMERGENCY and URGENT."""
    cleared_reason: Text = ""


class Screen(Part):
    """All rules that decide where to go, in the order of clinical.md 2.1."""

    terms: Terms = Field(default_factory=dict)
    rules: tuple[Rule, ...]
    default_doctor: Text
    """Who to see at DOCTOR."""
    doctor_for: dict[str, Text]
    """Who to see at DOCTOR when this rule fired."""
    default_physio: Text
    """Who to see at PHYSIO where a rule names nobody."""


class TestGate(Part):
    """Which self-tests a person may do while the condition holds; every row that holds must allow a test."""

    when: Condition
    allow: tuple[str, ...] = ()
    knees: tuple[str, ...] = ()
    """Allowed on the knees only."""


class SelfTest(Sourced):
    """A movement that a person tries alone, and how it is asked."""

    id: str
    name: Label
    quick: bool = False
    how: Text
    safety: Text = ""
    exercises: tuple[str, ...] = ()
    """Exercises left out when the test hurts."""
    ask_again: tuple[str, ...] = ()
    questions: tuple[Question, ...]


class SelfTests(Part):
    """All self-tests, the rules shown once before them and the gate of clinical.md 3.3."""

    rules: Text
    gate: tuple[TestGate, ...]
    after_pain: Question
    tests: tuple[SelfTest, ...]


class Settings(Part):
    """Versions, answer fields and word lists."""

    content_version: str
    consent_version: str
    fields: dict[str, AnswerField]
    """Every answer field of clinical.md section 8, with its default."""
    seconds: dict[str, int]
    """What a bucket of a timed hold counts for in arithmetic."""
    frightening: tuple[str, ...]
    """Words that no text may use (lower case, whole words)."""
    claims: tuple[str, ...]
    """Words that promise too much: diagnosis, treat, cure, clinically proven."""
    reading_grade: float
    """The highest mean school grade (automated readability index) of the questions and cards."""


class Source(Part):
    """A publication, article or convention that content names."""

    id: str
    title: Text
    address: str = ""


class Row(Part):
    """One row of clinical.md 1.1: a statement of a source article and the content that carries it."""

    id: str
    says: str
    carried_by: tuple[str, ...] = ()
    left_out: str = ""

    @model_validator(mode="after")
    def _answered(self) -> Row:
        if bool(self.carried_by) == bool(self.left_out):
            raise ValueError("say either carried_by or left_out")
        return self


class Sources(Part):
    """Publications, and the inventory of the source articles."""

    sources: tuple[Source, ...]
    articles: tuple[Row, ...]


class Country(Part):
    """Telephone numbers of one region."""

    id: str
    name: Label
    emergency: Text
    urgent_line: Text = ""
    crisis_line: Text = ""
    verified_on: datetime.date | None = None


class Countries(Part):
    """All regions, and what is shown to a person who chose none."""

    default_emergency: Text
    default_urgent_line: Text
    default_crisis_line: Text
    countries: tuple[Country, ...]


class Language(Part):
    """The free-text safety net of one language: each entry is a list of word beginnings that all occur."""

    emergency: tuple[tuple[str, ...], ...]
    crisis: tuple[tuple[str, ...], ...]


class FreeText(Part):
    """The free-text safety net, by language; every language listens in every chat."""

    languages: dict[str, Language]


class Phrases(Part):
    """Every other text that a person reads, by a dotted id such as nav.back."""

    phrases: dict[str, Text]
    fills: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """The names that each phrase may leave open in braces."""


class Content(Part):
    """The whole content as loaded."""

    flow: Flow
    screen: Screen
    planning: Planning
    library: Library
    self_tests: SelfTests
    settings: Settings
    sources: Sources
    countries: Countries
    free_text: FreeText
    phrases: Phrases
    pictures: Pictures
    check_in: CheckIn
