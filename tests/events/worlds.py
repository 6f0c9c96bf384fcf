"""Made-up results whose failures are known: each event says which failure it was made for.

A failure is made first, then what each program involved would record of it. Nothing here knows
how events are joined.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

from apps.events.answer import Answer
from apps.events.event import Breadcrumb, Event, EventBody, ExceptionInfo, Frame, Request
from tests.web.answers import MOMENT, answer

STEPS = (
    ("POST", "orders/{id}/pay", "button.pay"),
    ("POST", "baskets/{id}/lines", "button.add"),
    ("GET", "prices", "a.cart"),
    ("PUT", "profile/address", "form.address > button"),
    ("GET", "orders/{id}", "a.order"),
    ("POST", "graphql", "button.search"),
    ("DELETE", "subscriptions/{id}", "button.cancel"),
    ("POST", "uploads", "input.file"),
    ("GET", "search", "form.search > button"),
    ("POST", "sessions", "button.login"),
)
ERRORS = (
    ("PaymentDeclined", "The bank declined the charge"),
    ("KeyError", "'currency'"),
    ("IntegrityError", 'duplicate key value violates unique constraint "lines_pkey"'),
    ("TypeError", "Cannot read properties of undefined (reading 'total')"),
    ("NullReferenceException", "Object reference not set to an instance of an object."),
    ("OperationalError", "canceling statement due to statement timeout"),
    ("ValueError", "invalid literal for int() with base 10: 'x'"),
    ("NoMethodError", "undefined method `id' for nil:NilClass"),
    ("StockError", "Only 2 of 3 items are left in warehouse 7"),
    ("PermissionDenied", "this voucher belongs to another account"),
)
PAGE_ERRORS = (
    ("TypeError", "undefined is not a function"),
    ("ReferenceError", "dataLayer is not defined"),
    ("RangeError", "Maximum call stack size exceeded"),
    ("ChunkLoadError", "Loading chunk 17 failed."),
    ("Error", "Script error."),
)


@dataclass
class World:
    """The events of one lookup, and the failure that each is part of, by ID."""

    seed: int
    random: Random = field(init=False)
    events: list[Event] = field(default_factory=list)
    truth: dict[str, int] = field(default_factory=dict)
    session: str = ""
    client_issue: str = ""
    failures: int = 0
    issues: int = 0

    def __post_init__(self) -> None:
        self.random = Random(self.seed)  # noqa: S311 - the same worlds everywhere
        self.session = self.hex(32)
        self.client_issue = f"{self.hex(4)}9"

    def hex(self, length: int) -> str:
        return f"{self.random.getrandbits(length * 4):0{length}x}"

    def issue(self) -> str:
        self.issues += 1
        return f"{7000 + self.issues}"

    def pick(self, values: Sequence[Any]) -> Any:
        return self.random.choice(values)

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def add(self, failure: int, at: float, *, has_body: bool = True, **fields: Any) -> Event:
        """Add an event `at` seconds from the reported time."""
        body = fields.pop("body")
        when = MOMENT + timedelta(seconds=at)
        fields = {
            "level": "error",
            "handled": None,
            "matched_on": ("user.id",),
            "trace_id": body.trace_id,
            **fields,
        }
        if fields.get("title") is None:
            first = body.exceptions[0] if body.exceptions else None
            fields["title"] = f"{first.type}: {first.value}" if first else body.message
        one = Event(
            id=self.hex(32),
            timestamp=when.replace(microsecond=0),
            body=body if has_body else None,
            **fields,
        )
        self.events.append(one)
        self.truth[one.id] = failure
        return one

    @property
    def answer(self) -> Answer:
        """The result, newest event first."""
        return answer(*sorted(self.events, key=lambda one: one.timestamp, reverse=True), minutes=60)


def chain(*pairs: tuple[str, str]) -> tuple[ExceptionInfo, ...]:
    frame = Frame(file="app/code.py", line=3, function="run", in_app=True)
    return tuple(ExceptionInfo(type=kind, value=text, frames=(frame,)) for kind, text in pairs)


def trace_context(world: World, trace: str, parent: str = "", span: str = "") -> dict[str, Any]:
    own = {"trace_id": trace, "span_id": span or world.hex(16)}
    return {"trace": {**own, "parent_span_id": parent} if parent else own} if trace else {}


@dataclass(frozen=True)
class Call:
    """One request of one occurrence: its address, answer, and place in a trace."""

    method: str
    path: str
    route: str
    host: str
    status: int
    trace: str
    span: str
    click: str = ""

    @property
    def url(self) -> str:
        return f"https://{self.host}/{self.path}"


def make_call(world: World, step: tuple[str, str, str], *, host: str, status: int) -> Call:
    method, route, click = step
    path = route.replace("{id}", f"A-{world.random.randint(1000, 9999)}")
    trace = world.pick((world.session, world.session, world.hex(32)))
    return Call(method, path, route, host, status, trace, world.hex(16), click)


# What the programs record.


def crumb(world: World, at: float, call: Call, *, category: str) -> Breadcrumb:
    data: dict[str, Any] = {"method": call.method, "url": call.url}
    if call.status:
        data["status_code"] = call.status
    return Breadcrumb(
        timestamp=MOMENT + timedelta(seconds=at),
        type="http",
        category=category,
        level="error" if call.status >= 500 or not call.status else "info",
        data=data,
    )


def steps_before(world: World, at: float, call: Call | None) -> list[Breadcrumb]:
    """Return harmless steps, some of them calls that succeeded."""
    steps = []
    for number in range(world.random.randint(0, 4), 0, -1):
        method, route, _click = world.pick(STEPS)
        fine = Call(method, route.replace("{id}", "A-1"), route, "api.example", 200, "", "")
        steps.append(crumb(world, at - 2 - number, fine, category="fetch"))
    if call:
        when = MOMENT + timedelta(seconds=at - 1.5)
        steps.append(Breadcrumb(timestamp=when, category="ui.click", message=call.click))
    return steps


def client_error(world: World, call: Call, text: str) -> tuple[tuple[str, str], bool]:
    """Return how a client words its failed call, and whether a breadcrumb has the address."""
    status = call.status
    styles: list[tuple[tuple[str, str], bool]] = [
        (("AxiosError", f"Request failed with status code {status}"), True),
        (("Error", f"HTTP {status} for {call.method} /{call.path}"), world.chance(0.7)),
        (("HttpErrorResponse", f"Http failure response for {call.url}: {status} Error"), True),
        (("ApiError", text), True),
        (("Error", f"Server responded with {status}"), True),
    ]
    if world.chance(0.15):
        return ("TypeError", "Failed to fetch"), True
    return world.pick(styles)  # type: ignore[no-any-return]


def record_client(
    world: World, failure: int, at: float, call: Call, text: str, issue: str, *, mobile: bool
) -> None:
    """Record a failed call in the browser or the app."""
    error, in_steps = client_error(world, call, text)
    steps = steps_before(world, at, call)
    if in_steps:
        steps.append(crumb(world, at - 0.1, call, category="http" if mobile else "xhr"))
    page = Request(method=None, url="https://shop.example/checkout")
    if error[0] == "AxiosError" and not mobile and world.seed % 3 == 0:
        issue = world.client_issue  # as if the library had raised all of them
    world.add(
        failure,
        at,
        issue_id=issue,
        project="app" if mobile else "web",
        platform="java" if mobile else "javascript",
        transaction="CheckoutActivity" if mobile else "/checkout",
        handled=world.chance(0.5),
        has_body=not world.chance(0.03),
        body=EventBody(
            exceptions=chain(error),
            breadcrumbs=tuple(steps),
            request=None if mobile else page,
            contexts=trace_context(world, call.trace, span=world.pick((call.span, ""))),
            trace_id=call.trace or None,
        ),
    )


def record_server(
    world: World,
    failure: int,
    at: float,
    call: Call,
    errors: Sequence[tuple[str, str]],
    issue: str,
    *,
    project: str = "api",
    outgoing: Call | None = None,
) -> None:
    """Record an error while a server answered a request."""
    names = (f"/{call.route}", call.route.replace("/", ".").replace("{id}", "detail"))
    steps = [crumb(world, at - 0.1, outgoing, category="httplib")] if outgoing else []
    response = {"response": {"status_code": call.status}} if world.chance(0.3) else {}
    world.add(
        failure,
        at,
        issue_id=issue,
        project=project,
        platform=world.pick(("python", "node", "java", "php")),
        transaction=names[int(issue) % 2],
        handled=world.chance(0.3),
        has_body=not world.chance(0.03),
        body=EventBody(
            exceptions=chain(*errors),
            breadcrumbs=tuple(steps),
            request=Request(method=call.method, url=call.url),
            contexts={**trace_context(world, call.trace, parent=call.span), **response},
            trace_id=call.trace or None,
        ),
    )


# The failures. Each takes the world, its number, and its time.


def request_failed(world: World, failure: int, at: float) -> None:
    """A server error, seen in the browser or the app; sometimes several times."""
    error, step = world.pick(ERRORS), world.pick(STEPS)
    client, server = world.issue(), world.issue()
    mobile, status = world.chance(0.3), world.pick((500, 500, 500, 402, 422, 403))
    for _again in range(world.pick((1, 1, 2, 4))):
        call = make_call(world, step, host="api.example", status=status)
        if world.chance(0.05):
            call = Call(**{**vars_of(call), "trace": ""})
        record_server(world, failure, at, call, [error], server)
        record_client(
            world, failure, at + world.random.random(), call, error[1], client, mobile=mobile
        )
        at += world.random.uniform(5, 60)


def vars_of(call: Call) -> dict[str, Any]:
    return {name: getattr(call, name) for name in call.__dataclass_fields__}


def through_services(world: World, failure: int, at: float) -> None:
    """A service fails, the API that called it fails, and so does the page."""
    error, step, inner = world.pick(ERRORS), world.pick(STEPS), world.pick(STEPS)
    outer = make_call(world, step, host="api.example", status=500)
    called = make_call(world, inner, host="stock.internal", status=world.pick((500, 503)))
    called = Call(**{**vars_of(called), "trace": outer.trace})
    texts = (
        ("HTTPError", f"{called.status} Server Error: Error for url: {called.url}"),
        ("FeignException", f"[{called.status}] during [{called.method}] to [{called.url}]"),
        ("UpstreamError", f"stock answered {called.status}"),
    )
    first = world.pick(texts)
    errors = [("OrderFailed", "The order could not be placed"), first]
    record_server(world, failure, at, called, [error], world.issue(), project="stock")
    errors = errors if world.chance(0.5) else [first]
    at += 0.2
    record_server(world, failure, at, outer, errors, world.issue(), outgoing=called)
    if world.chance(0.8):
        at += world.random.random()
        record_client(world, failure, at, outer, errors[0][1], world.issue(), mobile=False)


def chained(world: World, failure: int, at: float) -> None:
    """A worker records an error, and the error that wraps it is recorded as well."""
    inner = world.pick(ERRORS[:3] + ERRORS[5:])
    trace, step = world.session, world.pick(STEPS)
    call = make_call(world, step, host="api.example", status=500)
    call = Call(**{**vars_of(call), "trace": trace})
    world.add(
        failure,
        at,
        issue_id=world.issue(),
        project="worker",
        platform="python",
        transaction="tasks.export",
        body=EventBody(
            exceptions=chain(inner), contexts=trace_context(world, trace), trace_id=trace
        ),
    )
    outer = [("ExportFailed", "The export failed"), inner]
    record_server(world, failure, at + world.random.uniform(0, 5), call, outer, world.issue())


def logged_and_raised(world: World, failure: int, at: float) -> None:
    """One request logs an error and raises it."""
    error, step = world.pick(ERRORS), world.pick(STEPS)
    call = make_call(world, step, host="api.example", status=500)
    span = world.hex(16)
    shared: dict[str, Any] = {
        "project": "api",
        "platform": "python",
        "transaction": f"/{call.route}",
    }
    contexts = trace_context(world, call.trace, parent=call.span, span=span)
    request = Request(method=call.method, url=call.url)
    rest: dict[str, Any] = {"contexts": contexts, "request": request, "trace_id": call.trace}
    log = f"Request failed: {error[0]}: {error[1]}"
    world.add(failure, at, issue_id=world.issue(), body=EventBody(message=log, **rest), **shared)
    body = EventBody(exceptions=chain(error), **rest)
    world.add(failure, at + 0.1, issue_id=world.issue(), body=body, **shared)


def tried_again(world: World, failure: int, at: float) -> None:
    """A job or an app fails at the same step again, with another error of the same kind."""
    call = make_call(world, world.pick(STEPS), host="bank.example", status=0)
    job = world.hex(32)
    kinds = (
        (
            ("ConnectTimeout", f"POST {call.url} timed out"),
            ("ReadTimeout", f"{call.url} timed out"),
        ),
        (
            ("UploadError", "attempt 1 of 3 failed: connection reset"),
            ("UploadError", "attempt 2 of 3 failed: connection reset"),
        ),
    )
    errors = world.pick(kinds)
    issues = [world.issue(), world.issue()]
    for number in range(world.random.randint(2, 5)):
        trace = world.hex(32)
        world.add(
            failure,
            at,
            issue_id=issues[min(number, 1)],
            project="worker",
            platform="python",
            transaction="tasks.charge",
            body=EventBody(
                exceptions=chain(errors[min(number, 1)]),
                contexts={**trace_context(world, trace)},
                tags=(("celery_task_id", job),),
                trace_id=trace,
            ),
        )
        at += world.random.uniform(2, 12)


def page_broke_on_answer(world: World, failure: int, at: float) -> None:
    """A call fails on the server, and the page breaks because it has no data."""
    call = make_call(world, world.pick(STEPS), host="api.example", status=500)
    record_server(world, failure, at, call, [world.pick(ERRORS)], world.issue())
    at += 0.4
    steps = [*steps_before(world, at, call), crumb(world, at - 0.2, call, category="fetch")]
    world.add(
        failure,
        at,
        issue_id=world.issue(),
        project="web",
        platform="javascript",
        transaction="/cart",
        body=EventBody(
            exceptions=chain(("TypeError", "price is undefined")),
            breadcrumbs=tuple(steps),
            contexts=trace_context(world, call.trace),
            trace_id=call.trace,
        ),
    )


def page_error(world: World, failure: int, at: float) -> None:
    """An error in the page alone, often in the trace of everything else."""
    trace = world.pick((world.session, world.session, world.hex(32), ""))
    for _again in range(world.pick((1, 1, 3))):
        world.add(
            failure,
            at,
            issue_id=f"{8000 + failure}",
            project="web",
            platform="javascript",
            transaction="/checkout",
            body=EventBody(
                exceptions=chain(PAGE_ERRORS[failure % len(PAGE_ERRORS)]),
                breadcrumbs=tuple(steps_before(world, at, None)),
                contexts=trace_context(world, trace),
                trace_id=trace or None,
            ),
        )
        at += world.random.uniform(1, 20)


def server_alone(world: World, failure: int, at: float) -> None:
    """A server error that the page did not notice."""
    call = make_call(world, world.pick(STEPS), host="api.example", status=500)
    record_server(world, failure, at, call, [world.pick(ERRORS)], world.issue())


def client_alone(world: World, failure: int, at: float) -> None:
    """A failed call whose server recorded nothing, such as one that was never reached."""
    status = world.pick((0, 404, 502, 503, 429))
    call = make_call(world, world.pick(STEPS), host="api.example", status=status)
    record_client(world, failure, at, call, "Try later", world.issue(), mobile=world.chance(0.3))


def cron(world: World, failure: int, at: float) -> None:
    """A job that ran at about the same time."""
    trace = world.hex(32)
    world.add(
        failure,
        at,
        issue_id=world.issue(),
        project="worker",
        platform="python",
        transaction=world.pick(("cron.cleanup", "cron.invoices", "tasks.charge")),
        body=EventBody(
            exceptions=chain(world.pick(ERRORS)),
            contexts=trace_context(world, trace),
            trace_id=trace,
        ),
    )


def quiet(world: World, failure: int, at: float) -> None:
    """A report of slowness or a warning, in the trace of everything else."""
    title = world.pick(("N+1 Query", "Slow DB Query", "Large HTTP payload", "cache miss"))
    call = make_call(world, world.pick(STEPS), host="api.example", status=200)
    world.add(
        failure,
        at,
        issue_id=world.issue(),
        project="api",
        platform="python",
        level=world.pick(("info", "warning")),
        handled=True,
        title=title,
        transaction=f"/{call.route}",
        body=EventBody(
            message=title,
            contexts=trace_context(world, world.session),
            trace_id=world.session,
            request=Request(call.method, call.url),
        ),
    )


def other_customer(world: World, failure: int, at: float) -> None:
    """The same request of another customer in the same second, in a lookup of a trace."""
    call = make_call(world, world.pick(STEPS), host="api.example", status=500)
    call = Call(**{**vars_of(call), "trace": world.session})
    before = len(world.events)
    record_server(world, failure, at, call, [world.pick(ERRORS)], world.issue())
    record_client(world, -failure - 1, at, call, "no", world.issue(), mobile=False)
    for place, name in ((before, "1"), (before + 1, "2")):
        one = world.events[place]
        fields = {name: getattr(one, name) for name in one.__dataclass_fields__}
        fields |= {"matched_on": (), "identities": (("user.id", name),)}
        world.events[place] = Event(**fields)


KINDS: tuple[tuple[Callable[[World, int, float], None], int], ...] = (
    (request_failed, 6),
    (through_services, 3),
    (chained, 2),
    (logged_and_raised, 2),
    (tried_again, 2),
    (page_broke_on_answer, 2),
    (page_error, 3),
    (server_alone, 3),
    (client_alone, 3),
    (cron, 2),
    (quiet, 2),
    (other_customer, 1),
)


def make_world(seed: int) -> World:
    """Return a world of 1 to 12 failures, some of them in the same second."""
    world = World(seed)
    kinds, weights = zip(*KINDS, strict=True)
    at = world.random.uniform(-900, 300)
    for failure in range(world.random.randint(1, 12)):
        world.failures += 1
        (kind,) = world.random.choices(kinds, weights)
        kind(world, failure, at)
        at += world.pick((0.0, 0.5, 5.0, world.random.uniform(0, 300)))
    return world
