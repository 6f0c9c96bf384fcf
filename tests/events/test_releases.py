"""Test comparing and shortening releases."""

import pytest

from apps.events.releases import compare_releases, short_release


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("shop@2.14.0", "shop@2.15.0"),
        ("shop@2.9.0", "shop@2.10.0"),
        ("2.14", "2.14.1"),
        ("v2.14.0", "v3.0"),
        ("web@2026.11.4", "web@2026.11.5"),
        ("shop@2.15.0-rc.1", "shop@2.15.0"),
        ("shop@2.15.0-alpha", "shop@2.15.0-alpha.1"),
        ("shop@2.15.0-alpha.2", "shop@2.15.0-alpha.11"),
        ("shop@2.15.0-alpha.9", "shop@2.15.0-beta"),
        ("shop@2.15.0-alpha.9", "shop@2.15.0-alpha.b"),
        ("com.shop@5.2.0+520", "com.shop@5.2.1+401"),
        ("shop@2.14.0-5-g1a2b3c4", "shop@2.15.0"),
    ],
)
def test_versions_of_one_package_are_ordered(older: str, newer: str) -> None:
    assert (compare_releases(older, newer), compare_releases(newer, older)) == (-1, 1)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("shop@2.14.0", "api@2.15.0"),
        ("shop@2.14.0", "2.15.0"),
        ("shop@88", "shop@89"),
        ("1f2e3d4c5b6a79881f2e3d4c5b6a79881f2e3d4c", "2.15.0"),
        ("shop@1f2e3d4", "shop@2f2e3d4"),
        ("shop@2.14.0-5-g1a2b3c4", "shop@2.14.0"),
        ("shop@2.14.0-9", "shop@2.14.0"),
        ("com.shop@5.2.0+520", "com.shop@5.2.0+521"),
        ("shop@2.14.x", "shop@2.15.0"),
        ("shop@<token-1>", "shop@2.15.0"),
        ("shop@2.14.0", ""),
        ("shop@1." + "9" * 5000, "shop@1.0"),
        ("shop@1.0-" + "9" * 5000, "shop@1.0"),
    ],
)
def test_other_releases_are_not_comparable(one: str, other: str) -> None:
    assert compare_releases(one, other) is compare_releases(other, one) is None


def test_equal_releases_compare_equal() -> None:
    assert compare_releases("shop@2.14.0", "shop@2.14") == compare_releases("abc123", "abc123") == 0


def test_short_release_is_version_or_short_hash() -> None:
    assert short_release("checkout-api@7.3.1") == "7.3.1"
    assert short_release("1f2e3d4c5b6a79881f2e3d4c5b6a79881f2e3d4c") == "1f2e3d4c5b6a"
