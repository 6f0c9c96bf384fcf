"""Every address, each person, each method, against the table in `matrix`."""

import re
from collections.abc import Iterator
from copy import deepcopy
from fnmatch import fnmatchcase
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import transaction
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import DjangoDbBlocker

from apps.accounts.models import ApiToken, Invitation
from apps.accounts.tokens import set_new_link, set_new_token
from apps.answers.models import Handover
from apps.demo.server import DemoSentry
from apps.demo.world import World
from apps.lookups.access import Requester, share_lookup
from apps.lookups.models import Lookup, Origin
from tests.conftest import person, signed_in
from tests.known_errors.entries import create_entry
from tests.web.asking import look_up
from tests.web.matrix import ROWS, row_of
from tests.web.matrix_cells import METHODS, PEOPLE, Row
from tests.web.teams import team

LET_IN = frozenset((400, 404, 405, 409, 410, 415, 429))


def addresses(patterns: Any = None, before: str = "") -> Iterator[str]:
    """Every address of the site as its pattern reads, without the signs of a regular expression."""
    for one in get_resolver().url_patterns if patterns is None else patterns:
        route = before + re.sub(r"^\^|\$$|\\Z$", "", str(one.pattern))
        route = re.sub(r"\(\?P(<\w+>)[^)]*\)", r"\1", route)
        if isinstance(one, URLResolver):
            yield from addresses(one.url_patterns, route)
        elif isinstance(one, URLPattern):
            yield route


ADDRESSES = sorted(set(addresses()))


def test_every_address_stands_in_the_table() -> None:
    assert [address for address in ADDRESSES if row_of(address) is None] == []


def test_the_table_has_no_row_without_an_address() -> None:
    idle = [
        one
        for row in ROWS
        for one in row.addresses
        if not any(fnmatchcase(address, one) for address in ADDRESSES)
    ]
    assert idle == []


class Site:
    """One lookup, everybody who may meet it, and requests in their names."""

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
        of = self.people
        team("One", ["web"], of["owner"], of["lead"], of["reader"], of["outsider"], of["auditor"])
        team("Two", ["web"], of["other"], of["other lead"])
        client = signed_in(of["owner"])
        client.get(look_up(client, customer=self.event))
        self.lookup = Lookup.objects.get()
        share_lookup(self.lookup, of["reader"], requester=Requester(Origin.WEB, of["owner"]))
        client.post(f"/lookups/{self.lookup.uuid}/copied/", {"format": "markdown"})
        Handover.objects.create(lookup=self.lookup, kind="reply", state=Handover.State.SENT)
        invitation = Invitation(name="Kim", invited_by=of["admin"])
        set_new_link(invitation)
        invitation.save()
        create_entry()
        token = ApiToken(name="program", user=of["owner"], scopes=["lookup", "read"])
        self.token = set_new_token(token)
        token.save()
        self.clients = {who: Client(raise_request_exception=False) for who in PEOPLE}
        for who, user in of.items():
            self.clients[who].force_login(user)

    def ask(self, who: str, method: str, address: str, row: Row) -> str:
        """Send a request, undo what it changed; the status, `login` for a redirect to sign-in."""
        client = self.clients[who]
        cookies = deepcopy(client.cookies)
        cache.clear()  # limits count there
        with transaction.atomic():
            response = self._send(client, who, method, address, row)
            transaction.set_rollback(True)
        client.cookies = cookies
        is_to_login = response.status_code in (302, 303) and "login" in response["Location"]
        return "login" if is_to_login else str(response.status_code)

    def _send(self, client: Client, who: str, method: str, address: str, row: Row) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"} if who == "token" else {}
        path = f"/{self.filled(address)}"
        if method != "POST":
            return client.generic(method, path, headers=headers)
        if address.startswith("api/"):
            return client.post(path, {}, content_type="application/json", headers=headers)
        return client.post(path, row.sent, headers=headers)

    def filled(self, address: str) -> str:
        """The address of something that is there."""
        label = re.match(r"admin/(\w+)/(\w+)/.*<", address)
        model = apps.get_model(label[1], label[2]) if label else Lookup
        first = model._default_manager.order_by("pk").first()
        values = {
            "lookup_id": self.lookup.uuid,
            "event_id": self.event,
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
        return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(values[found[1]]), address)


@pytest.fixture(scope="module")
def site(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Site]:
    """One site for the whole table, in a transaction that ends with it."""
    with (
        DemoSentry(World()) as demo,
        override_settings(
            SENTRY_BASE_URL=demo.url, SENTRY_ORG="acme", SENTRY_AUTH_TOKEN="demo-token"
        ),
        django_db_blocker.unblock(),
        transaction.atomic(),
    ):
        yield Site(demo)
        transaction.set_rollback(True)


@pytest.mark.parametrize("who", PEOPLE)
@pytest.mark.parametrize("method", METHODS)
def test_each_address_answers_as_the_table_says(method: str, who: str, site: Site) -> None:
    wrong = []
    for address in ADDRESSES:
        row = row_of(address)
        assert row is not None
        expected = row.cells(method)[who]
        status = site.ask(who, method, address, row)
        if not fits(expected, status):
            wrong.append(f"{method} {address} as {who}: {status} instead of {expected}")
    assert not wrong, "\n".join(wrong)


def fits(expected: str, status: str) -> bool:
    """Whether an answer is what a cell of the table says."""
    if expected == "?":
        return status == "login" or int(status) in LET_IN
    if expected == "302":
        return status == "login"
    if not status.isdigit():
        return False
    if expected in ("in", "~"):
        return int(status) < 400 or (expected == "~" and int(status) in LET_IN)
    return status == expected


def test_the_table_names_everybody() -> None:
    for row in ROWS:
        for method in METHODS:
            assert tuple(row.cells(method)) == PEOPLE
