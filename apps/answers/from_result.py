"""A known error begun from a problem of a result: what its form holds, out of the kept answer."""

import re
from uuid import UUID

from django.contrib.auth.models import User
from django.http import Http404

from apps.accounts.permissions import projects_of
from apps.audit.models import Action
from apps.audit.refusals import record_refusal
from apps.audit.trail import Actor
from apps.events.event import Event
from apps.events.summary import summarize_group
from apps.events.timeline import Group, group_by_issue
from apps.known_errors.models import KnownError
from apps.known_errors.patterns import LONGEST_TEXT, Way
from apps.lookups.acts import record_act
from apps.lookups.keepers import may_read
from apps.lookups.models import Lookup
from apps.lookups.reading import kept_answer

_LEAST_TEXT = 8
# What differs from case to case: what stands in for hidden things, what is quoted, addresses, and
# whatever holds a digit. And what nobody can see: it must not get into a pattern.
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
    """The values of the form's fields; None where the answer is not kept any more.

    Raises `Http404` for a lookup that the reader may not read, and for an issue it does not hold.
    """
    lookup = _lookup(lookup_id, reader, actor)
    record_act(Action.VIEWED, actor, lookup, by="catalogue")
    answer = kept_answer(lookup, projects_of(reader))
    if answer is None:
        return None
    groups = {group.issue_id: group for group in group_by_issue(answer)}
    if issue_id not in groups:
        raise Http404
    return _values(groups[issue_id])


def _lookup(lookup_id: str, reader: User, actor: Actor) -> Lookup:
    try:
        lookup = Lookup.objects.filter(uuid=UUID(lookup_id)).first()
    except ValueError:
        raise Http404 from None
    if lookup is None:
        raise Http404
    if not may_read(reader, lookup):
        record_refusal(actor, target=lookup.audit_target, why="not theirs")
        raise Http404
    return lookup


def _values(group: Group) -> dict[str, str]:
    event = group.newest
    raised = event.body.exceptions[0] if event.body and event.body.exceptions else None
    title = event.title or ""
    kind = (raised.type if raised else title.partition(": ")[0]) or ""
    sentence = summarize_group(group)
    project = event.project or (group.issue.project if group.issue else None) or ""
    return {
        "title": sentence.rstrip(".")[: _longest("title")],
        "explanation": sentence,
        "type_way": Way.EXACT,
        "type_text": kind if _PLAIN_TYPE.fullmatch(kind) else "",
        "message_way": Way.CONTAINS,
        "message_text": _beside(kind, steady_part(*map(_message, (event, *group.events)))),
        "project": project,
    }


def _beside(kind: str, message: str) -> str:
    """The message, unless it only says the type once more."""
    return "" if message.casefold() == kind.casefold() else message


def _message(event: Event) -> str:
    raised = event.body.exceptions[0] if event.body and event.body.exceptions else None
    title = event.title or ""
    told = (raised.value if raised else None) or event.message or title.partition(": ")[2]
    return told or title


def steady_part(text: str, *others: str) -> str:
    """The longest part of a message that will be the same the next time; empty where it is short.

    Nothing that stands in for something hidden is in it, and nothing that one of the other
    messages of the same issue does not say.
    """
    told = [other.casefold() for other in dict.fromkeys(others)]
    parts = (part.strip(" \t,;:.()-=") for part in _VARYING.split(text[:2000]))
    steady = (part for part in parts if all(part.casefold() in other for other in told))
    longest = max(steady, key=len, default="")
    return longest[:LONGEST_TEXT] if len(longest) >= _LEAST_TEXT else ""


def _longest(field: str) -> int:
    return getattr(KnownError._meta.get_field(field), "max_length", None) or 100
