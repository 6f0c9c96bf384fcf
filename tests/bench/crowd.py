"""People who use a running site: what they click on, what came back, and when."""

import json
import random
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlencode

from tests.bench.sentry_process import MOMENT

HOST = "triage.example.org"
PASSWORD = "a-password-of-the-crowd"
CUSTOMERS, MINUTES = 40, 10
SAME_QUESTIONS = 5
CUT_OFF = 0  # in place of a status: the connection broke
_TIMEOUT_S = 90.0
_FAST_POLL_S, _SLOW_POLL_S, _FAST_POLLS = 0.4, 1.5, 12
_ENDED = {"done", "failed", "cancelled", "purged"}
_EVENT = re.compile(r"/events/([0-9a-f]{32})/")


@dataclass(frozen=True, slots=True)
class Reply:
    """A response, or a connection that broke."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str = ""

    @property
    def is_plain(self) -> bool:
        """Return whether a failure is explained in words, with a next step."""
        if self.headers.get("Content-Type", "").startswith("application/json"):
            return bool(json.loads(self.text).get("next_step"))
        return 'class="headline"' in self.text and "wrong on our side" not in self.text

    @property
    def is_end(self) -> bool:
        """Return whether this page ends a lookup: with a result, or with a plain failure."""
        return self.status == 200 if "data-facts" in self.text else self.is_failure

    @property
    def is_failure(self) -> bool:
        """Return whether this is a failed lookup's own page."""
        return self.status in (409, 410, 502, 503, 504) and self.is_plain


@dataclass(frozen=True, slots=True)
class Sample:
    """A request: what for, when it began, how long it took, and what came of it.

    `said` is the beginning of a failure's page.
    """

    kind: str
    began: float
    seconds: float
    status: int
    is_plain: bool
    said: str = ""


class Browser:
    """One person's browser, behind the proxy in front of the site."""

    def __init__(self, port: int, address: str) -> None:
        self._port, self._address = port, address
        self.cookies: dict[str, str] = {}
        self.samples: list[Sample] = []

    def send(
        self,
        path: str,
        form: Mapping[str, object] | None = None,
        *,
        kind: str = "",
        body: object = None,
        token: str = "",
    ) -> Reply:
        """Send a request and record its time. A form is posted, and so is a body, as JSON."""
        headers = {
            "Host": HOST,
            "X-Forwarded-Proto": "https",
            "X-Forwarded-For": self._address,
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "Connection": "close",
        }
        content = None
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if body is not None:
            content, headers["Content-Type"] = json.dumps(body), "application/json"
        elif form is not None:
            content, headers["Content-Type"] = urlencode(form), "application/x-www-form-urlencoded"
            headers |= {"Origin": f"https://{HOST}", "X-CSRFToken": self._csrf_token}
        began = time.monotonic()
        reply = self._exchange("GET" if content is None else "POST", path, content, headers)
        seconds = time.monotonic() - began
        if kind:
            said = reply.text[:300] if reply.status >= 500 else ""
            self.samples.append(Sample(kind, began, seconds, reply.status, reply.is_plain, said))
        return reply

    @property
    def _csrf_token(self) -> str:
        return next((value for name, value in self.cookies.items() if "csrf" in name), "")

    def _exchange(
        self, method: str, path: str, content: str | None, headers: dict[str, str]
    ) -> Reply:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=_TIMEOUT_S)
        try:
            connection.request(method, path, content, headers)
            response = connection.getresponse()
            text = response.read().decode()
        except (OSError, HTTPException):
            return Reply(CUT_OFF)
        finally:
            connection.close()
        for line in response.headers.get_all("Set-Cookie") or ():
            name, _equals, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return Reply(response.status, dict(response.headers), text)


class Person:
    """Someone at work: opens the form, looks up, reads, exports; some through the API."""

    def __init__(self, port: int, number: int, people: int, token: str) -> None:
        self.browser = Browser(port, f"198.51.{number // 250}.{number % 250 + 1}")
        self.name = f"person-{number}"
        self.accepted: dict[str, bool] = {}  # lookups, and whether each has ended
        self._events: dict[str, str] = {}  # an event of each result
        self.attempts = 0
        self._token = token
        self._random = random.Random(number)  # noqa: S311 - repeatable clicks
        self._number, self._people = number, people

    def sign_in(self) -> bool:
        """Sign in, and return whether that worked."""
        self.browser.send("/accounts/login/")
        form = {"login": self.name, "password": PASSWORD}
        is_in = self.browser.send("/accounts/login/", form).status == 302
        if self._number % 3:  # scripts run
            self.browser.cookies["triage_live"] = "1"
        return is_in

    def work(self, until: float, pause_s: float) -> None:
        """Click now and then until that time of the monotonic clock."""
        self.accepted, self.attempts = {}, 0
        own = ((3, self.look_up), (2, self.open_form), (4, self.read), (2, self.export))
        clicks: tuple[tuple[int, Callable[[], None]], ...] = (*own, (2, self.open_event))
        if self._number % 5 == 0:
            clicks = ((1, self.call_api), (1, self.read_through_api))
        weights, actions = zip(*clicks, strict=True)
        time.sleep(self._random.random() * pause_s)
        while time.monotonic() < until:
            self._random.choices(actions, weights)[0]()
            time.sleep(self._random.uniform(0.5, 1.5) * pause_s)

    def question(self) -> dict[str, object]:
        """Return what to look up: every third time, what others look up as well."""
        self.attempts += 1
        own = self._number + self._people * self.attempts
        if self._random.random() < 1 / 3:
            own = self._random.randrange(SAME_QUESTIONS)
        # All windows are equally long, so none lies within another.
        at = MOMENT + timedelta(seconds=own // CUSTOMERS)
        return {"customer": f"customer-{own % CUSTOMERS}", "at": at.isoformat()}

    def open_form(self) -> None:
        self.browser.send("/", kind="form")

    def look_up(self) -> None:
        """Post the form, then follow the result as the page's script does."""
        form = {**self.question(), "zone": "UTC", "window": MINUTES}
        reply = self.browser.send("/lookups/", form, kind="look up")
        if reply.status == 303:
            lookup = reply.headers["Location"].split("/")[2]
            self.accepted[lookup] = False
            self._follow(lookup)

    def _follow(self, lookup: str) -> None:
        page = self.browser.send(f"/lookups/{lookup}/", kind="result")
        for polls in range(60):
            if "data-waiting" not in page.text:
                break
            time.sleep(_FAST_POLL_S if polls < _FAST_POLLS else _SLOW_POLL_S)
            state = self.browser.send(f"/lookups/{lookup}/progress", kind="progress")
            if state.status == 200 and json.loads(state.text)["state"] in _ENDED:
                page = self.browser.send(f"/lookups/{lookup}/", kind="result")
        self.accepted[lookup] = page.is_end
        if found := _EVENT.search(page.text):
            self._events[lookup] = found[1]

    def read(self) -> None:
        self._open("result", "")

    def export(self) -> None:
        self._open("export", f"export.{self._random.choice(('md', 'json'))}")

    def open_event(self) -> None:
        event = self._events.get(next(reversed(self.accepted), ""))
        self._open("event", f"events/{event}/brief/" if event else "")

    def _open(self, kind: str, page: str) -> None:
        """Open a page of the last lookup, or look up if that has no result."""
        lookup = next(reversed(self.accepted), "")
        if self.accepted.get(lookup):
            self.browser.send(f"/lookups/{lookup}/{page}", kind=kind)
        else:
            self.look_up()

    def call_api(self) -> None:
        """Look up through the API, which answers in the same response."""
        body = {**self.question(), "window_minutes": MINUTES}
        reply = self.browser.send("/api/v1/lookups/", body=body, token=self._token, kind="API")
        if reply.status == 200:
            self.accepted[json.loads(reply.text)["lookup_id"]] = True

    def read_through_api(self) -> None:
        lookup = next(reversed(self.accepted), "")
        if lookup:
            self.browser.send(f"/api/v1/lookups/{lookup}/", token=self._token, kind="API")
        else:
            self.call_api()

    def settle(self) -> list[str]:
        """Open each lookup that has not ended. Return those that don't end now either."""
        self.browser.cookies.pop("triage_live", None)
        lost = []
        for lookup, has_ended in self.accepted.items():
            if not has_ended:
                self._follow(lookup)
            if not self.accepted[lookup]:
                lost.append(lookup)
        if self._number % 3:
            self.browser.cookies["triage_live"] = "1"
        return lost
