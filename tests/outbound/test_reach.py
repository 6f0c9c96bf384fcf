"""Only configured origins can be called, and no unexpected private addresses."""

import pytest

from apps.outbound import AddressRefused, OutboundPolicy

CLOUD = OutboundPolicy.of(["https://sentry.example.org"])


@pytest.mark.parametrize(
    "address",
    [
        "https://sentry.example.org/api/0/",
        "https://SENTRY.example.org:443/",
        "https://sentry.example.org./?a=@evil.example",
    ],
)
def test_the_configured_origin_is_allowed(address: str) -> None:
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
def test_any_other_address_is_refused(address: str) -> None:
    with pytest.raises(AddressRefused):
        CLOUD.check(address)


def is_refused(policy: OutboundPolicy, host: str, resolved: str) -> bool:
    """Return whether this name must not resolve to this IP address."""
    try:
        policy.check_resolved(host, resolved)
    except AddressRefused:
        return True
    return False


PRIVATE = [
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "::1", "fd00::1"),
    *("::ffff:10.0.0.1", "2002:0a00:0001::1", "64:ff9b::7f00:1", "198.18.0.1", "192.0.2.1"),
    *("::10.0.0.1", "64:ff9b:1::5db8:d70e", "fec0::1", "192.0.0.9", "2001:db8::1", "3fff::1"),
    *("::ffff:0:10.0.0.1", "100:0:0:1::1", "5f00::1", "4000::1", "2001::1"),
]
NEVER = [
    *("169.254.169.254", "fe80::1%eth0", "::ffff:169.254.169.254", "::169.254.169.254"),
    *("192.0.0.192", "168.63.129.16", "100.100.100.200", "fd00:ec2::254", "fd20:ce::254"),
    *("64:ff9b::a9fe:a9fe", "64:ff9b:1::a9fe:a9fe", "::ffff:0:169.254.169.254"),
    *("2002:a9fe:a9fe::1",),
    *("0.0.0.0", "::", "224.0.0.1"),  # noqa: S104 - not bound
]


def test_a_public_name_must_not_resolve_to_a_private_address() -> None:
    for resolved in (*PRIVATE, *NEVER):
        assert is_refused(CLOUD, "sentry.example.org", resolved), resolved


@pytest.mark.parametrize("resolved", ["93.184.215.14", "2606:4700::1111", "64:ff9b::5db8:d70e"])
def test_a_public_name_can_resolve_to_a_public_address(resolved: str) -> None:
    CLOUD.check_resolved("sentry.example.org", resolved)


@pytest.mark.parametrize(
    "host",
    ["10.1.2.3", "[::1]", "localhost", "sentry-web", "sentry.corp.internal", "Sentry.Example.org"],
)
def test_a_private_or_listed_name_can_resolve_to_a_private_address(host: str) -> None:
    for resolved in PRIVATE:
        OutboundPolicy.of([], ["sentry.example.org"]).check_resolved(host, resolved)


@pytest.mark.parametrize("host", ["169.254.169.254", "sentry-web", "sentry.example.org"])
def test_no_name_can_resolve_to_a_link_local_address(host: str) -> None:
    for resolved in NEVER:
        policy = OutboundPolicy.of([], ["sentry.example.org"])
        assert is_refused(policy, host, resolved), resolved


@pytest.mark.parametrize("host", ["2130706433", "mylocalhost.example", "lan.example"])
def test_a_name_that_only_looks_private_is_public(host: str) -> None:
    with pytest.raises(AddressRefused):
        CLOUD.check_resolved(host, "127.0.0.1")
