"""The review's front page: every place in it, in words, for who may go there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.urls import reverse


@dataclass(frozen=True, slots=True)
class Place:
    """A page of the review, or one beside it that only an admin needs."""

    title: str
    meaning: str
    address: str


# A list of the review by its model, with the words for it.
_LISTS = (
    (
        "What was looked up",
        (
            ("lookups.lookup", "Lookups", "Who looked, what came out, and what Sentry was spared."),
            (
                "known_errors.knownerror",
                "Known errors",
                "What is known, and what to tell the customer.",
            ),
            ("lookups.exportrecord", "Exports", "What was copied or downloaded, and why."),
            ("answers.handover", "Handed over", "Drafts that went to another program, or wait."),
            ("explain.explanation", "Explanations", "Which model was asked, and what it took."),
            ("audit.entry", "Audit trail", "Who did what, when and from where. It never changes."),
        ),
    ),
    (
        "People",
        (
            ("auth.user", "People", "Roles, second factors, new passwords, leaving."),
            ("accounts.invitation", "Invitations", "Links that make an account, once."),
            ("accounts.team", "Teams", "Which projects people may see."),
        ),
    ),
    (
        "Settings",
        (
            ("lookups.exportpreset", "Questions", "What goes before a text for an LLM."),
            ("answers.drafttemplate", "Drafts", "What replies and escalations are made of."),
            ("accounts.apitoken", "API tokens", "Programs that look up in a person's name."),
        ),
    ),
)
_PAGES = (
    (
        "Connection",
        "Whether Triage reaches Sentry, and what its token may do.",
        "check_sentry",
        "lookups.view_lookup",
    ),
    (
        "Forget a customer",
        "Removes all answers about one customer, and what was typed.",
        "forget",
        "lookups.forget_customer",
    ),
)


def places(
    app_list: Iterable[dict[str, Any]], user: User | AnonymousUser
) -> Sequence[tuple[str, Sequence[Place]]]:
    """Headings with their places; a list that has no words yet stands under its own name."""
    models = {
        f"{app['app_label']}.{model['object_name']}".lower(): model
        for app in app_list
        for model in app["models"]
        if model["admin_url"]
    }
    groups = []
    for heading, rows in _LISTS:
        known = [(models.pop(name, None), title, meaning) for name, title, meaning in rows]
        listed = [Place(title, said, one["admin_url"]) for one, title, said in known if one]
        groups.append((heading, listed))
    for title, meaning, page, permission in _PAGES:
        if user.has_perm(permission):
            groups[-1][1].append(Place(title, meaning, reverse(page)))
    groups[-1][1].extend(Place(one["name"], "", one["admin_url"]) for one in models.values())
    return [(heading, listed) for heading, listed in groups if listed]
