"""The company's projects, the customers of its shop, and the history of its issues.

IDs depend on the order of projects and events.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from apps.demo.story.scene import (
    API_RELEASE,
    BROWSER,
    DJANGO,
    FIREFOX,
    GO,
    NODE,
    PLACE_ORDER,
    REACT,
    SHOP_RELEASE,
    Crumb,
    Scene,
    api_request,
    call,
    frame,
    navigation,
)
from apps.demo.world import Event, History, Json, World, made_up_id

PROJECTS = (
    ("checkout-api", "python", "Checkout API"),
    ("web-shop", "javascript", "Web Shop"),
    ("mobile-app", "javascript", "Mobile App"),
    ("storefront", "php", "Storefront"),
    ("back-office", "ruby", "Back Office"),
    ("invoices", "csharp", "Invoices"),
    ("warehouse", "java", "Warehouse"),
    ("edge", "go", "Edge Services"),
    ("orders-worker", "node", "Orders Worker"),
    ("realtime", "elixir", "Realtime"),
)


def add_projects(world: World) -> None:
    """Add all projects."""
    for slug, platform, name in PROJECTS:
        world.add_project(slug, platform, name)


# --- Ada: payments and a cart -------------------------------------------------------------------

PAY_URL = "https://api.shop.example/orders/A-20931/pay"

CHARGE = """
     def charge(self, order, card_token):
         reply = self.gateway.post("/charges", amount=order.total, source=card_token)
         if reply.status == "declined":
>            raise PaymentDeclined(reply.code, reply.message)
         order.mark_paid(reply.charge_id)
         return reply
"""
CART = """
   const lines = cart.lines.map((line) => {
     const price = prices[line.sku];
>    return { ...line, total: price.amount * line.quantity };
   });
   return sum(lines, "total");
"""

DECLINED_FRAMES = (
    *DJANGO,
    frame("checkout/views.py", "place_order", 118, PLACE_ORDER, module="checkout.views"),
    frame(
        "checkout/payments.py",
        "PaymentService.charge",
        64,
        CHARGE,
        module="checkout.payments",
        vars={"order": "<Order A-20931>", "card_token": "[Filtered]", "self": "<Payments>"},
    ),
)
CART_FRAMES = (
    *REACT,
    frame("src/cart/Cart.tsx", "Cart", 88, absPath="webpack:///src/cart/Cart.tsx", colNo=9),
    frame("src/cart/total.ts", "cartTotal", 23, CART, absPath="webpack:///src/cart/total.ts"),
)
DECLINED_CRUMBS: tuple[Crumb, ...] = (
    (0.9, "query", 'SELECT ... FROM "order" WHERE "id" = %s FOR UPDATE', None),
    call(0.2, "POST", "https://gateway.example/charges", 402),
)
PAY_CRUMBS: tuple[Crumb, ...] = (
    navigation(6.0, "/cart", "/checkout"),
    (1.4, "ui.click", 'button.pay[type="submit"] > span', None),
    call(0.1, "POST", PAY_URL, 402, category="xhr"),
)
CART_CRUMBS: tuple[Crumb, ...] = (
    (31.0, "ui.click", 'button.pay[type="submit"] > span', None),
    (30.2, "console", "payment refused: do_not_honor", {"logger": "console"}),
    navigation(9.5, "/checkout", "/cart"),
    (4.8, "ui.click", "button.remove-voucher", None),
    call(0.3, "GET", "/api/prices?cart=881", 500, category="xhr"),
    (0.0, "error", "TypeError: price is undefined", None),
)


def ada(scene: Scene) -> None:
    """Add three declined payments, each in the API and the browser, then a broken cart."""
    codes = ("insufficient_funds", "insufficient_funds", "do_not_honor")
    for number, (seconds, code) in enumerate(zip((-190, -100, -35), codes, strict=True), start=1):
        trace = made_up_id("ada", "pay", number)
        _declined(scene, seconds, code, trace)
        _failed_request(scene, seconds + 0.4, trace)
    _broken_cart(scene, 0)
    scene.add(
        42,
        project="web-shop",
        level="warning",
        issue="slow-prices",
        message="Prices took 8.2 s to load",
        handled=None,
        logger="prices",
        release=SHOP_RELEASE,
        contexts=BROWSER,
    )


def _declined(scene: Scene, seconds: float, code: str, trace: str) -> None:
    order = {"order_id": "A-20931", "total": "84.90", "currency": "GBP"}
    scene.add(
        seconds,
        project="checkout-api",
        issue="payment-declined",
        exception=("PaymentDeclined", f"The bank declined the charge ({code})"),
        frames=DECLINED_FRAMES,
        breadcrumbs=scene.crumbs(seconds, DECLINED_CRUMBS),
        request=api_request("/orders/A-20931/pay", order),
        tags={"payment.code": code, "server_name": "api-5f9c"},
        transaction="/orders/{id}/pay",
        release=API_RELEASE,
        trace_id=trace,
        contexts={"runtime": {"name": "CPython", "version": "3.12.7"}},
        extra={"attempt": code, "gateway": "eu-west"},
    )


def _failed_request(scene: Scene, seconds: float, trace: str) -> None:
    scene.add(
        seconds,
        project="web-shop",
        issue="pay-failed",
        exception=("AxiosError", "Request failed with status code 402"),
        frames=[*REACT, frame("src/checkout/pay.ts", "submitPayment", 57)],
        handled=True,
        mechanism="instrument",
        breadcrumbs=scene.crumbs(seconds, PAY_CRUMBS),
        request={"url": "https://shop.example/checkout", "headers": [["User-Agent", FIREFOX]]},
        transaction="/checkout",
        release=SHOP_RELEASE,
        trace_id=trace,
        contexts=BROWSER,
    )


def _broken_cart(scene: Scene, seconds: float) -> None:
    scene.add(
        seconds,
        project="web-shop",
        issue="cart-total",
        issue_status="resolved",
        exception=("TypeError", 'can\'t access property "amount", price is undefined'),
        frames=CART_FRAMES,
        mechanism="onerror",
        breadcrumbs=scene.crumbs(seconds, CART_CRUMBS),
        request={
            "url": "https://shop.example/cart?voucher=SPRING",
            "query": [["voucher", "SPRING"]],
            "headers": [["User-Agent", FIREFOX], ["Referer", "https://shop.example/checkout"]],
        },
        transaction="/cart",
        release=SHOP_RELEASE,
        contexts={**BROWSER, "replay": {"replay_id": made_up_id("ada", "replay")}},
    )


# --- Mia and Leo: a locked stock and missing chunks ---------------------------------------------

RESERVE = """
     with connection.cursor() as cursor:
         cursor.execute("SET LOCAL lock_timeout = '5s'")
>        cursor.execute(RESERVE_SQL, [sku, quantity])
         return cursor.rowcount == quantity
"""

LOCK_CHAIN: tuple[Json, ...] = (
    {
        "type": "LockNotAvailable",
        "value": "canceling statement due to lock timeout",
        "module": "psycopg.errors",
        "frames": [frame("stock/reserve.py", "reserve", 41, RESERVE)],
    },
    {
        "type": "OperationalError",
        "value": "Zeitüberschreitung: Bestand für »Stiefel, Größe 42« ist gesperrt",
        "module": "django.db.utils",
        "frames": [
            *DJANGO,
            frame("checkout/views.py", "place_order", 117, PLACE_ORDER),
            frame("stock/reserve.py", "reserve", 41, RESERVE, vars={"sku": "WS-42"}),
        ],
    },
)
GROUP: Json = {
    "type": "ExceptionGroup",
    "value": "Angebote konnten nicht eingeholt werden (2 sub-exceptions)",
    "mechanism": {
        "type": "chained",
        "handled": False,
        "is_exception_group": True,
        "exception_id": 0,
    },
    "frames": [*DJANGO, frame("checkout/tasks.py", "offers", 33)],
}
MEMBERS = (
    ("TimeoutError", "Lagerdienst antwortet nicht (10 s)"),
    ("KeyError", "'versandart'"),
)


def mia(scene: Scene) -> None:
    """Add two lock timeouts and an exception group, in German."""
    for seconds in (-240, -95):
        scene.add(
            seconds,
            project="checkout-api",
            issue="lock-timeout",
            exceptions=LOCK_CHAIN,
            request=api_request("/orders/B-11/reserve", {"sku": "WS-42", "menge": 2}),
            tags={"lang": "de"},
            transaction="/orders/{id}/reserve",
            release=API_RELEASE,
        )
    scene.add(
        12,
        project="checkout-api",
        issue="checkout-group",
        exceptions=[*(_member(at) for at in range(len(MEMBERS))), GROUP],
        request=api_request("/orders/B-11/offers"),
        tags={"lang": "de"},
        transaction="/orders/{id}/offers",
        release=API_RELEASE,
    )


def _member(at: int) -> Json:
    """Return one of the exceptions in the group."""
    kind, value = MEMBERS[at]
    return {
        "type": kind,
        "value": value,
        "mechanism": {
            "type": "chained",
            "handled": False,
            "exception_id": at + 1,
            "parent_id": 0,
            "source": f"exceptions[{at}]",
        },
        "frames": [frame("checkout/tasks.py", "gather_offers", 21 + at)],
    }


def leo(scene: Scene) -> None:
    """Add chunks missing after a deploy, in French, an hour before the reported time."""
    for number, seconds in enumerate((-3720, -3660, -3615)):
        scene.add(
            seconds,
            project="web-shop",
            issue="chunk-load",
            exception=(
                "ChunkLoadError",
                f"Loading chunk {31 + number} failed. (https://cdn.shop.example/{31 + number}.js)",
            ),
            frames=[*REACT],
            breadcrumbs=scene.crumbs(
                seconds,
                [
                    (2.0, "ui.click", "a.nav-link[title='Mes commandes']", None),
                    (0.5, "console", "Échec du chargement de la page « Mes commandes »", None),
                ],
            ),
            request={"url": "https://shop.example/fr/commandes"},
            transaction="/fr/commandes",
            release="web-shop@2026.11.3",
            contexts=BROWSER,
        )


# --- a wholesale customer with 140 events in an hour --------------------------------------------

HALF_AN_HOUR_S = 1790
CORE_S = 270
CORE_SHARE = 0.78

LOOKUP = """
     res, err := s.index.Query(ctx, q)
     if err != nil {
>        return nil, fmt.Errorf("search %q: %w", q.Text, err)
     }
"""
SEND_MAIL = """
   const template = templates[order.locale];
>  await mailer.send(order.email, template.render(order));
"""
IMPORT_ROW = """
     for number, row in enumerate(reader, start=1):
>        price = Decimal(row["Preis"])
         offers.append(Offer(sku=row["SKU"], price=price))
"""


# The number of events of each issue, and their fields.
NOISE: tuple[tuple[int, Json], ...] = (
    (
        46,
        {
            "project": "checkout-api",
            "issue": "import-row",
            "exception": ("InvalidOperation", "[<class 'decimal.ConversionSyntax'>]"),
            "frames": [
                *DJANGO,
                frame("imports/offers.py", "read_rows", 58, IMPORT_ROW, vars={"row": "{}"}),
            ],
            "transaction": "/imports/{id}",
            "release": "checkout-api@7.3.0",
        },
    ),
    (
        34,
        {
            "project": "edge",
            "platform": "go",
            "issue": "search-down",
            "exception": ("*fmt.wrapError", 'search "schrauben m4": context deadline exceeded'),
            "frames": [*GO, frame("internal/search/service.go", "(*Service).Find", 133, LOOKUP)],
            "release": "edge@88",
        },
    ),
    (
        25,
        {
            "project": "orders-worker",
            "issue": "mail-template",
            "issue_status": "resolved",
            "exception": ("TypeError", "Cannot read properties of undefined (reading 'render')"),
            "frames": [*NODE, frame("/app/src/jobs/confirmation.js", "confirm", 29, SEND_MAIL)],
            "transaction": "job:confirmation",
            "release": "orders-worker@31.2.0",
            "extra": {"queue": "mail", "attemptsMade": 3},
        },
    ),
    (
        18,
        {
            "project": "edge",
            "platform": "go",
            "issue": "too-many",
            "message": "client exceeded 600 requests per minute",
            "level": "warning",
            "handled": None,
            "logger": "gateway",
            "release": "edge@88",
        },
    ),
    (
        11,
        {
            "project": "web-shop",
            "issue": "grid-render",
            "exception": ("RangeError", "Maximum call stack size exceeded"),
            "frames": [*REACT, frame("src/wholesale/Grid.tsx", "Grid", 301)],
            "release": "web-shop@2026.11.3",
        },
    ),
    (
        6,
        {
            "project": "checkout-api",
            "issue": "stock-negative",
            "message": "Bestand negativ für SKU 88-1200",
            "level": "warning",
            "handled": None,
            "logger": "stock",
            "release": "checkout-api@7.3.0",
        },
    ),
)


def busy(scene: Scene) -> None:
    """Add 140 events within the hour around the reported time, most within nine minutes."""
    dice = random.Random(20417)
    noise = [fields for count, fields in NOISE for _ in range(count)]
    dice.shuffle(noise)
    for number, fields in enumerate(noise):
        reach = CORE_S if dice.random() < CORE_SHARE else HALF_AN_HOUR_S
        seconds = dice.uniform(-reach, reach)
        scene.add(seconds, **fields, tags={"batch": f"import-{number // 20}"})


# --- other users: the same issues in the same minutes, to catch careless queries ----------------

PER_ISSUE = 4

OTHER_USERS: tuple[Json, ...] = (
    {"user_id": "x OR level:error"},
    {"username": "*"},
    {"user_id": "a,b"},
    {"username": "[a,b]"},
    {"user_id": "10011", "email": "ada.lovett@example.com.invalid"},
    {"user_id": "204170", "username": "einkauf"},
    {"username": "CORP\\kowalska"},
    {"username": "CORPkowalski"},
    {"email": "mia@example.org"},
    {"email": "mia+shop@example.organic"},
    {"username": "José Muñoz"},
    {"user_id": "!=1001"},
    {"user_id": "5120", "username": "ole", "ip": "198.51.100.44"},
    {"user_id": "5121", "email": "greta@example.se"},
    {"ip": "192.0.2.77"},
    {},
    {},
)


def add_other_users(world: World) -> None:
    """Add a few events of other users and of no user around the first event of every issue."""
    dice = random.Random(71)
    first: dict[int, Event] = {}
    for event in world.events:
        first.setdefault(event.issue.id, event)
    for event in first.values():
        for number in range(PER_ISSUE):
            if number == 0 or dice.random() < 0.8:
                seconds = timedelta(seconds=dice.randint(-120, 120))
                _repeat(world, event, OTHER_USERS[dice.randrange(len(OTHER_USERS))], seconds)


def _repeat(world: World, event: Event, user: Json, later: timedelta) -> None:
    """Add the same error for another user."""
    error: Json = {
        "timestamp": event.timestamp + later,
        "project": event.project.slug,
        "platform": event.columns["platform"],
        "issue": event.issue.key,
        "kind": event.columns["event.type"],
        "title": event.columns["title"],
        "level": event.columns["level"],
        "environment": event.columns["environment"],
        "release": event.columns["release"],
        "transaction": event.columns["transaction"],
        "handled": event.columns["error.handled"],
    }
    chain = _chain_of(event)
    content = {"exceptions": chain} if chain else {"message": event.columns["message"]}
    world.add_event(**error | user | content)


def _chain_of(event: Event) -> list[Json | None]:
    """Return the exceptions of an event as arguments of `World.add_event`."""
    for entry in event.body["entries"]:
        if entry["type"] == "exception":
            return [
                value and {**value, "frames": (value["stacktrace"] or {}).get("frames")}
                for value in entry["data"]["values"]
            ]
    return []


# --- Hanna: errors at other times ---------------------------------------------------------------


def add_hannas_errors(hanna: Scene) -> None:
    """Add errors 14 minutes before the default window and half an hour after it."""
    hanna.add(
        -19 * 60 - 8,
        project="web-shop",
        issue="voucher-refused",
        exception=("AxiosError", "Request failed with status code 422"),
        frames=[*REACT, frame("src/cart/voucher.ts", "redeem", 64)],
        handled=True,
        transaction="/cart",
        release=SHOP_RELEASE,
        contexts=BROWSER,
    )
    hanna.add(
        35 * 60 + 21,
        project="web-shop",
        issue="cart-session",
        exception=("TypeError", "Failed to fetch"),
        frames=[*REACT, frame("src/cart/session.ts", "keepAlive", 19)],
        transaction="/cart",
        release=SHOP_RELEASE,
        contexts=BROWSER,
    )


# --- status of the issues, and releases ---------------------------------------------------------

# By project and issue: the age in days, additional users, additional events, and how many of these
# in the last day. Other issues start with the story.
OLD: dict[tuple[str, str], tuple[float, int, int, int]] = {
    ("checkout-api", "payment-declined"): (212, 1840, 5230, 96),
    ("web-shop", "pay-failed"): (212, 1795, 5102, 93),
    ("web-shop", "slow-prices"): (31, 240, 911, 38),
    ("checkout-api", "lock-timeout"): (64, 51, 187, 29),
    ("checkout-api", "checkout-group"): (9, 6, 11, 0),
    ("web-shop", "chunk-load"): (145, 388, 1304, 57),
    ("checkout-api", "gateway-timeout"): (90, 77, 240, 61),
    ("edge", "search-down"): (18, 133, 2911, 240),
    ("edge", "too-many"): (300, 12, 8120, 310),
    ("orders-worker", "mail-template"): (4, 19, 260, 12),
    ("invoices", "issue-invoice"): (26, 14, 39, 3),
    ("invoices", "null-tax"): (120, 8, 17, 1),
    ("back-office", "upload-too-large"): (400, 96, 420, 9),
    ("back-office", "oauth-state"): (12, 41, 133, 17),
    ("mobile-app", "scanner-null"): (7, 22, 40, 6),
    ("mobile-app", "out-of-memory"): (53, 61, 118, 8),
}
STATUSES: dict[tuple[str, str], History] = {
    ("checkout-api", "payment-declined"): History(substatus="escalating", team="payments"),
    ("web-shop", "pay-failed"): History(team="payments"),
    ("web-shop", "cart-total"): History(fixed_in="web-shop@2026.11.5"),
    ("checkout-api", "lock-timeout"): History(substatus="regressed", team="stock"),
    ("web-shop", "pay-timeout"): History(substatus="new"),
    ("checkout-api", "gateway-timeout"): History(
        substatus="escalating", person=("Priya Nair", "priya.nair@shop.example")
    ),
    ("edge", "search-down"): History(substatus="escalating", team="platform"),
    ("orders-worker", "mail-template"): History(fixed_in_next=True, team="mail"),
    ("invoices", "null-tax"): History(fixed_in="invoices@4.0.1"),
    ("back-office", "oauth-state"): History(person=("Jo Berg", "jo.berg@shop.example")),
    ("mobile-app", "scanner-null"): History(fixed_in="com.example.shop@5.2.1+527"),
}


def set_histories(world: World, ada: Scene) -> None:
    """Set the histories of all issues."""
    now = ada.time(25 * 60)
    for issue in world.issues:
        place = (issue.project.slug, issue.key)
        history = STATUSES.get(place, History())
        if place in OLD:
            days, users, events, last_day = OLD[place]
            history = replace(
                history,
                first_seen=now - timedelta(days=days),
                earlier_users=users,
                earlier_events=events,
                day=_day(last_day, seed=issue.id),
            )
        world.set_history(issue, history)


def _day(events: int, *, seed: int) -> tuple[int, ...]:
    """Return the events of each of 24 hours, more of them toward the end."""
    dice = random.Random(seed)
    hours = [0] * 24
    weights = [1.2 + math.sin(hour / 4) + hour / 8 for hour in range(24)]
    for hour in dice.choices(range(24), weights, k=events):
        hours[hour] += 1
    return tuple(hours)


def add_releases(world: World, scenes: Mapping[str, Scene]) -> None:
    """Add releases: two that broke something for Mia, one that fixes the cart after Ada's."""
    ada, mia, busy = scenes["ada"], scenes["mia"], scenes["busy"]
    hour = timedelta(hours=1)
    for version, project, live in (
        ("web-shop@2026.11.5", "web-shop", ada.time(4 * 60)),
        ("web-shop@2026.11.4", "web-shop", mia.time(-35 * 60)),
        ("checkout-api@7.3.1", "checkout-api", mia.time(-12 * 60)),
        ("edge@88", "edge", busy.time(-20 * 60)),
        ("orders-worker@31.2.0", "orders-worker", busy.time(-90 * 60)),
        ("web-shop@2026.11.3", "web-shop", busy.time(-144 * 3600)),
        ("checkout-api@7.3.0", "checkout-api", busy.time(-70 * 3600)),
        ("back-office@3.19.5", "back-office", busy.time(-300 * 3600)),
        ("invoices@4.0.2+build.88", "invoices", busy.time(-30 * 3600)),
    ):
        world.add_release(
            version, live - hour, project=project, released=live - hour / 4, deployed=live
        )
