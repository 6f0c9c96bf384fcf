"""What logs and spans say in plain words, and the headline when there were no errors."""

import re
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from types import FrameType
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.events.answer import Answer, RelatedData, SearchScope, Signal, UnreadSignal
from apps.events.event import Event, LogEntry, Span
from apps.events.identifier import parse_customer
from apps.events.observations import Observation, observations_of, troubles_of
from apps.events.query import Question, Window
from apps.events.rules.rule import Place
from apps.events.summary import headline
from tests.examples import examples

MOMENT = datetime(2026, 11, 20, 13, 5, tzinfo=UTC)
BOTH = (Signal.LOGS, Signal.SPANS)
_numbers = count()


def span(at: float, op: str, description: str, ms: float, **fields: Any) -> Span:
    """Return a span of the customer that went well, unless `fields` say otherwise."""
    known = {
        "status": "ok",
        "trace_id": "a" * 32,
        "project": "web" if "client" in op or op.startswith(("page", "nav", "ui")) else "api",
        "names_customer": True,
    }
    return Span(
        f"{next(_numbers):016x}",
        MOMENT + timedelta(seconds=at),
        ms,
        op,
        description,
        **{**known, **fields},
    )


def handled(at: float, description: str, ms: float, http: int = 200, **fields: Any) -> Span:
    """Return a request as our server handled it."""
    known = {"http_status": http, "is_segment": True, "transaction": description}
    return span(at, "http.server", description, ms, **{**known, **fields})


def log(at: float, severity: str, message: str, **fields: Any) -> LogEntry:
    """Return a log entry of the customer."""
    known = {"trace_id": "a" * 32, "project": "api", "names_customer": True}
    return LogEntry(
        f"{next(_numbers):032x}",
        MOMENT + timedelta(seconds=at),
        severity,
        message,
        **{**known, **fields},
    )


def answer(*rows: Span | LogEntry, surely: tuple[Signal, ...] = BOTH) -> Answer:
    """Return an answer without errors. A signal that is not in `surely` could not be read."""
    unread = tuple(UnreadSignal(one, "Not read.") for one in BOTH if one not in surely)
    return Answer(
        question=Question(parse_customer("1001"), Window(MOMENT, 30)),
        searched=SearchScope("acme"),
        events=(),
        issues=(),
        complete=True,
        fetched_at=MOMENT + timedelta(days=1),
        events_total=0,
        beside=RelatedData(
            logs=tuple(row for row in rows if isinstance(row, LogEntry)),
            spans=tuple(row for row in rows if isinstance(row, Span)),
            asked=BOTH,
            surely=surely,
            unread=unread,
        ),
    )


def troubles(*rows: Span | LogEntry) -> tuple[Observation, ...]:
    return troubles_of(answer(*rows))


def words(*rows: Span | LogEntry) -> list[str]:
    return [" ".join((one.sentence, *one.also)) for one in troubles(*rows)]


def first_line(*rows: Span | LogEntry, surely: tuple[Signal, ...] = BOTH) -> str:
    return headline(answer(*rows, surely=surely), ZoneInfo("UTC"))


SAID: tuple[tuple[str, tuple[Span | LogEntry, ...]], ...] = (
    (
        "The upload got no answer within 61 seconds.",
        (span(-58, "http.client", "PUT /files/upload", 61_200, status="deadline_exceeded"),),
    ),
    (
        "The upload was refused: too large.",
        (
            span(-20, "http.client", "POST /album/attachments", 900, http_status=413),
            log(-19.5, "warn", "client intended to send too large body: 31457280 bytes"),
        ),
    ),
    (
        "A feature is turned off for the customer.",
        (log(-29, "info", "calendar: feature new-view disabled for account"),),
    ),
    (
        "The payment provider’s message was refused.",
        (log(-60, "error", "Stripe webhook rejected: no signature matches the payload"),),
    ),
    (
        "The payment provider’s message didn’t arrive.",
        (log(-9, "warning", "payment pi_3: no webhook received after 180s, still pending"),),
    ),
    (
        "The search took 41 seconds; it usually takes 0.4 seconds.",
        (
            handled(-40, "GET /search", 41_000, usual_ms=420),
            span(-39, "db.query", "SELECT name FROM products", 40_000, transaction="GET /search"),
        ),
    ),
    (
        "A coupon request was refused. A coupon or discount was not accepted: it had expired.",
        (
            handled(-12, "POST /cart/coupon", 180, 422),
            log(-11.9, "warn", "Coupon SPRING refused: expired"),
        ),
    ),
    (
        "The upload was refused. What was sent is too large: 31 MB, more than the limit of 10 MB.",
        (
            span(0, "http.client", "POST /claims/77/photos", 4_000, http_status=413),
            log(3.9, "warn", "Upload refused: 31 MB is more than the limit of 10 MB"),
        ),
    ),
    (
        "While using a voucher: a coupon or discount was not accepted: it had expired.",
        (
            handled(-12, "POST /cart/coupon", 180),
            log(-11.9, "warn", "coupon refused: code expired"),
        ),
    ),
    (
        "The payment provider didn’t answer within 30 seconds.",
        (
            handled(-45, "POST /checkout/pay", 30_400, usual_ms=900),
            span(
                -44.8,
                "http.client",
                "POST https://api.stripe.com/v1/charges",
                30_000,
                status="deadline_exceeded",
                transaction="POST /checkout/pay",
                project="api",
            ),
        ),
    ),
    (
        "A background task waited 29 minutes for its turn.",
        (
            span(
                100,
                "queue.process",
                "send_invoice",
                800,
                is_segment=True,
                attributes=(("messaging.message.receive.latency", "1788000"),),
            ),
        ),
    ),
    (
        "A request got no answer.",
        (span(-10, "http.client", "POST /notes", 5, http_status=0, status="internal_error"),),
    ),
    (
        "A request failed: not found. A link had expired.",
        (handled(-8, "GET /s/:token", 20, 404), log(-8, "info", "link expired, token removed")),
    ),
    (
        "A sign-in request was refused. The customer's account is locked or turned off.",
        (
            handled(-4, "POST /login", 300, 401),
            log(-3.9, "warning", "login blocked: account locked after 5 failed attempts"),
        ),
    ),
    (
        "A request was refused: not signed in.",
        (span(-3, "http.client", "PUT /forms/778", 110, http_status=401),),
    ),
    (
        "A request failed: no room left.",
        (handled(-3, "POST /drawings", 50, 507),),
    ),
    (
        "Opening the cart took 41 seconds; it usually takes 0.4 seconds.",
        (span(-50, "pageload", "/cart", 41_200, is_segment=True, usual_ms=400),),
    ),
    (
        "Opening the orders took 30 seconds; it usually takes 1.2 seconds.",
        (
            span(-31, "ui.load", "Orders", 29_600, is_segment=True, usual_ms=1_200, project="ios"),
            span(-30, "http.client", "GET /v2/orders", 28_000, project="ios"),
        ),
    ),
    (
        "A sign-in request failed: down or too busy. "
        "The sign-in service didn’t answer within 20 seconds.",
        (
            handled(-40, "POST /login", 20_300, 502),
            span(
                -39.9,
                "http.client",
                "POST https://oauth2.googleapis.com/token",
                20_000,
                status="deadline_exceeded",
                transaction="POST /login",
                project="api",
            ),
        ),
    ),
    (
        "A background task failed.",
        (span(-98, "queue.process", "run_import", 900, status="internal_error", is_segment=True),),
    ),
    (
        "The text message service failed: down or too busy.",
        (span(-9, "http.client", "POST https://api.twilio.com/send", 600, http_status=503),),
    ),
    (
        "While sending a file: the file was refused.",
        (handled(-15, "POST /uploads", 90), log(-15, "warning", "upload rejected: type .exe")),
    ),
    (
        "The upload got no answer within 30 seconds.",
        (span(-40, "http.client", "POST /files/upload", 30_000, status="cancelled"),),
    ),
    (
        "Opening the invoice failed. Another service failed: down or too busy.",
        (
            span(
                -9.1, "http.client", "GET https://api.x.example/invoices/5", 1_300, http_status=500
            ),
            handled(-9, "/invoices/{id}", 1_200, 500, names_customer=False),
            span(
                -8.9,
                "http.client",
                "POST http://pdf.internal:8080/render",
                900,
                http_status=503,
                transaction="/invoices/{id}",
                project="api",
            ),
        ),
    ),
    (
        "There was not enough money on the card or in the account.",
        (log(-19, "info", "payment declined by issuer: insufficient_funds"),),
    ),
    (
        "A request was refused: not allowed. "
        "The form was not accepted, most often because the page was open too long.",
        (
            span(-5, "http.client", "POST /comments", 45, http_status=403),
            handled(-4.99, "POST /comments", 20, 403, names_customer=False),
            log(-4.98, "warn", "CSRF token mismatch for POST /comments", names_customer=False),
        ),
    ),
    (
        "While placing an order: an automatic check against fraud or abuse stopped it.",
        (handled(-8, "POST /orders", 500), log(-7.9, "warn", "order blocked by fraud rules")),
    ),
    ("A booking request failed.", (log(-8, "error", "booking failed: code 17"),)),
    (
        "The live connection was lost.",
        tuple(log(at, "warn", "websocket closed (1006), reconnecting") for at in (-9, -7, -5)),
    ),
    (
        "A request was refused: too many requests. It went over a set limit.",
        (
            span(-9, "http.client", "POST /notes", 20, http_status=429),
            log(-8.8, "warn", "transfer refused: daily limit of 200 exceeded"),
        ),
    ),
    ("It went over a set limit.", (log(-9, "info", "user exceeded the daily transfer limit"),)),
)

# What may be ordinary is said as it was recorded, and claims no harm.
NOTED: tuple[tuple[str, tuple[Span | LogEntry, ...]], ...] = (
    (
        "The program logged a warning.",
        (log(-9, "warn", "call to the price service timed out, attempt 1 of 3"),),
    ),
    (
        "Our server logged a warning.",
        (
            handled(-9, "GET /prices", 60),
            log(-9, "warning", "exchange rate provider unavailable, using rates from 11:00"),
        ),
    ),
    (
        "While using the cart: our server logged a warning.",
        (
            handled(-9, "GET /cart", 60),
            log(-9, "warn", "coupon refused: expired", names_customer=False),
        ),
    ),
    ("The program logged an error.", (log(-19, "error", "state 17 in step 4"),)),
    (
        "Our server logged an error.",
        (handled(-9, "GET /home", 60), log(-9, "error", "no promo configured for tenant")),
    ),
    (
        "Our server logged an error.",
        (
            handled(-9, "GET /home", 60),
            log(
                -9, "error", "could not reach the flag service: connection refused, using defaults"
            ),
        ),
    ),
    (
        "Our server logged an error.",
        (handled(-9, "GET /home", 60), log(-9, "error", "state 17 could not be saved")),
    ),
    ("The program logged a warning.", (log(-60, "warn", "websocket closed (code 1006)"),)),
    (
        "A request for the report was answered with 403: not allowed.",
        (
            span(-5, "http.client", "GET /reports/export", 210, http_status=403),
            handled(-4.9, "GET /reports/export", 150, 403, names_customer=False),
        ),
    ),
    (
        "A request was answered with 404: not found.",
        (span(-9, "http.client", "GET /api/users/7/draft", 30, http_status=404),),
    ),
    (
        "A request was answered with 401: not signed in.",
        (span(-9, "http.client", "POST /auth/refresh", 30, http_status=401),),
    ),
    (
        "A request was answered with 404: not found.",
        (span(-9, "http.client", "DELETE /api/items/4", 30, http_status=404),),
    ),
    (
        "A request was refused: not allowed.",
        (span(-9, "http.client", "GET /api/menu", 30, status="permission_denied"),),
    ),
    (
        "A request got no answer within 6.0 seconds.",
        (span(-9, "http.client", "GET /api/menu", 6_000, status="cancelled"),),
    ),
    (
        "A request got no answer.",
        (span(-9, "http.client", "GET /api/feed", 20, http_status=0, status="internal_error"),),
    ),
    (
        "The map service refused our request: not allowed, in a request that worked.",
        (
            handled(-9, "GET /stores", 300),
            span(
                -8.9,
                "http.client",
                "GET https://maps.googleapis.com/geocode",
                90,
                http_status=403,
                transaction="GET /stores",
                project="api",
            ),
        ),
    ),
    (
        "A payment request was refused: payment required. After that, it worked.",
        (handled(-90, "POST /pay", 900, 402), handled(-9, "POST /pay", 900)),
    ),
    (
        "A request failed: down or too busy. After that, it worked.",
        (
            span(-90, "http.client", "GET /api/quotes", 30, http_status=502),
            span(-60, "http.client", "GET /api/quotes", 30),
        ),
    ),
)

QUIET: tuple[tuple[str, tuple[Span | LogEntry, ...]], ...] = (
    ("warning that a page prints as an error", (log(-9, "error", "Warning: two equal keys"),)),
    ("as slow as usual", (handled(-60, "GET /reports/annual", 38_000, usual_ms=36_500),)),
    ("static file", (handled(-30, "GET /favicon.ico", 4, 404),)),
    (
        "check before sign-in",
        (
            span(-40, "http.client", "GET /me", 40, http_status=401),
            span(-20, "http.client", "POST /login", 300, http_status=200),
        ),
    ),
    ("health check", (handled(-10, "GET /healthz", 5_000, 503),)),
    ("debug note", (log(-30, "debug", "cache miss, failed to find in L1, retrying"),)),
    ("note of a form", (log(-30, "info", "payment form rendered"),)),
    ("warning about code", (log(-30, "warning", "DeprecationWarning: parse() is invalid"),)),
    ("retry that worked", (log(-30, "warning", "timeout, second attempt succeeded"),)),
    (
        "telemetry",
        (span(-29, "http.client", "POST https://telemetry.example/v1", 9, http_status=503),),
    ),
    (
        "tab in the background",
        (
            span(
                -30,
                "pageload",
                "/checkout",
                24_000,
                status="cancelled",
                is_segment=True,
                usual_ms=1_500,
            ),
        ),
    ),
    (
        "page measured until its limit",
        (
            span(
                -30,
                "navigation",
                "/chat",
                30_000,
                status="deadline_exceeded",
                is_segment=True,
                attributes=(("sentry.idle_span_finish_reason", "finalTimeout"),),
            ),
        ),
    ),
    ("request that stays open", (span(-60, "http.client", "GET /events/stream", 55_000),)),
    (
        "suggestion replaced by the next one",
        (span(-12, "http.client", "GET /suggest", 80, status="cancelled"),),
    ),
    (
        "one retry at once",
        (
            span(-9, "http.client", "GET /prices", 30, http_status=503),
            span(-8, "http.client", "GET /prices", 30, http_status=200),
        ),
    ),
    (
        "warning about our own program in a request that worked",
        (
            handled(-5, "GET /cart", 30, usual_ms=30),
            log(-5, "warning", "Connection pool is full, discarding connection"),
        ),
    ),
    (
        "warning of a library",
        (log(-5, "warn", "request aborted", attributes=(("logger.name", "urllib3.pool"),)),),
    ),
    (
        "sign-in is needed after signing out",
        (
            span(-20, "http.client", "POST /logout", 30, http_status=204),
            span(-19, "http.client", "GET /me", 20, http_status=401),
        ),
    ),
    ("notes that deny", (log(-5, "info", "no failed payments found for the account"),)),
    ("note about a setting", (log(-5, "warn", "payment.timeout not set, using default 30s"),)),
    (
        "check before a page's request to another site",
        (
            span(-9, "http.client", "OPTIONS /me", 6, http_status=401),
            span(-8, "http.client", "GET /me", 6, http_status=200),
        ),
    ),
    (
        "input that the customer corrected",
        (
            span(-30, "http.client", "POST /forms", 30, http_status=422),
            span(-25, "http.client", "POST /forms", 30, http_status=422),
            span(-9, "http.client", "POST /forms", 60, http_status=200),
        ),
    ),
    ("text of a mail", (log(-9, "info", "rendered 'Your card was declined' for a preview"),)),
    ("list of features", (log(-9, "info", "user features: dark_mode=on, beta=off"),)),
    ("blocker", (log(-9, "error", "Failed to load: net::ERR_BLOCKED_BY_CLIENT"),)),
    ("telemetry that was lost", (log(-9, "error", "failed to export spans: refused"),)),
    ("sign-in that was renewed", (log(-9, "info", "access token expired, refreshed"),)),
    ("log of a probe", (log(-9, "warning", "Not Found: /robots.txt"),)),
    (
        "technical warning in a request that worked",
        (handled(-9, "GET /cart", 60), log(-9, "warn", "Ignoring invalid time zone header")),
    ),
    ("cookie of the browser", (log(-8, "warn", "Cookie “_ga” has been rejected"),)),
    ("what nobody notices", (log(-8, "error", "ResizeObserver loop limit exceeded"),)),
    (
        "sign-in is needed after a session ended",
        (
            span(-9, "http.client", "DELETE /api/session", 30, http_status=204),
            span(-8, "http.client", "GET /notes", 20, http_status=401),
        ),
    ),
    ("flags are counted", (log(-5, "info", "feature flags loaded: 41 on, 12 off"),)),
    (
        "another site's request that a blocker stopped",
        (
            span(
                -5,
                "http.client",
                "GET https://cdn.ads.example/a",
                20,
                http_status=0,
                status="error",
            ),
            span(-4, "http.client", "GET /me", 30, http_status=200),
        ),
    ),
    (
        "text that a page does without",
        (span(-9, "http.client", "GET /locales/at", 9, http_status=404),),
    ),
    (
        "stranger's request for something that isn't there",
        (
            handled(-5, "GET /cart", 30),
            handled(-4, "GET /wp-login.php", 2, 404, names_customer=False),
        ),
    ),
    (
        "unknown service that the request did without",
        (
            handled(-9, "GET /home", 3_000, transaction="GET /home"),
            span(
                -7.9,
                "http.client",
                "GET http://picks.internal/top",
                20,
                http_status=500,
                transaction="GET /home",
                project="api",
            ),
        ),
    ),
    ("check whether a file is there", (span(-9, "http.client", "HEAD /f", 9, http_status=404),)),
    ("large download", (span(-99, "http.client", "GET /exports/7/download", 64_000),)),
    ("connection that changed its protocol", (handled(-600, "GET /cable", 590_000, 101),)),
    ("not full yet", (log(-5, "warn", "disk space on node 3: 85% full"),)),
    ("search for words of an error", (log(-5, "info", "search query: file too large"),)),
    ("what was tidied up", (log(-5, "info", "expired sessions removed: 41"),)),
    ("scan that found nothing", (log(-5, "info", "upload scanned: no virus found"),)),
    ("list of what was refused", (log(-5, "info", "listing payments with status declined"),)),
    ("count of what ended", (log(-5, "info", "old price quotes expired: 3"),)),
    ("names of errors", (log(-5, "info", "loaded messages: payment_declined, file_too_large"),)),
    ("room that is left", (log(-5, "info", "storage quota: 2.1 GB of 5 GB used"),)),
    ("end of a link to come", (log(-5, "info", "share link created, link expired date set"),)),
    ("flag of a trial", (log(-5, "info", "Feature flag 'new-nav' evaluated to off for 1001"),)),
    ("trial without the customer", (log(-5, "info", "toggle dark: disabled (strategy 10%)"),)),
    ("counts of nothing", (log(-5, "info", "batch done: blocked uploads=3, refused=0"),)),
    ("setting", (log(-5, "warn", "max file size: 10 MB"),)),
    ("what others sent", (log(-5, "info", "spam filter rejected 12 comments"),)),
    ("check that passed", (log(-5, "info", "fraud check passed, card not declined"),)),
    ("trial run", (log(-5, "error", "canary: test card declined"),)),
    ("sign-in of a program", (log(-5, "warn", "JWT expired, answering 401"),)),
    ("page that was left", (log(-5, "warn", "websocket disconnected: going away"),)),
    ("housekeeping", (log(-5, "warn", "Connection pool: request timed out waiting, GC pause"),)),
    ("mail to someone else", (log(-5, "info", "mail to a supplier bounced: mailbox full"),)),
    (
        "connection that came back",
        (
            log(-9, "warn", "WebSocket connection closed"),
            log(-8, "info", "socket reconnected"),
        ),
    ),
    (
        "retry that worked, in another log",
        (
            log(-9, "warn", "payment refused by the gateway"),
            log(-8, "info", "payment succeeded"),
        ),
    ),
    ("large upload that took long", (span(-99, "http.client", "PUT /files/big", 95_000),)),
    ("answer that is written slowly", (span(-60, "http.client", "POST /v1/chat", 42_000),)),
    ("feature is on", (log(-5, "info", "feature flag new-nav evaluated: on"),)),
    (
        "page waits as long as the server usually takes",
        (
            span(-30, "http.client", "GET /export", 25_100),
            handled(-30, "GET /export", 25_000, usual_ms=24_000),
            span(-29, "db", "SELECT 1", 20_000, transaction="GET /export", project="api"),
        ),
    ),
    (
        "another person's part of a batch",
        (
            span(
                -200,
                "queue.process",
                "nightly",
                300_000,
                is_segment=True,
                names_customer=False,
                usual_ms=290_000,
            ),
            log(-120, "info", "invoice created"),
            log(-90, "error", "invoice failed: VAT number missing", names_customer=False),
        ),
    ),
)


def test_rows_are_described_in_plain_words() -> None:
    for sentence, rows in SAID:
        assert words(*rows) == [sentence]
        assert not troubles(*rows)[0].is_note, sentence


def test_what_may_be_ordinary_is_only_noted() -> None:
    for sentence, rows in NOTED:
        assert words(*rows) == [sentence]
        assert troubles(*rows)[0].is_note, sentence
        assert re.search(r"worked|shows no (clear )?failure", first_line(*rows)), sentence


def test_nothing_is_claimed_of_what_says_nothing_about_the_customer() -> None:
    for name, rows in QUIET:
        assert [one.sentence for one in troubles(*rows) if not one.is_note] == [], name


def test_observation_rests_on_all_rows_of_its_request() -> None:
    sent = span(-5, "http.client", "GET /cart", 300, http_status=500)
    served = handled(-4.9, "GET /cart", 200, 500, names_customer=False)
    noted = log(-4.8, "error", "state 17 in step 4", names_customer=False)
    (one,) = troubles(served, noted, sent)
    assert {row.id for row in one.rows} == {sent.id, served.id, noted.id}
    assert one.rows[0] == sent
    assert one.names_customer


def test_requests_at_the_same_time_stay_apart() -> None:
    rows = (
        span(-5, "http.client", "GET /cart", 300, http_status=500),
        span(-5, "http.client", "GET /orders", 300, http_status=403),
        log(-4.9, "error", "state 17 in step 4"),
    )
    assert words(*rows) == [
        "Opening the cart failed.",
        "The program logged an error.",
        "A request for the orders was answered with 403: not allowed.",
    ]


def test_what_names_the_reason_comes_before_a_lack_of_an_answer() -> None:
    hung = span(-80, "http.client", "POST /upload", 60_000, status="cancelled")
    refused = span(0, "http.client", "POST /upload", 4_000, http_status=413)
    large = log(3.9, "warn", "Upload refused: 31 MB is more than the limit of 10 MB")
    sized = (
        "The upload was refused. What was sent is too large: 31 MB, more than the limit of 10 MB."
    )
    none = "The upload got no answer within 60 seconds."
    vague, other = (
        replace(refused, http_status=422),
        replace(refused, description="POST /booking"),
    )
    for rows, first in (
        ((hung, refused, large), sized),
        ((hung, refused), "The upload was refused: too large."),
        ((hung, vague), none),
        ((hung, other), none),
    ):
        assert words(*rows)[0] == first
    assert "gigabytes" not in words(refused, log(3, "warn", "file too large: 3 gigabytes"))[0]


def test_where_it_failed_and_whether_it_stopped_the_customer() -> None:
    """Only what the rows show: an unanswered request may have failed anywhere."""
    sent, shop = ("http.client", "POST /orders", 900), "https://shop.example"
    failed = {"http_status": 503, "transaction": "POST /orders", "project": "api"}
    for rows, place, is_own, is_passing in (
        ((span(0, *sent, http_status=500),), Place.SERVER, True, True),
        ((span(0, *sent, status="deadline_exceeded"),), None, True, True),
        ((span(0, *sent, http_status=413),), Place.INPUT, True, False),
        ((span(0, *sent, http_status=403),), None, True, False),
        ((span(0, "http.client", "GET /orders", 90, http_status=500),), Place.SERVER, False, True),
        ((handled(0, "POST /orders", 900, 500),), Place.SERVER, True, True),
        ((handled(0, "GET /search", 41_000, usual_ms=400),), Place.SERVER, False, True),
        (
            (span(0, "http.client", "POST https://api.stripe.com/v1/pay", 9, http_status=500),),
            Place.SERVICE,
            False,
            True,
        ),
        ((span(0, "http.client", f"PUT {shop}/a", 9, http_status=500),), None, False, True),
        (
            (
                span(0, "http.client", f"POST {shop}/orders", 9_000, http_status=500),
                handled(0, "POST /orders", 8_990, 500),
                span(1, "http.client", "POST https://api.stripe.com", 99, **failed),
            ),
            Place.SERVER_OR_SERVICE,
            True,
            True,
        ),
        ((log(0, "info", "Coupon X1 refused: expired on 31 October"),), Place.INPUT, False, False),
        ((log(0, "info", "Coupon X1 refused: invalid or expired"),), None, False, False),
        ((log(0, "warn", "no payment webhook for order A-3"),), None, False, False),
        (tuple(span(at, *sent, http_status=500) for at in (0, 9)), Place.SERVER, True, False),
    ):
        (one,) = troubles(*rows)
        assert (one.place, one.is_own, one.is_passing) == (place, is_own, is_passing), one.sentence


def test_what_a_log_leaves_open_is_nothing_to_tell_the_customer() -> None:
    for message, is_clear in (
        ("payment declined by issuer", True),
        ("profile rejected: odd characters", False),
    ):
        (one,) = troubles(log(-9, "info", message))
        assert one.is_clear is is_clear, one.sentence


def test_what_was_sent_decides_what_failed() -> None:
    for request, said in (
        ("POST /api/uploads", "The upload failed."),
        ("PATCH /api/documents/7", "A change to a file failed."),
        ("DELETE /api/uploads/7", "A change to a file failed."),
        ("OrdersController#create", "An order request failed."),
        ("POST /orders/7/cancel", "A cancellation request failed."),
        ("GET /tracking/:id", "A request failed."),
    ):
        assert words(handled(-9, request, 90, 500)) == [said]


def test_accepted_is_not_worked() -> None:
    accepted = handled(-5, "POST /orders/7/pay", 90, 202)
    assert [one.sentence for one in observations_of(answer(accepted))] == [
        "A payment request was accepted."
    ]
    assert (
        first_line(accepted)
        == "No errors, and what Sentry recorded from this customer shows no failure."
    )


def test_logged_error_names_the_side() -> None:
    served = handled(-60, "GET /cart", 90, trace_id="c" * 32)
    for subject, rows in (("Our server", (served,)), ("The program", ())):
        assert words(log(0, "error", "state 17 in step 4"), *rows) == [
            f"{subject} logged an error."
        ]


def test_repeats_are_counted_and_a_later_success_is_mentioned() -> None:
    twice = (span(at, "http.client", "POST /orders", 90, http_status=500) for at in (-9, 0))
    assert first_line(*twice) == "No errors, but an order request failed twice."
    tries = [span(-50 + 8 * at, "http.client", "POST /login", 90, http_status=503) for at in (0, 1)]
    assert first_line(*tries, span(-9, "http.client", "POST /login", 90)) == (
        "No errors, but a sign-in request failed: down or too busy, twice. After that, it worked."
    )


def test_row_that_names_no_one_counts_by_trace_and_says_so() -> None:
    unnamed = handled(-4, "GET /cart", 200, 500, names_customer=False)
    assert words(unnamed) == []
    (one,) = troubles(unnamed, log(-9, "info", "cart opened"))
    assert not one.names_customer
    assert first_line(unnamed, log(-9, "info", "cart opened")).endswith("a trace of theirs.")


def test_headline_counts_by_kind_and_says_the_gravest() -> None:
    rows = (
        handled(-60, "GET /search", 41_000, usual_ms=420, trace_id="b" * 32),
        span(-9, "http.client", "POST /orders", 80, http_status=403),
        span(-5, "http.client", "POST /uploads", 80, http_status=502),
        span(-4, "http.client", "POST /notes", 80, http_status=500),
    )
    assert first_line(*rows) == (
        "No errors, but two requests failed, one request was refused, and one step took 41 seconds."
        " A request failed."
    )


def test_worked_is_claimed_only_if_everything_was_read_and_something_was_there() -> None:
    good = handled(-30, "GET /cart", 200)
    probe = handled(-20, "GET /favicon.ico", 4, 404)
    nothing = "No errors, and Sentry has no logs or requests from this customer at that "
    for said, line in (
        (
            "everything that Sentry recorded from this customer at that time worked.",
            (good,),
        ),
        (
            "at that time worked, apart from background and repeated ones.",
            (good, probe),
        ),
        (nothing, ()),
        ("shows no failure.", (log(-9, "info", "cart opened"),)),
        (
            "No errors; every request that Sentry recorded from this customer at that time worked, "
            "but our systems logged 1 warning.",
            (good, log(-29.9, "warn", "reservation expired, 2 items removed")),
        ),
        (
            "worked, but our systems logged 1 error and 1 warning.",
            (
                good,
                log(-29.9, "error", "state 17 in step 4"),
                replace(good, id="b" * 16, trace_id="b" * 32),
                log(-29.9, "warn", "reservation expired", trace_id="b" * 32),
            ),
        ),
        ("shows no failure.", (replace(good, names_customer=False),)),
    ):
        assert said in first_line(*line), said
    for rows in ((good,), ()):
        text = first_line(*rows, surely=(Signal.LOGS,))
        assert "not all requests from this customer could be read" in text
        assert "worked" not in text


def test_what_the_server_does_not_have_is_mentioned() -> None:
    sample = replace(answer(), beside=RelatedData())
    assert headline(sample, ZoneInfo("UTC")) == "No errors for this customer in this window."
    absent = tuple(UnreadSignal(one, "None.", can_retry=False) for one in BOTH)
    good = (handled(-3, "GET /cart", 9),)
    for said, beside in (
        ("No errors; Sentry has no logs or requests for us to check.", RelatedData(absent=absent)),
        (
            "No errors; every request that Sentry recorded from this customer at that time worked.",
            RelatedData(spans=good, asked=BOTH, surely=BOTH[1:], absent=absent[:1]),
        ),
        (
            "No errors, and Sentry has no requests from this customer at that time: we can’t "
            "tell what happened.",
            RelatedData(asked=BOTH, surely=BOTH[1:], absent=absent[:1]),
        ),
    ):
        assert headline(replace(sample, beside=beside), ZoneInfo("UTC")) == said


def test_what_an_error_says_is_not_said_again() -> None:
    error = Event("e" * 32, MOMENT, title="PaymentDeclined: no", trace_id="a" * 32)
    rows = (
        log(-1, "warning", "Charge declined, the order stays open"),
        log(-1, "error", "state 17 in step 4"),
        log(-1, "warning", "Coupon refused: expired"),
        log(-30, "error", "state 18 in step 5"),
    )
    sample = replace(answer(*rows), events=(error,), events_total=1)
    assert [one.sentence for one in observations_of(sample)] == [
        "The program logged an error.",
        "A coupon or discount was not accepted: it had expired.",
    ]


def test_more_than_is_read_is_never_called_fine() -> None:
    good = handled(-30, "GET /cart", 200)
    rows = [replace(good, id=f"{at:016x}") for at in range(2001)]
    assert "worked" not in first_line(good, *rows)


def test_both_sides_of_a_request_are_one() -> None:
    """Even if their clocks differ, or each began a trace of its own."""
    sent = span(0, "http.client", "POST https://shop.example/orders/17", 900, http_status=403)
    served = handled(0.1, "POST /orders/{id}", 700, 403)
    for other, times in (
        (served, 1),
        (replace(served, started_at=MOMENT + timedelta(seconds=3)), 1),
        (replace(served, trace_id="b" * 32), 1),
        (replace(served, transaction="POST /carts/{id}", trace_id="b" * 32), 2),
        (replace(served, http_status=500, trace_id="b" * 32), 2),
        (replace(served, started_at=MOMENT + timedelta(seconds=90)), 2),
    ):
        found = troubles(sent, other)
        assert sum(one.times for one in found) == times
        assert {row.id for one in found for row in one.rows} == {sent.id, other.id}


def test_rows_at_once_take_hardly_more_steps_than_others() -> None:
    def steps(rows: list[Span]) -> int:
        total = 0

        def seen(_frame: FrameType, event: str, _argument: object) -> None:
            nonlocal total
            total += event in ("call", "c_call")

        before = sys.getprofile()
        sys.setprofile(seen)
        try:
            troubles(*rows)
        finally:
            sys.setprofile(before)
        return total

    failed: dict[str, Any] = {"status": "internal_error"}
    unnamed: dict[str, Any] = {"names_customer": False}
    apart = [
        handled(at, f"POST /p{at}", 9, 500, **failed, trace_id=f"{at:032x}") for at in range(600)
    ]
    both = [span(0, "http.client", f"POST /p{at}/x/y/z", 9, **failed) for at in range(300)]
    both += [handled(0, f"POST /q{at}/x/y/z", 9, **failed) for at in range(300)]
    batch = [span(0, ("http.client", "task")[at % 2], f"a {at}", 9, **unnamed) for at in range(600)]
    usual = steps(apart)
    for name, rows in {"both sides": both, "a batch": [*batch, handled(0, "GET /", 9)]}.items():
        assert steps(rows) < 1.3 * usual, name


def test_order_of_rows_changes_nothing() -> None:
    rows = [row for _sentence, group in SAID for row in group]
    shown = observations_of(answer(*rows))
    assert observations_of(answer(*reversed(rows))) == shown
    covered = [row.id for one in shown for row in one.rows]
    assert len(covered) == len(set(covered))


_OPS = ("http.client", "http.server", "pageload", "ui.load", "queue.process", "db", "", "odd")
_WORDS = ("GET /cart", "POST https://api.stripe.com/v1", "/pay", "upload failed", "x://[", "\u202e")
_COMMON = {
    "trace_id": st.sampled_from((None, "a" * 32, "b" * 32)),
    "names_customer": st.booleans(),
    "project": st.sampled_from((None, "web", "api")),
}
_SPANS = st.builds(
    span,
    st.floats(-1_800, 1_800),
    st.sampled_from(_OPS),
    st.sampled_from(_WORDS) | st.text(max_size=40),
    st.none() | st.floats(-5, 1e300),
    status=st.sampled_from((None, "ok", "internal_error", "cancelled", "odd")),
    http_status=st.sampled_from((None, 0, 200, 401, 404, 499, 503, 999)),
    transaction=st.none() | st.sampled_from(_WORDS),
    is_segment=st.booleans(),
    usual_ms=st.none() | st.floats(0, 1e6),
    **_COMMON,
)
_LOGS = st.builds(
    log,
    st.floats(-1_800, 1_800),
    st.sampled_from((None, "trace", "info", "warn", "error", "odd")),
    st.none() | st.sampled_from(_WORDS) | st.text(max_size=40),
    **_COMMON,
)


@settings(max_examples=examples(100))
@given(st.lists(_SPANS | _LOGS, max_size=25))
def test_any_rows_are_observed_once_and_by_name_or_trace(rows: list[Span | LogEntry]) -> None:
    shown = observations_of(answer(*rows))
    covered = [row.id for one in shown for row in one.rows]
    assert len(covered) == len(set(covered))
    named = {row.trace_id for row in rows if row.names_customer}
    for one in shown:
        assert one.names_customer or not any(row.names_customer for row in one.rows)
        assert one.rows[0].trace_id in named
        assert one.sentence.endswith(".")
    assert observations_of(answer(*rows[::-1])) == shown
