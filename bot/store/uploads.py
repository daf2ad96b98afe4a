"""Where Telegram keeps the files that were sent before, so that the same file is not sent twice."""

from __future__ import annotations

from bot.store.connection import Connected


class Uploads(Connected):
    """The file_id of each content, for one bot (Bot API, "Sending files")."""

    def file_id(self, bot: int, sha256: str) -> str | None:
        """Returns the id under which Telegram keeps a content, or None for one that was not sent yet."""
        row = self._db.execute(
            "select file_id from upload where bot = :bot and sha256 = :sha256", {"bot": bot, "sha256": sha256}
        ).fetchone()
        return None if row is None else str(row["file_id"])

    def keep_file_id(self, bot: int, sha256: str, file_id: str) -> None:
        """Notes where Telegram keeps a content; the newest id wins."""
        with self._db.atomic():
            self._db.execute(
                """
                insert into upload (bot, sha256, file_id) values (:bot, :sha256, :file_id)
                on conflict (bot, sha256) do update set file_id = excluded.file_id
                """,
                {"bot": bot, "sha256": sha256, "file_id": file_id},
            )

    def forget_file_id(self, bot: int, sha256: str) -> None:
        """Forgets an id that Telegram no longer knows."""
        with self._db.atomic():
            self._db.execute("delete from upload where bot = :bot and sha256 = :sha256", {"bot": bot, "sha256": sha256})
