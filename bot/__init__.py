"""The shell: Telegram, SQLite, time and the command line around the pure flows."""
