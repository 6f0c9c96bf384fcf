"""Every URL, role, and method against the table in `matrix`."""

import re
from collections.abc import Iterator
from copy import deepcopy
from datetime import timedelta
from fnmatch import fnmatchcase
from functools import cache
from typing import Any
from unittest.mock import patch

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.cache import caches
from django.db import transaction
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from apps.accounts.models import ApiToken, Invitation
from apps.accounts.tokens import set_new_link, set_new_token
from apps.answers.models import Handover
from apps.demo.world import World
from apps.incidents.models import Incident
from apps.lookups.access import Requester, share_lookup
from apps.lookups.models import Lookup, Origin
from apps.web.api import api
from tests.conftest import person, signed_in
from tests.demo_sentry import DemoSentry
from tests.known_errors.entries import create_entry
from tests.web.asking import look_up
from tests.web.matrix import ROWS, row_of
from tests.web.matrix_cells import METHODS, PEOPLE, Row
from tests.web.teams import team

NOT_FORBIDDEN = frozenset((400, 404, 405, 409, 410, 415, 429))


def addresses(patterns: Any = None, prefix: str = "") -> Iterator[str]:
    """Yield every URL pattern of the site, without regular expression syntax."""
    for one in get_resolver().url_patterns if patterns is None else patterns:
        route = prefix + re.sub(r"^\^|\$$|\\Z$", "", str(one.pattern))
        route = re.sub(r"\(\?P(<\w+>)[^)]*\)", r"\1", route)
        if isinstance(one, URLResolver):
            yield from addresses(one.url_patterns, route)
        elif isinstance(one, URLPattern):
            yield route


ADDRESSES = sorted(set(addresses()))


def test_every_url_has_a_row() -> None:
    assert [address for address in ADDRESSES if row_of(address) is None] == []


def test_every_row_matches_a_url() -> None:
    unused = [
        one
        for row in ROWS
        for one in row.addresses
        if not any(fnmatchcase(address, one) for address in ADDRESSES)
    ]
    assert unused == []


class Site:
    """One lookup, a person for each role, and requests on their behalf."""

    def __init__(self, demo: DemoSentry) -> None:
        self.event = demo.world.add_event(user_id="1001", project="web").id
        self.people: dict[str, User] = {
            "outsider": person("otto"),
            "owner": person("ana", "agent"),
            "other": person("ben", "agent"),
            "reader": person("kim", "agent"),
            "lead": person("lea", "lead"),
            "other lead": person("lou", "lead"),
            "admin": person("ada", "admin"),
            "auditor": person("uli", "auditor"),
        }
        people = self.people
        team(
            "One",
            ["web"],
            people["owner"],
            people["lead"],
            people["reader"],
            people["outsider"],
            people["auditor"],
        )
        team("Two", ["web"], people["other"], people["other lead"])
        client = signed_in(people["owner"])
        client.get(look_up(client, customer=self.event))
        self.lookup = Lookup.objects.get()
        share_lookup(
            self.lookup, people["reader"], requester=Requester(Origin.WEB, people["owner"])
        )
        client.post(f"/lookups/{self.lookup.uuid}/copied/", {"format": "markdown"})
        self.incident = Incident.objects.create(
            marker="d51b2a907f3ec846",
            user=people["owner"],
            moment=self.lookup.moment,
            minutes=5,
            zone="UTC",
            expires_at=timezone.now() + timedelta(days=1),
        )
        share_lookup(
            self.incident, people["reader"], requester=Requester(Origin.WEB, people["owner"])
        )
        Handover.objects.create(lookup=self.lookup, kind="reply", state=Handover.State.SENT)
        invitation = Invitation(name="Kim", invited_by=people["admin"])
        set_new_link(invitation)
        invitation.save()
        create_entry()
        token = ApiToken(name="program", user=people["owner"], scopes=["lookup", "read"])
        self.token = set_new_token(token)
        token.save()
        self.clients = {role: Client(raise_request_exception=False) for role in PEOPLE}
        for role, user in people.items():
            self.clients[role].force_login(user)
        self.paths = {address: self.fill(address) for address in ADDRESSES}

    def request(self, role: str, method: str, address: str, row: Row) -> str:
        """Send a request, roll it back, and return the status (`login` if redirected there)."""
        client = self.clients[role]
        cookies = deepcopy(client.cookies)
        for one in caches.all():
            one.clear()  # resets rate limits
        with transaction.atomic():
            response = self._send(client, role, method, address, row)
            transaction.set_rollback(True)
        client.cookies = cookies
        is_to_login = response.status_code in (302, 303) and "login" in response["Location"]
        return "login" if is_to_login else str(response.status_code)

    def _send(self, client: Client, role: str, method: str, address: str, row: Row) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"} if role == "token" else {}
        path = self.paths[address]
        if method != "POST":
            return client.generic(method, path, headers=headers)
        if address.startswith("api/"):
            return client.post(path, {}, content_type="application/json", headers=headers)
        return client.post(path, row.sent, headers=headers)

    def fill(self, address: str) -> str:
        """Return the path with the IDs of existing objects."""
        label = re.match(r"admin/(\w+)/(\w+)/.*<", address)
        model = apps.get_model(label[1], label[2]) if label else Lookup
        first = model._default_manager.order_by("pk").first()
        values = {
            "lookup_id": self.lookup.uuid,
            "incident_id": self.incident.uuid,
            "event_id": self.event,
            "issue_id": "1",
            "suffix": "md",
            "object_id": first.pk if first else 1,
            "entry_id": first.pk if first else 1,
            "content_type_id": 1,
            "app_label": "lookups",
            "url": "nowhere/",
            "pk": 1,
            "provider_id": "sso",
            "token": "none",
            "uidb36": "1",
            "key": "none",
        }
        return "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(values[found[1]]), address)


@pytest.fixture(scope="module")
def site(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Site]:
    """One site for the whole table, in a transaction that is rolled back.

    Everybody gets the same OpenAPI document, which takes a second to build.
    """
    document = cache(api.get_openapi_schema)
    with (
        DemoSentry(World()) as demo,
        override_settings(
            SENTRY_BASE_URL=demo.url, SENTRY_ORG="acme", SENTRY_AUTH_TOKEN="demo-token"
        ),
        patch.object(api, "get_openapi_schema", lambda **_path: document()),
        django_db_blocker.unblock(),
        transaction.atomic(),
    ):
        yield Site(demo)
        transaction.set_rollback(True)


@pytest.mark.parametrize("role", PEOPLE)
@pytest.mark.parametrize("method", METHODS)
def test_each_url_responds_as_listed(method: str, role: str, site: Site) -> None:
    failures = []
    for address in ADDRESSES:
        row = row_of(address)
        assert row is not None
        expected = row.cells(method)[role]
        status = site.request(role, method, address, row)
        if not matches(expected, status):
            failures.append(f"{method} {address} as {role}: {status} instead of {expected}")
    assert not failures, "\n".join(failures)


def matches(expected: str, status: str) -> bool:
    """Return whether the status matches the table cell."""
    if expected == "?":
        return status == "login" or int(status) in NOT_FORBIDDEN
    if expected == "302":
        return status == "login"
    if not status.isdigit():
        return False
    if expected in ("in", "~"):
        return int(status) < 400 or (expected == "~" and int(status) in NOT_FORBIDDEN)
    return status == expected


def test_every_row_covers_every_role() -> None:
    for row in ROWS:
        for method in METHODS:
            assert tuple(row.cells(method)) == PEOPLE
