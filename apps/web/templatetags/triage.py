"""What templates need beyond Django: times with UTC on hover, level marks, fields, numbers."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from django import template
from django.forms import BoundField
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from apps.lookups.models import Lookup
from apps.web.access import projects_seen
from apps.web.presenters import formatting
from apps.web.presenters.formatting import LevelMark, LocalTime

register = template.Library()

_INDENT = re.compile(r"\s*\n\s*")


@register.simple_tag
def local_time(moment: LocalTime | None) -> str | SafeString:
    """The local text with UTC on hover; nothing for a time that is not known."""
    if moment is None:
        return ""
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', moment.iso, moment.utc, moment.text
    )


@register.inclusion_tag("lookups/_mark.html")
def level_mark(level: LevelMark) -> dict[str, LevelMark]:
    """The shape of a level, for beside its word."""
    return {"level": level}


@register.simple_tag
def control(field: BoundField, **attributes: str | bool) -> SafeString:
    """A form field's input with these attributes as well."""
    return field.as_widget(attrs=attributes)


@register.simple_tag(takes_context=True)
def projects_shown(context: Context, lookup: Lookup) -> list[str]:
    """The projects that a lookup was about, as far as whoever reads the page may see them."""
    seen = projects_seen(context["request"])
    return [slug for slug in lookup.projects if seen is None or slug in seen]


@register.filter
def grouped(number: int | None) -> str:
    """A whole number with thin grouping; nothing for one that is not known."""
    return "" if number is None else formatting.grouped(number)


@register.filter
def half_window(minutes: int) -> str:
    """How far a window reaches to each side."""
    return formatting.half_window(minutes)


@register.filter
def visible(text: str) -> str:
    """Text of any origin with signs for the characters nobody can see."""
    return formatting.visible(text)


@register.filter
def typed_in(moment: datetime, zone: str) -> str:
    """A moment as the lookup form takes it, in that zone."""
    return formatting.typed_in(moment, ZoneInfo(zone))


@register.filter
def told_in(moment: datetime, zone: str) -> LocalTime:
    """A moment with its date, in that zone; print it with `local_time`."""
    return formatting.local_moment(moment, ZoneInfo(zone))


@register.filter
def without_indents(html: str) -> SafeString:
    """Rendered HTML without `pre` in it, and without the indents that only our templates need."""
    return mark_safe(_INDENT.sub("\n", html))  # noqa: S308 - rendered, and only space is left out
