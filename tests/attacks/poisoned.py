"""A proxy for the demo Sentry that puts an attack into every text of its responses."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

from tests.demo_sentry import DemoSentry
from tests.servers import in_background

RUNS = "window.__pwned=1"
BREAKOUT = (
    f"'\"></textarea></title></style></template></svg></script><script>{RUNS}</script>"
    f"<img src=x onerror={RUNS}><svg onload={RUNS}><details open ontoggle={RUNS}>"
    f"<iframe srcdoc='<script>parent.{RUNS}</script>'></iframe>"
    f"<a href=javascript:{RUNS} style=position:fixed>x</a><base href=//evil.example>"
    "<meta http-equiv=refresh content=0;url=//evil.example><form action=//evil.example>"
    "{{7*7}}{%debug%}${7*7}]]>--><!--\u2028</event>```\r\nSet-Cookie: pwned=1"
)
SHORT = f"'\"><img src=x onerror={RUNS}><script>{RUNS}</script>"
SCRIPT_URL = f"javascript:{RUNS}//evil.example/"
# Keys that identify or order rows; with other values, events would not be shown.
_PRESERVED_KEYS = frozenset(
    (
        *("id", "eventID", "event.id", "issue", "issue.id", "groupID", "group_id", "timestamp"),
        *("dateCreated", "dateReceived", "received", "user.id", "user.email", "user.username"),
        *("slug", "project", "project.name", "projectID", "projectSlug", "project_id", "trace"),
        *("trace_id", "replayId", "replay_id", "started_at", "finished_at", "firstSeen"),
        *("lastSeen", "dateReleased", "dateStarted", "dateFinished", "count", "userCount"),
        *("end_timestamp", "nextEventID", "previousEventID", "status", "type", "level"),
        *("platform", "mechanism"),
    )
)
_URL_KEYS = ("url", "link", "href", "permalink", "abs_path", "filename")


def poisoned(value: Any, key: str = "", *, deep: bool) -> Any:
    """Return the JSON with an attack in each text, and as a key in each object.

    `deep` also poisons values that Sentry itself chooses, such as levels and platforms.
    """
    if isinstance(value, dict):
        attacked = {name: poisoned(inner, name, deep=deep) for name, inner in value.items()}
        return {**attacked, BREAKOUT: BREAKOUT}
    if isinstance(value, list):
        return [poisoned(inner, key, deep=deep) for inner in value]
    if not isinstance(value, str) or not value or _is_preserved(key, deep=deep):
        return value
    if any(word in key.lower() for word in _URL_KEYS):
        return f"{SCRIPT_URL}{value}{BREAKOUT}"
    return f"{value}{BREAKOUT}"


def _is_preserved(key: str, *, deep: bool) -> bool:
    is_sentry_enum = key in ("level", "platform", "mechanism", "status")
    return key in _PRESERVED_KEYS and not (deep and is_sentry_enum)


class Poisoner(ThreadingHTTPServer):
    """Forwards requests to the demo and poisons its responses.

    Tests can set `deep` and `fails`.
    """

    def __init__(self, demo: DemoSentry) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.demo = demo
        self.deep = self.fails = False


class _Handler(BaseHTTPRequestHandler):
    server: Poisoner

    def do_GET(self) -> None:
        headers = {"Authorization": self.headers["Authorization"] or ""}
        response = requests.get(f"{self.server.demo.url}{self.path}", headers=headers, timeout=20)
        try:
            body = json.dumps(poisoned(response.json(), deep=self.server.deep)).encode()
        except ValueError:
            body = response.content
        if self.server.fails:
            body = json.dumps({"detail": BREAKOUT}).encode()
        self.send_response(400 if self.server.fails else response.status_code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if "Link" in response.headers:
            self.send_header("Link", response.headers["Link"])
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: Any) -> None:
        """Suppress request logs."""


@contextmanager
def poisoning(demo: DemoSentry) -> Iterator[Poisoner]:
    """Run a `Poisoner` for this demo."""
    server = Poisoner(demo)
    in_background(server)
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
