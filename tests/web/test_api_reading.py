"""Reading kept answers through the API, and what each token may."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from apps.accounts.models import ApiToken
from apps.audit.models import Action, Entry
from apps.demo.server import DemoSentry
from apps.lookups.models import ExportRecord, Lookup, Outcome
from apps.lookups.services import purge_answers
from tests.conftest import MOMENT, lists_asked, signed_in
from tests.web.asking import filled
from tests.web.tokens import token_of

pytestmark = pytest.mark.django_db

ASKED = {"customer": "1001", "at": MOMENT.isoformat()}


@pytest.fixture
def sentry(connected: DemoSentry) -> DemoSentry:
    connected.world.add_event(user_id="1001", timestamp=MOMENT, project="web")
    connected.world.add_event(user_id="1001", timestamp=MOMENT, project="secret")
    return connected


def ask(token: str, **changes: object) -> Any:
    return Client().post(
        "/api/v1/lookups/",
        json.dumps({**ASKED, **changes}),
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}", "X-Test": "1"},
        REMOTE_ADDR="192.0.2.7",
    )


def read(token: str, lookup_id: object, **query: str) -> Any:
    headers = {"Authorization": f"Bearer {token}"}
    return Client().get(f"/api/v1/lookups/{lookup_id}/", query, headers=headers)


def test_a_kept_answer_is_read_again_without_asking_and_recorded(
    sentry: DemoSentry, agent: User
) -> None:
    token = token_of(agent)
    first = ask(token).json()
    asked = lists_asked(sentry)
    again = read(token, first["lookup_id"])
    assert again.status_code == 200
    assert again["Cache-Control"] == "no-store"
    assert again.json()["events"] == first["events"]
    assert lists_asked(sentry) == asked
    assert ExportRecord.objects.filter(origin="api").count() == 2


@pytest.mark.parametrize(
    ("form", "media_type", "holds"),
    [
        ("markdown", "text/markdown", "# "),
        ("xml", "application/xml", "</"),
        ("json", "application/json", "triage.lookup/1"),
    ],
)
def test_an_answer_comes_in_other_forms_too(
    sentry: DemoSentry, agent: User, form: str, media_type: str, holds: str
) -> None:
    token = token_of(agent)
    response = read(token, ask(token).json()["lookup_id"], format=form)
    assert response["Content-Type"].partition(";")[0] == media_type
    assert holds in response.content.decode()
    refused = read(token, Lookup.objects.get().uuid, format="pdf")
    assert (refused.status_code, refused.json()["code"]) == (400, "bad_input")


def test_a_lookup_of_somebody_else_does_not_exist(
    sentry: DemoSentry, agent: User, other_agent: User, admin: User
) -> None:
    lookup_id = ask(token_of(agent)).json()["lookup_id"]
    refused = read(token_of(other_agent), lookup_id)
    nothing = read(token_of(other_agent), "00000000-0000-4000-8000-000000000000")
    assert (refused.status_code, refused.content) == (404, nothing.content)
    assert read(token_of(admin), lookup_id).status_code == 200


def test_what_was_never_answered_stopped_or_removed_says_so(
    sentry: DemoSentry, agent: User
) -> None:
    token = token_of(agent)
    signed_in(agent).post("/lookups/", filled())
    lookup = Lookup.objects.get()
    assert read(token, lookup.uuid).json()["code"] == "not_kept"
    assert lists_asked(sentry) == 0
    Lookup.objects.update(outcome=Outcome.CANCELLED)
    assert read(token, lookup.uuid).json()["code"] == "cancelled"
    purge_answers([lookup])
    assert read(token, lookup.uuid).status_code == 410


def test_a_token_does_only_what_it_was_made_for(sentry: DemoSentry, agent: User) -> None:
    asking, reading = token_of(agent, scopes=["lookup"]), token_of(agent, scopes=["read"])
    lookup_id = ask(asking).json()["lookup_id"]
    assert read(reading, lookup_id).status_code == 200
    for refused, scope in ((read(asking, lookup_id), "read"), (ask(reading), "lookup")):
        assert (refused.status_code, refused.json()["code"]) == (403, "missing_scope")
        assert f'scope="{scope}"' in refused["WWW-Authenticate"]
    assert Lookup.objects.count() == 1


def test_a_token_for_one_project_sees_that_one_alone(sentry: DemoSentry, agent: User) -> None:
    narrow, wide = token_of(agent, projects=["web"]), token_of(agent)
    answer = ask(narrow).json()
    assert {event["project"] for event in answer["events"]} == {"web"}
    assert ask(narrow, projects=["web", "secret"]).json()["code"] == "project_not_allowed"
    assert read(narrow, answer["lookup_id"]).status_code == 200
    part = read(narrow, ask(wide).json()["lookup_id"]).json()
    assert {event["project"] for event in part["events"]} == {"web"}
    assert (part["complete"], part["notices"][0]["code"]) == (False, "other_projects")


def test_a_token_is_never_mightier_than_its_person(
    sentry: DemoSentry, agent: User, outsider: User
) -> None:
    assert ask(token_of(outsider)).status_code == 403
    token = token_of(agent)
    assert ask(token).status_code == 200
    agent.groups.clear()
    assert ask(token).status_code == 403
    assert read(token, Lookup.objects.get().uuid).status_code == 403


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"expires_at": timezone.now() - timedelta(seconds=1)}, "token_expired"),
        ({"revoked_at": MOMENT}, "no_access"),
        ({"expires_at": MOMENT, "revoked_at": MOMENT}, "no_access"),
    ],
)
def test_an_end_holds_at_once_and_only_the_holder_learns_of_it(
    sentry: DemoSentry, agent: User, change: dict[str, Any], code: str
) -> None:
    token = token_of(agent)
    assert ask(token).status_code == 200
    ApiToken.objects.update(**change)
    refused = ask(token)
    assert (refused.status_code, refused.json()["code"]) == (401, code)
    assert 'error="invalid_token"' in refused["WWW-Authenticate"]
    assert ask(token[:-1]).json()["code"] == "no_access"


def test_whoever_may_not_sign_in_any_more_has_no_token_either(
    sentry: DemoSentry, agent: User
) -> None:
    token = token_of(agent)
    agent.is_active = False
    agent.save()
    assert ask(token).json()["code"] == "no_access"
    assert ask("").status_code == 401
    assert ask("triage_\N{SNOWMAN}".encode().decode("latin-1")).status_code == 401


def test_the_last_use_is_noted_with_its_address(sentry: DemoSentry, agent: User) -> None:
    ask(token_of(agent))
    used = ApiToken.objects.get()
    assert used.last_used_at is not None
    assert used.last_used_from == "192.0.2.7"


def test_refused_tokens_are_recorded_without_the_token_and_not_endlessly(
    sentry: DemoSentry, agent: User
) -> None:
    token = token_of(agent, revoked_at=MOMENT)
    for _ in range(3):
        ask(token)
        ask("triage_guessed")
    entries = Entry.objects.filter(action=Action.REFUSED)
    assert sorted(entry.detail["why"] for entry in entries) == ["revoked"] * 3 + ["unknown"]
    assert "guessed" not in repr(list(entries.values()))
    assert token not in repr(list(entries.values()))


def test_only_the_hash_of_a_token_is_kept(agent: User) -> None:
    token = token_of(agent)
    record = ApiToken.objects.get()
    assert token not in repr(vars(record))
    assert len(record.token_hash) == 64
