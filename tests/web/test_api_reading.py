"""Stored results through the API, and what each token can do."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from apps.accounts.models import ApiToken
from apps.audit.models import Action, Entry
from apps.lookups.models import ExportRecord, Lookup, Outcome
from apps.lookups.services import purge_answers
from tests.conftest import MOMENT, lists_asked, signed_in
from tests.demo_sentry import DemoSentry
from tests.web.asking import form_data
from tests.web.known import entry
from tests.web.tokens import token_of

pytestmark = pytest.mark.django_db

REQUEST = {"customer": "1001", "at": MOMENT.isoformat()}


@pytest.fixture
def sentry(connected: DemoSentry) -> DemoSentry:
    connected.world.add_event(user_id="1001", timestamp=MOMENT, project="web")
    connected.world.add_event(user_id="1001", timestamp=MOMENT, project="secret")
    return connected


def post(token: str, **changes: object) -> Any:
    return Client().post(
        "/api/v1/lookups/",
        json.dumps({**REQUEST, **changes}),
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}", "X-Test": "1"},
        REMOTE_ADDR="192.0.2.7",
    )


def read(token: str, lookup_id: object, **query: str) -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    return Client().get(f"/api/v1/lookups/{lookup_id}/", query, headers=headers)


def test_stored_result_is_returned_without_querying_sentry(sentry: DemoSentry, agent: User) -> None:
    token = token_of(agent)
    first = post(token).json()
    calls = lists_asked(sentry)
    again = read(token, first["lookup_id"])
    assert again.status_code == 200
    assert again["Cache-Control"] == "no-store"
    assert again.json()["events"] == first["events"]
    assert lists_asked(sentry) == calls
    assert ExportRecord.objects.filter(origin="api").count() == 2


@pytest.mark.parametrize(
    ("export_format", "media_type", "expected"),
    [
        ("markdown", "text/markdown", "# "),
        ("json", "application/json", "triage.lookup/1"),
    ],
)
def test_result_is_available_in_other_formats(
    sentry: DemoSentry, agent: User, export_format: str, media_type: str, expected: str
) -> None:
    token = token_of(agent)
    response = read(token, post(token).json()["lookup_id"], format=export_format)
    assert response["Content-Type"].partition(";")[0] == media_type
    assert expected in response.content.decode()
    refused = read(token, Lookup.objects.get().uuid, format="pdf")
    assert (refused.status_code, refused.json()["code"]) == (400, "bad_input")


def test_another_persons_lookup_is_not_found(
    sentry: DemoSentry, agent: User, other_agent: User, admin: User
) -> None:
    lookup_id = post(token_of(agent)).json()["lookup_id"]
    refused = read(token_of(other_agent), lookup_id)
    missing = read(token_of(other_agent), "00000000-0000-4000-8000-000000000000")
    assert (refused.status_code, refused.content) == (404, missing.content)
    assert read(token_of(admin), lookup_id).status_code == 200


def test_unavailable_result_says_why(sentry: DemoSentry, agent: User) -> None:
    token = token_of(agent)
    signed_in(agent).post("/lookups/", form_data())
    lookup = Lookup.objects.get()
    assert read(token, lookup.uuid).json()["code"] == "not_kept"
    assert lists_asked(sentry) == 0
    Lookup.objects.update(outcome=Outcome.CANCELLED)
    assert read(token, lookup.uuid).json()["code"] == "cancelled"
    purge_answers([lookup])
    assert read(token, lookup.uuid).status_code == 410


def test_token_is_limited_to_its_scopes(sentry: DemoSentry, agent: User) -> None:
    lookup_token, read_token = token_of(agent, scopes=["lookup"]), token_of(agent, scopes=["read"])
    lookup_id = post(lookup_token).json()["lookup_id"]
    assert read(read_token, lookup_id).status_code == 200
    for refused, scope in ((read(lookup_token, lookup_id), "read"), (post(read_token), "lookup")):
        assert (refused.status_code, refused.json()["code"]) == (403, "missing_scope")
        assert f'scope="{scope}"' in refused["WWW-Authenticate"]
    assert Lookup.objects.count() == 1


def test_token_is_limited_to_its_projects(sentry: DemoSentry, agent: User) -> None:
    narrow, wide = token_of(agent, projects=["web"]), token_of(agent)
    data = post(narrow).json()
    assert {event["project"] for event in data["events"]} == {"web"}
    assert post(narrow, projects=["web", "secret"]).json()["code"] == "project_not_allowed"
    refusal = Entry.objects.get(action=Action.REFUSED)
    assert (refusal.actor, refusal.origin) == ("ana", "api")
    assert refusal.target == "page api:lookups"
    assert read(narrow, data["lookup_id"]).status_code == 200
    part = read(narrow, post(wide).json()["lookup_id"]).json()
    assert {event["project"] for event in part["events"]} == {"web"}
    assert (part["complete"], part["notices"][0]["code"]) == (False, "other_projects")


def test_token_never_exceeds_its_owners_permissions(
    sentry: DemoSentry, agent: User, outsider: User
) -> None:
    assert post(token_of(outsider)).status_code == 403
    token = token_of(agent)
    assert post(token).status_code == 200
    agent.groups.clear()
    assert post(token).status_code == 403
    assert read(token, Lookup.objects.get().uuid).status_code == 403


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"expires_at": timezone.now() - timedelta(seconds=1)}, "token_expired"),
        ({"revoked_at": MOMENT}, "no_access"),
        ({"expires_at": MOMENT, "revoked_at": MOMENT}, "no_access"),
    ],
)
def test_expired_or_revoked_token_is_refused_immediately(
    sentry: DemoSentry, agent: User, change: dict[str, Any], code: str
) -> None:
    token = token_of(agent)
    assert post(token).status_code == 200
    ApiToken.objects.update(**change)
    refused = post(token)
    assert (refused.status_code, refused.json()["code"]) == (401, code)
    assert 'error="invalid_token"' in refused["WWW-Authenticate"]
    assert post(token[:-1]).json()["code"] == "no_access"


def test_inactive_persons_token_is_refused(sentry: DemoSentry, agent: User) -> None:
    token = token_of(agent)
    agent.is_active = False
    agent.save()
    assert post(token).json()["code"] == "no_access"
    assert post("").status_code == 401
    assert post("triage_\N{SNOWMAN}".encode().decode("latin-1")).status_code == 401


def test_last_use_is_recorded_with_ip_address(sentry: DemoSentry, agent: User) -> None:
    post(token_of(agent))
    used = ApiToken.objects.get()
    assert used.last_used_at is not None
    assert used.last_used_from == "192.0.2.7"


def test_refusals_are_recorded_without_the_token_and_unknown_tokens_once(
    sentry: DemoSentry, agent: User
) -> None:
    token = token_of(agent, revoked_at=MOMENT)
    for _ in range(3):
        post(token)
        post("triage_guessed")
    entries = Entry.objects.filter(action=Action.REFUSED)
    assert sorted(entry.detail["why"] for entry in entries) == ["revoked"] * 3 + ["unknown"]
    assert "guessed" not in repr(list(entries.values()))
    assert token not in repr(list(entries.values()))


def test_only_the_token_hash_is_stored(agent: User) -> None:
    token = token_of(agent)
    record = ApiToken.objects.get()
    assert token not in repr(vars(record))
    assert len(record.token_hash) == 64


def test_what_assistants_can_read_can_be_read_through_the_api(
    sentry: DemoSentry, agent: User, other_agent: User
) -> None:
    entry(title="Cards are refused")
    token = token_of(agent, projects=["web"])
    found = post(token).json()
    [event] = found["events"]
    address = f"/api/v1/lookups/{found['lookup_id']}/events/{event['id']}/"

    def get(path: str, secret: str = token) -> Any:
        return Client().get(path, headers={"Authorization": f"Bearer {secret}"})

    one = get(address).json()
    assert [(each["id"], "frames" in str(each)) for each in one["events"]] == [(event["id"], True)]
    text = get(f"{address}?format=markdown&budget=1000")
    assert (text["Content-Type"], event["id"] in text.content.decode()) == ("text/markdown", True)
    [known] = get("/api/v1/known-errors/?words=cards").json()["known_errors"]
    assert (known["title"], "planned_for" in known) == ("Cards are refused", False)
    status = get("/api/v1/status/").json()
    assert (status["sentry"], status["projects"]) == ("ok", ["web"])
    actions = Entry.objects.order_by("sequence").values_list("action", flat=True)
    assert list(actions) == [
        *(Action.LOOKED_UP, Action.EXPORTED, Action.EXPORTED, Action.EXPORTED),
        *(Action.REVIEWED, Action.REVIEWED),
    ]
    only_read, only_look_up = token_of(agent, scopes=["read"]), token_of(agent, scopes=["lookup"])
    rows = [
        (get(address.replace(event["id"], "0" * 32)), 404, "no_such_event"),
        (get(address, token_of(other_agent)), 404, "no_such_lookup"),
        (get(address, only_read), 403, "missing_scope"),
        (get("/api/v1/known-errors/", only_look_up), 403, "missing_scope"),
        (get("/api/v1/status/", only_look_up), 403, "missing_scope"),
        (get(f"/api/v1/known-errors/?words={'x' * 201}"), 400, "bad_input"),
        (get("/api/v1/known-errors/?word=card"), 400, "bad_input"),
        (get(f"{address}?budget=1"), 400, "bad_input"),
    ]
    for response, expected, code in rows:
        assert (response.status_code, response.json()["code"]) == (expected, code)
