"""The export as well-formed XML, tagged for a language model."""

from dataclasses import asdict
from xml.sax.saxutils import escape, quoteattr

from apps.exports.content import (
    WRITTEN_BY,
    completeness,
    iso,
    labeled_occurrences,
    moment_and_window,
    omission_note,
    searched_range,
    seconds,
    unchecked_note,
)
from apps.exports.escaping import enclose
from apps.exports.facts import (
    BreadcrumbFacts,
    Document,
    EventFacts,
    ExceptionFacts,
    Header,
    IssueFacts,
    KnownFacts,
    OtherOccurrencesFacts,
    RelatedFacts,
)

Value = str | int | bool | None


def render(document: Document) -> str:
    """Return the prompt, then one `export` element inside the marked block."""
    parts = [
        *_header(document.header),
        *_tagged("issues", [line for issue in document.issues for line in _issue(issue)]),
        *_tagged("events", [line for event in document.events for line in _event(event)]),
        *_tagged("story", [_crumb(crumb) for crumb in document.breadcrumbs]),
        *_tagged("beside", [_related(related) for related in document.related]),
        *_tagged("nearby", _other_occurrences(document.other_occurrences)),
        *(_tag("hidden", kind=kind, count=count) for kind, count in document.hidden.items()),
        *(
            _tag("neutralised", kind=kind, count=count)
            for kind, count in document.neutralized.items()
        ),
        *_omitted(document),
    ]
    xml = "\n".join(("<export>", *parts, "</export>"))
    return f"{document.preset.prompt}{enclose(xml, document.marker)}"


def _tag(name: str, text: str | None = None, **attributes: Value) -> str:
    """Return an element, without the attributes that are None."""
    known = "".join(
        f" {key}={quoteattr(_as_text(value))}"
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{known}/>" if text is None else f"<{name}{known}>{escape(text)}</{name}>"


def _as_text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _tagged(name: str, lines: list[str]) -> list[str]:
    return [f"<{name}>", *lines, f"</{name}>"] if lines else []


def _header(header: Header) -> list[str]:
    return [
        _tag("customer", header.customer),
        _tag("moment", moment_and_window(header)),
        *(_tag("matched_on", name) for name in header.matched_on),
        _tag("organization", header.organization),
        *(_tag("project", name) for name in header.projects),
        *(_tag("environment", name) for name in header.environments),
        _tag("completeness", completeness(header), complete=header.complete),
        *([_tag("only_issue", header.only_issue)] if header.only_issue else []),
        *(_tag("notice", note.message, code=note.code) for note in header.notices),
        *([_tag("unchecked", unchecked_note(header))] if header.known_unchecked else []),
        *([_tag("lookup", header.lookup_id)] if header.lookup_id else []),
    ]


def _issue(issue: IssueFacts) -> list[str]:
    element = _tag(
        "issue",
        issue.title,
        id=issue.id,
        short_id=issue.short_id,
        summary=issue.summary,
        level=issue.level,
        project=issue.project,
        handled=issue.handled,
        events=issue.events,
        users_affected=issue.users_affected,
        first_seen=iso(issue.first_seen),
        last_seen=iso(issue.last_seen),
        permalink=issue.permalink,
        **(asdict(issue.status) if issue.status else {}),
    )
    return [element, *(line for known in issue.known for line in _known(known, issue))]


def _known(known: KnownFacts, issue: IssueFacts) -> list[str]:
    opening = _tag(
        "known",
        issue_id=issue.id,
        note=WRITTEN_BY,
        slug=known.slug,
        title=known.title,
        state=known.state,
        planned_for=known.planned_for.isoformat() if known.planned_for else None,
        fixed_in=known.fixed_in or None,
        owner=known.owner or None,
        fix=known.fix,
    )
    texts = ("explanation", "reply", "workaround")
    inner = [_tag(name, getattr(known, name)) for name in texts if getattr(known, name)]
    inner += [_tag("why", reason) for reason in known.why]
    inner += [_tag("link", link.label, address=link.address) for link in known.links]
    return [f"{opening[:-2]}>", *inner, "</known>"]


def _event(event: EventFacts) -> list[str]:
    opening = _tag(
        "event",
        id=event.id,
        issue_id=event.issue_id,
        project=event.project,
        timestamp=iso(event.timestamp),
        seconds=seconds(event.seconds),
        title=event.title,
        culprit=event.culprit,
        transaction=event.transaction,
        level=event.level,
        handled=event.handled,
        release=event.release,
        environment=event.environment,
        device=event.device,
        trace_id=event.trace_id,
        method=event.method,
        url=event.url,
        permalink=event.permalink,
        received=iso(event.received),
    )
    texts = (("delay", event.delay), ("message", event.message))
    inner = [_tag(name, text) for name, text in texts if text]
    inner += [line for exception in event.exceptions for line in _exception(exception)]
    inner += [_tag("detail", one.value, section=one.section, key=one.name) for one in event.details]
    return [f"{opening[:-2]}>", *inner, "</event>"] if inner else [opening]


def _exception(exception: ExceptionFacts) -> list[str]:
    opening = _tag(
        "exception",
        type=exception.type,
        module=exception.module,
        mechanism=exception.mechanism,
        handled=exception.handled,
    )
    frames = [
        _tag(
            "frame",
            frame.code,
            file=frame.file,
            line=frame.line,
            function=frame.function,
            in_app=frame.in_app,
            crash=frame.crash or None,
        )
        for frame in exception.frames
    ]
    frames += [
        _tag("around", code, line=line) for frame in exception.frames for line, code in frame.around
    ]
    value = [] if exception.value is None else [_tag("value", exception.value)]
    return [f"{opening[:-2]}>", *value, *frames, "</exception>"]


def _crumb(crumb: BreadcrumbFacts) -> str:
    return _tag(
        "crumb",
        crumb.message,
        at=seconds(crumb.seconds),
        category=crumb.category,
        level=crumb.level,
    )


def _related(related: RelatedFacts) -> str:
    return _tag(
        "aside",
        related.text,
        kind=related.kind,
        id=related.id,
        timestamp=iso(related.timestamp),
        seconds=seconds(related.seconds),
        project=related.project,
        permalink=related.permalink,
    )


def _other_occurrences(times: OtherOccurrencesFacts | None) -> list[str]:
    if times is None:
        return []
    errors = [
        _tag(
            "error",
            error.title,
            place=label,
            timestamp=iso(error.timestamp),
            distance=error.distance,
            summary=error.summary,
            level=error.level,
            project=error.project,
            id=error.id,
            permalink=error.permalink,
        )
        for label, error in labeled_occurrences(times)
    ]
    return [*errors, _tag("looked_through", searched_range(times))]


def _omitted(document: Document) -> list[str]:
    if not document.omitted:
        return []
    return _tagged(
        "omitted",
        [
            *(
                _tag("left_out", what=o.what, count=o.count, where=o.where)
                for o in document.omitted
            ),
            _tag("note", omission_note(document)),
        ],
    )
