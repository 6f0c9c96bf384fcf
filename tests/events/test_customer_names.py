"""The customer's names are hidden where they mean the person, and code and words stay."""

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from apps.events.event import Breadcrumb, Event, EventBody, ExceptionInfo, Frame, Request
from apps.redaction.engine import Ledger, redact_event, redact_text
from tests.events.test_redaction import EVENT_ID, MOMENT

USER = {"id": "7", "email": "jane.roe@mail.example", "username": "jroe85", "name": "Jane Roe"}


def shown(user: dict[str, object] | str, place: str, value: Any) -> str:
    """Return everything of an event with the value in one place, after redaction."""
    who = {"username": user} if isinstance(user, str) else user
    if isinstance(user, str) and any(map(str.isdigit, user)):
        who = {"id": user}
    frame: dict[str, Any] = {"file": "app/base.py", "function": "run"}
    raised, request, crumb, body, event = ({} for _ in range(5))  # type: ignore[var-annotated]
    for fields, names in (
        (frame, ("file", "function", "module", "code", "variables")),
        (raised, ("type", "value")),
        (request, ("url", "query", "data")),
        (crumb, ("category", "data")),
        (body, ("message", "tags", "extra", "contexts", "lists")),
        (event, ("title", "transaction", "culprit", "release", "environment")),
    ):
        if place in names:
            fields[place] = value
    one = Event(
        id=EVENT_ID,
        timestamp=MOMENT,
        body=EventBody(
            exceptions=(ExceptionInfo(**raised, frames=(Frame(**frame),)),),
            breadcrumbs=(Breadcrumb(**crumb),),
            request=Request(**request),
            user=who,
            **body,
        ),
        **event,
    )
    return repr(redact_event(one, customer=str(next(iter(who.values())))))


def test_code_and_common_words_stay() -> None:
    rows: tuple[tuple[str, str, Any, str], ...] = (
        ("checkout", "file", "shop/checkout.py", "shop/checkout.py"),
        ("checkout", "module", "shop.checkout.views", "shop.checkout.views"),
        ("checkout", "function", "checkout", "function='checkout'"),
        ("checkout", "message", "checkout failed", "checkout failed"),
        ("checkout", "url", "https://shop.example/checkout/2", "/checkout/2"),
        ("checkout", "release", "checkout@2.14.0", "checkout@2.14.0"),
        ("checkout", "category", "checkout", "category='checkout'"),
        ("checkout", "tags", (("section", "checkout"),), "('section', 'checkout')"),
        ("admin", "transaction", "/admin/orders/", "/admin/orders/"),
        ("test", "environment", "test", "environment='test'"),
        ("order", "code", ((3, "order = cart.order()"),), "order = cart.order()"),
        ("user", "value", "user not found", "user not found"),
        ("login", "value", "User login failed", "User login failed"),
        ("session", "message", "Start of the user session failed", "user session"),
        ("search", "data", {"action": "search"}, "'search'"),
        ("null", "value", "Cannot read properties of null", "of null"),
        ("zephyr", "file", "zephyr/rpc.py", "zephyr/rpc.py"),
        ("max", "function", "Math.max", "Math.max"),
        ("mark", "file", "lib/mark.js", "lib/mark.js"),
        ("root", "file", "/root/app/main.go", "/root/app"),
        ("404", "value", "Request failed with status code 404", "code 404"),
        ("404", "data", {"status_code": 404}, "404"),
        ("404", "code", ((3, "if status == 404:"),), "== 404"),
        ("500", "extra", {"limit": 500}, "500"),
        ("8080", "value", "listening on port 8080", "port 8080"),
        ("2026", "message", "Report for 2026 is empty", "for 2026"),
        ("1024", "value", "buffer of 1024 bytes", "of 1024"),
        ("42", "url", "https://shop.example/items/42", "items/42"),
        ("42", "message", "asked users 42 times", "42 times"),
        ("404", "message", "GET /account 404", "/account 404"),
        ("404", "message", "GET https://shop.example/api/user: 404", "user: 404"),
        ("404", "message", "Order ID: 404 is paid", "ID: 404"),
        ("404", "message", "order_id=404 is paid", "=404"),
        ("118", "file", "views/pay.py:118", "pay.py:118"),
    )
    for user, place, value, kept in rows:
        assert kept in shown(user, place, value), f"{user} in {place}: {value}"


def test_words_of_the_program_stay_in_messages() -> None:
    def message(user: str, text: str, file: str) -> str | None:
        exceptions = (ExceptionInfo(frames=(Frame(file=file, function="run"),)),)
        body = EventBody(message=text, exceptions=exceptions, user={"username": user})
        event = redact_event(Event(id=EVENT_ID, timestamp=MOMENT, body=body), customer=user)
        return event.body.message if event.body else None

    rows = (
        ("gizmos", "gizmos queue is full", "shop/GizmosQueue.java", True),
        ("gizmos", "gizmos queue is full", "shop/carts.py", False),
        ("anna", "anna could not pay", "/srv/customers/anna/hook.py", False),
        ("mark", "mark could not pay", "lib/mark.js", False),
        ("jroe85", "jroe85 could not pay", "/srv/jroe85/jroe85.py", False),
    )
    for user, text, file, stays in rows:
        assert (message(user, text, file) == text) is stays, f"{user} in {file}"


def test_person_is_hidden_everywhere() -> None:
    rows: tuple[tuple[dict[str, object] | str, str, Any, str], ...] = (
        (dict(USER), "file", "/mail/jane.roe@mail.example/in.py", "jane.roe"),
        (dict(USER), "code", ((3, "to = 'jane.roe@mail.example'"),), "jane.roe"),
        (dict(USER), "value", "No account for jroe85", "jroe85"),
        (dict(USER), "module", "tenants.jroe85_hooks", "jroe85"),
        (dict(USER), "lists", {"threads": "worker of jroe85"}, "jroe85"),
        (dict(USER), "message", "Jane Roe has no address", "Jane Roe"),
        (dict(USER), "title", "Error: roe, jane was declined", "roe, jane"),
        (dict(USER), "url", "https://shop.example/?q=Jane%20Roe", "Jane%20Roe"),
        (dict(USER), "contexts", {"card": {"owner": "JANE ROE"}}, "JANE ROE"),
        (dict(USER), "value", r"line\njroe85 of \x22jroe85\x22", "jroe85"),
        (dict(USER), "url", "https://shop.example/?q=uid%3Djroe85", "jroe85"),
        (dict(USER), "query", (("next", "/in%253Fu%253Djroe85"),), "jroe85"),
        ("anna", "message", "anna could not pay", "anna"),
        ("anna", "lists", {"spans": "db 3 ms name = 'anna'"}, "anna"),
        ("anna", "tags", (("rep", "anna"),), "anna"),
        ("anna", "file", "/home/anna/app.py", "anna"),
        ("anna", "file", "C:\\Users\\anna\\app.py", "anna"),
        ("李雷", "message", "用户李雷不存在", "李雷"),
        ("checkout", "value", "User 'checkout' not found", "checkout"),
        ("checkout", "value", "username=checkout is locked", "checkout"),
        ("checkout", "value", "Key (username)=(checkout) exists", "checkout"),
        ("checkout", "message", "logged in as checkout", "checkout"),
        ("checkout", "message", "Login failed for user checkout", "checkout"),
        ("checkout", "message", "user checkout is locked", "checkout"),
        ("checkout", "url", "https://shop.example/users/checkout", "checkout"),
        ("checkout", "query", (("user", "checkout"),), "checkout"),
        ("checkout", "extra", {"login": "checkout"}, "checkout"),
        ("404", "value", "User 404 has no cart", "404"),
        ("404", "value", "customer #404 is new", "404"),
        ("404", "value", "<User: 404>", "404"),
        ("404", "value", "User with id 404 is new", "404"),
        ("404", "value", '{"id": 404}', "404"),
        ("404", "message", "SELECT * FROM cart WHERE user_id = 404", "404"),
        ("404", "transaction", "/api/users/404/cart", "404"),
        ("404", "variables", {"user_id": 404}, "404"),
        ("7", "value", "user 7 has no cart", "user 7"),
        ("48213", "message", "48213 could not be billed", "48213"),
        ("48213", "transaction", "/orders/48213", "48213"),
        ("987654", "code", ((3, "charge(987654)"),), "987654"),
        ("cust_42x", "file", "/srv/cust_42x/run.py", "cust_42x"),
        ("google-oauth2|104", "message", "google-oauth2|104 is gone", "oauth2|104"),
    )
    for user, place, value, hidden in rows:
        assert hidden not in shown(user, place, value), f"{user} in {place}: {value}"


def test_without_the_programs_words_every_name_is_hidden() -> None:
    assert redact_text("checkout failed", Ledger(frozenset({"checkout"}))) == "<customer> failed"


@example("²²²", " ")
@given(st.text(min_size=1, max_size=20), st.text(max_size=60))
def test_any_name_is_accepted(name: str, text: str) -> None:
    for value in (name, f"user={name}", text):
        redact_text(value, Ledger(frozenset({name, text}), words=frozenset({"checkout"})))


def test_hiding_names_takes_linear_time() -> None:
    """A pattern with quadratic time would take hours for one of these."""
    ledger = Ledger(frozenset({"7", "checkout", "jane roe"}), words=frozenset())
    for text in ("user ", "7 ", "user_id=(", "for the user checkout ", "roe, jane ", "/users/"):
        redact_text(text * 5_000, ledger)
