"""Opens a port for the webhook or the figures, at which nobody can use up what the bot needs for itself."""

from __future__ import annotations

import socket
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream

from bot.config import ConfigError

MOST = 200
"""How many connections to one port may be open: of the 1,024 files that a process may have, the bot needs a few."""
IDLE = 30.0
"""Seconds for which a connection may say nothing, or not come to the end of its headers."""


class Server(HTTPServer):
    """Tornado's server, with an end to waiting and to crowds.

    Without one, every try to accept when the files have run out is a traceback: megabytes a second in the log.
    """

    crowd = 0

    def initialize(self, app: Any, **more: Any) -> None:  # type: ignore[override]
        """Takes what Tornado's server takes."""
        super().initialize(app, idle_connection_timeout=IDLE, **more)

    def handle_stream(self, stream: IOStream, address: Any) -> None:
        """Takes a connection, or hangs up where there are too many."""
        if self.crowd >= MOST:
            stream.close()
            return
        self.crowd += 1
        super().handle_stream(stream, address)

    def on_close(self, server_conn: object) -> None:
        """Makes room for another connection."""
        self.crowd -= 1
        super().on_close(server_conn)


def port_at(address: str, port: int, setting: str) -> socket.socket:
    """Returns a socket that listens; raises ConfigError with the name of the setting where that is not possible."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        listening = socket.create_server((address, port), family=family)
    except OSError as error:
        raise ConfigError(f"{setting} cannot be listened at: {error.strerror}. Is port {port} taken?") from error
    listening.setblocking(False)
    return listening
