"""Writing form fields without Django's templates, which would take a quarter of a page's time."""

from collections.abc import Mapping
from typing import Any

from django.forms.renderers import DjangoTemplates
from django.http import HttpRequest
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

_INPUTS = ("datetime", "hidden", "input", "number", "text")


class FormRenderer(DjangoTemplates):
    """Writes the same HTML as Django's templates, which it uses for all but the simple parts."""

    def render(
        self, template_name: str, context: dict[str, Any], request: HttpRequest | None = None
    ) -> str:
        """Return the HTML of a widget, or of a list of errors."""
        if template_name in _WIDGETS:
            return _WIDGETS[template_name](context["widget"])
        if template_name == _SELECT and not any(one[0] for one in context["widget"]["optgroups"]):
            return _select(context["widget"])
        if template_name == _ERRORS and not context["errors"]:
            return SafeString()
        return super().render(template_name, context, request)


def _attributes(widget: Mapping[str, Any]) -> SafeString:
    """Return the attributes, whose names are our own."""
    parts = (
        f" {name}" if value is True else f' {name}="{conditional_escape(value)}"'
        for name, value in widget["attrs"].items()
        if value is not False
    )
    return mark_safe("".join(parts))  # noqa: S308 - escaped above


def _input(widget: Mapping[str, Any]) -> SafeString:
    value = widget["value"]
    return format_html(
        '<input type="{}" name="{}"{}{}>',
        widget["type"],
        widget["name"],
        "" if value is None else format_html(' value="{}"', value),
        _attributes(widget),
    )


def _textarea(widget: Mapping[str, Any]) -> SafeString:
    start, text = _attributes(widget), widget["value"] or ""
    return format_html('<textarea name="{}"{}>\n{}</textarea>', widget["name"], start, text)


def _select(widget: Mapping[str, Any]) -> SafeString:
    options = [option for _group, group, _index in widget["optgroups"] for option in group]
    rows = ((one["value"], _attributes(one), conditional_escape(one["label"])) for one in options)
    return format_html(
        '<select name="{}"{}>{}\n</select>',
        widget["name"],
        _attributes(widget),
        format_html_join("", '\n  <option value="{}"{}>{}</option>', rows),
    )


_ERRORS = "django/forms/errors/list/default.html"
_SELECT = "django/forms/widgets/select.html"
_WIDGETS = {
    **{f"django/forms/widgets/{name}.html": _input for name in _INPUTS},
    "django/forms/widgets/textarea.html": _textarea,
}
