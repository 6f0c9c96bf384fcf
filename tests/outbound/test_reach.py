"""What may be called: the configured origins, and no address inside that nobody asked for."""

import pytest

from apps.outbound import AddressRefused, Reach

CLOUD = Reach.of(["https://sentry.example.org"])


@pytest.mark.parametrize(
    "address",
    [
        "https://sentry.example.org/api/0/",
        "https://SENTRY.example.org:443/",
        "https://sentry.example.org./?a=@evil.example",
    ],
)
def test_the_configured_origin_may_be_called(address: str) -> None:
    CLOUD.check(address)


@pytest.mark.parametrize(
    "address",
    [
        "http://sentry.example.org/",
        "https://sentry.example.org:8443/",
        "https://evil.example/",
        "https://sentry.example.org.evil.example/",
        "https://evil.example/https://sentry.example.org",
        "https://sentry.example.org@evil.example/",
        "https://user:word@sentry.example.org/",
        "https://sentry.example.org\\@evil.example/",
        "https://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "gopher://sentry.example.org/",
        "//sentry.example.org/",
        "https://[::1",
        "https://sentry.example.org:99999/",
        "",
    ],
)
def test_no_other_address_may_be_called(address: str) -> None:
    with pytest.raises(AddressRefused):
        CLOUD.check(address)


INSIDE = [
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "::1", "fd00::1"),
    *("::ffff:10.0.0.1", "2002:0a00:0001::1", "64:ff9b::7f00:1", "198.18.0.1", "192.0.2.1"),
]
NOBODYS = [
    *("169.254.169.254", "fe80::1%eth0", "::ffff:169.254.169.254"),
    *("0.0.0.0", "::", "224.0.0.1"),  # noqa: S104 - nothing is bound to them here
]


@pytest.mark.parametrize("resolved", [*INSIDE, *NOBODYS])
def test_a_public_name_must_not_lead_inside(resolved: str) -> None:
    with pytest.raises(AddressRefused):
        CLOUD.check_resolved("sentry.example.org", resolved)


@pytest.mark.parametrize("resolved", ["93.184.215.14", "2606:4700::1111", "64:ff9b::5db8:d70e"])
def test_a_public_name_may_lead_outside(resolved: str) -> None:
    CLOUD.check_resolved("sentry.example.org", resolved)


@pytest.mark.parametrize("resolved", INSIDE)
@pytest.mark.parametrize(
    "host",
    ["10.1.2.3", "[::1]", "localhost", "sentry-web", "sentry.corp.internal", "Sentry.Example.org"],
)
def test_what_is_written_or_listed_as_private_may_lead_inside(host: str, resolved: str) -> None:
    Reach.of([], ["sentry.example.org"]).check_resolved(host, resolved)


@pytest.mark.parametrize("resolved", NOBODYS)
@pytest.mark.parametrize("host", ["169.254.169.254", "sentry-web", "sentry.example.org"])
def test_nothing_leads_to_the_addresses_of_machines_themselves(host: str, resolved: str) -> None:
    with pytest.raises(AddressRefused):
        Reach.of([], ["sentry.example.org"]).check_resolved(host, resolved)


@pytest.mark.parametrize("host", ["2130706433", "mylocalhost.example", "lan.example"])
def test_a_name_that_only_looks_private_is_not(host: str) -> None:
    with pytest.raises(AddressRefused):
        CLOUD.check_resolved(host, "127.0.0.1")
