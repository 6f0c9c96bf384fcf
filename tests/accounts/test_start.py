"""Validation of the sign-in settings at start."""

import pytest

from tests.shell import start_with

OIDC = {
    "OIDC_ISSUER": "https://login.example.org/realms/support",
    "OIDC_CLIENT_ID": "triage",
    "OIDC_CLIENT_SECRET": "a secret",
    "OIDC_ROLES": "support=agent, a=b=lead",
    "OIDC_HOSTS": "graph.example.org, Token.example.org:8443",
}


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"OIDC_ISSUER": ""}, "OIDC_CLIENT_ID is set but OIDC_ISSUER is not"),
        ({"OIDC_ROLES": ""}, "OIDC_ISSUER is set but OIDC_ROLES is not"),
        ({"OIDC_ROLES": "support=boss"}, "OIDC_ROLES contains 'support=boss'"),
        ({"OIDC_ROLES": "agent"}, "OIDC_ROLES contains 'agent'"),
        ({"OIDC_ROLES": "@=agent"}, "OIDC_ROLES contains '@'"),
        ({"OIDC_ISSUER": "http://login.example.org"}, "OIDC_ISSUER must be an address"),
        ({"OIDC_ISSUER": "login.example.org"}, "OIDC_ISSUER must be an address"),
        ({"OIDC_ALLOWED_DOMAINS": "@example.org"}, "OIDC_ALLOWED_DOMAINS contains '@example.org'"),
        ({"OIDC_HOSTS": "https://graph.example.org"}, "OIDC_HOSTS contains 'https://graph"),
        ({"OIDC_HOSTS": "graph.example.org/oidc"}, "OIDC_HOSTS contains 'graph"),
        ({"OIDC_TEAMS": "maybe"}, "OIDC_TEAMS must be 1 or 0"),
        ({"TRIAGE_REQUIRE_SECOND_FACTOR": "some"}, "Use none, staff, or all."),
        ({"TRIAGE_SESSION_IDLE_MINUTES": "0"}, "from 5 to 720"),
    ],
)
def test_an_invalid_value_prevents_the_start(variables: dict[str, str], sentence: str) -> None:
    done = start_with({**OIDC, **variables})
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert "a secret" not in done.stderr


def test_single_sign_on_only_needs_a_provider() -> None:
    done = start_with({"OIDC_ONLY": "1"})
    assert done.returncode == 2
    assert "no one could sign in" in done.stderr


def test_a_valid_configuration_starts() -> None:
    mail = {"EMAIL_URL": "smtp://me:p%40ss@mail.example.org", "EMAIL_FROM": "triage@example.org"}
    read = start_with({**OIDC, **mail}).settings
    assert read["OIDC"].roles == {"support": "agent", "a=b": "lead"}
    assert "a secret" not in str(read["OIDC"])
    assert read["EMAIL_PORT"] == 587
