"""Over real connections: where a name leads is checked, and nothing is told to anybody else."""

from collections.abc import Callable

import pytest
import requests

from apps.outbound import AddressRefused, OutboundSession, Reach
from apps.sentry import Flavor, SentryAddressRefused, SentryBadResponse, SentryClient, SentryConfig
from tests.outbound.listener import Listener


def test_a_public_name_that_leads_inside_is_not_even_connected_to(
    listen: Callable[..., Listener], names: dict[str, list[str]]
) -> None:
    inside = listen()
    names["sentry.example.org"] = ["127.0.0.1"]
    address = f"http://sentry.example.org:{inside.port}/"

    with pytest.raises(AddressRefused, match="TRIAGE_PRIVATE_HOSTS"):
        OutboundSession(Reach.of([address])).get(address, timeout=5)

    assert inside.seen == []
    listed = OutboundSession(Reach.of([address], ["sentry.example.org"]))
    assert listed.get(address, timeout=5).ok
    assert inside.seen == [("/", f"sentry.example.org:{inside.port}", None)]


def test_a_name_that_changes_between_check_and_connection_gains_nothing(
    listen: Callable[..., Listener], names: dict[str, list[str]]
) -> None:
    checked = listen("127.0.0.2")
    swapped = listen("127.0.0.1", checked.port)
    names["sentry.example.org"] = ["127.0.0.2", "127.0.0.1"]
    address = f"http://sentry.example.org:{checked.port}/"

    OutboundSession(Reach.of([address], ["sentry.example.org"])).get(address, timeout=5)

    assert len(checked.seen) == 1
    assert swapped.seen == []


def test_a_redirect_leads_nowhere_else(listen: Callable[..., Listener]) -> None:
    evil, sentry = listen(), listen()
    sentry.leads_to = f"http://127.0.0.1:{evil.port}/steal"
    session = OutboundSession(Reach.of([f"http://127.0.0.1:{sentry.port}"]))

    with pytest.raises(AddressRefused):
        session.get(f"http://127.0.0.1:{sentry.port}/", timeout=5)

    assert evil.seen == []


def test_a_name_nobody_knows_is_a_failed_connection(names: dict[str, list[str]]) -> None:
    session = OutboundSession(Reach.of(["http://nowhere.invalid"]))

    with pytest.raises(requests.ConnectionError):
        session.get("http://nowhere.invalid/", timeout=5)


def test_a_sentry_whose_name_leads_inside_never_gets_the_token(
    listen: Callable[..., Listener], names: dict[str, list[str]]
) -> None:
    inside = listen()
    names["sentry.example.org"] = ["127.0.0.1"]
    config = SentryConfig(
        base_url=f"http://sentry.example.org:{inside.port}",
        organization="acme",
        token="secret",
        flavor=Flavor.SENTRY,
    )

    with pytest.raises(SentryAddressRefused) as refused:
        SentryClient(config).projects()

    assert inside.seen == []
    assert "TRIAGE_PRIVATE_HOSTS" in refused.value.detail
    assert "secret" not in f"{refused.value!r} {refused.value.detail}"


def test_a_sentry_that_redirects_elsewhere_never_gives_the_token_away(
    listen: Callable[..., Listener],
) -> None:
    evil, sentry = listen(), listen()
    sentry.leads_to = f"http://127.0.0.1:{evil.port}/api/0/organizations/acme/projects/"
    config = SentryConfig(
        base_url=f"http://127.0.0.1:{sentry.port}", organization="acme", token="secret"
    )

    with pytest.raises(SentryBadResponse, match="another address"):
        SentryClient(config).projects()

    assert {told for _path, _host, told in sentry.seen} == {"Bearer secret"}
    assert evil.seen == []
