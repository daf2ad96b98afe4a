"""The pure half: clinical content, its grammar and the engine; no clock, network, database or Telegram."""
