"""What goes into the API and comes out of it, as its document describes it."""

from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import ConfigDict, Field, StrictFloat, StrictInt, StrictStr

from apps.events.query import MAX_WINDOW_MINUTES, MIN_WINDOW_MINUTES
from apps.lookups.records import LONGEST_REASON

Slug = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Customer = Annotated[
    str,
    Field(
        min_length=1,
        max_length=2000,
        examples=["jane@example.com"],
        description="User id, e-mail, user name, event id, trace id or a Sentry link.",
    ),
]
Moment = Annotated[
    StrictStr | StrictInt | StrictFloat,
    Field(
        examples=["2026-11-20T14:05:00Z"],
        description="ISO 8601 (without an offset, it's read in the person's time zone) "
        "or epoch time.",
    ),
]
Minutes = Annotated[
    int | None,
    Field(
        ge=MIN_WINDOW_MINUTES,
        le=MAX_WINDOW_MINUTES,
        strict=True,
        description="Minutes before and after. Defaults to the site's setting.",
    ),
]


class LookupRequest(Schema):
    """What to look up. A field that is not named here is refused."""

    model_config = ConfigDict(extra="forbid")

    customer: Customer
    at: Moment
    window_minutes: Minutes = None
    projects: Annotated[
        list[Slug],
        Field(max_length=100, description="Slugs. Defaults to every project the token can see."),
    ] = []
    environments: Annotated[
        list[Slug], Field(max_length=100, description="Names. Defaults to all.")
    ] = []
    reason: Annotated[
        str,
        Field(
            max_length=LONGEST_REASON,
            description="The reason, such as a ticket number, if the site asks for one.",
        ),
    ] = ""


class ProblemResponse(Schema):
    """Why there is no answer, in plain words."""

    code: Annotated[str, Field(description="For programs. It doesn't change.")]
    message: Annotated[str, Field(description="For people.")]
    next_step: str
    retry_after: Annotated[int | None, Field(description="Seconds to wait, if known.")]


class WindowAsked(Schema):
    """The window, in UTC."""

    moment: str
    start: str
    end: str
    minutes: int


class NoticeTold(Schema):
    """What keeps an answer from being whole, or should be known about it."""

    code: str
    message: str


class LinkTold(Schema):
    """Where to read more."""

    label: str
    address: str


class KnownTold(Schema):
    """A known error that an issue is taken for. The support team wrote it, no event did."""

    slug: Annotated[str, Field(description="Its name in the catalogue.")]
    title: str
    explanation: str
    reply: Annotated[
        str, Field(description="What to tell the customer. Empty if there is no reply.")
    ]
    workaround: str
    state: Literal["open", "planned", "fixed"]
    planned_for: Annotated[str | None, Field(description="A day, such as 2026-11-26.")]
    fixed_in: str
    owner: str
    links: list[LinkTold]
    fix: Annotated[
        str, Field(description="The status of the fix for this customer, in one sentence.")
    ]
    why: Annotated[list[str], Field(description="The rules that matched, most certain first.")]


class IssueTold(Schema):
    """What the customer's events of one issue have in common."""

    model_config = ConfigDict(extra="allow")

    id: str
    title: str
    summary: Annotated[str, Field(description="What happened, in plain words.")]
    events: Annotated[int, Field(description="This customer's, in the window.")]
    known: Annotated[
        list[KnownTold], Field(description="Known errors it matches, best match first.")
    ]


class LookupResponse(Schema):
    """The answer (`triage.lookup/1`), redacted. What is not known is null."""

    schema_: Annotated[Literal["triage.lookup/1"], Field(alias="schema")]
    lookup_id: Annotated[str | None, Field(description="Use it to read this result again.")]
    customer: Annotated[str, Field(description="An alias.")]
    matched_on: list[str]
    window: WindowAsked
    searched: dict[str, Any]
    complete: Annotated[
        bool,
        Field(description="Only if this is true does an empty list mean that nothing happened."),
    ]
    notices: list[NoticeTold]
    fetched_at: str
    from_cache: bool
    totals: dict[str, int]
    issues: list[IssueTold]
    known_unchecked: Annotated[
        int,
        Field(
            description="Known errors there was no time to check. If this isn't 0, an issue "
            "without a known error may still be known."
        ),
    ]
    events: Annotated[list[dict[str, Any]], Field(description="Newest first.")]
    beside: list[dict[str, Any]]
    nearby: dict[str, Any] | None
    redaction: dict[str, Any]
    omitted: list[dict[str, Any]]
