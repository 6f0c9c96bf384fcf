"""Every state a page can be in, and how a person gets there. For the accessibility tests and
for the screenshots.
"""

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

import requests
from playwright.sync_api import expect

from tests.browser.catalogue_states import CATALOGUE_STATES
from tests.browser.people_states import PEOPLE_STATES
from tests.browser.review_states import REVIEW_STATES
from tests.browser.state import State, address
from tests.browser.visitor import Visitor

LONGEST_REST_S = 30
RESTING = "we're pausing before we try again"
TABLE = "/acme/events/"


def faults(visitor: Visitor, *told: dict[str, object]) -> None:
    """Switch these faults of the demo Sentry on; the others end."""
    address = f"{visitor.site.sentry}/_demo/faults"
    requests.delete(address, timeout=5)
    if told:
        requests.post(address, json=list(told), timeout=5).raise_for_status()


def fresh(visitor: Visitor, customer: str = "1001", *told: dict[str, object]) -> None:
    """Ask for a customer at a second nobody has asked for yet, with these faults on.

    While Sentry is given a rest, for what a state before did to it, this waits.
    """
    moment = visitor.site.moments[customer]
    faults(visitor, *told)
    for _second in range(LONGEST_REST_S):
        seconds = uuid.uuid4().int % 59 + 1
        visitor.begin_lookup(customer, at=f"{moment[:-1]}:{seconds:02d}Z")
        if RESTING not in visitor.page.get_by_role("heading", level=1).inner_text():
            return
        visitor.page.wait_for_timeout(1000)


def form(visitor: Visitor) -> None:
    visitor.page.goto(visitor.site.url)


def refused_form(visitor: Visitor) -> None:
    form(visitor)
    visitor.page.get_by_label("When it happened").fill("around noon")
    visitor.page.get_by_role("button", name="Look up", exact=True).click()
    expect(visitor.page.locator("main")).to_contain_text("We can't read this time")


def found(customer: str) -> Callable[[Visitor], None]:
    def bring(visitor: Visitor) -> None:
        visitor.look_up(customer)
        expect(visitor.page.locator("#export")).to_be_visible()

    return bring


def all_open(visitor: Visitor) -> None:
    """A result with everything in it opened."""
    found("mallory@example.net")(visitor)
    for _round in range(3):
        closed = visitor.page.locator("main details:not([open]) > summary")
        for summary in closed.element_handles():
            if summary.is_visible():
                summary.click()
    visitor.page.wait_for_load_state("networkidle")


def never_seen(visitor: Visitor) -> None:
    visitor.look_up("nobody@example.com", at=visitor.site.moments["20417"])
    expect(visitor.page.locator("main")).to_contain_text("No errors for this customer")


def still_open(visitor: Visitor) -> None:
    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}Z"
    visitor.look_up("1001", at=now)
    expect(visitor.page.locator("main")).to_contain_text("The window is still open")


def partial(visitor: Visitor) -> None:
    bodies: dict[str, object] = {
        "path": "/events/[0-9a-f]{32}/|full=1",
        "times": None,
        "status": 500,
        "body": "no",
    }
    fresh(visitor, "mia+shop@example.org", bodies)
    expect(visitor.page.locator("main")).to_contain_text("could not be read")


def stale(visitor: Visitor) -> None:
    found("1001")(visitor)
    faults(visitor, {"path": TABLE, "times": None, "status": 500, "body": "no"})
    visitor.page.get_by_role("button", name="Refresh").click()
    expect(visitor.page.locator("main")).to_contain_text("This result is")


def failed(sentence: str, **fault: object) -> Callable[[Visitor], None]:
    def bring(visitor: Visitor) -> None:
        main = visitor.page.locator("main")
        for _second in range(LONGEST_REST_S):
            fresh(visitor, "3003", {"path": TABLE, "times": None, **fault})
            visitor.page.get_by_role("link", name="Try again").wait_for()
            if sentence in main.inner_text():
                return
            visitor.page.wait_for_timeout(1000)  # it rests from what a state before did to it
        expect(main).to_contain_text(sentence)

    return bring


def waiting(visitor: Visitor) -> None:
    fresh(visitor, "20417", {"path": "full=1", "times": None, "delay_s": 10})
    expect(visitor.page.locator(".sighting").first).to_be_visible()


def cancelled(visitor: Visitor) -> None:
    waiting(visitor)
    visitor.page.get_by_role("button", name="Cancel").click()
    expect(visitor.page.get_by_role("button", name="Look up again")).to_be_visible()


def event_page(visitor: Visitor) -> None:
    found("1001")(visitor)
    visitor.page.get_by_role("link", name="Open this event on its own page").first.click()
    expect(visitor.page.get_by_text("Where the program broke")).to_be_visible()


def signed_out(visitor: Visitor) -> None:
    visitor.context.clear_cookies()
    visitor.page.goto(visitor.site.url)


def authenticator_app(visitor: Visitor) -> None:
    visitor.sign_in_anew()
    visitor.page.goto(f"{visitor.site.url}/accounts/2fa/totp/activate/")
    visitor.page.get_by_label("Your password").fill(visitor.site.passwords["agent"])
    visitor.page.get_by_role("button", name="Continue").click()
    expect(visitor.page.locator(".signin-qr")).to_be_visible()


def unredacted(visitor: Visitor) -> None:
    found("1001")(visitor)
    visitor.page.get_by_role("link", name=re.compile("without redaction")).click()


def purged(visitor: Visitor) -> None:
    """An admin removes the answer that they look at."""
    fresh(visitor, "CORP\\kowalski")
    page = visitor.page
    expect(page.locator("#export")).to_be_visible()
    result = page.url
    page.goto(f"{visitor.site.url}/admin/lookups/lookup/")
    page.locator("input.action-select").first.check()
    page.locator("select[name=action]").select_option("purge")
    page.get_by_role("button", name="Go").click()
    page.goto(result)
    expect(page.locator("main")).to_contain_text("This result was deleted")


STATES = (
    State("sign-in", signed_out),
    State("form", form),
    State("form-refused", refused_form),
    State("one-problem", found("beatriz.costa@example.pt")),
    State("some-problems", found("1001")),
    State("many-events", found("20417")),
    State("odd-events", found("3003")),
    State("all-open", all_open),
    State("nothing", found("leo.martin@example.fr")),
    State("never-seen", never_seen),
    State("still-open", still_open),
    State("waiting", waiting),
    State("cancelled", cancelled),
    State("partial", partial),
    State("stale", stale),
    State(
        "rate-limited",
        failed(
            "we've reached its limit on requests", status=429, headers={"Retry-After": "9"}, body=""
        ),
    ),
    State("refused-token", failed("does not accept our key", status=401, body="no")),
    State("unreachable", failed("could not reach", drop="before")),
    State("event", event_page),
    State("unredacted", unredacted, "admin"),
    State("purged", purged, "admin"),
    State("connection", address("/review/sentry/"), "admin"),
    State("preferences", address("/accounts/preferences/")),
    State("factors", address("/accounts/2fa/")),
    State("is-it-you", address("/accounts/2fa/totp/activate/")),
    State("authenticator-app", authenticator_app),
    State("sessions", address("/accounts/sessions/")),
    State("new-password", address("/accounts/password/change/")),
    State("invitation-over", address("/accounts/invitation/")),
    State("no-permission", address("/review/sentry/")),
    State("not-found", address(f"/lookups/{uuid.UUID(int=0)}/")),
    State("api", address("/api/v1/")),
    *PEOPLE_STATES,
    *REVIEW_STATES,
    *CATALOGUE_STATES,
)
