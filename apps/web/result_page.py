"""The result page, rendered once for everyone who sees the same, then completed for each request.

The rendered part is cached, encrypted. Its template gets only the answer and values that are part
of its key, so what one reader sees never reaches another.
"""

from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from pydantic import TypeAdapter, ValidationError

from apps.accounts.models import preference_of
from apps.answers.catalogue.suggestions import feedback_by
from apps.events.query import Window
from apps.known_errors.catalogue import catalogue_stamp
from apps.lookups import answers
from apps.lookups.exports import Choice, create_export, panel_choices
from apps.lookups.models import Lookup
from apps.lookups.records import reason_of, reason_required
from apps.web.access import allowed_projects, person_of
from apps.web.forms import share_section
from apps.web.presenters.filters import stored_filter, stored_values
from apps.web.presenters.formatting import redaction_receipt, today_in
from apps.web.presenters.result import ResultPage, near_names, since_text, site, source_text

# What the templates get of the site's context and of the reader's permissions.
RIGHTS = (("known_errors", "add_knownerror"), ("lookups", "export_unredacted"))
OF_SITE = ("admin_origin", "can_look_up", "can_explain", "can_review")
# What differs between requests. The rest of the page has a random text in its place.
_BLANKS = ("csrf_token", "source", "since")


@dataclass(frozen=True, slots=True)
class RenderedResult:
    """The main part of a page; in `html`, the values of `blanks` stand for their names."""

    title: str
    is_young: bool
    has_known: bool
    server: str
    fetched_at: datetime
    since: answers.NewSince | None
    blanks: dict[str, str]
    html: str


_RENDERED = TypeAdapter(RenderedResult)


class ResultView:
    """One reader's view of a lookup's result."""

    def __init__(self, request: HttpRequest, lookup: Lookup, choice: Choice, own_zone: str) -> None:
        person = self._person = person_of(request)
        self._request, self._choice = request, choice
        self._projects = allowed_projects(request)
        self._previous = answers.previous_lookup(lookup, person)
        self._feedback = feedback_by(person, lookup)
        rights: dict[str, dict[str, bool]] = {}
        for app, name in RIGHTS:
            rights.setdefault(app, {})[name] = person.has_perm(f"{app}.{name}")
        of_site = site(request)
        self._context = {
            **{name: of_site[name] for name in OF_SITE},
            **panel_choices(),
            "can_look_up": bool(of_site["can_look_up"]),
            "perms": rights,
            "projects_allowed": self._projects and sorted(self._projects),
            "choice": choice,
            "has_chosen": bool(request.GET),
            "shortcuts": preference_of(person).shortcuts,
            "share": share_section(person, lookup),
            "requires_reason": reason_required(),
            "reason": reason_of(lookup),
            "zones": list(dict.fromkeys((lookup.zone, own_zone, "UTC"))),
        }
        share = self._context["share"]
        self._seen = (
            {**self._context, "share": share and (share["readers"], share["rows"])},
            self._feedback,
            self._previous,
            stored_values(request.session, str(lookup.uuid)),
            catalogue_stamp(),
        )

    def read_stored(self, lookup: Lookup) -> RenderedResult | None:
        """Return what was rendered last if nothing that it depends on has changed."""
        content = answers.get_derived("page", lookup, self._projects, self._basis(lookup))
        try:
            return None if content is None else _RENDERED.validate_json(content)
        except ValidationError:
            return None

    def render(self, result: answers.LookupResult) -> RenderedResult:
        """Render the result and store that. Raise `ExportRefused` if the choice doesn't fit."""
        lookup, answer = result.lookup, result.answer
        page = ResultPage(
            answer,
            lookup,
            zone=ZoneInfo(lookup.zone),
            now=timezone.now(),
            event_filter=stored_filter(self._request.session, str(lookup.uuid), answer),
            feedback=self._feedback,
        )
        seen = page.nothing and page.nothing["seen"]
        is_unknown = bool(seen and seen["found"].is_never)
        blanks = {name: token_hex() for name in _BLANKS}
        context = {
            **self._context,
            **blanks,
            "page": page,
            "lookup": lookup,
            "near": near_names(lookup, answers.recent_lookups(self._person)) if is_unknown else (),
            "server": answer.searched.server,
            "export": create_export(result, self._choice),
            "receipt": redaction_receipt(answer.redaction),
        }
        rendered = RenderedResult(
            title=page.title,
            is_young=page.is_young,
            has_known=page.has_known,
            server=answer.searched.server,
            fetched_at=answer.fetched_at,
            since=answers.new_since(self._previous, answer),
            blanks=blanks,
            html=render_to_string("lookups/_result.html", context),
        )
        # The names of a reader's own customers, and a check that was cut short, are not stored.
        if result.problem is None and not is_unknown and not answer.known.unchecked:
            content = _RENDERED.dump_json(rendered)
            answers.put_derived("page", lookup, self._projects, self._basis(lookup), content)
        return rendered

    def complete(self, rendered: RenderedResult, lookup: Lookup) -> SafeString:
        """Return the HTML with its blanks filled in for this request."""
        now, html = timezone.now(), rendered.html
        since = capfirst(since_text(rendered.since, now))
        values = {
            "csrf_token": get_token(self._request),
            "source": source_text(lookup, rendered.server, rendered.fetched_at, now),
            "since": format_html('<p class="since" role="status">{}.</p>', since) if since else "",
        }
        for name, blank in rendered.blanks.items():
            html = html.replace(blank, conditional_escape(values[name]))
        return mark_safe(html)  # noqa: S308 - a template's HTML and escaped values

    def _basis(self, lookup: Lookup) -> str:
        """Return everything that the rendered part depends on besides snapshot and projects."""
        of_lookup = (lookup.customer, lookup.environments, lookup.zone, lookup.redacted)
        is_over = Window(lookup.moment, lookup.minutes).end < timezone.now()
        more = (lookup.projects, lookup.from_cache, is_over, today_in(lookup.zone))
        return repr((self._seen, *of_lookup, *more))
