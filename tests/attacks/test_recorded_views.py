"""Every page that shows a customer or an event of somebody's lookup is in the audit trail."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import get_resolver

from apps.audit.models import Action, Entry
from apps.lookups.models import Lookup
from tests.attacks.test_forgery import all_routes
from tests.conftest import MOMENT, signed_in
from tests.demo_sentry import DemoSentry
from tests.web.asking import look_up, text

pytestmark = pytest.mark.django_db

CUSTOMER, ERROR = "kim-4711", "Zebrafish"
SENT = {"move": "wider", "kind": "reply", "format": "json", "reason": "Ticket 1"}


def test_lead_leaves_a_trace_wherever_somebody_elses_customer_shows(
    connected: DemoSentry, ana: Client, admin: User
) -> None:
    event = connected.world.add_event(
        user_id=CUSTOMER, timestamp=MOMENT, exception=("Broke", ERROR)
    )
    routes = [route for route in all_routes(get_resolver().url_patterns) if "lookup_id" in route]
    assert len(routes) > 20
    reader = signed_in(admin)
    ana.get(look_up(ana, customer=CUSTOMER))
    traces = Entry.objects.none()
    untraced = []
    for route in routes:
        for method in (reader.get, reader.post):
            if traces.exists():
                ana.get(look_up(ana, customer=CUSTOMER))
            lookup = Lookup.objects.latest("pk")
            path = route.replace("<uuid:lookup_id>", str(lookup.uuid))
            path = re.sub(r"<slug:suffix>", "md", path.replace("<slug:event_id>", event.id))
            shown = text(method(f"/{path}", SENT))
            traces = Entry.objects.filter(target=lookup.audit_target, actor_id=admin.pk)
            if (CUSTOMER in shown or ERROR in shown) and not traces.exists():
                untraced.append((method.__name__, route))
    assert untraced == []
    assert Entry.objects.filter(action=Action.VIEWED, detail__page="sharing").exists()


def test_admin_leaves_a_trace_wherever_manage_shows_a_customer(
    connected: DemoSentry, ana: Client, admin: User
) -> None:
    connected.world.add_event(user_id=CUSTOMER, timestamp=MOMENT, exception=("Broke", ERROR))
    address, reader = look_up(ana, customer=CUSTOMER), signed_in(admin)
    for page in (address, f"{address}export.md"):
        ana.get(page)
    shown, untraced = set(), []
    for route in all_routes(get_resolver().url_patterns):
        path = re.sub(r"<[^>]+>", "1", route)
        if not path.startswith(("admin/", "review/")) or "(" in path:
            continue
        before = Entry.objects.count()
        response = reader.get(f"/{path}")
        if not response.streaming and re.search(f"{CUSTOMER}|{ERROR}", text(response)):
            shown.add(path)
            untraced += [path] if Entry.objects.count() == before else []
    assert untraced == []
    assert "admin/lookups/lookup/" in shown
