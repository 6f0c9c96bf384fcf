"""Known errors in exports: file, panel, without redaction, API, and command line."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.conftest import MOMENT, signed_in
from tests.demo_sentry import DemoSentry
from tests.shell import CommandLine
from tests.web.asking import look_up, text
from tests.web.known import entry
from tests.web.tokens import token_of

KEYS = [
    *("slug", "title", "explanation", "reply", "workaround", "state", "planned_for"),
    *("fixed_in", "owner", "links", "fix", "why"),
]
REQUEST = {"customer": "1001", "at": MOMENT.isoformat()}
FORM = {"confirmed": "on", "format": "json", "budget": "", "reason": ""}
pytestmark = pytest.mark.django_db


def only_known(values: dict[str, Any]) -> dict[str, Any]:
    """Return the only known error of the only issue."""
    (issue,) = values["issues"]
    (known,) = issue["known"]
    assert list(known) == KEYS
    assert values["known_unchecked"] == 0
    return dict(known)


def test_file_has_reply_in_the_customers_time_zone(ana: Client) -> None:
    entry()
    address = look_up(ana)
    known = only_known(json.loads(text(ana.get(f"{address}export.json"))))
    assert known["reply"].startswith("Hello,\n\nyour bank refused the card on ")
    assert "(Berlin time)." in known["reply"]
    assert known["fix"] == "Not fixed yet, and no date is known."
    assert known["why"] == ["the exception type is “PaymentDeclined”"]
    for path in (address, f"{address}export.md"):
        assert "```support\n" in text(ana.get(path))


def test_unredacted_export_includes_known_errors(lead: User, connected: DemoSentry) -> None:
    connected.world.add_event(
        user_id="1001", timestamp=MOMENT, project="web", exception=("PaymentDeclined", "No")
    )
    entry()
    browser = signed_in(lead)
    file = browser.post(f"{look_up(browser)}unredacted/", FORM)
    known = only_known(json.loads(text(file)))
    assert known["slug"] == "card-refused"
    assert "(Berlin time)." in known["reply"]


def test_api_returns_known_errors_as_documented(ana: Client, agent: User) -> None:
    entry()
    token = {"Authorization": f"Bearer {token_of(agent)}"}
    response = Client().post(
        "/api/v1/lookups/", json.dumps(REQUEST), content_type="application/json", headers=token
    )
    known = only_known(json.loads(text(response)))
    document = json.loads(text(ana.get("/api/v1/openapi.json")))
    schemas = document["components"]["schemas"]
    assert set(schemas["KnownErrorResponse"]["required"]) == set(KEYS) == set(known)
    assert "known_unchecked" in schemas["LookupResponse"]["required"]


def test_command_line_prints_known_errors(
    command_line: CommandLine, demo_sentry: DemoSentry
) -> None:
    demo_sentry.world.add_event(
        user_id="1001", timestamp=MOMENT, exception=("PaymentDeclined", "Card declined")
    )
    entry()
    printed = command_line.lookup("1001", "--at", MOMENT.isoformat(), "--format", "json").stdout
    known = only_known(json.loads(printed))
    assert known["slug"] == "card-refused"
    assert known["reply"].startswith("Hello,\n\n")
    as_text = command_line.lookup("1001", "--at", MOMENT.isoformat(), "--format", "text").stdout
    assert "\n  [support]\n" in as_text


def test_event_page_links_to_known_error(ana: Client) -> None:
    entry()
    address = look_up(ana)
    event = json.loads(text(ana.get(f"{address}export.json")))["events"][0]["id"]
    page = text(ana.get(f"{address}events/{event}/"))
    assert "<bdi>The bank refuses cards</bdi>. Not fixed yet" in page
    assert f'href="{address}#known-1-1"' in page
