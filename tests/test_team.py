"""The rules of the team total, tried out on all that can happen in small clubs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.team import (
    APART,
    DAYS,
    FEWEST,
    STEP,
    Member,
    Team,
    Total,
    Week,
    edges,
    friends,
    last_week,
    matters_from,
    next_week,
    rounded,
    settled,
)

MONDAY = date(2026, 3, 2)
LONG_AGO = date(2026, 1, 1)
SHARES = frozenset(range(DAYS + 1))
SILENT = None
Share = int | None
"""What a person did in a week, SILENT where they said nothing."""


def monday(week: int) -> date:
    return MONDAY + timedelta(weeks=week)


def member(name: str, share: Share, week: int = 0, since: date = LONG_AGO) -> Member:
    """Somebody who said something every day of a week, or nothing."""
    days = {} if share is SILENT else {monday(week) + timedelta(days=day): day < share for day in range(DAYS)}
    return Member(name, since, days)


def told(shares: Mapping[str, Share], week: int = 0, earlier: Iterable[Week] = ()) -> Week:
    return settled(monday(week), [member(name, share, week) for name, share in shares.items()], earlier)


def plain(_: int, shares: Iterable[Share], fewest: int = FEWEST) -> object:
    """A rule that protects nobody, to show that these attackers find what there is to find."""
    known = [share for share in shares if share is not None]
    return sum(known) if len(known) >= fewest else None


# ---- one total -------------------------------------------------------------------------------------------------------


def possible(people: int, tell: Callable[[tuple[Share, ...]], object], known: int) -> dict[Any, set[int]]:
    """For all that can be seen by the first few of a team, what the share of the last may be."""
    found: dict[Any, set[int]] = defaultdict(set)
    for shares in product((SILENT, *sorted(SHARES)), repeat=people):
        found[shares[:known], tell(shares)].add(shares[-1] or 0)
    return found


def ours(shares: tuple[Share, ...]) -> object:
    return told({str(at): share for at, share in enumerate(shares)}).total


def quick(shares: tuple[Share, ...]) -> object:
    """The same as ours, by the sum alone."""
    known = [share for share in shares if share is not None]
    return rounded(sum(known), len(known)) if len(known) >= FEWEST else None


def test_the_total_of_one_team_is_its_rounded_sum() -> None:
    for shares in product((SILENT, 0, 4, 7), repeat=6):
        assert ours(shares) == quick(shares)


@pytest.mark.parametrize("known", [0, 1])
def test_from_one_total_of_five_nothing_can_be_excluded_even_by_one_of_them(known: int) -> None:
    found = possible(5, quick, known)
    assert {view[-1] for view in found} == {None, Total(0, 20), Total(20, 20)}
    assert all(values == SHARES for values in found.values())


def test_two_of_five_never_learn_the_share_of_a_third() -> None:
    assert min(map(len, possible(5, quick, 2).values())) > 1


def test_an_attacker_finds_what_a_plain_sum_gives_away() -> None:
    found = possible(5, lambda shares: plain(0, shares), 1)
    assert min(map(len, found.values())) == 1


def sums(people: int) -> range:
    return range(DAYS * people + 1)


@pytest.mark.parametrize("contributors", range(FEWEST, 41))
def test_in_a_team_of_any_size_friends_can_exclude_nothing_and_one_more_learns_no_share(contributors: int) -> None:
    for known, least in ((friends(contributors), len(SHARES)), (friends(contributors) + 1, 2)):
        for with_friends in sums(known):
            found: dict[Total, set[int]] = defaultdict(set)
            for share, others in product(SHARES, sums(contributors - known - 1)):
                found[rounded(with_friends + share + others, contributors)].add(share)
            assert all(len(values) >= least for values in found.values())


@pytest.mark.parametrize("contributors", range(FEWEST, 41))
def test_a_total_is_never_told_at_zero_nor_at_its_maximum(contributors: int) -> None:
    assert rounded(0, contributors).at_least == 0 and rounded(0, contributors).fewer_than > DAYS
    assert rounded(DAYS * contributors, contributors).at_least <= DAYS * (contributors - 1)


@pytest.mark.parametrize("contributors", range(FEWEST, 41))
def test_what_is_told_is_true_and_in_tens(contributors: int) -> None:
    for days in sums(contributors):
        total = rounded(days, contributors)
        assert total.at_least % STEP == 0 and total.at_least <= days
        assert total.at_least > 0 or days < total.fewer_than
    assert {rounded(days, contributors).at_least for days in sums(contributors)} == {0, *edges(contributors)}


@pytest.mark.parametrize(
    ("contributors", "steps"), [(5, [20]), (6, [20]), (7, [20, 30]), (10, [30, 40]), (15, [30, 40, 50, 60, 70])]
)
def test_the_steps_of_some_teams(contributors: int, steps: list[int]) -> None:
    assert list(edges(contributors)) == steps


@pytest.mark.parametrize(("contributors", "known"), [(5, 1), (9, 1), (10, 2), (14, 2), (15, 3), (100, 3)])
def test_the_larger_a_team_the_more_may_put_their_shares_together(contributors: int, known: int) -> None:
    assert friends(contributors) == known


@pytest.mark.parametrize("contributors", range(FEWEST, 25))
def test_one_persons_week_gone_from_an_otherwise_equal_total_is_never_told_exactly(contributors: int) -> None:
    """Somebody knows that a friend was away in the second week, and that all the others did as in the first."""
    found: dict[tuple[Total, Total], set[int]] = defaultdict(set)
    for share, others in product(SHARES, sums(contributors - 1)):
        found[rounded(others + share, contributors), rounded(others, contributors)].add(share)
    assert min(map(len, found.values())) >= DAYS


# ---- totals of several weeks -----------------------------------------------------------------------------------------


def histories(people: str, weeks: int, shares: Share = 3) -> Iterator[list[Week]]:
    """All ways to come, to leave and to come back in a small club, and what is told in each."""
    groups = [frozenset(some) for size in range(FEWEST, len(people) + 1) for some in combinations(people, size)]

    first, everybody = frozenset(people[:FEWEST]), frozenset(people)

    def on(before: list[Week]) -> Iterator[list[Week]]:
        if len(before) == weeks:
            yield before
            return
        # By symmetry it does not matter which of them are the first five.
        for present in (frozenset[str](), *(groups if any(week.teams for week in before) else [first, everybody])):
            yield from on([*before, told(dict.fromkeys(sorted(present), shares), len(before), before)])

    return on([])


def assert_apart(weeks: Iterable[Week]) -> None:
    seen = [(week.monday, team) for week in weeks for team in week.teams]
    for (one_at, one), (other_at, other) in combinations(seen, 2):
        near = abs(one_at - other_at) < timedelta(weeks=APART)
        assert one == other or one.isdisjoint(other) or not near, weeks


def test_two_totals_less_than_four_weeks_apart_are_of_one_team_or_have_nobody_in_common() -> None:
    for weeks in histories("abcdef", APART + 1):
        assert_apart(weeks)


def test_whoever_deletes_everything_breaks_a_team_as_leaving_does_and_the_others_rest() -> None:
    """All ways in which one person, or all but one, are deleted before each of three weeks, and come back as others."""
    people = "abcdef"
    some = ["", *people, *(people.replace(name, "") for name in people)]
    for deleted in product(some, repeat=APART - 1):
        ids, weeks = {name: name for name in people}, [told(dict.fromkeys(people, 3))]
        seen = [(0, frozenset(people))]
        for week, gone in enumerate(deleted, 1):
            lost = {ids[name] for name in gone}
            weeks = [replace(one, teams=tuple(_without(team, lost) for team in one.teams)) for one in weeks]
            weeks.append(told({ids[name]: 3 for name in people if name not in gone}, week, weeks))
            # Who comes back is there for whole weeks from the next one on.
            ids |= {name: f"{name}{week}" for name in gone}
            seen += [(week, frozenset(name[0] for name in team)) for team in weeks[-1].teams]
        for (one_at, one), (other_at, other) in combinations(seen, 2):
            stayed = {name for name in one & other if not any(name in gone for gone in deleted[one_at:other_at])}
            assert one == other or not stayed, (deleted, seen)


def _without(team: Team, lost: Collection[str]) -> Team:
    return frozenset("" if name in lost else name for name in team)


@settings(max_examples=50)
@given(st.lists(st.frozensets(st.sampled_from("abcdefghijklmn"), min_size=4), min_size=2, max_size=9), st.data())
def test_so_it_is_in_larger_clubs_that_come_and_go(history: list[Team], data: st.DataObject) -> None:
    shares = st.one_of(st.none(), st.integers(0, DAYS))
    weeks: list[Week] = []
    for week, present in enumerate(history):
        weeks.append(told({name: data.draw(shares) for name in sorted(present)}, week, weeks))
        for team in weeks[-1].teams:
            assert team <= present and len(team) >= FEWEST
    assert_apart(weeks)


def test_no_history_of_a_small_club_gives_a_share_away_even_where_everybody_does_the_same_each_week() -> None:
    """The attacker sees three totals and knows who was in when, what they did, and that habits are steady."""
    seen = {frozenset(team for week in weeks for team in week.teams) for weeks in histories("abcdef", 3)}
    assert len(seen) == 1 + 1 + 1 and max(map(len, seen)) == 1
    for people in {len(team) for teams in seen for team in teams}:
        found: dict[Any, set[int]] = defaultdict(set)
        for world in product(sorted(SHARES), repeat=people):
            # Whoever is the attacker and whoever the target: by symmetry the first and the last will do.
            found[world[0], rounded(sum(world), people)].add(world[-1])
        assert all(values == SHARES for values in found.values())


def test_exact_totals_of_teams_that_change_by_one_would_give_a_share_away() -> None:
    found: dict[Any, set[int]] = defaultdict(set)
    for world in product((0, 3, 7), repeat=6):
        found[sum(world), sum(world[:5])].add(world[5])
    assert min(map(len, found.values())) == 1


# ---- who counts ------------------------------------------------------------------------------------------------------

FIVE = dict.fromkeys("abcde", 5)


def test_fewer_than_five_contributors_are_told_of_nothing() -> None:
    for size in range(FEWEST):
        assert told(dict.fromkeys("abcde"[:size], 7)) == Week(MONDAY, None)
    assert told({**FIVE, "e": SILENT}).total is None
    assert told(FIVE).total == Total(20, 20)


def test_somebody_who_came_in_during_a_week_counts_from_the_next() -> None:
    others = [member(name, 5) for name in "abcd"]
    assert settled(MONDAY, [*others, member("e", 5, since=MONDAY)], ()).total is None
    assert settled(MONDAY, [*others, member("e", 5, since=MONDAY - timedelta(days=1))], ()).total is not None


def test_days_of_other_weeks_do_not_count() -> None:
    three = {MONDAY + timedelta(days=day): day < 3 for day in range(DAYS)}
    for around in (MONDAY - timedelta(days=1), monday(1)):
        # Five times three are fewer than twenty; with the day before or after they would not be.
        members = [Member(name, LONG_AGO, {**three, around: True}) for name in "abcde"]
        assert settled(MONDAY, members, ()).total == Total(0, 20)
    full = {MONDAY + timedelta(days=day): True for day in range(DAYS)}
    assert settled(MONDAY, [Member(name, LONG_AGO, full) for name in "abcde"], ()).total == Total(20, 20)


def test_a_team_goes_on_while_it_is_complete_and_a_newcomer_waits() -> None:
    first = told(FIVE)
    second = told({**FIVE, "f": 7}, 1, [first])
    assert second.teams == first.teams == (frozenset("abcde"),)


def test_five_who_wait_are_a_second_team_and_both_are_one_total() -> None:
    first = told(FIVE)
    both = {**FIVE, **dict.fromkeys("fghij", 7)}
    second = told(both, 1, [first])
    assert second.teams == (frozenset("abcde"), frozenset("fghij"))
    assert second.total == Total(40, 40)
    low = told({**both, **dict.fromkeys("abcde", 0)}, 1, [first])
    assert low.total == Total(20, 40)


def test_when_one_leaves_the_others_rest_until_four_weeks_after_the_last_total() -> None:
    first = told({**FIVE, "f": 5})
    for week in range(1, APART):
        assert told(FIVE, week, [first]).total is None
    assert told(FIVE, APART, [first]).teams == (frozenset("abcde"),)


def test_when_one_leaves_another_does_not_take_the_place() -> None:
    first = told(FIVE)
    others = {**dict.fromkeys("abcd", 5), "f": 5}
    assert told(others, 1, [first]).total is None


def test_those_who_wait_are_told_of_while_another_team_rests() -> None:
    first = told(FIVE)
    second = told({**dict.fromkeys("abcd", 5), **dict.fromkeys("fghij", 5)}, 1, [first])
    assert second.teams == (frozenset("fghij"),)


def test_somebody_who_comes_back_makes_the_team_complete_again() -> None:
    first = told(FIVE)
    second = told(dict.fromkeys("abcd", 5), 1, [first])
    assert second.total is None
    assert told(FIVE, 2, [first, second]).teams == first.teams


def test_later_weeks_change_nothing_about_an_earlier_one() -> None:
    later = Week(monday(1), Total(20, 20), (frozenset("abcdx"),))
    assert told(FIVE, 0, [later, Week(MONDAY, Total(20, 20), (frozenset("abcdy"),))]) == told(FIVE)


def test_weeks_matter_as_long_as_a_team_must_rest() -> None:
    assert matters_from(monday(5)) == monday(2)


def test_a_week_is_over_on_the_monday_after_it_and_stays_the_newest_for_seven_days() -> None:
    for ahead in range(DAYS):
        assert last_week(monday(1) + timedelta(days=ahead)) == MONDAY
        assert next_week(last_week(monday(1) + timedelta(days=ahead))) == monday(1)
