"""`manage.py demo_sentry`: serve the demo Sentry until interrupted."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.demo.incident import incidents
from apps.demo.server import DemoSentry
from apps.demo.story import build_world
from apps.demo.world import customers, started_at


class Command(BaseCommand):
    """Serve the demo's story as of now, or of `TRIAGE_DEMO_STARTED`."""

    help = "Serve a stand-in for Sentry with realistic customers, for trying Triage."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8001, help="0 selects a free port")
        parser.add_argument("--token", default="demo-token")
        parser.add_argument("--organization", default="acme")
        parser.add_argument("--latency-ms", type=float, default=0.0)

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until SIGINT or SIGTERM."""
        try:
            start = started_at()
            demo = DemoSentry(
                build_world(start),
                host=options["host"],
                port=options["port"],
                token=options["token"],
                organization=options["organization"],
            )
        except (OSError, ValueError) as error:
            raise CommandError(f"The demo Sentry cannot start: {error}") from error
        demo.settings.latency_s = options["latency_ms"] / 1000
        stopped = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopped.set())
        with demo:
            self._announce(demo)
            stopped.wait()
        self.stdout.write("Demo Sentry stopped.")

    def _announce(self, demo: DemoSentry) -> None:
        self.stdout.write(
            f"Demo Sentry at {demo.url} with {len(demo.world.events)} events, "
            f"organization {demo.organization}, token {demo.token}"
        )
        self.stdout.write("Customers to try (times in UTC):")
        for one in customers(started_at()):
            self.stdout.write(f"  {one.moment:%Y-%m-%d %H:%M}  {one.identifier}  - {one.what}")
        listed = incidents(started_at())[0]
        self.stdout.write(
            f"Incident to try: {len(listed.customers)} customers, {listed.minutes} minutes around "
            f"{listed.moment:%Y-%m-%d %H:%M}"
        )
        self.stdout.flush()
