BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
) STRICT;
INSERT INTO "_sqlite_migrations" VALUES(1,'backstride','m001_initial','2026-11-25T16:00:00.000000+00:00');
CREATE TABLE chat (
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
        ;
INSERT INTO "chat" VALUES('ada',4711471147,'private','DE','1','2026-11-25T16:00:00.000000+00:00','ACTIVE','2026-11-25T16:00:00.000000+00:00',2,NULL,NULL,'2026-11-25T16:00:00.000000+00:00','2026-11-25T16:00:00.000000+00:00');
INSERT INTO "chat" VALUES('club',-1000000000005,'group','','',NULL,'',NULL,NULL,'2026-11-25T16:00:00.000000+00:00',NULL,'2026-11-25T16:00:00.000000+00:00','2026-11-25T16:00:00.000000+00:00');
CREATE TABLE diary (
            id integer primary key,
            chat text not null references chat (key) on delete cascade,
            at text not null,
            kind text not null,
            data text not null
        ) strict
        ;
INSERT INTO "diary" VALUES(1,'ada','2026-11-25T16:00:00.000000+00:00','result','{"disposition":"SELF_CARE","flags":["HIGH_IRRIT"],"content_version":"1.2.0"}');
INSERT INTO "diary" VALUES(2,'ada','2026-11-25T16:00:00.000000+00:00','checked','{}');
CREATE TABLE inbox (
            update_id integer primary key,
            payload text,
            attempts integer not null default 0,
            error text
        ) strict
        ;
INSERT INTO "inbox" VALUES(1,NULL,0,NULL);
INSERT INTO "inbox" VALUES(2,'{"update_id":2}',1,'KeyError');
CREATE TABLE outbox (
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
        ;
INSERT INTO "outbox" VALUES(2,'ada','sendMessage',NULL,'question',NULL,55,0,NULL,NULL,'2026-11-25T16:00:00.000000+00:00');
INSERT INTO "outbox" VALUES(7,'ada','editMessageText','{"text":"waits"}','',2,NULL,1,'2026-11-25T16:00:00.000000+00:00','TimedOut',NULL);
CREATE TABLE session (
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
        ;
INSERT INTO "session" VALUES('s1','ada','low_back_pain','1.2.0','plan','[["Q00","yes"],["Q01","35_44"],["Q14",3],["Q13",["across"]]]','[]',17,0,'2026-11-25T16:00:00.000000+00:00','2026-11-25T16:00:00.000000+00:00');
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE INDEX session_chat on session (chat, started_at);
CREATE INDEX diary_chat on diary (chat, at);
CREATE INDEX inbox_pending on inbox (update_id) where payload is not null;
CREATE INDEX outbox_chat on outbox (chat);
CREATE INDEX outbox_unsent on outbox (chat, id, not_before) where params is not null;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('outbox',9);
COMMIT;
