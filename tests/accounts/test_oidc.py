"""Single sign-on with a real provider over HTTP."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from apps.accounts.models import Team
from apps.audit.models import Action, Entry
from apps.signin.oidc_config import Oidc, allauth_providers
from tests.accounts.provider import Provider, begin, challenge_of, come_back, running, sign_on
from tests.conftest import person

pytestmark = pytest.mark.django_db

ROLES = {"support": "agent", "sre": "admin", "audit": "auditor"}


@pytest.fixture(scope="module")
def provider_process() -> Iterator[Provider]:
    """Run a provider on a free port."""
    with running() as started:
        yield started


@pytest.fixture
def provider(provider_process: Provider) -> Provider:
    """Return the provider as a new object, whose URL a test can change."""
    return Provider(provider_process.url)


@pytest.fixture
def site(provider: Provider, settings: Settings) -> Settings:
    """Configure the site for the provider."""
    configure(settings, provider)
    return settings


def configure(settings: Settings, provider: Provider, **changed: Any) -> None:
    defaults = {
        "issuer": provider.url,
        "client_id": "triage",
        "client_secret": "a secret",
        "name": "Acme",
        "allowed_domains": ("example.org",),
        "groups_claim": "groups",
        "roles": ROLES,
        "teams": False,
        "link_by_email": False,
    }
    oidc = Oidc(**{**defaults, **changed})
    settings.OIDC = oidc
    settings.SOCIALACCOUNT_PROVIDERS = allauth_providers(oidc)
    settings.SOCIALACCOUNT_EMAIL_AUTHENTICATION = oidc.link_by_email


def roles_of(name: str) -> set[str]:
    return set(User.objects.get(username=name).groups.values_list("name", flat=True))


def failures() -> list[Any]:
    entries = Entry.objects.filter(action=Action.SIGN_IN_FAILED)
    return [entry.detail["why"] for entry in entries]


def test_a_new_person_gets_an_account_with_the_roles_of_their_groups(
    site: Settings, provider: Provider, client: Client
) -> None:
    provider.knows("1", groups=["support", "kitchen"])
    assert b"Sign in with Acme" in client.get("/accounts/login/").content
    assert (
        sign_on(client, provider, "1", "/accounts/sessions/")["Location"] == "/accounts/sessions/"
    )
    assert roles_of("jo") == {"agent"}
    assert client.get("/accounts/sessions/").status_code == 200
    entry = Entry.objects.get(action=Action.SIGNED_IN)
    assert (entry.actor, entry.detail["how"]) == ("jo", "oidc")


def test_a_session_lasts_as_long_as_usual_after_single_sign_on(
    site: Settings, provider: Provider, client: Client
) -> None:
    provider.knows("1", groups=["support"])
    sign_on(client, provider, "1")
    session = Session.objects.get(session_key=client.cookies["sessionid"].value)
    assert session.expire_date > timezone.now() + timedelta(hours=11)


def test_roles_follow_the_groups_at_every_sign_in(
    site: Settings, provider: Provider, client: Client
) -> None:
    provider.knows("1", groups=["sre"])
    sign_on(client, provider, "1")
    assert User.objects.get().is_staff
    provider.knows("1", groups=["support"])
    sign_on(client, provider, "1")
    assert roles_of("jo") == {"agent"}
    assert not User.objects.get().is_staff
    provider.knows("1", groups=[])
    refused = sign_on(Client(), provider, "1")
    assert refused.status_code == 403
    assert b"no role here" in refused.content
    assert roles_of("jo") == set()


def test_the_domain_of_a_verified_email_gives_a_role(site: Settings, provider: Provider) -> None:
    configure(site, provider, roles={"@example.org": "agent", "@acme.example": "admin"})
    provider.knows("1", groups=["@acme.example"])
    sign_on(Client(), provider, "1")
    assert roles_of("jo") == {"agent"}


def test_the_scope_of_the_groups_is_requested_where_the_provider_has_one(
    settings: Settings, provider: Provider, client: Client
) -> None:
    usual = {"openid", "profile", "email"}
    for claim, expected in (("groups", usual), ("phone", {*usual, "phone"})):
        configure(settings, provider, groups_claim=claim)
        scope = parse_qs(urlsplit(begin(client)).query)["scope"]
        assert set(scope[0].split()) == expected, claim


def test_other_groups_are_kept_and_teams_follow_by_setting(
    site: Settings, provider: Provider, client: Client
) -> None:
    for name in ("shop", "apps"):
        Team.objects.create(group=Group.objects.create(name=name))
    provider.knows("1", groups=["support", "shop"])
    sign_on(client, provider, "1")
    User.objects.get().groups.add(Group.objects.get(name="apps"))
    sign_on(client, provider, "1")
    assert roles_of("jo") == {"agent", "apps"}
    configure(site, provider, teams=True)
    sign_on(client, provider, "1")
    assert roles_of("jo") == {"agent", "shop"}


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"groups": ["kitchen"]}, "no role"),
        ({}, "no role"),
        ({"groups": {"support": True}}, "no role"),
        ({"groups": ["support"], "email": "jo@example.com"}, "domain"),
        ({"groups": ["support"], "email": "jo@example.org.evil.test"}, "domain"),
        ({"groups": ["support"], "email_verified": False}, "domain"),
        ({"groups": ["support"], "email_verified": "false"}, "domain"),
    ],
)
def test_people_without_role_or_verified_email_cannot_sign_in(
    site: Settings, provider: Provider, client: Client, claims: dict[str, Any], why: str
) -> None:
    provider.knows("1", **claims)
    assert sign_on(client, provider, "1").status_code == 403
    assert not User.objects.exists()
    assert "_auth_user_id" not in client.session
    assert failures() == [why]


def test_an_existing_account_is_not_linked_by_email(
    site: Settings, provider: Provider, client: Client
) -> None:
    ana = person("ana", "agent")
    User.objects.filter(pk=ana.pk).update(email="jo@example.org")
    provider.knows("1", groups=["sre"])
    assert sign_on(client, provider, "1").status_code == 403
    assert roles_of("ana") == {"agent"}
    assert not SocialAccount.objects.exists()
    assert failures() == ["address taken"]


def test_a_setting_links_verified_emails_except_superusers(
    site: Settings, provider: Provider, client: Client
) -> None:
    configure(site, provider, link_by_email=True, allowed_domains=())
    ana = person("ana")
    User.objects.filter(pk=ana.pk).update(email="jo@example.org", is_superuser=True)
    provider.knows("1", groups=["support"])
    assert sign_on(client, provider, "1").status_code == 403
    User.objects.update(is_superuser=False)
    for verified in (False, "false"):
        provider.knows("1", groups=["support"], email_verified=verified)
        sign_on(Client(), provider, "1")
        assert not SocialAccount.objects.filter(user=ana).exists()
        User.objects.exclude(pk=ana.pk).delete()
    provider.knows("1", groups=["support"])
    assert sign_on(client, provider, "1").status_code == 302
    assert SocialAccount.objects.get().user == ana
    assert roles_of("ana") == {"agent"}


def test_the_exchange_is_bound_to_the_browser(
    site: Settings, provider: Provider, client: Client
) -> None:
    provider.knows("1", groups=["support"])
    query = parse_qs(urlsplit(address := begin(client)).query)
    assert query["code_challenge_method"] == ["S256"]
    assert query["nonce"][0]
    back = provider.agree(address, "1")
    assert come_back(Client(), back).status_code == 401
    assert come_back(client, back.replace("state=", "state=x")).status_code == 401
    assert come_back(client, back).status_code == 302
    verifier = provider.asked()[-1]["code_verifier"][0]
    assert challenge_of(verifier) == query["code_challenge"][0]
    assert come_back(client, back).status_code == 401
    assert User.objects.count() == 1


def test_another_nonce_is_rejected(site: Settings, provider: Provider, client: Client) -> None:
    provider.knows("1", groups=["support"])
    address = begin(client)
    nonce = parse_qs(urlsplit(address).query)["nonce"][0]
    back = provider.agree(address.replace(nonce, "of-another-browser"), "1")
    assert come_back(client, back).status_code == 403
    assert failures() == ["nonce"]


def test_the_same_subject_at_another_issuer_is_another_person(
    site: Settings, provider: Provider, client: Client
) -> None:
    provider.knows("1", groups=["support"])
    sign_on(client, provider, "1")
    first = User.objects.get()
    configure(site, provider, issuer=provider.url.replace("127.0.0.1", "localhost"))
    assert sign_on(Client(), provider, "1").status_code == 403
    configure(
        site,
        provider,
        issuer=provider.url.replace("127.0.0.1", "localhost"),
        allowed_domains=(),
    )
    provider.knows("1", groups=["support"], email_verified=False)
    assert sign_on(Client(), provider, "1").status_code == 302
    assert SocialAccount.objects.exclude(user=first).count() == 1


def test_provider_failures_are_explained(
    site: Settings, provider: Provider, client: Client
) -> None:
    denied = begin(client)
    state = parse_qs(urlsplit(denied).query)["state"][0]
    answer = client.get(f"/accounts/oidc/sso/callback/?error=access_denied&state={state}")
    assert b"You're not signed in" in client.get(answer["Location"]).content
    configure(site, provider, issuer="http://127.0.0.1:9")
    away = client.post("/accounts/oidc/begin/")
    assert away.status_code == 503
    assert b"Acme isn't responding" in away.content


def test_redirects_stay_within_the_site(site: Settings, provider: Provider, client: Client) -> None:
    provider.knows("1", groups=["support"])
    assert sign_on(client, provider, "1", "https://evil.test/")["Location"] == "/"
    page = client.post("/accounts/oidc/begin/?process=connect&scope=admin&auth_params=prompt%3Dx")
    assert b"prompt" not in page.content
    assert b"admin" not in page.content.split(b"oauth2/authorize")[1].split(b'"')[0]
    assert client.get("/accounts/oidc/begin/").status_code == 405


def test_with_single_sign_on_only_superusers_use_passwords(
    site: Settings, provider: Provider, client: Client
) -> None:
    site.OIDC_ONLY = True
    site.TRIAGE_EMAIL = True
    person("ana", "agent")
    refused = client.post("/accounts/login/", {"login": "ana", "password": "ana-password"})
    assert refused.status_code == 403
    assert "_auth_user_id" not in client.session
    assert client.get("/accounts/password/reset/").status_code == 404
    root = person("root")
    User.objects.filter(pk=root.pk).update(is_superuser=True)
    let_in = client.post("/accounts/login/", {"login": "root", "password": "root-password"})
    assert let_in.status_code == 302


def test_a_deactivated_person_cannot_sign_in(
    site: Settings, provider: Provider, client: Client
) -> None:
    provider.knows("1", groups=["support"])
    sign_on(client, provider, "1")
    User.objects.update(is_active=False)
    answer = sign_on(Client(), provider, "1")
    assert answer["Location"] == "/accounts/inactive/"
    assert failures() == ["deactivated"]


def test_without_a_provider_its_urls_do_not_exist(client: Client) -> None:
    assert client.post("/accounts/oidc/begin/").status_code == 404
    assert client.get("/accounts/oidc/sso/callback/?code=1&state=2").status_code == 404
