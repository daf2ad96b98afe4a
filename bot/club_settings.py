"""The settings of a club: everybody in its group may read them, its admins change them there.

They are one message that buttons change in place, and commands such as /club city Berlin for what is typed: so it
works in privacy mode, for anonymous admins too, without a state of its own, and nothing ties an admin to the club.
Every press and command says who is asked about, and Telegram is asked anew whether that is an admin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import time, timedelta
from zlib import crc32

from babel import Locale

from bot import wall, zones
from bot.desk import Desk
from bot.posting import TOTAL_FROM, planned
from bot.records import Club, Contact
from bot.render import Button, Message, Words, bold, paragraphs
from bot.work import Work

PREFIX = "cs"
"""The first part of the data of every button here; what follows says what the setting should become."""
ADMINS = frozenset({"club", "poster"})
"""Commands in groups that do more for an admin: who gives one is looked up."""
HOURS = tuple(time(hour) for hour in (6, 7, 8, 12, 18, 20))
EVERY_DAY = tuple(range(7))
MOST_CONTACTS, LONGEST_CONTACT = 5, 200
OLD = timedelta(days=365)
"""A contact that nobody has looked at for so long may be wrong."""

Row = tuple[Button, ...]


def is_old(contact: Contact, work: Work) -> bool:
    """Tells whether a contact was checked more than twelve months ago."""
    return work.now.date() - contact.checked_on > OLD


class ClubSettings:
    """Shows and changes the settings of clubs, each in its own language."""

    def __init__(self, desk: Desk, words: Callable[[Club], Words]) -> None:
        self.desk = desk
        self.words = words
        self.languages: tuple[str, ...] = ()
        """The codes of those that a club may choose, the bot's own first."""
        self._changes: dict[str, Callable[[Work, Club, str], Club | None]] = {
            "e": self._set_exercise,
            "d": self._set_day,
            "t": self._set_hour,
            "c": self._set_challenge,
            "h": self._set_topic,
            "l": self._set_language,
            "x": self._remove,
            "r": self._confirm,
        }

    # ---- what is said --------------------------------------------------------------------------------------------

    def message(self, work: Work, club: Club, before: str = "") -> Message:
        """Returns the settings below a sentence, with buttons where an admin asked."""
        words, is_admin = self.words(club), bool(work.incoming.is_admin)
        hints = [words(f"club.how_{name}") for name in ("city", "time", "contact")]
        text = paragraphs(
            before,
            bold(words("club.heading", name=club.name or words.label("club.a_club"))),
            "\n".join(self._lines(club)),
            self._contacts(work, club),
            words(f"club.{club.state}") if club.state in ("muted", "topic_closed") else "",
            "\n".join(hints) if is_admin else "",
            words("club.only_admins"),
        )
        return Message(text, tuple(self._rows(work, club)) if is_admin else ())

    def _lines(self, club: Club) -> Iterator[str]:
        words = self.words(club)
        if len(self.languages) > 1:
            yield words("club.language", language=_named(club.language or self.languages[0]))
        yield words("club.zone", city=zones.city(club.zone)) if club.zone else words("club.no_zone")
        if club.exercise_on:
            every_day = club.exercise_on == EVERY_DAY
            days = words.label("remind.every_day") if every_day else wall.weekdays(club.exercise_on, words.language)
            yield words("club.exercise_on", days=days, time=wall.clock(club.post_time, words.language))
        else:
            yield words("club.exercise_off")
        if club.challenge:
            day, at = wall.weekdays([TOTAL_FROM], words.language), wall.clock(club.post_time, words.language)
            yield words("club.challenge_on", day=day, time=at)
        else:
            yield words("club.challenge_off")

    def _contacts(self, work: Work, club: Club) -> str:
        words = self.words(club)
        if not club.contacts:
            return words("club.contacts_none")
        rows = [
            words("club.contact_row", number=at, contact=one.text, date=wall.month(one.checked_on, words.language))
            for at, one in enumerate(club.contacts, 1)
        ]
        old = [at for at, one in enumerate(club.contacts, 1) if work.incoming.is_admin and is_old(one, work)]
        return "\n".join([bold(words("club.contacts")), *rows, *(words("club.contact_old", number=at) for at in old)])

    def _rows(self, work: Work, club: Club) -> Iterator[Row]:
        words = self.words(club)
        label = words.label
        yield (
            _button(label("club.off"), "e:0") if club.exercise_on else _button(label("club.on"), "e:1"),
            _button(label("club.challenge_stop"), "c:0")
            if club.challenge
            else _button(label("club.challenge_start"), "c:1"),
        )
        if club.exercise_on:
            days = [self._day(words, club, day) for day in EVERY_DAY]
            yield from (tuple(days[:4]), tuple(days[4:]))
        if club.exercise_on or club.challenge:
            hours = [_button(wall.clock(at, words.language), f"t:{at:%H%M}") for at in HOURS]
            yield from (tuple(hours[:3]), tuple(hours[3:]))
            if club.thread_id != work.incoming.thread_id:
                yield (_button(label("club.here"), "h:"),)
        for at, one in enumerate(club.contacts, 1):
            right = [_button(label("club.right", number=at), f"r:{_mark(one)}")] if is_old(one, work) else []
            yield (*right, _button(label("club.remove", number=at), f"x:{_mark(one)}"))
        if len(self.languages) > 1:
            yield tuple(_button(_named(code), f"l:{code}") for code in self.languages)

    def _day(self, words: Words, club: Club, day: int) -> Button:
        name, on = wall.short_weekday(day, words.language), day in club.exercise_on
        # The data says what the day should become, so that the same press twice changes nothing.
        return _button(words.label("nav.ticked", label=name) if on else name, f"d:{day}{'-' if on else '+'}")

    # ---- a press -------------------------------------------------------------------------------------------------

    def press(self, work: Work, club: Club, rest: str) -> str:
        """Does what a button says where an admin pressed it; returns what is told to whoever pressed."""
        label = self.words(club).label
        if not work.incoming.is_admin:
            return label("club.only_admins" if work.incoming.is_admin is False else "club.unsure")
        what, _, value = rest.partition(":")
        change = self._changes.get(what)
        if what in ("e", "c") and value == "1" and not club.zone:
            return label("club.needs_zone")
        if what == "d" and value == f"{club.exercise_on[0] if len(club.exercise_on) == 1 else ''}-":
            return label("club.day_needed")
        changed = change(work, club, value) if change is not None else None
        if changed is None:
            return label("club.stale")
        self._keep(work, changed)
        self.desk.edit(work, self.message(work, changed))
        return ""

    def _keep(self, work: Work, club: Club) -> None:
        work.club = planned(club, work.now)

    def _set_exercise(self, work: Work, club: Club, value: str) -> Club:
        if value != "1" or club.exercise_on:
            return replace(club, exercise_on=club.exercise_on if value == "1" else ())
        # Where an admin first asks for posts is where they go.
        topic = club.thread_id if club.challenge else work.incoming.thread_id
        return replace(club, exercise_on=EVERY_DAY, thread_id=topic)

    def _set_day(self, _: Work, club: Club, value: str) -> Club | None:
        day = value[:1]
        if not day or day not in "0123456" or not club.exercise_on:
            return None
        days = {*club.exercise_on, int(day)} if value.endswith("+") else {*club.exercise_on} - {int(day)}
        return replace(club, exercise_on=tuple(sorted(days)))

    def _set_hour(self, _: Work, club: Club, value: str) -> Club | None:
        at = next((at for at in HOURS if f"{at:%H%M}" == value), None)
        return None if at is None else replace(club, post_time=at)

    def _set_challenge(self, work: Work, club: Club, value: str) -> Club:
        topic = work.incoming.thread_id if value == "1" and not (club.exercise_on or club.challenge) else club.thread_id
        return replace(club, challenge=value == "1", thread_id=topic)

    def _set_topic(self, work: Work, club: Club, _: str) -> Club:
        return replace(club, thread_id=work.incoming.thread_id, state="active")

    def _set_language(self, _: Work, club: Club, value: str) -> Club | None:
        return replace(club, language=value) if value in self.languages else None

    def _remove(self, _: Work, club: Club, value: str) -> Club | None:
        kept = tuple(one for one in club.contacts if _mark(one) != value)
        return None if kept == club.contacts else replace(club, contacts=kept)

    def _confirm(self, work: Work, club: Club, value: str) -> Club | None:
        today = work.now.date()
        kept = tuple(one._replace(checked_on=today) if _mark(one) == value else one for one in club.contacts)
        return None if kept == club.contacts else replace(club, contacts=kept)

    # ---- a command -----------------------------------------------------------------------------------------------

    def command(self, work: Work, club: Club) -> None:
        """Shows the settings, after what an admin has typed behind the command was done."""
        words, said = self.words(club), ""
        word, _, rest = work.incoming.argument.partition(" ")
        named: dict[str, Callable[[Work, Club, str], tuple[Club, str]]] = {
            words.label("club.word_city").casefold(): self._city,
            words.label("club.word_time").casefold(): self._time,
            words.label("club.word_contact").casefold(): self._contact,
        }
        change = named.get(word.casefold())
        if work.incoming.is_admin is None:
            said = words("club.unsure")
        elif work.incoming.is_admin and change is not None:
            club, said = change(work, club, " ".join(rest.split()))
            self._keep(work, club)
        self.desk.say(work, self.message(work, club, said))

    def _city(self, _: Work, club: Club, text: str) -> tuple[Club, str]:
        words, found = self.words(club), zones.candidates(text)
        if not found:
            return club, words("club.city_unknown")
        if len(found) > 1:
            return club, words("club.city_which", cities=wall.in_a_row([one.city for one in found], words.language))
        club = replace(club, zone=found[0].zone)
        return club, words("club.now_set", what=words.label("club.zone", city=zones.city(club.zone)))

    def _time(self, _: Work, club: Club, text: str) -> tuple[Club, str]:
        words, read = self.words(club), zones.read_clock(text)
        if not read:
            return club, words("club.time_unknown")
        return replace(club, post_time=read[0]), words("club.now_set", what=wall.clock(read[0], words.language))

    def _contact(self, work: Work, club: Club, text: str) -> tuple[Club, str]:
        words = self.words(club)
        text = "".join(letter for letter in text if letter.isprintable())
        if not text:
            return club, words("club.contact_empty")
        if len(text) > LONGEST_CONTACT:
            return club, words("club.too_long", most=LONGEST_CONTACT)
        others = tuple(one for one in club.contacts if one.text != text)
        if len(others) >= MOST_CONTACTS:
            return club, words("club.too_many", most=MOST_CONTACTS)
        added = Contact(text, work.now.date())
        return replace(club, contacts=(*others, added)), words("club.now_set", what=text)


def _button(label: str, data: str) -> Button:
    return Button(label, f"{PREFIX}:{data}")


def _mark(contact: Contact) -> str:
    """A short name of a contact for a button: its number in the list may be another's by the time of the press."""
    return f"{crc32(contact.text.encode()):08x}"


def _named(code: str) -> str:
    return str(Locale.parse(code).get_display_name(code)).capitalize()
