"""Figures for whoever watches the bot: /metrics for Prometheus and /healthz, on this machine only, about nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from time import monotonic

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from tornado.web import Application, RequestHandler

from bot.listening import Server, port_at
from bot.meter import Meter
from bot.records import CLUBS, PEOPLE, REMINDERS
from bot.store import Store, StoreError

LOOPBACK = "127.0.0.1"
SILENCE = 180.0
"""Seconds without a word from Telegram after which a bot that polls is not well."""
NAMES = {PEOPLE: "answers", REMINDERS: "reminders", CLUBS: "clubs"}


class Metrics(Meter, Collector):
    """Counts what happens, and reads from the store how much waits when it is asked."""

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._contact = monotonic()
        self.registry = CollectorRegistry()
        self._updates = Counter(
            "backstride_updates", "Updates, by the kind of what a person did", ["kind"], registry=self.registry
        )
        self._turns = Histogram(
            "backstride_turn_seconds",
            "Time from an update in hand to its commit",
            ["result"],
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1),
            registry=self.registry,
        )
        self._calls = Counter(
            "backstride_sends",
            "Calls of the outbox, and what came of them",
            ["method", "result"],
            registry=self.registry,
        )
        self.registry.register(self)

    def received(self, kind: str) -> None:
        """Counts an update."""
        self._updates.labels(kind).inc()

    def turned(self, seconds: float, result: str) -> None:
        """Counts a turn."""
        self._turns.labels(result).observe(seconds)

    def called(self, method: str, result: str) -> None:
        """Counts a call."""
        self._calls.labels(method, result).inc()

    def in_contact(self) -> None:
        """Notes that Telegram has answered just now."""
        self._contact = monotonic()

    def silence(self) -> float:
        """Returns the seconds since Telegram answered last."""
        return monotonic() - self._contact

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yields what the store knows at this moment."""
        numbers = self._store.numbers(self._clock())
        depth = GaugeMetricFamily("backstride_outbox_depth", "Calls that wait to be made", labels=["priority"])
        for priority, name in NAMES.items():
            depth.add_metric([name], numbers.calls_waiting.get(priority, 0))
        yield depth
        for name, what, value in (
            ("outbox_age_seconds", "Time since the person wrote who waits longest for an answer", numbers.longest_wait),
            ("outbox_parked", "Calls that were given up", numbers.calls_parked),
            ("inbox_depth", "Updates that are kept and not yet answered", numbers.updates_waiting),
            ("reminders_due", "Reminders that are due and not yet queued", numbers.reminders_due),
            ("reminders_late", "Reminders that have been due for more than a minute", numbers.reminders_late),
            ("chats", "Chats that are known", numbers.chats),
            ("telegram_silence_seconds", "Time since Telegram answered last", self.silence()),
        ):
            yield GaugeMetricFamily(f"backstride_{name}", what, value)

    def illness(self, *, polls: bool) -> str:
        """Returns in a few words what is wrong, or nothing."""
        try:
            self._store.numbers(self._clock())
        except StoreError:
            return "the database cannot be read"
        return "no word from Telegram" if polls and self.silence() > SILENCE else ""


def open_window(metrics: Metrics, port: int, *, polls: bool) -> Server:
    """Shows the figures on this machine until the server is stopped; raises ConfigError when the port is taken."""
    app = Application(
        [("/metrics", _Figures, {"metrics": metrics}), ("/healthz", _Health, {"metrics": metrics, "polls": polls})]
    )
    server = Server(app, max_body_size=0)
    server.add_socket(port_at(LOOPBACK, port, "METRICS_PORT"))
    return server


class _Figures(RequestHandler):
    def initialize(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def get(self) -> None:
        self.set_header("Content-Type", CONTENT_TYPE_LATEST)
        self.finish(generate_latest(self._metrics.registry))


class _Health(RequestHandler):
    def initialize(self, metrics: Metrics, *, polls: bool) -> None:
        self._metrics = metrics
        self._polls = polls

    def get(self) -> None:
        illness = self._metrics.illness(polls=self._polls)
        self.set_status(503 if illness else 200)
        self.finish({"ok": not illness, "reason": illness})
