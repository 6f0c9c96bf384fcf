"""The menu of time zones. Its five hundred options are written once, not once a page."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from django import forms
from django.forms.renderers import BaseRenderer
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from apps.events.query import known_zones


@cache
def zone_names() -> list[str]:
    """Return the zones a person may choose, UTC first."""
    places = (name for name in known_zones() if "/" in name)
    return ["UTC", *sorted(name for name in places if not name.startswith(("Etc/", "SystemV/")))]


def zone_options(chosen: str) -> SafeString:
    """Return the options as HTML, with that zone selected if the menu has it."""
    options = _options()
    if chosen not in zone_names():
        return options
    start = f'<option value="{chosen}"'
    return mark_safe(options.replace(start, f"{start} selected", 1))  # noqa: S308 - a known name


@cache
def _options() -> SafeString:
    rows = ((name, name) for name in zone_names())
    return format_html_join("", '<option value="{}">{}</option>', rows)


class ZoneSelect(forms.Select):
    """A select of all zones."""

    def render(
        self,
        name: str,
        value: Any,
        attrs: Mapping[str, Any] | None = None,
        renderer: BaseRenderer | None = None,
    ) -> SafeString:
        """Return the select as HTML."""
        attributes = self.build_attrs({**self.attrs, "name": name}, dict(attrs or {}))
        return format_html("<select{}>{}</select>", flatatt(attributes), zone_options(str(value)))
