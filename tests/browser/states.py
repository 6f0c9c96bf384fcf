"""Every page state, for the accessibility tests and the screenshots."""

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

import requests
from playwright.sync_api import expect

from tests.browser.catalogue_states import CATALOGUE_STATES
from tests.browser.people_states import PEOPLE_STATES
from tests.browser.review_states import REVIEW_STATES
from tests.browser.state import State, open_path
from tests.browser.visitor import Visitor

MAX_PAUSE_S = 30
PAUSED = "we're pausing before we try again"
TABLE = "/acme/events/"


def set_faults(visitor: Visitor, *new_faults: dict[str, object]) -> None:
    """Replace the demo Sentry's faults with these."""
    url = f"{visitor.site.sentry}/_demo/faults"
    requests.delete(url, timeout=5)
    if new_faults:
        requests.post(url, json=list(new_faults), timeout=5).raise_for_status()


def uncached_lookup(
    visitor: Visitor, customer: str = "1001", *new_faults: dict[str, object]
) -> None:
    """Start a lookup that is not cached, with these faults.

    Waits while Triage is still pausing because of an earlier state's faults.
    """
    moment = visitor.site.moments[customer]
    set_faults(visitor, *new_faults)
    for _second in range(MAX_PAUSE_S):
        seconds = uuid.uuid4().int % 59 + 1
        visitor.start_lookup(customer, at=f"{moment[:-1]}:{seconds:02d}Z")
        if PAUSED not in visitor.page.get_by_role("heading", level=1).inner_text():
            return
        visitor.page.wait_for_timeout(1000)


def form(visitor: Visitor) -> None:
    visitor.page.goto(visitor.site.url)


def refused_form(visitor: Visitor) -> None:
    form(visitor)
    visitor.page.get_by_label("When it happened").fill("around noon")
    visitor.page.get_by_role("button", name="Look up", exact=True).click()
    expect(visitor.page.locator("main")).to_contain_text("Which time do you mean?")


def unclear_ticket(visitor: Visitor) -> None:
    form(visitor)
    visitor.page.get_by_text("Paste the ticket").click()
    visitor.page.get_by_label("Ticket text").fill("1001 or jane@example.com: it broke today at 5.")
    visitor.page.get_by_role("button", name="Read it and look up").click()
    expect(visitor.page.get_by_text("Choose a time to look it up.")).to_be_visible()


def result_for(customer: str) -> Callable[[Visitor], None]:
    def enter(visitor: Visitor) -> None:
        visitor.open_result(customer)
        expect(visitor.page.locator("#export")).to_be_visible()

    return enter


def all_open(visitor: Visitor) -> None:
    result_for("mallory@example.net")(visitor)
    open_sections(visitor)


def open_sections(visitor: Visitor) -> None:
    """Open every section of a result."""
    for _round in range(3):
        closed = visitor.page.locator("main details:not([open]) > summary")
        for summary in closed.element_handles():
            if summary.is_visible():
                summary.click()
    visitor.page.wait_for_load_state("networkidle")


def never_seen(visitor: Visitor) -> None:
    visitor.look_up("nobody@example.com", at=visitor.site.moments["20417"])
    expect(visitor.page.locator("main")).to_contain_text("We have not seen this customer")


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
    uncached_lookup(visitor, "mia+shop@example.org", bodies)
    expect(visitor.page.locator("main")).to_contain_text("could not be read")


def stale(visitor: Visitor) -> None:
    result_for("1001")(visitor)
    set_faults(visitor, {"path": TABLE, "times": None, "status": 500, "body": "no"})
    visitor.page.get_by_role("button", name="Refresh").click()
    expect(visitor.page.locator("main")).to_contain_text("This result is")


def failed(sentence: str, **fault: object) -> Callable[[Visitor], None]:
    def enter(visitor: Visitor) -> None:
        main = visitor.page.locator("main")
        for _second in range(MAX_PAUSE_S):
            uncached_lookup(visitor, "3003", {"path": TABLE, "times": None, **fault})
            visitor.page.get_by_role("link", name="Try again").wait_for()
            if sentence in main.inner_text():
                return
            visitor.page.wait_for_timeout(1000)  # Triage is pausing because of an earlier state
        expect(main).to_contain_text(sentence)

    return enter


def waiting(visitor: Visitor) -> None:
    uncached_lookup(visitor, "20417", {"path": "full=1", "times": None, "delay_s": 10})
    expect(visitor.page.locator(".found-event").first).to_be_visible()


def canceled(visitor: Visitor) -> None:
    waiting(visitor)
    visitor.page.get_by_role("button", name="Cancel").click()
    expect(visitor.page.get_by_role("button", name="Look up again")).to_be_visible()


def event_page(visitor: Visitor) -> None:
    result_for("1001")(visitor)
    visitor.page.locator(".event summary").first.click()
    visitor.page.get_by_role("link", name="Open this event on its own page").first.click()
    expect(visitor.page.get_by_text("Where the program broke")).to_be_visible()


def signed_out(visitor: Visitor) -> None:
    visitor.context.clear_cookies()
    visitor.page.goto(visitor.site.url)


def authenticator_app(visitor: Visitor) -> None:
    visitor.start_session()
    visitor.page.goto(f"{visitor.site.url}/accounts/2fa/totp/activate/")
    visitor.page.get_by_label("Your password").fill(visitor.site.passwords["agent"])
    visitor.page.get_by_role("button", name="Continue").click()
    expect(visitor.page.locator(".signin-qr")).to_be_visible()


def unredacted(visitor: Visitor) -> None:
    result_for("1001")(visitor)
    visitor.open_export()
    visitor.page.get_by_role("link", name=re.compile("without redaction")).click()


def purged(visitor: Visitor) -> None:
    """Delete a result as an admin, then reopen it."""
    uncached_lookup(visitor, "CORP\\kowalski")
    page = visitor.page
    expect(page.locator("#export")).to_be_visible()
    result = page.url
    page.goto(f"{visitor.site.url}/admin/lookups/lookup/")
    page.locator("input.action-select").first.check()
    page.get_by_role("button", name="Purge …").click()
    page.get_by_role("button", name="Delete 1 result").click()
    page.goto(result)
    expect(page.locator("main")).to_contain_text("This result was deleted")


STATES = (
    State("sign-in", signed_out),
    State("form", form),
    State("form-refused", refused_form),
    State("ticket", unclear_ticket),
    State("one-problem", result_for("beatriz.costa@example.pt")),
    State("some-problems", result_for("1001")),
    State("many-events", result_for("20417")),
    State("odd-events", result_for("3003")),
    State("all-open", all_open),
    State("nothing", result_for("leo.martin@example.fr")),
    State("never-seen", never_seen),
    State("still-open", still_open),
    State("waiting", waiting),
    State("cancelled", canceled),
    State("partial", partial),
    State("stale", stale),
    State(
        "rate-limited",
        failed(
            "we've reached its limit on requests", status=429, headers={"Retry-After": "9"}, body=""
        ),
    ),
    State("refused-token", failed("doesn't accept our key", status=401, body="no")),
    State("unreachable", failed("couldn't reach", drop="before")),
    State("event", event_page),
    State("unredacted", unredacted, "admin"),
    State("purged", purged, "admin"),
    State("connection", open_path("/review/sentry/"), "admin"),
    State("preferences", open_path("/accounts/preferences/")),
    State("factors", open_path("/accounts/2fa/")),
    State("is-it-you", open_path("/accounts/2fa/totp/activate/")),
    State("authenticator-app", authenticator_app),
    State("sessions", open_path("/accounts/sessions/")),
    State("new-password", open_path("/accounts/password/change/")),
    State("invitation-over", open_path("/accounts/invitation/")),
    State("no-permission", open_path("/review/sentry/")),
    State("not-found", open_path(f"/lookups/{uuid.UUID(int=0)}/")),
    State("api", open_path("/api/v1/")),
    *PEOPLE_STATES,
    *REVIEW_STATES,
    *CATALOGUE_STATES,
)
