"""The database schema, one numbered step after another; a released step never changes."""

from __future__ import annotations

import json

from sqlite_utils import Database, Migrations

migrations = Migrations("backstride")


@migrations()
def m001_initial(db: Database) -> None:
    """Creates the five tables: strict, with 64-bit Telegram ids and ISO-8601 UTC times as text."""
    # `chat` is the only table that holds a Telegram id; everything else hangs on the random key and goes with it.
    db.execute(
        """
        create table chat (
            key text primary key,
            chat_id integer not null unique,
            kind text not null,
            country text not null,
            consent_version text not null,
            consent_at text,
            plan_state text not null,
            critical_at text,
            question_call integer,
            blocked_at text,
            forgotten_at text,
            created_at text not null,
            seen_at text not null
        ) strict
        """
    )
    db.execute(
        """
        create table session (
            key text primary key,
            chat text not null references chat (key) on delete cascade,
            flow text not null,
            content_version text not null,
            state text not null,
            log text not null,
            ticks text not null,
            turn integer not null,
            open integer not null check (open in (0, 1)),
            started_at text not null,
            updated_at text not null
        ) strict
        """
    )
    db.execute("create index session_chat on session (chat, started_at)")
    db.execute(
        """
        create table diary (
            id integer primary key,
            chat text not null references chat (key) on delete cascade,
            at text not null,
            kind text not null,
            data text not null
        ) strict
        """
    )
    db.execute("create index diary_chat on diary (chat, at)")
    db.execute(
        """
        create table inbox (
            update_id integer primary key,
            payload text,
            attempts integer not null default 0,
            error text
        ) strict
        """
    )
    db.execute("create index inbox_pending on inbox (update_id) where payload is not null")
    # autoincrement: an id that was used once is never given again, for other rows refer to it after it is gone.
    db.execute(
        """
        create table outbox (
            id integer primary key autoincrement,
            chat text not null references chat (key) on delete cascade,
            method text not null,
            params text,
            tag text not null,
            edits integer,
            message_id integer,
            attempts integer not null default 0,
            not_before text,
            error text,
            sent_at text
        ) strict
        """
    )
    db.execute("create index outbox_chat on outbox (chat)")
    # Holds what waits, chat by chat in order, and what tells which calls may be made: the sender asks it all the time.
    db.execute("create index outbox_unsent on outbox (chat, id, not_before) where params is not null")


@migrations()
def m002_reminders(db: Database) -> None:
    """Adds reminders, and a second priority to the outbox for what they become."""
    db.execute(
        """
        create table reminder (
            chat text not null references chat (key) on delete cascade,
            kind text not null,
            zone text not null,
            times text not null,
            weekdays text not null,
            days text not null,
            quiet text,
            paused_until text,
            skip_on text,
            race_on text,
            snoozed_at text,
            stopped_at text,
            done_on text not null,
            done integer not null,
            next_at text,
            sent_at text,
            missed integer not null,
            primary key (chat, kind)
        ) strict
        """
    )
    # A tick reads the first entries of this and nothing else: what is not due costs it nothing, however much there is.
    db.execute("create index reminder_due on reminder (next_at, chat) where next_at is not null")
    db.execute("alter table outbox add column priority integer not null default 0")
    # A reminder is marked before it is sent: one that was begun and never ended may have arrived, and is not repeated.
    db.execute("alter table outbox add column begun_at text")
    db.execute("alter table outbox add column expires_at text")
    db.execute("drop index outbox_unsent")
    db.execute("create index outbox_unsent on outbox (priority, chat, id, not_before) where params is not null")
    db.execute(
        """
        create index outbox_reminders on outbox (id, not_before, begun_at, chat)
        where params is not null and priority = 1
        """
    )


@migrations()
def m003_reminders_by_the_clock(db: Database) -> None:
    """Lays reminders side by side that come at the same time, for they change together."""
    db.execute("drop index reminder_due")
    db.execute("alter table reminder rename to reminder_before")
    # Whoever chose the same times in the same zone is due at once: a tick then writes a few pages and not one a chat.
    db.execute(
        """
        create table reminder (
            chat text not null references chat (key) on delete cascade,
            kind text not null,
            zone text not null,
            times text not null,
            weekdays text not null,
            days text not null,
            quiet text,
            paused_until text,
            skip_on text,
            race_on text,
            snoozed_at text,
            stopped_at text,
            done_on text not null,
            done integer not null,
            next_at text,
            sent_at text,
            missed integer not null,
            primary key (zone, times, chat, kind)
        ) strict, without rowid
        """
    )
    db.execute("insert into reminder select * from reminder_before")
    db.execute("drop table reminder_before")
    db.execute("create unique index reminder_chat on reminder (chat, kind)")
    # A tick reads the first entries of this and nothing else: what is not due costs it nothing, however much there is.
    db.execute("create index reminder_due on reminder (next_at) where next_at is not null")
    _let_the_outbox_grow(db)


def _let_the_outbox_grow(db: Database) -> None:
    """Takes the calls that wait out of the index of all calls by chat: a thousand reminders wrote a thousand pages."""
    db.execute("alter table outbox rename to outbox_before")
    # A foreign key would need an index of all rows by chat; this trigger keeps its promise instead.
    db.execute(
        """
        create table outbox (
            id integer primary key autoincrement,
            chat text not null,
            method text not null,
            params text,
            tag text not null,
            edits integer,
            message_id integer,
            attempts integer not null default 0,
            not_before text,
            error text,
            sent_at text,
            priority integer not null default 0,
            begun_at text,
            expires_at text
        ) strict
        """
    )
    db.execute(
        """
        insert into outbox
        select id, chat, method, params, tag, edits, message_id, attempts, not_before, error, sent_at, priority,
            begun_at, expires_at
        from outbox_before
        """
    )
    # The next id follows the highest that was ever given, also where its row is gone.
    db.execute("delete from sqlite_sequence where name = 'outbox'")
    db.execute("update sqlite_sequence set name = 'outbox' where name = 'outbox_before'")
    db.execute("drop table outbox_before")
    db.execute("create index outbox_unsent on outbox (priority, chat, id, not_before) where params is not null")
    db.execute(
        """
        create index outbox_reminders on outbox (id, not_before, begun_at, chat)
        where params is not null and priority = 1
        """
    )
    db.execute("create index outbox_done on outbox (chat) where params is null")
    db.execute(
        """
        create trigger chat_takes_its_calls before delete on chat begin
            delete from outbox where chat = old.key and params is null;
            delete from outbox where priority in (0, 1, 2) and chat = old.key and params is not null;
        end
        """
    )


@migrations()
def m004_priorities(db: Database) -> None:
    """Lets every priority that nobody waits for be walked in its own order, and tells when a call was given up."""
    db.execute("drop index outbox_reminders")
    db.execute(
        """
        create index outbox_notices on outbox (priority, id, not_before, begun_at, chat)
        where params is not null and priority > 0
        """
    )
    db.execute("alter table outbox add column parked_at text")
    # The list of what was given up is short beside everything that was ever sent.
    db.execute("create index outbox_parked on outbox (id) where error is not null and params is null")


@migrations()
def m005_clubs(db: Database) -> None:
    """Adds clubs, which hang on the chats of their groups, and which people's chats belong to them."""
    db.execute(
        """
        create table club (
            key text primary key,
            chat text not null unique references chat (key) on delete cascade,
            token text not null unique,
            name text not null,
            language text not null,
            zone text not null,
            thread_id integer,
            state text not null check (state in ('active', 'removed', 'muted', 'topic_closed')),
            post_time text not null,
            exercise_on text not null,
            challenge integer not null check (challenge in (0, 1)),
            contacts text not null,
            card_at text,
            card_thread integer,
            done_on text not null,
            done integer not null,
            next_at text,
            posted_at text
        ) strict
        """
    )
    db.execute("create index club_due on club (next_at) where next_at is not null")
    # The one place where a person and a group meet: it goes with either of them.
    db.execute(
        """
        create table membership (
            chat text not null references chat (key) on delete cascade,
            club text not null references club (key) on delete cascade,
            joined_at text not null,
            primary key (chat, club)
        ) strict
        """
    )
    db.execute("create index membership_club on membership (club)")


@migrations()
def m006_drawings(db: Database) -> None:
    """Adds the choice of texts in place of drawings, and where Telegram keeps the files that were sent before."""
    db.execute("alter table chat add column text_only integer not null default 0 check (text_only in (0, 1))")
    # A file_id is good for one bot only; the same content is the same file, whatever it is called.
    db.execute(
        """
        create table upload (
            bot integer not null,
            sha256 text not null,
            file_id text not null,
            primary key (bot, sha256)
        ) strict, without rowid
        """
    )


@migrations()
def m007_retention(db: Database) -> None:
    """Adds what expires by itself: when a chat was warned, and an audit that knows no person."""
    db.execute("alter table chat add column warned_at text")
    # Counted by the day, so that neither an order nor a time ties a line to anybody.
    db.execute(
        """
        create table audit (
            day text not null,
            content_version text not null,
            disposition text not null,
            rules text not null,
            count integer not null,
            primary key (day, content_version, disposition, rules)
        ) strict, without rowid
        """
    )


@migrations()
def m008_team(db: Database) -> None:
    """Adds the team challenge: who takes part in which club, their days as yes or no, and the settled weeks."""
    # Its key says nothing about the person, and stands for them where they may be gone.
    db.execute(
        """
        create table team_member (
            key text primary key,
            chat text not null references chat (key) on delete cascade,
            club text not null references club (key) on delete cascade,
            since text not null,
            left_on text,
            unique (chat, club)
        ) strict
        """
    )
    # A day counts in one club: two totals that differ in one person would tell what that person did.
    db.execute("create unique index team_member_one on team_member (chat) where left_on is null")
    db.execute("create index team_member_club on team_member (club)")
    db.execute(
        """
        create table team_day (
            member text not null references team_member (key) on delete cascade,
            day text not null,
            done integer not null check (done in (0, 1)),
            primary key (member, day)
        ) strict
        """
    )
    db.execute(
        """
        create table team_week (
            club text not null references club (key) on delete cascade,
            monday text not null,
            at_least integer,
            fewer_than integer,
            teams text not null,
            settled_on text not null,
            primary key (club, monday)
        ) strict
        """
    )


@migrations()
def m009_parked_updates(db: Database) -> None:
    """Adds what an update said that could not be handled: kept for a week, and never longer than its chat."""
    db.execute(
        """
        create table parked_update (
            update_id integer primary key,
            chat text not null references chat (key) on delete cascade,
            payload text not null,
            error text not null,
            parked_at text not null
        ) strict
        """
    )
    db.execute("create index parked_update_chat on parked_update (chat)")


@migrations()
def m010_untold_weeks(db: Database) -> None:
    """Adds which call tells of a week, and takes whoever is gone out of the teams of weeks that were told."""
    # 0 is the id of no call: of the weeks before this step nobody knows more than that they were said.
    db.execute("alter table team_week add column post integer")
    db.execute("update team_week set post = 0")
    known = {row[0] for row in db.execute("select key from team_member").fetchall()}
    for rowid, teams in db.execute("select rowid, teams from team_week").fetchall():
        kept = [sorted({name if name in known else "" for name in team}) for team in json.loads(teams)]
        db.execute("update team_week set teams = ? where rowid = ?", [json.dumps(kept, separators=(",", ":")), rowid])
    # Whatever removes a person: an empty name stays in their place, so that their team is never complete again.
    db.execute(
        """
        create trigger team_member_leaves_no_name after delete on team_member begin
            update team_week set teams = replace(teams, '"' || old.key || '"', '""') where club = old.club;
        end
        """
    )
