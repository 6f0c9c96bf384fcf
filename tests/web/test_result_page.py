"""The cached page of a result: never stale, never another reader's."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.audit.models import Action, Entry
from apps.lookups import cache, store
from apps.lookups.models import ExportPreset, Lookup
from apps.lookups.services import purge_answers
from apps.web.result_page import OF_SITE, RIGHTS
from tests.conftest import person, signed_in
from tests.demo_sentry import DemoSentry
from tests.web.asking import look_up, text
from tests.web.known import entry
from tests.web.pages import Page
from tests.web.teams import HIDDEN, errors_in_two_projects, team

pytestmark = pytest.mark.django_db

# Session, account, permissions, lookup, audit trail (5), teams, previous lookup, feedback, presets,
# sharing, reason, and known errors.
MOST_QUERIES = 16
# The same with its own record, but without what only the page shows.
MOST_QUERIES_OF_AN_EXPORT = 15
# Session, account, permissions, teams, and recent and shared lookups.
MOST_QUERIES_OF_THE_FORM = 6

_VARIES = re.compile(
    r'(?<=csrfmiddlewaretoken" value=")\w+|(?<=data-csrf=")\w+|just now|\d+ s ago'
    r'|<p class="note".*?</p>'
)


def shown(client: Client, address: str) -> str:
    """Return the page without what differs between any two requests."""
    return _VARIES.sub("", text(client.get(address)))


def rendered_anew(client: Client, address: str) -> str:
    """Return the page as it is when nothing but the snapshot is stored."""
    for key in _keys():
        cache.delete(key)
    return shown(client, address)


def _keys() -> list[str]:
    lookup = Lookup.objects.get()
    return [key for key in store.keys_of_lookup(lookup) if key.endswith(f"/{lookup.uuid}")]


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_pages_rarely_read_the_database(ana: Client) -> None:
    address = look_up(ana)
    ana.get(address)
    assert queries(ana, address) <= MOST_QUERIES
    assert queries(ana, "/") <= MOST_QUERIES_OF_THE_FORM
    assert queries(ana, f"{address}export.md") <= MOST_QUERIES_OF_AN_EXPORT


def test_stored_page_follows_each_change(ana: Client, agent: User, lead: User) -> None:
    address = look_up(ana)

    def give_feedback() -> None:
        hidden = [one for one in Page(text(ana.get(address))).all("input") if "value" in one]
        names = {one["name"]: one["value"] for one in hidden if one["name"] in ("issue", "known")}
        ana.post(f"{address}known/feedback/", {**names, "helped": "yes"})

    def allow(name: str) -> None:
        agent.user_permissions.add(Permission.objects.get(codename=name))

    def welcome_colleague() -> None:
        person("new-colleague", "agent")
        cache.delete("share/choices")  # as after a minute

    changes: dict[str, Callable[[], object]] = {
        "right to add known errors": lambda: allow("add_knownerror"),
        "known error": entry,
        "feedback": give_feedback,
        "filter": lambda: ana.post(f"{address}shown/", {"text": "nothing like it"}),
        "no filter": lambda: ana.post(f"{address}shown/", {"text": ""}),
        "time zone": lambda: ana.post(
            "/accounts/preferences/", {"time_zone": "Asia/Tokyo", "shortcuts": "on"}
        ),
        "shortcuts": lambda: ana.post("/accounts/preferences/", {"time_zone": "Asia/Tokyo"}),
        "prompt": lambda: ExportPreset.objects.filter(name="bug").update(label="Another label"),
        "share": lambda: ana.post(f"{address}share/", {"reader": "lea", "days": ""}),
        "colleague": welcome_colleague,
        "right to export": lambda: allow("export_unredacted"),
        "right to review": lambda: allow("view_lookup"),
    }
    for what, change in changes.items():
        before = shown(ana, address)
        assert len(cache.get_many(_keys())) == 2, what
        assert shown(ana, address) == before, what
        change()
        after = shown(ana, address)
        assert after != before, what
        assert after == rendered_anew(ana, address), what


def test_choice_opens_the_export(ana: Client) -> None:
    address = look_up(ana)
    for _ in range(2):
        assert 'id="export" data-export' in text(ana.get(address))
        assert 'id="export" open data-export' in text(ana.get(address, {"preset": "bug"}))


def test_result_templates_use_nothing_of_the_request() -> None:
    """What they don't get explicitly is empty, and never part of the key."""
    given = {*OF_SITE, *(f"perms.{app}.{name}" for app, name in RIGHTS)}
    of_request = r"request|user|messages|demo|home|theme|site_origin|can_\w+|perms[.\w]+"
    waiting, seen = ["lookups/_result.html"], set[str]()
    while waiting:
        seen.add(name := waiting.pop())
        source = (settings.BASE_DIR / "templates" / name).read_text()
        waiting += set(re.findall(r'{% include "(.*?)"', source)) - seen
        for tag in re.findall(r"{[{%].*?[}%]}", source):
            used = set(re.findall(rf"(?<![.\w'/])(?:{of_request})\b", tag))
            assert used <= given, f"{name}: {tag}"
    assert len(seen) > 20


def test_stored_page_shows_its_age_at_each_request(ana: Client) -> None:
    address = look_up(ana)
    ana.get(address)
    Lookup.objects.update(from_cache=True)
    assert re.search(r"<li>from cache, \d+ s old</li>", text(ana.get(address)))


def test_stored_page_of_one_reader_is_not_shown_to_another(
    connected: DemoSentry, lead: User
) -> None:
    errors_in_two_projects(connected.world)
    team("all", ["web", "api-secret"], lead)
    team("web", ["web"], person("other-lead", "lead"))
    owner, other = signed_in(lead), signed_in(User.objects.get(username="other-lead"))
    address = look_up(owner)
    owner.post(f"{address}share/", {"reader": "other-lead", "days": ""})
    for _ in range(2):
        whole, part = text(owner.get(address)), text(other.get(address))
        for hidden in HIDDEN:
            assert hidden in whole
            assert hidden not in part
        assert "Stop sharing with other-lead" in whole
        assert "Stop sharing" not in part


def test_stored_page_has_the_token_of_its_own_session(ana: Client, agent: User) -> None:
    address = look_up(ana)
    ana.get(address)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(agent)
    for _ in range(2):
        (panel,) = [tag for _, tag in Page(text(strict.get(address))).tags if "data-csrf" in tag]
        token = {"X-CSRFToken": panel["data-csrf"]}
        assert strict.post(f"{address}copied/", headers=token).status_code == 204


def test_each_view_of_a_stored_page_is_recorded_and_needs_the_right(
    ana: Client, other_agent: User
) -> None:
    address = look_up(ana)
    for count in (1, 2, 3):
        ana.get(address)
        assert Entry.objects.filter(action=Action.VIEWED).count() == count
    assert signed_in(other_agent).get(address).status_code == 404


def test_stored_page_ends_with_its_result(ana: Client) -> None:
    address = look_up(ana)
    ana.get(address)
    (lookup,), content = Lookup.objects.all(), cache.get_many(_keys())
    assert len(content) == len(_keys())
    purge_answers([lookup])
    assert not cache.get_many(_keys())
    for key, value in content.items():  # a copy that was stored too late
        cache.put(key, value, 60)
    assert ana.get(address).status_code == 410


def test_stored_page_is_not_shown_after_its_retention(ana: Client) -> None:
    address = look_up(ana)
    ana.get(address)
    Lookup.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert ana.get(address).status_code == 410


def test_stored_page_is_encrypted(ana: Client) -> None:
    ana.get(look_up(ana))
    for key in _keys():
        assert "declined" not in str(cache.get(key))
        assert b"declined" in (cache.get_sealed_bytes(key) or b"")
