"""Laws of a club's settings: everybody in the group may read them, only its admins change them."""

from __future__ import annotations

from datetime import date, time, timedelta
from pathlib import Path

import pytest

from bot import posting
from bot.club_settings import LONGEST_CONTACT, MOST_CONTACTS
from flows.engine import Engine
from tests.group import GROUP, Group

PHYSIO = "Ada <b>Lovelace</b> & Co, Main Street, +49 30 123"
CHANGES = ["e:0", "e:1", "c:1", "d:0-", "t:0600", "h:", "l:en", "x:0", "r:0", "", "nonsense"]


@pytest.fixture
def group(tmp_path: Path, engine: Engine) -> Group:
    return Group(tmp_path / "bot.db", engine, chat_id=GROUP)


# ---- who may ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("admin", "phrase"), [(False, "club.only_admins"), (None, "club.unsure")])
def test_whoever_is_no_admin_or_not_known_as_one_reads_and_changes_nothing(
    group: Group, admin: bool | None, phrase: str
) -> None:
    group.set_up(f"/club contact {PHYSIO}")
    before = group.club
    for line in ("/club", "/club city Tokyo", "/club time 6:00", "/club contact Somebody else"):
        (said,) = group.said(line, admin=admin)
        assert said.buttons == {} and group.words(phrase) in said.text and PHYSIO in said.text
    for data in CHANGES:
        assert group.pressed(f"cs:{data}", admin=admin) == []
        assert group.alerts[-1] == group.words(phrase)
    assert group.club == before


def test_an_admin_sees_the_buttons(group: Group) -> None:
    (said,) = group.said("/club", admin=True)
    assert list(said.buttons) == ["Exercise on", "Challenge on"]
    assert group.words("club.no_zone") in said.text and group.words("club.how_contact") in said.text
    assert all(len(label) <= 24 for label in said.buttons)


def test_a_change_turns_the_message_that_was_pressed_into_the_new_settings(group: Group) -> None:
    group.said("/club city Berlin", admin=True)
    message = group.newest
    (edit,) = group.presses("Exercise on")
    assert (edit.method, edit.message_id) == ("editMessageText", message.message_id)
    assert "Exercise of the day: 07:00. Every day." in edit.text and group.alerts == [""]


# ---- what may be set -------------------------------------------------------------------------------------------------


def test_nothing_is_switched_on_before_the_zone_is_known(group: Group) -> None:
    group.said("/club", admin=True)
    for label in ("Exercise on", "Challenge on"):
        assert group.presses(label) == [] and group.alerts[-1] == group.words("club.needs_zone")
    assert group.club.exercise_on == () and not group.club.challenge and group.club.next_at is None


@pytest.mark.parametrize(
    ("line", "phrase"),
    [
        ("/club city Nowhereville", "club.city_unknown"),
        ("/club city", "club.city_unknown"),
        ("/club time soon", "club.time_unknown"),
        ("/club time 25:00", "club.time_unknown"),
        ("/club contact", "club.contact_empty"),
        ("/club contact \u200b\n", "club.contact_empty"),
    ],
)
def test_what_cannot_be_read_is_said_and_changes_nothing(group: Group, line: str, phrase: str) -> None:
    group.set_up()
    before = group.club
    assert group.words(phrase) in group.said(line, admin=True)[0].text
    assert group.club == before


def test_a_name_that_several_cities_bear_is_asked_about(group: Group) -> None:
    (said,) = group.said("/club city United States", admin=True)
    assert "Which one do you mean?" in said.text and group.club.zone == ""


def test_city_and_time_are_set_by_what_is_typed(group: Group) -> None:
    group.said("/club CITY Tokyo", admin=True)
    group.said("/club time 6:45", admin=True)
    assert (group.club.zone, group.club.post_time) == ("Asia/Tokyo", time(6, 45))
    group.presses("Exercise on")
    group.presses("18:00")
    assert group.club.post_time == time(18)


def test_days_are_switched_one_by_one_and_the_last_one_stays(group: Group) -> None:
    group.set_up()
    for label in ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat"):
        group.presses(group.words("nav.ticked", label=label))
    assert list(group.club.exercise_on) == [6]
    assert group.presses(group.words("nav.ticked", label="Sun")) == []
    assert group.alerts[-1] == group.words("club.day_needed") and list(group.club.exercise_on) == [6]
    group.presses("Mon")
    assert list(group.club.exercise_on) == [0, 6]
    group.presses("Exercise off")
    assert group.club.exercise_on == () and group.club.next_at is None


def test_the_same_press_twice_changes_nothing_more(group: Group) -> None:
    group.set_up()
    for _ in range(2):
        group.pressed("cs:d:0-")
        assert group.club.exercise_on == (1, 2, 3, 4, 5, 6)
    for _ in range(2):
        group.pressed("cs:c:1")
        assert group.club.challenge


def test_posts_go_to_the_topic_in_which_they_were_asked_for_until_an_admin_says_otherwise(group: Group) -> None:
    group.set_up(thread=3)
    group.said("/club time 6:00", admin=True, thread=4)
    group.presses("Challenge on", thread=4)
    assert group.club.thread_id == 3
    group.presses("Post in this topic", thread=4)
    assert group.club.thread_id == 4
    assert "Post in this topic" not in group.newest.buttons


def test_the_challenge_is_switched_on_and_off(group: Group) -> None:
    group.said("/club city Berlin", admin=True, thread=9)
    group.presses("Challenge on", thread=9)
    on = group.club
    assert on.challenge and on.thread_id == 9 and on.next_at is not None
    group.presses("Challenge off", thread=9)
    off = group.club
    assert not off.challenge and off.next_at is None


@pytest.mark.parametrize("data", ["d:9+", "d:", "d:x+", "t:0001", "l:xx", "x:none", "r:none", "", "zz:1"])
def test_a_forged_or_outdated_button_says_so_and_changes_nothing(group: Group, data: str) -> None:
    group.set_up()
    before = group.club
    assert group.pressed(f"cs:{data}") == [] and group.alerts[-1] == group.words("club.stale")
    assert group.club == before


def test_a_day_cannot_be_switched_while_the_exercise_is_off(group: Group) -> None:
    group.said("/club city Berlin", admin=True)
    assert group.pressed("cs:d:1+") == [] and group.club.exercise_on == ()


def test_a_language_can_be_chosen_where_there_are_several(group: Group) -> None:
    assert "Language" not in group.said("/club", admin=True)[0].text
    group.bot.clubs.learn({"en": str, "de": lambda text: text.replace("Open private chat", "Privater Chat")})
    group.said("/club", admin=True)
    group.presses("Deutsch")
    assert group.club.language == "de" and "Language: Deutsch" in group.newest.text
    assert "Privater Chat" in group.said("/check")[0].buttons


# ---- contacts --------------------------------------------------------------------------------------------------------


def test_contacts_are_plain_text_on_one_line_and_escaped(group: Group) -> None:
    group.said(f"/club contact {PHYSIO}\n\n  Tuesdays", admin=True)
    (said,) = group.said("/club")
    assert f"1. {PHYSIO} Tuesdays (checked Mar 2026)" in said.text
    assert "&lt;b&gt;Lovelace&lt;/b&gt; &amp; Co" in said.html


def test_contacts_are_limited_in_length_and_number(group: Group) -> None:
    assert "too long" in group.said("/club contact " + "x" * (LONGEST_CONTACT + 1), admin=True)[0].text
    for number in range(MOST_CONTACTS):
        group.said(f"/club contact {number} " + "<" * (LONGEST_CONTACT - 2), admin=True)
    assert "There is room for" in group.said("/club contact one more", admin=True)[0].text
    assert len(group.club.contacts) == MOST_CONTACTS


def test_a_contact_that_is_written_again_is_the_same_one_checked_today(group: Group) -> None:
    group.said("/club contact Bob", admin=True)
    group.wait(days=400)
    group.said("/club contact Bob", admin=True)
    assert [(one.text, one.checked_on) for one in group.club.contacts] == [("Bob", group.now.date())]


def test_contacts_of_more_than_twelve_months_are_flagged_to_admins_only(group: Group) -> None:
    group.said("/club contact Old", admin=True)
    group.wait(days=300)
    group.said("/club contact New", admin=True)
    group.wait(days=65)
    assert group.words("club.contact_old", number=1) not in group.said("/club", admin=True)[0].text
    group.wait(days=1)
    assert group.words("club.contact_old", number=1) not in group.said("/club")[0].text
    (said,) = group.said("/club", admin=True)
    assert group.words("club.contact_old", number=1) in said.text
    assert group.words("club.contact_old", number=2) not in said.text
    group.presses("1 is right")
    assert group.club.contacts[0].checked_on == group.now.date()
    assert "1 is right" not in group.newest.buttons


def test_a_contact_is_removed_by_what_it_says_and_not_by_its_place(group: Group) -> None:
    for name in ("One", "Two", "Three"):
        group.said(f"/club contact {name}", admin=True)
    shown = group.newest
    group.pressed(shown.buttons["Remove 1"])
    group.pressed(shown.buttons["Remove 2"])
    assert [one.text for one in group.club.contacts] == ["Three"]
    assert group.pressed(shown.buttons["Remove 2"]) == [] and group.alerts[-1] == group.words("club.stale")
    assert [one.checked_on for one in group.club.contacts] == [date(2026, 3, 2)]


# ---- what it plans ---------------------------------------------------------------------------------------------------


def test_a_day_on_which_something_was_posted_does_not_begin_again_by_a_change(group: Group) -> None:
    group.set_up()
    at = group.club.next_at
    assert at is not None
    group.now = at
    assert posting.tick(group.store, group.now, group.bot.clubs.post).queued == 1
    group.read()
    for line in (
        "/club time 23:00",
        "/club city Honolulu",
        "/club city Tokyo",
        "/club city Berlin",
        "/club time 23:59",
    ):
        group.said(line, admin=True)
        assert group.club.next_at is not None and group.club.next_at - at > timedelta(hours=12)
    group.said("/club time 7:00", admin=True)
    assert group.club.next_at == at + timedelta(days=1)
