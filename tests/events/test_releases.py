"""Which of two releases is the older one is said only where that is sure."""

import pytest

from apps.events.releases import compared, short_release


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
def test_dotted_numbers_of_one_package_have_an_order(older: str, newer: str) -> None:
    assert (compared(older, newer), compared(newer, older)) == (-1, 1)


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
def test_of_others_nothing_is_said(one: str, other: str) -> None:
    assert compared(one, other) is compared(other, one) is None


def test_one_release_is_itself_however_it_is_written() -> None:
    assert compared("shop@2.14.0", "shop@2.14") == compared("abc123", "abc123") == 0


def test_a_release_is_called_by_its_version_and_a_hash_by_its_beginning() -> None:
    assert short_release("checkout-api@7.3.1") == "7.3.1"
    assert short_release("1f2e3d4c5b6a79881f2e3d4c5b6a79881f2e3d4c") == "1f2e3d4c5b6a"
