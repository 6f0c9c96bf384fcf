"""Sessions over real connections check addresses and send nothing elsewhere."""

from collections.abc import Callable

import pytest
import requests

from apps.outbound import AddressRefused, OutboundPolicy, OutboundSession
from apps.sentry.client import SentryClient
from apps.sentry.config import Flavor, SentryConfig
from apps.sentry.errors import SentryAddressRefused, SentryBadResponse
from tests.outbound.listener import Listener


def on_one_port(listen: Callable[..., Listener], one: str, other: str) -> tuple[Listener, Listener]:
    """Start two servers on a port that is free on both addresses."""
    while True:
        first = listen(one)
        try:
            return first, listen(other, first.port)
        except OSError:  # taken by another program on the second address
            continue


def test_a_public_name_with_a_private_address_is_never_connected_to(
    listen: Callable[..., Listener], names: dict[str, list[str]]
) -> None:
    inside = listen()
    names["sentry.example.org"] = ["127.0.0.1"]
    address = f"http://sentry.example.org:{inside.port}/"

    with pytest.raises(AddressRefused, match="TRIAGE_PRIVATE_HOSTS"):
        OutboundSession(OutboundPolicy.of([address])).get(address, timeout=5)

    assert inside.seen == []
    listed = OutboundSession(OutboundPolicy.of([address], ["sentry.example.org"]))
    assert listed.get(address, timeout=5).ok
    assert inside.seen == [("/", f"sentry.example.org:{inside.port}", None)]


def test_a_name_that_changes_after_the_check_is_not_resolved_again(
    listen: Callable[..., Listener], names: dict[str, list[str]]
) -> None:
    checked, swapped = on_one_port(listen, "127.0.0.2", "127.0.0.1")
    names["sentry.example.org"] = ["127.0.0.2", "127.0.0.1"]
    address = f"http://sentry.example.org:{checked.port}/"

    OutboundSession(OutboundPolicy.of([address], ["sentry.example.org"])).get(address, timeout=5)

    assert len(checked.seen) == 1
    assert swapped.seen == []


def test_a_redirect_elsewhere_is_refused(listen: Callable[..., Listener]) -> None:
    evil, sentry = listen(), listen()
    sentry.redirect_to = f"http://127.0.0.1:{evil.port}/steal"
    session = OutboundSession(OutboundPolicy.of([f"http://127.0.0.1:{sentry.port}"]))

    with pytest.raises(AddressRefused):
        session.get(f"http://127.0.0.1:{sentry.port}/", timeout=5)

    assert evil.seen == []


def test_an_unknown_name_is_a_failed_connection(names: dict[str, list[str]]) -> None:
    session = OutboundSession(OutboundPolicy.of(["http://nowhere.invalid"]))

    with pytest.raises(requests.ConnectionError):
        session.get("http://nowhere.invalid/", timeout=5)


def test_a_sentry_with_a_private_address_never_gets_the_token(
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
    sentry.redirect_to = f"http://127.0.0.1:{evil.port}/api/0/organizations/acme/projects/"
    config = SentryConfig(
        base_url=f"http://127.0.0.1:{sentry.port}", organization="acme", token="secret"
    )

    with pytest.raises(SentryBadResponse, match="another address"):
        SentryClient(config).projects()

    assert {token for _path, _host, token in sentry.seen} == {"Bearer secret"}
    assert evil.seen == []
