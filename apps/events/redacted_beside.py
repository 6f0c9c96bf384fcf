"""What stands beside the errors without personal data: the customer's words, where they were,
and the names that people give to releases.
"""

import re
from dataclasses import replace

from apps.events.answer import Beside, Deploy, Feedback, Replay
from apps.events.ledger import SHORTEST_IN_TEXT, Ledger
from apps.events.running_text import redact_named, redact_text


def names_beside(beside: Beside) -> set[str]:
    """All that recordings and feedback name the customer by."""
    identities = [replay.identities for replay in beside.replays]
    identities += [feedback.identities for feedback in beside.feedback]
    return {value for own in identities for _name, value in own}


def redact_customers_own(beside: Beside, ledger: Ledger) -> Beside:
    """The same with recordings and feedback redacted, and without the names they came with.

    Releases are redacted as those of events are; slugs of projects stay, as they do everywhere.
    """
    return replace(
        beside,
        replays=tuple(_replay(replay, ledger) for replay in beside.replays),
        feedback=tuple(_feedback(feedback, ledger) for feedback in beside.feedback),
        deploys=tuple(_deploy(deploy, ledger) for deploy in beside.deploys),
    )


def _deploy(deploy: Deploy, ledger: Ledger) -> Deploy:
    return replace(
        deploy,
        version=redact_named(deploy.version, ledger, name="", is_version=True),
        environment=deploy.environment and redact_text(deploy.environment, ledger),
    )


def _replay(replay: Replay, ledger: Ledger) -> Replay:
    urls = tuple(redact_text(url, ledger) for url in replay.urls)
    return replace(replay, urls=urls, identities=())


def _feedback(feedback: Feedback, ledger: Ledger) -> Feedback:
    """The name that was given is hidden in the message too, where people sign with it."""
    name = feedback.name and ledger.alias("name", feedback.name)
    message = redact_text(feedback.message, ledger)
    return replace(
        feedback,
        message=_without_name(message, feedback.name or "", name or ""),
        name=name,
        email=feedback.email and ledger.alias("email", feedback.email),
        url=feedback.url and redact_text(feedback.url, ledger),
        identities=(),
    )


def _without_name(text: str, name: str, alias: str) -> str:
    """The text without the name and each longer part of it, where it stands as a word."""
    parts = sorted({name, *name.split()}, key=len, reverse=True)
    words = "|".join(re.escape(part) for part in parts if len(part) >= SHORTEST_IN_TEXT)
    if not words:
        return text
    return re.sub(rf"(?<![\w<-])(?:{words})(?![\w>])", lambda _: alias, text, flags=re.IGNORECASE)
