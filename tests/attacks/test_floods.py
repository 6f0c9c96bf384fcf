"""People who have not signed in can't fill the audit trail, the sessions, or the log."""

import io
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from socketserver import StreamRequestHandler, ThreadingTCPServer

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from apps.audit.models import Action, Entry
from apps.audit.trail import STRANGERS_LIMIT
from apps.lookups import cache
from apps.signin.oidc_config import Oidc, allauth_providers
from tests.attacks.production import Production
from tests.conftest import MOMENT
from tests.demo_sentry import DemoSentry
from tests.servers import free_port, in_background
from triage_site.logging import RepeatFilter

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("one_minute")]

VALUES = {"customer": "jane@example.com", "at": MOMENT.isoformat(), "continued": "1"}
LOGIN = "/accounts/login/"
Attempt = Callable[[int], object]


@pytest.fixture(autouse=True)
def single_sign_on(settings: Settings) -> None:
    """Configure a provider that doesn't respond."""
    settings.OIDC = Oidc(
        issuer=f"http://127.0.0.1:{free_port()}",
        client_id="triage",
        client_secret="a secret",
        name="Acme",
        allowed_domains=("example.org",),
        groups_claim="groups",
        roles={},
        teams=False,
        link_by_email=False,
    )
    settings.SOCIALACCOUNT_PROVIDERS = allauth_providers(settings.OIDC)


def of_a_48(number: int) -> str:
    """Return an address in another /64 of one customer's /48."""
    return f"2001:db8:77:{number:x}::1"


def of_a_64(number: int) -> str:
    """Return another address of one /64."""
    return f"2001:db8:77:1::{number:x}"


def attempts(address: Callable[[int], str]) -> Iterator[tuple[str, Attempt]]:
    """Yield what a stranger can do that is recorded, with an address for each time."""
    client = Client(enforce_csrf_checks=True)
    lax = Client()

    def wrong_password(number: int) -> object:
        form = {"login": "nobody", "password": str(number)}
        return lax.post(LOGIN, form, REMOTE_ADDR=address(number))

    def bad_token(number: int) -> object:
        headers = {"Authorization": "Bearer triage_x"}
        return lax.post("/api/v1/lookups/", REMOTE_ADDR=address(number), headers=headers)

    yield "wrong password", wrong_password
    yield "bad token", bad_token
    yield "callback", lambda n: Client().get("/accounts/oidc/sso/callback/", REMOTE_ADDR=address(n))
    yield "begin", lambda n: Client().post("/accounts/oidc/begin/", REMOTE_ADDR=address(n))
    yield "forged form", lambda n: client.post(LOGIN, {"login": "a"}, REMOTE_ADDR=address(n))


def test_strangers_probe_sentry_once_at_a_time(client: Client, connected: DemoSentry) -> None:
    cache.put("health/sentry/probe", 1, 10)  # another request waits for Sentry
    assert client.get("/readyz").json()["sentry"] == "checking"
    assert not connected.calls
    cache.delete("health/sentry/probe")
    assert client.get("/readyz").json()["sentry"] == "ok"


def test_failed_single_sign_ons_are_counted_not_listed_one_by_one() -> None:
    for _ in range(100):
        Client().get("/accounts/oidc/sso/callback/")
    failures = Entry.objects.filter(action="sign_in_failed").order_by("sequence")
    assert [entry.detail.get("times_this_minute") for entry in failures] == [*[None] * 5, 10, 100]
    assert Entry.objects.count() < 15


@pytest.mark.parametrize("address", [of_a_48, of_a_64])
def test_strangers_with_many_addresses_neither_fill_the_trail_nor_hide_a_guess(
    agent: User, address: Callable[[int], str]
) -> None:
    for name, attempt in attempts(address):
        before = Entry.objects.count()
        for number in range(1, 41):
            attempt(number)
        assert Entry.objects.count() - before <= STRANGERS_LIMIT, name
    assert Entry.objects.count() <= STRANGERS_LIMIT + 2
    Client().post(LOGIN, {"login": "ana", "password": "guess"}, REMOTE_ADDR=of_a_48(999))
    last = Entry.objects.latest("sequence")
    assert (last.action, last.detail["account"]) == (Action.SIGN_IN_FAILED, "ana")


@pytest.mark.parametrize(
    ("address", "most"),
    [(lambda _number: "192.0.2.7", 60), (of_a_64, 60), (of_a_48, 300)],
    ids=["address", "/64", "/48"],
)
def test_network_starts_a_limited_number_of_short_sessions(
    agent: User, address: Callable[[int], str], most: int
) -> None:
    statuses = [
        Client().post("/", VALUES, REMOTE_ADDR=address(number)).status_code
        for number in range(most + 10)
    ]
    assert statuses == [302] * most + [429] * 10
    assert Client().post("/", VALUES, REMOTE_ADDR="192.0.2.9").status_code == 302
    assert Session.objects.count() == most + 1
    latest = Session.objects.latest("expire_date").expire_date
    assert latest < timezone.now() + timedelta(minutes=16)


def test_session_stores_no_more_than_the_form_accepts(client: Client, ana: Client) -> None:
    long = dict.fromkeys(("customer", "at", "zone", "project", "environment", "reason"), "x" * 2001)
    client.post("/", {**long, "continued": "1"})
    assert not Session.objects.filter(session_key__in=client.cookies).exists()
    page = ana.post("/", {**VALUES, "customer": "x" * 2001}).content.decode()
    assert "xxx" not in page
    assert MOMENT.isoformat() in page


def test_session_lasts_as_long_as_usual_after_sign_in(agent: User) -> None:
    client = Client()
    client.post("/", VALUES)
    client.post(LOGIN, {"login": "ana", "password": "ana-password"})
    session = Session.objects.get(session_key=client.cookies["sessionid"].value)
    assert session.expire_date > timezone.now() + timedelta(hours=11)
    assert b"jane@example.com" in client.get("/").content


def test_repeated_lines_are_counted_in_the_log() -> None:
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    handler.addFilter(RepeatFilter())
    logging.getLogger().addHandler(handler)
    for number in range(100):
        Client().post("/accounts/oidc/begin/", REMOTE_ADDR=of_a_48(number))
    logging.getLogger("apps.other").error("Something else failed")
    logging.getLogger().removeHandler(handler)
    lines = log.getvalue().splitlines()
    about_it = [line for line in lines if "/accounts/oidc/begin/" in line]
    assert 10 <= len(about_it) <= 21  # a minute may end in the meantime
    assert lines[-1] == "Something else failed"
    (console,) = (one for one in logging.getLogger().handlers if one.get_name() == "console")
    assert any(isinstance(one, RepeatFilter) for one in console.filters)


def test_unreadable_requests_are_counted_in_the_log(production: Production) -> None:
    for number in range(60):
        with socket.create_connection(("127.0.0.1", production.port), timeout=20) as connection:
            connection.sendall(f"{number} nonsense\r\n\r\n".encode())
            connection.makefile("rb").read()
    assert production.log.read_text().count("Invalid request") < 30


class _SlowMailServer(StreamRequestHandler):
    """Greets, and then takes its time for each message."""

    slow = threading.Event()

    def handle(self) -> None:
        self.wfile.write(b"220 mail\r\n")
        for line in self.rfile:
            if line.upper().startswith(b"MAIL"):
                self.slow.wait(30)
            self.wfile.write(b"221 bye\r\n" if line.upper().startswith(b"QUIT") else b"250 ok\r\n")


def test_time_of_response_does_not_reveal_accounts(
    agent: User, settings: Settings, client: Client
) -> None:
    User.objects.filter(pk=agent.pk).update(email="ana@example.org")
    with ThreadingTCPServer(("127.0.0.1", 0), _SlowMailServer) as server:
        in_background(server)
        settings.TRIAGE_EMAIL, settings.EMAIL_TIMEOUT = True, 10
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.server_address[1]
        settings.DEFAULT_FROM_EMAIL = "triage@example.org"
        response = client.post("/accounts/password/reset/", {"email": "ana@example.org"})
        assert response["Location"] == "/accounts/password/reset/done/"
        (sending,) = [thread for thread in threading.enumerate() if thread.name == "mail"]
        _SlowMailServer.slow.set()
        sending.join()
        server.shutdown()


def test_lost_mail_server_is_reported_alike_for_every_address(
    agent: User, settings: Settings, client: Client
) -> None:
    User.objects.filter(pk=agent.pk).update(email="ana@example.org")
    settings.TRIAGE_EMAIL = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    for name in ("ana", "nobody"):
        response = client.post("/accounts/password/reset/", {"email": f"{name}@example.org"})
        assert response.status_code == 503, name
        assert "Triage can&#x27;t send email right now." in response.content.decode(), name
