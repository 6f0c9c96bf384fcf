"""Encryption of stored customer data, for its own place only, with keys that can be replaced."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.utils import decrypt
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from apps.audit.models import Action, Words
from apps.audit.trail import Actor, record
from apps.crypto import unseal
from apps.lookups import cache, store
from apps.lookups.access import Requester
from apps.lookups.models import Lookup, Origin, TypedCustomer
from apps.lookups.problems import CustomerErased, LookupPurged, Removal
from apps.lookups.records import question_of, record_lookup
from apps.lookups.sentry_connection import sentry_config
from apps.lookups.services import LookupResult, answer_lookup
from tests.conftest import MOMENT, question, signed_in
from tests.demo_sentry import DemoSentry

pytestmark = pytest.mark.django_db

OLD, NEW = "old-" * 10, "new-" * 10
Ask = Callable[..., LookupResult]


@pytest.fixture
def ask(connected: DemoSentry, agent: User) -> Ask:
    """Return a function that looks up customer 1, who has an event, or another."""
    connected.world.add_event(user_id="1", timestamp=MOMENT, exception=("Broke", "Ouch"))

    def look_up(customer: str = "1", *, minutes: int = 5) -> LookupResult:
        lookup = record_lookup(
            question(customer, minutes=minutes),
            requester=Requester(Origin.WEB, agent),
            typed=customer,
            zone=ZoneInfo("UTC"),
        )
        return answer_lookup(lookup)

    return look_up


def again(lookup: Lookup) -> Lookup:
    return Lookup.objects.get(pk=lookup.pk)


def test_result_and_customer_are_encrypted_in_the_database(ask: Ask) -> None:
    lookup = again(ask().lookup)
    assert b"Broke" in unseal(bytes(lookup.snapshot or b""))
    assert b"Broke" not in bytes(lookup.snapshot or b"")
    assert lookup.customer == "1"
    assert bytes(lookup.typed.sealed).count(b"1\0") == 0


def test_a_cached_result_moved_to_another_key_is_ignored(ask: Ask) -> None:
    other, found = ask("2").lookup, ask().lookup
    cache.put(found.cache_key, cache.get(other.cache_key), 60)
    assert store.get(found.cache_key) is None
    assert len(ask().answer.events) == 1


def test_a_recorded_result_moved_to_another_question_is_ignored(
    ask: Ask, connected: DemoSentry
) -> None:
    """Keys are columns, which someone who can write to the database can change."""
    mine = ask().lookup
    for other in (ask("2").lookup, ask(minutes=30).lookup):
        Lookup.objects.filter(pk=mine.pk).update(cached_until=None)
        Lookup.objects.filter(pk=other.pk).update(cache_key=mine.cache_key)
        cache.cache.clear()
        result = ask()
        assert (result.lookup.from_cache, len(result.answer.events)) == (False, 1)
        Lookup.objects.filter(pk=result.lookup.pk).update(cached_until=None)
    Lookup.objects.filter(pk=mine.pk).update(cached_until=timezone.now() + timedelta(minutes=5))
    Lookup.objects.exclude(pk=mine.pk).delete()
    cache.cache.clear()
    assert ask().lookup.from_cache


def test_a_window_index_moved_to_another_key_is_ignored(ask: Ask, connected: DemoSentry) -> None:
    other = ask("2", minutes=30).lookup
    theirs = store.windows_key(question_of(other), sentry_config())
    mine = store.windows_key(question("1"), sentry_config())
    cache.put(mine, cache.get(theirs), 60)
    assert len(ask().answer.events) == 1


@pytest.mark.parametrize("value", ["gAAAA", "ä", 1, None, ["a"], {"a": 1}])
def test_foreign_values_in_the_cache_are_ignored(ask: Ask, value: object) -> None:
    key = ask().lookup.cache_key
    cache.put(key, value, 60)
    assert store.get(key) is None
    assert len(ask().answer.events) == 1


def test_a_snapshot_moved_to_another_lookup_is_unreadable(ask: Ask) -> None:
    other, found = ask("2").lookup, ask().lookup
    Lookup.objects.filter(pk=found.pk).update(snapshot=other.snapshot)
    with pytest.raises(LookupPurged) as purged:
        answer_lookup(again(found))
    assert purged.value.removal == Removal.UNREADABLE


def test_a_typed_customer_moved_to_another_lookup_is_unreadable(ask: Ask) -> None:
    one, other = ask("2").lookup, ask().lookup
    TypedCustomer.objects.filter(pk=one.pk).update(sealed=other.typed.sealed)
    assert again(one).customer == ""
    with pytest.raises(CustomerErased):
        question_of(again(one))


def test_an_unreadable_result_never_looks_like_no_errors(
    ask: Ask, agent: User, settings: Settings
) -> None:
    lookup = ask().lookup
    settings.TRIAGE_DATA_KEYS = (NEW,)
    page = signed_in(agent).get(f"/lookups/{lookup.uuid}/")
    assert page.status_code == 410
    text = page.content.decode()
    assert "can no longer be read" in text
    assert "we can’t say whether there were errors" in text
    assert "New lookup" in text
    assert "/again/" not in text


@pytest.mark.parametrize("address", ["again/", "move/", "beside/"])
def test_actions_that_need_an_erased_customer_say_what_to_do(
    ask: Ask, agent: User, address: str
) -> None:
    lookup = ask().lookup
    TypedCustomer.objects.all().delete()
    page = signed_in(agent).get(f"/lookups/{lookup.uuid}/")
    assert (page.status_code, b"customer no longer stored" in page.content) == (200, True)
    answer = signed_in(agent).post(f"/lookups/{lookup.uuid}/{address}", {"move": "now"})
    if address != "beside/":
        assert answer.status_code == 410
        assert "Enter the customer in a new lookup" in answer.content.decode()
    assert Lookup.objects.count() == 1


def reseal() -> str:
    out = StringIO()
    call_command("reseal", stdout=out)
    return out.getvalue()


def test_after_reencryption_the_old_key_can_be_removed(ask: Ask, settings: Settings) -> None:
    settings.TRIAGE_DATA_KEYS = (OLD,)
    lookup = ask().lookup
    record(Action.VIEWED, Actor("web"), words="Ticket 42")
    settings.TRIAGE_DATA_KEYS = (NEW, OLD)
    assert len(answer_lookup(again(lookup)).answer.events) == 1
    assert "Re-encrypted: 4. Already current: 0." in reseal()
    assert "Re-encrypted: 0. Already current: 4." in reseal()
    settings.TRIAGE_DATA_KEYS = (NEW,)
    assert len(answer_lookup(again(lookup)).answer.events) == 1
    assert again(lookup).customer == "1"
    assert unseal(bytes(Words.objects.get().sealed)) == b"Ticket 42"


def test_second_factors_are_reencrypted(agent: User, settings: Settings) -> None:
    settings.TRIAGE_DATA_KEYS = (OLD,)
    TOTP.activate(agent, "JBSWY3DPEHPK3PXP")
    codes = RecoveryCodes.activate(agent).get_unused_codes()
    settings.TRIAGE_DATA_KEYS = (NEW, OLD)
    assert "Re-encrypted: 2. Already current: 0." in reseal()
    settings.TRIAGE_DATA_KEYS = (NEW,)
    factors = {factor.type: factor for factor in Authenticator.objects.all()}
    assert decrypt(factors["totp"].data["secret"]) == "JBSWY3DPEHPK3PXP"
    assert RecoveryCodes(factors["recovery_codes"]).get_unused_codes() == codes


def test_reencryption_skips_unreadable_values(ask: Ask, settings: Settings) -> None:
    settings.TRIAGE_DATA_KEYS = (OLD,)
    ask()
    settings.TRIAGE_DATA_KEYS = (NEW,)
    lookup = ask("2").lookup
    output = reseal()
    assert "Already current: 2." in output
    assert "Not readable with any key: 3." in output
    assert answer_lookup(again(lookup)).answer.complete


def test_a_session_under_a_removed_key_is_empty(
    agent: User, settings: Settings, connected: DemoSentry
) -> None:
    browser = Client()
    browser.post("/", {"customer": "jane@example.com", "continued": "1"})
    assert browser.session["prefill"] == {"customer": "jane@example.com"}
    settings.TRIAGE_DATA_KEYS = (NEW,)
    again = Client()
    again.cookies = browser.cookies
    assert dict(again.session) == {}


def test_remembered_facts_about_sentry_cannot_be_forged(connected: DemoSentry) -> None:
    cache.put_sealed("region/1", "https://eu.sentry.example", 60)
    assert cache.get_sealed("region/1") == "https://eu.sentry.example"
    cache.put("region/1", "https://attacker.example", 60)
    assert cache.get_sealed("region/1") is None
