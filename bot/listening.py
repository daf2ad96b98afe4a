"""Opens a port for the webhook or the figures."""

from __future__ import annotations

import socket

from bot.config import ConfigError


def port_at(address: str, port: int, setting: str) -> socket.socket:
    """Returns a socket that listens; raises ConfigError with the name of the setting where that is not possible."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        listening = socket.create_server((address, port), family=family)
    except OSError as error:
        raise ConfigError(f"{setting} cannot be listened at: {error.strerror}. Is port {port} taken?") from error
    listening.setblocking(False)
    return listening
