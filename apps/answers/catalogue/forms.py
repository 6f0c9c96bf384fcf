"""The form of a known error, and its initial values from a problem of a result."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import UUID

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import Http404
from django.utils.text import slugify

from apps.accounts.models import projects_of
from apps.audit.models import Action
from apps.audit.trail import Actor, record_refusal
from apps.events.event import Event, ExceptionInfo
from apps.events.grouping import group_by_issue
from apps.events.summary import summarize_group
from apps.known_errors.catalogue import normalize_text, validate_entry
from apps.known_errors.models import KnownError
from apps.known_errors.patterns import (
    MAX_TEXT_LENGTH,
    REPLY_VARIABLES,
    Comparison,
    Field,
    PartRefused,
    parse_pattern,
    pattern_values,
)
from apps.lookups.access import may_read
from apps.lookups.answers import stored_answer
from apps.lookups.models import Lookup
from apps.lookups.records import record_action

PREVIEW = "_preview"  # the button's name
_TEXTS = ("explanation", "reply", "workaround")
# Fields whose name differs from the part of an entry they edit.
_FIELD_OF = {"pattern": "issue", "release": "release_from", "links": "links_text"} | {
    str(field): f"{field}_text" for field in Field
}
_WORDS = tomllib.loads((Path(__file__).parent / "forms.toml").read_text("utf-8"))
_VARIABLES = "; ".join(f"{{{name}}}: {meaning}" for name, meaning in REPLY_VARIABLES.items())


def _line(name: str, max_length: int | None = None) -> forms.CharField:
    """Return a text field, by default without maxlength: browsers would truncate pasted text."""
    label, help_text = _WORDS["lines"][name]
    return forms.CharField(
        required=False,
        max_length=max_length,
        label=label,
        help_text=help_text,
        widget=forms.TextInput(attrs={"class": "vTextField", "autocomplete": "off"}),
    )


def _comparison(label: str, initial: Comparison = Comparison.CONTAINS) -> forms.ChoiceField:
    choices = Comparison.choices
    return forms.ChoiceField(choices=choices, required=False, label=label, initial=initial)


class KnownErrorForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """A known error, with its pattern as separate fields and its links as lines."""

    slug = _line("slug", max_length=80)
    issue = _line("issue")
    project = _line("project")
    type_way = _comparison("Exception type", Comparison.EXACT)
    type_text = _line("type_text")
    message_way = _comparison("Message")
    message_text = _line("message_text")
    culprit_way = _comparison("Culprit")
    culprit_text = _line("culprit_text")
    log_way = _comparison("Log message")
    log_text = _line("log_text")
    request_way = _comparison("Request")
    request_text = _line("request_text")
    release_from = _line("release_from")
    release_until = _line("release_until")
    links_text = forms.CharField(
        required=False,
        max_length=20_000,
        label="Links",
        help_text="One per line: a label, then the address.",
        widget=forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
    )
    seen = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    class Meta:
        model = KnownError
        fields = (
            *("title", "slug", "is_active", *_TEXTS, "state", "planned_for", "fixed_in", "owner"),
            *("valid_from", "valid_until"),
        )
        labels = {"reply": "Tell the customer"}
        widgets = {
            **{
                name: forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
                for name in ("planned_for", "valid_from", "valid_until")
            },
            **{
                name: forms.Textarea(attrs={"rows": rows, "class": "vLargeTextField"})
                for name, rows in zip(_TEXTS, (4, 6, 3), strict=True)
            },
        }
        help_texts = {
            name: text.format(variables=_VARIABLES) for name, text in _WORDS["help_texts"].items()
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.version = self.instance.changed_at.isoformat() if self.instance.pk else ""
        if self.instance.pk:
            self.initial = {**form_values(self.instance), **self.initial, "seen": self.version}

    def is_valid(self) -> bool:
        """Return False for a preview, so that the page is always shown again."""
        return super().is_valid() and PREVIEW not in self.data

    def clean_slug(self) -> str:
        """Return the typed name, or one made from the title."""
        typed = str(self.cleaned_data["slug"])
        return typed or free_slug(str(self.cleaned_data.get("title", "")))

    def clean(self) -> dict[str, Any]:
        """Tidy the texts; refuse to overwrite changes saved after the form was opened."""
        super().clean()
        seen = self.cleaned_data.get("seen")
        if self.instance.pk and seen and seen != self.version:
            self.data = {**self.data, "seen": self.version}
            raise ValidationError(
                "Someone else changed this entry after you opened it. Your changes aren't lost: "
                "compare the versions in another tab, then save again to keep yours."
            )
        for name in _TEXTS:
            self.cleaned_data[name] = normalize_text(self.cleaned_data.get(name) or "")
        return self.cleaned_data

    def _post_clean(self) -> None:
        """Assemble pattern and links, and validate the entry as imports do."""
        super()._post_clean()  # type: ignore[misc]  # private in Django
        self.instance.pattern = self._typed_pattern()
        with suppress(PartRefused):  # the entry is refused for the same reason below
            self.instance.pattern = pattern_values(parse_pattern(self.instance.pattern))
        self.instance.links = list(_links(self.cleaned_data.get("links_text", "")))
        for part, sentence in validate_entry(self.instance):
            field = _FIELD_OF.get(part, part)
            if field not in self.errors:
                self.add_error(field if field in self.fields else None, sentence)

    def _typed_pattern(self) -> dict[str, object]:
        typed = self.cleaned_data
        texts = {
            str(field): {typed.get(f"{field}_way") or Comparison.CONTAINS: text}
            for field in Field
            if (text := typed.get(f"{field}_text"))
        }
        return {
            "issue": typed.get("issue", ""),
            "project": typed.get("project", ""),
            **texts,
            "release": {end: typed.get(f"release_{end}", "") for end in ("from", "until")},
        }


def form_values(entry: KnownError) -> dict[str, str]:
    """Return an entry's links and pattern, even an invalid one, as values of the form's fields."""
    values: Mapping[str, Any] = entry.pattern
    fields = {name: str(values.get(name, "")) for name in ("issue", "project")}
    for field in Field:
        for way, text in (values.get(field) or {}).items():
            fields |= {f"{field}_way": str(way), f"{field}_text": str(text)}
    release = values.get("release") or {}
    fields |= {f"release_{end}": str(release.get(end, "")) for end in ("from", "until")}
    links = (f"{link['label']} {link['address']}" for link in entry.links)
    return {**fields, "links_text": "\n".join(links)}


def free_slug(title: str) -> str:
    """Return an unused slug made from the title. Raise ValidationError."""
    plain = slugify(title)[:70].strip("-_").replace("_", "-")
    if not plain:
        raise ValidationError("Use only lowercase letters, digits, and dashes in the name.")
    taken = set(KnownError.objects.filter(slug__startswith=plain).values_list("slug", flat=True))
    names = (plain, *(f"{plain}-{number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)


def _links(text: str) -> Iterator[dict[str, str]]:
    """Parse lines of a label and an address; an address alone is its own label."""
    for line in text.splitlines():
        words = line.rsplit(None, 1)
        if words:
            address = words[-1]
            yield {"label": (words[0] if len(words) > 1 else address)[:200], "address": address}


# Initial values from a problem of a result.

_MIN_TEXT = 8
_MAX_TITLE = KnownError._meta.get_field("title").max_length or 100
# Parts that vary between events (aliases of redacted data, quotes, URLs, anything with a digit),
# and invisible characters, which must not get into a pattern.
_VARYING = re.compile(
    r"<[^<>\s]{1,60}>|\[[^\[\]]{1,60}\]|\"[^\"]{0,200}\"|“[^”]{0,200}”|«[^»]{0,200}»|»[^«]{0,200}«"
    r"|「[^」]{0,200}」|\([^()]{0,200}\)|(?<!\w)'[^']{0,200}'(?!\w)"
    r"|\S{0,100}(?:[0-9@]|://)\S{0,200}"
    r"|[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+"
)
_PLAIN_TYPE = re.compile(r"[A-Za-z_][\w.$:]{2,150}", re.ASCII)


def values_from_result(
    lookup_id: str, issue_id: str, *, reader: User, actor: Actor
) -> dict[str, str] | None:
    """Return values for the form's fields, or None if the result is no longer stored.

    Raise `Http404` for a lookup that the reader can't read, and for an issue it doesn't have.
    """
    lookup = _find(lookup_id)
    if lookup is None:
        raise Http404
    if not may_read(reader, lookup):
        record_refusal(actor, target=lookup.audit_target, why="not theirs")
        raise Http404
    record_action(Action.VIEWED, actor, lookup, by="catalogue")
    answer = stored_answer(lookup, projects_of(reader))
    if answer is None:
        return None
    group = next((one for one in group_by_issue(answer) if one.issue_id == issue_id), None)
    if group is None:
        raise Http404
    event, sentence = group.newest, summarize_group(group)
    exception = _first_exception(event)
    kind = (exception.type if exception else (event.title or "").partition(": ")[0]) or ""
    message = stable_part(*map(_message, (event, *group.events)))
    return {
        "title": sentence.rstrip(".")[:_MAX_TITLE],
        "explanation": sentence,
        "type_way": Comparison.EXACT,
        "type_text": kind if _PLAIN_TYPE.fullmatch(kind) else "",
        "message_way": Comparison.CONTAINS,
        "message_text": "" if message.casefold() == kind.casefold() else message,
        "project": event.project or (group.issue.project if group.issue else None) or "",
    }


def readable_lookup(lookup_id: str, reader: User) -> Lookup | None:
    """Return the lookup, or None if there is none that the reader can read."""
    lookup = _find(lookup_id)
    return lookup if lookup and may_read(reader, lookup) else None


def _find(lookup_id: str) -> Lookup | None:
    try:
        return Lookup.objects.filter(uuid=UUID(lookup_id)).first()
    except ValueError:
        return None


def _message(event: Event) -> str:
    exception = _first_exception(event)
    title = event.title or ""
    value = exception.value if exception else None
    return value or event.message or title.partition(": ")[2] or title


def _first_exception(event: Event) -> ExceptionInfo | None:
    return event.body.exceptions[0] if event.body and event.body.exceptions else None


def stable_part(text: str, *others: str) -> str:
    """Return the longest part of a message that is likely to recur; empty if it is too short.

    It contains no aliases of redacted data, and is part of all other messages of the issue.
    """
    messages = [other.casefold() for other in dict.fromkeys(others)]
    parts = (part.strip(" \t,;:.()-=") for part in _VARYING.split(text[:2000]))
    stable = (part for part in parts if all(part.casefold() in other for other in messages))
    longest = max(stable, key=len, default="")
    return longest[:MAX_TEXT_LENGTH] if len(longest) >= _MIN_TEXT else ""
