"""Template tags and filters for times, level marks, form fields, and numbers."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from django import template
from django.forms import BoundField
from django.template import Context
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from apps.events.query import counted
from apps.lookups.models import Lookup
from apps.web.access import allowed_projects
from apps.web.presenters import formatting
from apps.web.presenters.formatting import LevelMark, LocalTime

register = template.Library()
register.filter(counted)
register.filter(formatting.half_window)
register.filter(formatting.visible)

_INDENT = re.compile(r"\s*\n\s*")


@register.simple_tag
def local_time(moment: LocalTime | None) -> str | SafeString:
    """Render a local time with UTC on hover; nothing for None."""
    if moment is None:
        return ""
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', moment.iso, moment.utc, moment.text
    )


@register.inclusion_tag("lookups/_mark.html")
def level_mark(level: LevelMark) -> dict[str, LevelMark]:
    """Render the shape of a level."""
    return {"level": level}


@register.simple_tag
def control(field: BoundField, **attributes: str | bool) -> SafeString:
    """Render a form field's widget with additional attributes."""
    return field.as_widget(attrs=attributes)


@register.simple_tag(takes_context=True)
def projects_shown(context: Context, lookup: Lookup) -> list[str]:
    """Return the lookup's projects that the reader can see."""
    if "projects_allowed" in context:  # a part that is rendered without its request
        allowed = context["projects_allowed"]
    else:
        allowed = allowed_projects(context["request"])
    return [slug for slug in lookup.projects if allowed is None or slug in allowed]


@register.filter
def grouped(number: int | None) -> str:
    """Format a number with thousands separators; nothing for None."""
    return "" if number is None else formatting.grouped(number)


@register.filter
def slashes(text: str) -> SafeString:
    """Let a line break after a slash of a path rather than within a word."""
    return format_html_join(mark_safe("/<wbr>"), "{}", ((part,) for part in text.split("/")))


@register.filter
def typed_in(moment: datetime, zone: str) -> str:
    """Format a time in that zone as the lookup form takes it."""
    return formatting.typed_in(moment, ZoneInfo(zone))


@register.filter
def in_zone(moment: datetime, zone: str) -> LocalTime:
    """Convert a time to that zone, with its date, for `local_time`."""
    return formatting.local_moment(moment, ZoneInfo(zone))


@register.filter
def without_indents(html: str) -> SafeString:
    """Remove the templates' indentation from rendered HTML, which must not contain `pre`."""
    return mark_safe(_INDENT.sub("\n", html))  # noqa: S308 - only removes space from safe HTML
