"""What addresses of the review can be made to ask of the database, by whoever may open a list."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.conftest import signed_in
from tests.web.reviewing import looked_up

pytestmark = pytest.mark.django_db

ENTRIES, LOOKUPS = "/admin/audit/entry/", "/admin/lookups/lookup/"
PEOPLE, EXPORTS = "/admin/auth/user/", "/admin/lookups/exportrecord/"
TOKENS, INVITATIONS = "/admin/accounts/apitoken/", "/admin/accounts/invitation/"
TEAMS, PRESETS = "/admin/accounts/team/", "/admin/lookups/exportpreset/"


@pytest.fixture
def review(admin: User) -> Client:
    """Ada's browser; she is admin, and no superuser. A server error is an answer here."""
    client = signed_in(admin)
    client.raise_request_exception = False
    return client


@pytest.mark.parametrize(
    "query",
    [
        "password__startswith=pbkdf2",
        "password__regex=.",
        "is_superuser__exact=1",
        "last_login__gte=2020-01-01",
        "authenticator__data__contains=x",
    ],
)
def test_no_column_of_a_person_can_be_asked_for_but_the_filters(review: Client, query: str) -> None:
    User.objects.create_superuser("root", password="a password of root")
    assert review.get(f"{PEOPLE}?{query}").status_code == 400


@pytest.mark.parametrize(
    ("page", "query"),
    [
        (ENTRIES, "at__year=999999999999"),
        (ENTRIES, "at__gte=0001-01-01 00:00:00%2B23:00"),
        (ENTRIES, "at__lt=9999-12-31 23:59:59-23:00"),
        (ENTRIES, "action__regex=("),
        (ENTRIES, "at__regex=("),
        (ENTRIES, "action__exact=%00"),
        (LOOKUPS, "before=0001-01-01T00:00:00%2B23:59~1"),
        (LOOKUPS, "who=%C2%B2"),
        (LOOKUPS, "team=%C2%B2"),
        (LOOKUPS, f"who={'9' * 5000}"),
        (PEOPLE, "date_joined__year=999999"),
        (EXPORTS, "at__year=999999999999"),
        (EXPORTS, "at__gte=9999-12-31 23:59:59-23:00"),
        (TOKENS, "token_hash__startswith=a"),
        (INVITATIONS, "token_hash__regex=("),
        (INVITATIONS, "expires_at__year=999999999999"),
        (TEAMS, "projects__regex=("),
        (PRESETS, "changed_at__year=999999999999"),
    ],
)
def test_no_address_makes_a_list_fail(review: Client, admin: User, page: str, query: str) -> None:
    looked_up(admin)
    assert review.get(f"{page}?{query}").status_code in (200, 302, 400)


@pytest.mark.parametrize(
    ("page", "query"),
    [
        (ENTRIES, "at__gte=2026-11-01 00:00:00%2B00:00&action__exact=viewed&origin=web"),
        (PEOPLE, "is_active__exact=1&groups__id__exact=1"),
        (EXPORTS, "how__exact=copied&format=json&redacted__exact=1&at__year=2026&at__month=11"),
        (TOKENS, "state=works&user__id__exact=1"),
        (PRESETS, "is_active__exact=1"),
    ],
)
def test_the_filters_that_are_offered_filter(review: Client, page: str, query: str) -> None:
    assert review.get(f"{page}?{query}").status_code == 200


@pytest.mark.parametrize("number", ["\N{SUPERSCRIPT TWO}", "1e5", "-1", "\0", "9" * 25, "x"])
def test_what_is_chosen_in_a_list_is_a_number_or_refused(review: Client, number: str) -> None:
    for page, action in ((LOOKUPS, "purge"), (PEOPLE, "deactivate"), (TOKENS, "revoke")):
        answer = review.post(page, {"action": action, "_selected_action": number})
        assert answer.status_code in (302, 400), (page, number)


def test_each_filter_that_a_list_links_to_is_offered(review: Client, admin: User) -> None:
    for page in (ENTRIES, LOOKUPS, PEOPLE, EXPORTS, TOKENS, INVITATIONS, TEAMS, PRESETS):
        told = review.get(page).content.decode()
        for query in set(re.findall(r'href="(\?[^"]+)"', told)):
            answer = review.get(f"{page}{query.replace('&amp;', '&')}", follow=True)
            assert answer.status_code == 200, (page, query)
            assert "e=1" not in answer.request["QUERY_STRING"], (page, query)


def test_the_name_of_a_filter_writes_no_line_into_the_log(
    review: Client, caplog: pytest.LogCaptureFixture
) -> None:
    assert review.get(f"{ENTRIES}?x%0A2099-01-01%20forged=1").status_code == 400
    assert "forged" not in caplog.text
