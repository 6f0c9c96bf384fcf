"""Every URL of the site with hostile values in its path, query, and form: never a 500."""

import re
import uuid
from collections.abc import Iterator, Sequence

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from hypothesis import HealthCheck, Phase, given, seed, strategies
from hypothesis import settings as bounded

from apps.lookups.models import Lookup
from tests.conftest import MOMENT, signed_in
from tests.demo_sentry import DemoSentry
from tests.web.asking import look_up

pytestmark = pytest.mark.django_db

EXAMPLES = 250
NAMES = (
    *("customer", "at", "window", "zone", "project", "environment", "format", "budget", "preset"),
    *("issue", "q", "o", "p", "page", "action", "_selected_action", "text", "move", "next", "find"),
    *("username", "password", "time_zone", "theme", "name", "user", "scopes", "days", "projects"),
    *(
        "_popup",
        "_to_field",
        "app_label",
        "model_name",
        "field_name",
        "term",
        "state",
        "created_at__year",
    ),
)
HOSTILE = (
    *("", "1", "-1", "0", "9" * 30, "1e999", "nan", "null", "[]", "{}", "true", "1001", "a,b"),
    *(
        "../../etc/passwd",
        "%00",
        "\x00",
        "\ud7ff",
        "\U0001f4a5",
        "\u202e",
        "\x1b[31m",
        "\r\nSet-Cookie: a=b",
    ),
    *("' OR 1=1 --", "<script>alert(1)</script>", "{{ 7*7 }}", "${7*7}", "=1+1", "//evil.example"),
    *("x" * 5000, MOMENT.isoformat(), "9999-12-31T23:59:59+14:00", "0001-01-01", "Europe/Nowhere"),
)


def all_routes(
    patterns: Sequence[URLPattern | URLResolver] | None = None, prefix: str = "/"
) -> Iterator[str]:
    """Yield every route, with `<kind:name>` placeholders for values."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        route = f"{prefix}{str(pattern.pattern).lstrip('^')}"
        if isinstance(pattern, URLResolver):
            yield from all_routes(pattern.url_patterns, route)
        else:
            yield route


def fill_route(route: str, values: Iterator[str]) -> str:
    """Fill in the route's values and strip any regular expression syntax."""
    plain = re.sub(
        r"<[^>]+>", lambda _kind: next(values), re.sub(r"\(\?P<\w+>[^)]*\)", "<x>", route)
    )
    return re.sub(r"[\\$^]|\.\*", "", plain)


@pytest.fixture
def browsers(admin: User, agent: User, connected: DemoSentry) -> list[Client]:
    """Anonymous, agent, and admin browsers, after the agent looked up a customer."""
    connected.world.add_event(user_id="1001", timestamp=MOMENT)
    admin.is_superuser = True
    admin.save()
    ana = signed_in(agent)
    ana.get(look_up(ana))
    clients = [Client(), ana, signed_in(admin)]
    for client in clients:
        client.raise_request_exception = False
    return clients


def test_hostile_values_never_cause_a_server_error(browsers: list[Client], agent: User) -> None:
    routes = sorted({route for route in all_routes() if "logout" not in route})
    assert len(routes) > 40
    lookup_id = str(Lookup.objects.get().uuid)
    parts = strategies.sampled_from(
        (lookup_id, lookup_id, str(uuid.UUID(int=0)), "1", "json", "md", "0" * 32)
    )
    values = strategies.one_of(strategies.sampled_from(HOSTILE), strategies.text(max_size=40))
    form = strategies.dictionaries(strategies.sampled_from(NAMES), values, max_size=8)

    @seed(6)
    @bounded(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        client=strategies.sampled_from(browsers),
        route=strategies.sampled_from(routes),
        path=strategies.lists(parts, min_size=4, max_size=4),
        data=form,
        posts=strategies.booleans(),
    )
    def check(
        client: Client, route: str, path: list[str], data: dict[str, str], posts: bool
    ) -> None:
        address = fill_route(route, iter(path))
        response = client.post(address, data) if posts else client.get(address, data)
        assert response.status_code < 500, (address, posts, data)

    check()
