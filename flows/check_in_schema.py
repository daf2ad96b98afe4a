"""What check_in.yaml may say: the models of clinical.md section 6."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from flows.parts import (
    AnswerField,
    Category,
    Condition,
    Disposition,
    DispositionName,
    LevelRule,
    Part,
    Running,
    Terms,
    Text,
)


class Move(Part):
    """A change of the state of a plan: what sets it off, from where, and where to."""

    on: Literal["refer", "pause", "recover"]
    source: tuple[str, ...]
    to: str


class Window(Part):
    """Values of the last days, today included, and how many of them it takes."""

    days: int
    values: int


class Labels(Part):
    """What counts as change (clinical.md 6.4); points are those of the 0 to 10 scales."""

    week: Window
    recent: Window
    long: Window
    """Check-ins, not values of one question."""
    much: int
    """A fall of the mean that is an improvement whatever the pain was at the start."""
    some: int
    """A smaller fall: an improvement where it is a large share, else slight."""
    share_percent: int
    rise: int
    """A rise of the recent mean that is worse."""
    worse_words: tuple[str, ...]
    """Answers to W2 that are worse."""
    low_start: int
    """From this pain at the start down, running ability counts in place of pain."""
    gone: int
    """The highest mean of a recovered week."""
    running_again: int
    """The running ability that is as good as before."""
    ability_much: int
    ability_some: int


class Timing(Part):
    """When the rows of clinical.md 6.5 that need more than a condition are decided; days and points."""

    silence: int
    gates_every: int
    after_urgent: int
    pain_urgent: int
    spike_start: int
    spike_rise: int
    spike_least: int
    recurrence: int
    worse_again: int
    irritable: str
    irritable_eased: int
    irritable_every: int
    irritable_physio: int
    bone: str
    bone_after: int


class Decision(Part):
    """A row of clinical.md 6.5 that is a condition: it acts when the day has come, or on any day."""

    id: str
    day: int | None = None
    when: Condition
    disposition: DispositionName = Disposition.SELF_CARE
    then: tuple[Literal["REFRESH", "SIMPLIFY", "recover"], ...] = ()


class Refresh(Part):
    """Days on which the plan is made anew, unless the label is one of these."""

    days: tuple[int, ...]
    unless: tuple[str, ...]


class Offer(Part):
    """A locked exercise that is offered once (clinical.md 5.3)."""

    exercise: str
    after: int
    """Days in the plan."""
    mastered: tuple[str, ...]
    """One of these stands at the highest level."""
    pain: int
    calm: Literal["mean of the week", "every value"]
    when: Condition
    """What must hold for the offer, and for the exercise to stay in the plan."""
    replaces: str = ""
    """The exercise whose place it takes in one session of so many."""
    one_of: int = Field(1, ge=1)
    note: Text
    """How it stands in the plan."""


class Progress(Part):
    """How exercises go up and down (clinical.md 6.3)."""

    sessions: int
    rest_days: int
    ups: Window
    """At most so many exercises go up within so many days."""
    hard_sessions: int
    flare_rise: int
    flare_days: int
    good_pain: tuple[str, ...]
    bad_pain: tuple[str, ...]
    good_effort: tuple[str, ...]
    hard_effort: str
    caps: tuple[LevelRule, ...]
    tested: dict[str, str]
    """Stretches that reach level 3 by a self-test in place of sessions."""
    tested_days: int
    tested_good: str
    tried: dict[str, Condition]
    """What an exercise needs before level 3."""
    sessions_a_week: int
    sessions_once_done: int
    """Strength sessions a week that keep a runner well who has recovered."""
    simple: dict[Category, int]
    """How many of each category a simplified plan keeps."""
    offers: tuple[Offer, ...]


class Step(Part):
    """One step of the way back to running."""

    text: Text
    running: Running
    longest: bool = False
    """Whether it limits the longest run."""
    speed: bool = False
    """Whether it limits fast running."""


class Entry(Part):
    """What has to be true before the first step (clinical.md 6.6)."""

    walks: int
    pain: int
    quiet_days: int
    clinician: Condition
    """When a professional must have said that running is fine."""
    early: Condition
    """When a professional's word, or so many days without those symptoms, is needed."""
    early_free: Condition
    early_days: int
    leg: Condition
    """When the leg must have been free of symptoms as well."""


class Returning(Part):
    """The traffic light and the way back to running (clinical.md 6.2 and 6.6)."""

    order: tuple[Running, ...]
    """From the most to the least restrictive."""
    off: tuple[Running, ...]
    """What counts as not running."""
    red_pain: tuple[str, ...]
    red_morning: tuple[str, ...]
    green_pain: tuple[str, ...]
    red_days: int
    red_steps: int
    red_again_steps: int
    reds: Window
    calm: int
    calm_values: int
    greens: int
    ambers: int
    bone_days: int
    bone_exclusion: str
    """The row of planning.yaml that stays true until running may start again."""
    bone_start: int
    hold_days: int
    off_days: int
    off_start: int
    start: dict[str, int | None]
    """Run status -> the step to start at; none: no ladder."""
    at_once: tuple[str, ...]
    """Run status of those who start at once where running is allowed."""
    eased: tuple[str, ...]
    """Rules that no longer hold running once a person is on the ladder."""
    no_step_up: Condition
    steps: tuple[Step, ...]
    waiting: Running
    entry: Entry


class Distances(Part):
    """What the distances that a runner tells are good for (clinical.md 6.2 and 6.6)."""

    days: int
    """The longest run of so many days is what the next one may grow from."""
    longest_percent: int
    cut_percent: int
    speed_percent: int
    week_days: int
    """How long the distance of a week counts as the present one."""
    most: int
    """Kilometres; more is a slip of the finger."""
    kilometres: tuple[Text, ...]
    """Units that a person may type behind the number."""
    miles: tuple[Text, ...]


class Late(Part):
    """Questions of the full screen that are asked again once the pain has lasted (clinical.md 6.5, D84)."""

    row: str
    """The decision point that asks."""
    after: int
    questions: tuple[str, ...]
    fields: tuple[str, ...]
    known: dict[str, str]
    """What is true by then."""


class Action(Part):
    """Something that a check-in changed."""

    id: str
    explains: str
    """One line for `follow-up --help`."""
    text: Text
    """What changed and why, for the runner."""
    fills: tuple[Literal["exercise", "name", "step"], ...] = ()
    """What the text may leave open in braces; the name is that of what takes the exercise's place."""
    rests: bool = False
    """Whether it is said beside a plan that rests; all else would tell a runner to carry on."""


class CheckIn(Part):
    """The days after the plan: clinical.md section 6."""

    terms: Terms = Field(default_factory=dict)
    states: tuple[str, ...]
    moves: tuple[Move, ...]
    bone_pain: tuple[str, ...]
    fields: dict[str, dict[str, AnswerField]]
    """The answers of each part of a check-in."""
    tests: tuple[str, ...]
    """Answer fields that a retest replaces."""
    labels: Labels
    timing: Timing
    decisions: tuple[Decision, ...]
    refresh: Refresh
    progress: Progress
    returning: Returning
    distances: Distances
    late: Late
    bone_gate: str
    """The gate of the bone questions."""
    bone_history: Condition
    """When the bone questions are gone through at every check-in, and so before every step (clinical.md 2.3, 6.6)."""
    actions: tuple[Action, ...]
