"""Stored XSS: attacks in every text from Sentry run no script and send no request."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.attacks.poisoned import BREAKOUT, RUNS
from tests.attacks.witness import HOSTILE_ROWS, HostileSite, Witness

CUSTOMERS = ["1001", "3003", "mallory@example.net", "leo.martin@example.fr"]


def open_result(witness: Witness, customer: str, *, second: int = 0) -> str:
    """Open a new result and return its URL."""
    moment = witness.site.moments[customer]
    witness.look_up(customer, at=f"{moment.removesuffix('Z')}:{second:02}Z")
    expect(witness.page.locator("#export")).to_be_attached(timeout=20_000)
    assert RUNS in witness.page.content()
    return witness.page.url


@pytest.mark.parametrize("customer", CUSTOMERS)
def test_result_events_and_table_run_no_script(witness: Witness, customer: str) -> None:
    result = open_result(witness, customer)
    witness.assert_harmless()
    links = re.findall(r'href="(/[^"]*/events/[^"]*)"', witness.page.content())
    for path in [*sorted(set(links))[:4]]:
        witness.go(f"{witness.site.url}{path}")
    witness.go(f"{result}table/")


def test_sentry_enum_values_run_no_script(hostile: HostileSite, witness: Witness) -> None:
    hostile.sentry.deep = True
    open_result(witness, "1001", second=1)
    witness.assert_harmless()


@pytest.mark.parametrize("kind", ["md", "json"])
def test_export_runs_no_script_as_preview_or_file(
    witness: Witness, chromium: Browser, tmp_path: Path, kind: str
) -> None:
    result = open_result(witness, "3003")
    formats = {"md": "markdown", "json": "json"}
    witness.go(f"{result}?format={formats[kind]}#export")
    with witness.page.expect_download() as download:
        witness.page.evaluate(f"location.href = '{result}export.{kind}'")
    file = tmp_path / f"export.{kind}"
    download.value.save_as(file)
    assert "__pwned" in file.read_text()

    context = chromium.new_context()
    page = context.new_page()
    page.goto(file.as_uri())
    assert page.evaluate("window.__pwned") is None
    assert page.locator("img, iframe, script, svg").count() == 0
    context.close()


def test_quoted_sentry_error_runs_no_script(hostile: HostileSite, witness: Witness) -> None:
    hostile.sentry.fails = True
    witness.look_up("1001", at=f"{witness.site.moments['1001'].removesuffix('Z')}:02Z")
    expect(witness.page.locator("h1")).to_contain_text("Sentry")
    witness.assert_harmless()
    witness.go(f"{witness.site.url}/review/sentry/")


def test_typed_input_runs_no_script(witness: Witness) -> None:
    page = witness.page
    page.goto(witness.site.url)
    page.get_by_text("Paste the ticket").click()
    mail = f"From: {BREAKOUT} <x@example.net>\n{BREAKOUT}\nuser id: 1001{BREAKOUT}\nat 14:05"
    page.get_by_label("Ticket text").fill(mail)
    page.get_by_role("button", name="Read it and look up").click()
    witness.assert_harmless()
    page.goto(witness.site.url)
    page.get_by_label("Customer", exact=True).fill(BREAKOUT[:250])
    page.get_by_label("When it happened").fill(BREAKOUT)
    page.get_by_role("button", name="Look up").click()
    witness.assert_harmless()


def test_hostile_rows_run_no_script_in_manage(hostile: HostileSite, witness: Witness) -> None:
    open_result(witness, "1001")
    hostile.run(ROWS)
    hostile.run(HOSTILE_ROWS)

    witness.go(f"{witness.site.url}/admin/")
    lists = witness.links(r"/admin/\w+/\w+/")
    assert len(lists) >= 5
    pages_with_payload = 0
    for url in sorted(lists):
        witness.go(f"{witness.site.url}{url}")
        pages_with_payload += RUNS in witness.page.content()
        records = sorted(witness.links(rf"{url}[^/]+/change/"))
        for record in records[:1] + records[-1:]:
            witness.go(f"{witness.site.url}{record}")
            witness.go(f"{witness.site.url}{record.removesuffix('change/')}history/")
    assert pages_with_payload >= 5


ROWS = """
from django.contrib.auth.models import Group, User
from apps.accounts.models import ApiToken, Team
from apps.lookups.models import ExportPreset, ExportRecord, Lookup
user = User.objects.create_user("somebody", first_name="x")
group = Group.objects.create(name="somegroup")
user.groups.add(group)
Team.objects.create(group=group, projects=["web"])
ApiToken.objects.create(name="t", user=user, token_hash="0" * 64)
lookup = Lookup.objects.first()
lookup.user = user
lookup.save()
ExportRecord.objects.create(
    lookup=lookup, user=user, origin="web", how="copied", format="json", preset="none", tokens=1,
    reason="x",
)
"""
