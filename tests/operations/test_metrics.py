"""What /metrics says, who may read it, and what never gets into it."""

import hashlib
import re
from contextlib import suppress
from datetime import timedelta
from ipaddress import ip_network
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from prometheus_client import openmetrics
from prometheus_client.openmetrics import parser as openmetrics_parser
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from apps import metrics
from apps.audit.models import Entry
from apps.jobs.models import Job, Worker
from apps.lookups import cache
from apps.lookups.models import Lookup
from apps.lookups.records import _SECONDS, EXPORTS, LOOKUPS
from apps.lookups.sentry_connection import _fingerprint, sentry_config
from tests.conftest import MOMENT, signed_in
from tests.demo_sentry import DemoSentry
from tests.shell import CommandLine, start_with
from tests.web.asking import look_up
from tests.web.conftest import ana  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db
TOKEN = "a-token-of-prometheus"
ALLOWED = {"Authorization": f"Bearer {TOKEN}"}
OPEN_METRICS = "application/openmetrics-text; version=1.0.0"


@pytest.fixture
def metered(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Metrics that are on; this process adds to the database only when a test reads them."""
    settings.TRIAGE_METRICS_TOKEN = TOKEN
    monkeypatch.setattr(metrics, "_pending", metrics._Pending(has_thread=True))


def read(client: Client, **headers: str) -> HttpResponse:
    metrics._pending.flush()
    response: Any = client.get("/metrics", headers={**ALLOWED, **headers})
    assert isinstance(response, HttpResponse)
    assert response.status_code == 200, response.content
    return response


def samples(client: Client) -> dict[str, float]:
    """Return the samples that aren't 0, written as `name{label="value"}`."""
    found = {}
    for family in text_string_to_metric_families(read(client).content.decode()):
        for one in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in one.labels.items())
            found[f"{one.name}{{{labels}}}" if labels else one.name] = one.value
    return {name: value for name, value in found.items() if value}


def test_metrics_are_a_404_until_a_token_or_a_network_is_set(client: Client) -> None:
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_the_token_and_the_network_decide_who_reads(settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True  # Prometheus can call a machine directly
    client = Client()
    near, far = "10.1.2.3", "203.0.113.9"
    rows = (
        # token, networks, proxies, sent header, peer, X-Forwarded-For, status
        (TOKEN, "", 0, f"Bearer {TOKEN}", far, "", 200),
        (TOKEN, "", 0, f"Bearer {TOKEN}x", far, "", 401),
        (TOKEN, "", 0, f"Bearer {TOKEN[:-1]}", far, "", 401),
        (TOKEN, "", 0, f"Basic {TOKEN}", far, "", 401),
        (TOKEN, "", 0, "", near, "", 401),
        ("", "10.1.0.0/16", 0, "", near, "", 200),
        ("", "10.1.0.0/16", 0, "", far, "", 401),
        ("", "10.1.0.0/16,2001:db8::/64", 0, "", "2001:db8::9", "", 200),
        ("", "10.1.0.0/16", 0, "", "::ffff:10.1.2.3", "", 200),
        ("", "10.1.0.0/16", 0, "", far, near, 401),  # no proxy is trusted
        ("", "10.1.0.0/16", 1, "", "127.0.0.1", near, 200),
        ("", "10.1.0.0/16", 1, "", "127.0.0.1", f"{near}, {far}", 401),  # forged
        ("", "10.1.0.0/16", 0, "", "", "", 401),
        (TOKEN, "10.1.0.0/16", 0, f"Bearer {TOKEN}", near, "", 200),
        (TOKEN, "10.1.0.0/16", 0, f"Bearer {TOKEN}", far, "", 401),
        (TOKEN, "10.1.0.0/16", 0, "", near, "", 401),
    )
    for token, networks, proxies, sent, peer, forwarded, status in rows:
        settings.TRIAGE_METRICS_TOKEN = token
        settings.TRIAGE_METRICS_NETWORKS = tuple(map(ip_network, filter(None, networks.split(","))))
        settings.TRIAGE_BEHIND_PROXY = proxies
        headers = {"Authorization": sent, "X-Forwarded-For": forwarded, "Host": "10.0.0.7:8000"}
        headers = {name: value for name, value in headers.items() if value}
        response = client.get("/metrics", headers=headers, REMOTE_ADDR=peer)
        assert response.status_code == status, (token, networks, proxies, sent, peer, forwarded)
        assert "Set-Cookie" not in response.headers
    assert not Entry.objects.exists()


def test_settings_that_no_one_could_use_stop_the_start() -> None:
    for variables, sentence in (
        ({"TRIAGE_METRICS_TOKEN": "short"}, "Use at least 16 random characters"),
        ({"TRIAGE_METRICS_TOKEN": "with a space in it"}, "contains a space"),
        ({"TRIAGE_METRICS_NETWORKS": "10.1.0.1/16"}, "a list of networks such as 10.20.0.0/16"),
        ({"TRIAGE_METRICS_NETWORKS": "prometheus"}, "a list of networks such as 10.20.0.0/16"),
    ):
        start = start_with(variables)
        assert (start.returncode, sentence in start.stderr) == (2, True), (variables, start.stderr)
    networks = start_with({"TRIAGE_METRICS_NETWORKS": "10.1.0.0/16, ::1"}).settings
    assert networks["TRIAGE_METRICS_NETWORKS"] == (ip_network("10.1.0.0/16"), ip_network("::1"))


def test_what_happens_is_counted(
    metered: None,
    ana: Client,  # noqa: F811
    connected: DemoSentry,
    command_line: CommandLine,
    client: Client,
    settings: Settings,
) -> None:
    settings.TRIAGE_SIGNALS = ()  # optional calls would meet the limit as well
    connected.fail("/acme/events/", times=1, status=502)
    address = look_up(ana)
    ana.get(address)  # tried again after the 502
    ana.get(address)  # stored
    ana.get(look_up(ana))  # from cache
    assert command_line.lookup("nobody", "--at", MOMENT.isoformat()).returncode == 0
    ana.get(f"{address}export.json")
    connected.fail("/acme/events/", times=None, status=429, headers={"Retry-After": "90"})
    for customer in ("3", "4"):
        ana.get(look_up(ana, customer=customer))
    client.post("/accounts/login/", {"login": "ana", "password": "wrong"})
    found = samples(client)
    for name, value in {
        'triage_lookups_total{origin="web",outcome="found"}': 2,
        'triage_lookups_total{origin="cli",outcome="nothing"}': 1,
        'triage_lookups_total{origin="web",outcome="failed"}': 2,
        'triage_lookup_duration_seconds_count{cache="hit"}': 1,
        'triage_lookup_duration_seconds_count{cache="miss"}': 4,
        'triage_sentry_requests_total{status="5xx"}': 1,
        'triage_sentry_requests_total{status="429"}': 1,
        "triage_sentry_retries_total": 1,
        'triage_sentry_calls_held_total{reason="rate_limit"}': 1,
        'triage_exports_total{format="json",of="lookup",redacted="yes"}': 1,
        'triage_sign_in_failures_total{how="password"}': 1,
    }.items():
        assert found.get(name) == value, (name, found)
    assert found["triage_sentry_retry_wait_seconds_total"] > 0
    assert found['triage_sentry_requests_total{status="2xx"}'] > 3
    assert found["triage_sentry_request_duration_seconds_sum"] > 0
    assert found["triage_cache_up"] == 1


def test_states_are_those_of_now(metered: None, connected: DemoSentry, client: Client) -> None:
    assert "triage_worker_last_seen_seconds" not in samples(client)
    earlier = timezone.now() - timedelta(hours=1)
    Job.objects.create(kind="test", due_at=earlier)
    Job.objects.create(kind="test", key="later", due_at=timezone.now() + timedelta(hours=1))
    Job.objects.create(kind="test", key="failed", state="failed")
    Worker.objects.create(name="one", seen_at=earlier)
    pace = f"pace/{_fingerprint(sentry_config())}"
    cache.put(f"{pace}/rest", [0, 15.0], 60)
    cache.put(f"{pace}/slot/2", "token", 60)
    cache.put(f"{pace}/slot/5", "token", 60)
    found = samples(client)
    assert found['triage_jobs{state="due"}'] == found['triage_jobs{state="failed"}'] == 1
    assert found['triage_jobs{state="waiting"}'] == 2
    assert 3600 <= found["triage_jobs_oldest_due_seconds"] < 3700
    assert 3600 <= found["triage_worker_last_seen_seconds"] < 3700
    assert "triage_workers" not in found
    assert found["triage_sentry_circuit_open"] == 1
    assert found['triage_sentry_slots_in_use{kind="lookups"}'] == 1
    assert found['triage_sentry_slots_in_use{kind="incidents"}'] == 1


PLANTED = "planted"
HOSTILE = (
    f"{PLANTED}-1@example.org",
    f'{PLANTED}"}} 1\ntriage_up{{a="{PLANTED}',
    f"{PLANTED}|found",
    f"{PLANTED} ünï{{}}",
)


def test_nothing_typed_or_received_is_in_the_metrics(
    metered: None,
    ana: Client,  # noqa: F811
    connected: DemoSentry,
    client: Client,
    admin: User,
) -> None:
    for hostile in HOSTILE:
        connected.world.add_event(
            user_id=hostile, email=hostile, timestamp=MOMENT, exception=(hostile, hostile)
        )
        address = look_up(ana, customer=hostile.replace("\n", " "), reason=hostile)
        ana.get(address)
        ana.get(f"{address}export.md", {"preset": hostile, "format": hostile})
        ana.post(f"{address}copied/", {"format": hostile, "preset": hostile})
        client.post("/accounts/login/", {"login": hostile, "password": hostile})
        client.get(f"/{PLANTED}", headers={"User-Agent": PLANTED})
        client.get("/api/v1/lookups/", headers={"Authorization": f"Bearer {PLANTED}"})
        client.generic(PLANTED.upper(), "/")
        ana.post("/incidents/", {"customers": hostile, "at": MOMENT.isoformat(), "window": 5})
    connected.fail("/acme/events/", times=None, status=418, body=PLANTED)
    ana.get(look_up(ana, customer=HOSTILE[0], window=7))
    signed_in(admin).get(f"/review/{PLANTED}/")
    hashes = {one.customer_hash for one in Lookup.objects.all()} | {
        hashlib.sha256(one.encode()).hexdigest() for one in HOSTILE
    }
    for accept in ("text/plain", OPEN_METRICS):
        text = read(client, Accept=accept).content.decode()
        for planted in (PLANTED, PLANTED.upper(), *hashes, "1001", "ana", "127.0.0.1", "acme"):
            assert not re.search(rf"\b{planted}", text, re.IGNORECASE), planted
        assert text.isascii()


def test_a_value_that_is_not_listed_counts_as_other(metered: None, client: Client) -> None:
    LOOKUPS.add("web", f"{PLANTED}|x")
    assert samples(client)['triage_lookups_total{origin="web",outcome="other"}'] == 1
    assert PLANTED not in read(client).content.decode()


def test_both_formats_are_valid_and_start_at_zero(metered: None, client: Client) -> None:
    plain = read(client)
    families = {one.name: one for one in text_string_to_metric_families(plain.content.decode())}
    assert plain["Content-Type"].startswith("text/plain; version=0.0.4")
    assert plain["Cache-Control"] == "no-store"
    found = {sample.name for family in families.values() for sample in family.samples}
    assert "triage_exports_total" in found
    for family in families.values():
        assert family.documentation.endswith("."), family.name
        assert re.fullmatch(r"triage_[a-z_]+", family.name)
        assert "other" not in {value for one in family.samples for value in one.labels.values()}
    open_metrics = read(client, Accept=OPEN_METRICS)
    assert open_metrics["Content-Type"].startswith(openmetrics.exposition.CONTENT_TYPE_LATEST[:28])
    parse: Any = openmetrics_parser.text_string_to_metric_families
    assert len(list(parse(open_metrics.content.decode()))) == len(families)


def test_buckets_are_cumulative(metered: None, client: Client) -> None:
    for seconds in (0.05, 0.1, 0.11, 7, 1000):
        _SECONDS.observe(seconds, "hit")
    found = samples(client)
    name = "triage_lookup_duration_seconds"
    buckets = {
        limit: found.get(f'{name}_bucket{{cache="hit",le="{limit}"}}', 0.0)
        for limit in ("0.1", "0.25", "5.0", "10.0", "30.0", "+Inf")
    }
    expected = {"0.1": 2, "0.25": 3, "5.0": 3, "10.0": 4, "30.0": 4, "+Inf": 5}
    assert buckets == expected
    assert found[f'{name}_sum{{cache="hit"}}'] == pytest.approx(1007.26)


def test_processes_add_up_whichever_is_read(metered: None, client: Client) -> None:
    rows = {"triage_exports|lookup|json|yes": 2.0}
    for _process in range(3):
        other = metrics._Pending(has_thread=True)
        other.add(rows)
        other.flush()
        other.flush()
    name = 'triage_exports_total{format="json",of="lookup",redacted="yes"}'
    assert samples(client)[name] == samples(client)[name] == 6


def test_counts_wait_for_a_lost_database(metered: None, client: Client) -> None:
    EXPORTS.add("lookup", "json", "yes")
    with patch.object(connection, "cursor", side_effect=OperationalError):
        with suppress(OperationalError):
            metrics._pending.flush()
        response = client.get("/metrics", headers=ALLOWED)
    assert response.status_code == 503
    name = 'triage_exports_total{format="json",of="lookup",redacted="yes"}'
    assert samples(client)[name] == 1


def test_a_scrape_takes_few_queries(
    metered: None, client: Client, django_assert_max_num_queries: Any
) -> None:
    read(client)
    with django_assert_max_num_queries(3):
        read(client)
