"""Session replays, feedback, and related errors on the page, in exports, and in records."""

import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from apps.lookups import store
from apps.lookups.models import Lookup
from apps.lookups.services import answer_lookup, purge_answers
from tests.conftest import MOMENT, lists_asked, signed_in
from tests.demo_sentry import DemoSentry
from tests.web.asking import look_up, text

pytestmark = pytest.mark.django_db

TRACE = "ab" * 16
JANE = {"id": "1001", "email": "jane@example.com"}


@pytest.fixture
def busy(ana: Client, connected: DemoSentry) -> Client:
    """Ana's browser; customer 1001 has feedback, a session replay, and a related error."""
    world = connected.world
    world.add_event(user_id="1001", timestamp=MOMENT, trace_id=TRACE)
    world.add_event(
        timestamp=MOMENT,
        trace_id=TRACE,
        project="api",
        exception=("BankTimeout", "no answer for jane@example.com"),
    )
    world.add_feedback(
        when=MOMENT,
        message="Pay does nothing. Jane Doe, jane@example.com, <script>alert(1)</script>",
        user=JANE,
        name="Jane Doe",
    )
    world.add_replay(
        when=MOMENT,
        user=JANE,
        rage_clicks=3,
        urls=("https://shop.example/pay?email=j@example.com",),
    )
    return ana


def test_page_shows_feedback_replay_and_related_error(busy: Client) -> None:
    page = text(busy.get(look_up(busy)))
    assert "the customer wrote" in page
    assert "Pay does nothing." in page
    assert "3 rage clicks" in page
    assert "BankTimeout" in page


def test_feedback_and_replay_are_redacted_and_escaped(busy: Client) -> None:
    address = look_up(busy)
    for page in (text(busy.get(address)), text(busy.get(f"{address}export.json"))):
        assert "Jane Doe" not in page
        assert "example.com" not in page.replace("docs.example.com", "")
        assert "<script>alert" not in page or page.startswith("{")


def test_related_error_can_be_opened(busy: Client, connected: DemoSentry) -> None:
    (error,) = [
        one
        for one in connected.world.events
        if one.project.slug == "api" and TRACE in str(one.body)
    ]
    page = text(busy.get(f"{look_up(busy)}events/{error.id}/"))
    assert "BankTimeout" in page
    assert "trace ID" in page
    assert "jane@example.com" not in page


@pytest.mark.parametrize("suffix", ["md", "json"])
def test_export_includes_feedback_replay_and_related_error(busy: Client, suffix: str) -> None:
    exported = text(busy.get(f"{look_up(busy)}export.{suffix}"))
    for expected in ("Pay does nothing.", "3 rage clicks", "BankTimeout"):
        assert expected in exported


def test_record_counts_signals_separately(busy: Client) -> None:
    busy.get(look_up(busy))
    record = Lookup.objects.latest("created_at")
    assert record.calls == 4
    assert record.beside == {
        "replays": 1, "feedback": 1, "traces": 1, "deploys": 0, "logs": 0, "spans": 0,
        "unread": [], "absent": [], "calls": 7,
    }  # fmt: skip


def test_unread_signal_is_mentioned_on_the_page_and_in_the_export(
    busy: Client, connected: DemoSentry
) -> None:
    connected.fail("/replays/", times=None, status=500)
    address = look_up(busy)
    page = text(busy.get(address))
    assert "Session replays could not be read" in page
    assert 'class="notice ' not in page
    (notice,) = json.loads(busy.get(f"{address}export.json").content)["notices"]
    assert notice["code"] == "signal_missing"
    assert Lookup.objects.latest("created_at").beside["unread"] == ["replays"]


def test_unread_signal_can_be_retried_and_is_cached_for_everyone(
    busy: Client, connected: DemoSentry, other_agent: User
) -> None:
    connected.fail("/replays/", times=None, status=500)
    address = look_up(busy)
    assert "3 rage clicks" not in text(busy.get(address))
    connected.clear()
    response = busy.post(f"{address}beside/")
    assert (response.status_code, response["Location"]) == (303, f"{address}#beside")
    page = text(busy.get(address))
    assert "3 rage clicks" in page
    assert "could not be read" not in page
    ben = signed_in(other_agent)
    assert "3 rage clicks" in text(ben.get(look_up(ben)))
    assert lists_asked(connected) == 0


def test_other_agent_cannot_retry_signals(busy: Client, other_agent: User) -> None:
    address = look_up(busy)
    assert signed_in(other_agent).post(f"{address}beside/").status_code == 404


def test_replay_is_shown_without_errors(ana: Client, connected: DemoSentry) -> None:
    connected.world.add_replay(when=MOMENT, user={"id": "77"}, rage_clicks=2)
    page = text(ana.get(look_up(ana, customer="77")))
    assert "2 rage clicks" in page


def test_page_never_says_that_there_is_no_replay(ana: Client) -> None:
    assert "no session replay" not in text(ana.get(look_up(ana, customer="77")))


def test_customer_without_events_is_redacted_using_the_replay(
    ana: Client, connected: DemoSentry
) -> None:
    jane = {"id": "77", "username": "janedoe77"}
    url = "https://shop.example/u/janedoe77/pay"
    connected.world.add_replay(when=MOMENT, user=jane, urls=(url,))
    connected.world.add_feedback(
        when=MOMENT, user=jane, name="Jane Doe", message="Nothing works. Yours, Jane (janedoe77)"
    )
    connected.fail("/replays/", times=1, status=500)
    address = look_up(ana, customer="77")
    assert "janedoe77" not in text(ana.get(address))
    ana.post(f"{address}beside/")
    page = text(ana.get(address))
    assert "https://shop.example/u/&lt;customer&gt;/pay" in page
    assert "janedoe77" not in page
    assert "Jane" not in page


def test_retrying_signals_requires_lookup_permission(busy: Client, admin: User) -> None:
    address = look_up(busy)
    admin.groups.clear()
    admin.user_permissions.add(Permission.objects.get(codename="open_any_lookup"))
    assert signed_in(admin).post(f"{address}beside/").status_code == 403


def test_repeated_retries_query_sentry_once(busy: Client, connected: DemoSentry) -> None:
    connected.fail("/replays/", times=None, status=500)
    address = look_up(busy)
    busy.get(address)
    before = len(connected.calls)
    for _ in range(4):
        assert busy.post(f"{address}beside/").status_code == 303
    assert len(connected.calls) == before + 1
    assert "could not be read" in text(busy.get(address))


def test_logs_are_read_again_along_with_the_requests_whose_traces_they_share(
    ana: Client, connected: DemoSentry
) -> None:
    """What is unread is said in all places; what was read again, in none."""
    span: Any = {"user": {"id": "77"}, "trace": TRACE, "is_transaction": True, "http_status": 200}
    connected.world.add_span(MOMENT, 40.0, "http.server", "GET /cart", **span)
    connected.world.add_log(MOMENT, "Cart saved", trace=TRACE)
    connected.fail("dataset=spans", times=None, status=500)
    address = look_up(ana, customer="77")
    page = text(ana.get(address))
    assert "Requests could not be read" in page
    assert "could be read: we can’t tell what happened" in page
    connected.clear()
    ana.post(f"{address}beside/")
    page = text(ana.get(address))
    assert "could be read" not in page
    assert "1 log entry" in page
    assert "worked" in page


def test_purge_deletes_opened_related_errors(busy: Client, connected: DemoSentry) -> None:
    address = look_up(busy)
    busy.get(address)
    record = Lookup.objects.latest("created_at")
    (error,) = answer_lookup(record).answer.beside.trace_errors
    busy.get(f"{address}events/{error.id}/")
    assert store.get_event(record, error.id)
    purge_answers([record])
    assert store.get_event(record, error.id) is None


def test_unavailable_product_is_queried_once_per_hour(ana: Client, connected: DemoSentry) -> None:
    connected.settings.replays_on = False
    for customer in ("1", "2", "3"):
        ana.get(look_up(ana, customer=customer))
    assert sum("replays" in call.path for call in connected.calls) == 1


def test_disabled_signals_are_not_queried(
    ana: Client, connected: DemoSentry, settings: object
) -> None:
    settings.TRIAGE_SIGNALS = ()  # type: ignore[attr-defined]
    page = text(ana.get(look_up(ana)))
    assert not [call for call in connected.calls if "replays" in call.path]
    assert "Also around this time" not in page
