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
        "Activity",
        (
            (
                "lookups.lookup",
                "Lookups",
                "Who looked up whom, what was found, and how many Sentry calls were saved.",
            ),
            (
                "known_errors.knownerror",
                "Known errors",
                "Known problems and what to tell the customer.",
            ),
            ("lookups.exportrecord", "Exports", "What was copied or downloaded, and why."),
            (
                "answers.handover",
                "Deliveries",
                "Drafts sent to another program or waiting to be sent.",
            ),
            (
                "explain.explanation",
                "Explanations",
                "Which model was asked, and how many tokens it used.",
            ),
            ("audit.entry", "Audit trail", "Who did what, when and from where. It never changes."),
        ),
    ),
    (
        "People",
        (
            ("auth.user", "People", "Accounts, roles, second factors, and password resets."),
            ("accounts.invitation", "Invitations", "One-time links to create an account."),
            ("accounts.team", "Teams", "Which projects people can see."),
        ),
    ),
    (
        "Settings",
        (
            ("lookups.exportpreset", "Prompts", "What to put before the text for an LLM."),
            ("answers.drafttemplate", "Draft templates", "Templates for replies and escalations."),
            (
                "accounts.apitoken",
                "API tokens",
                "Access for programs that look up customers on a person's behalf.",
            ),
        ),
    ),
)
_PAGES = (
    (
        "Sentry connection",
        "Whether Triage can reach Sentry, and what its token can do.",
        "check_sentry",
        "lookups.view_lookup",
    ),
    (
        "Erase customer data",
        "Deletes all results about one customer, and everything typed for them.",
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
