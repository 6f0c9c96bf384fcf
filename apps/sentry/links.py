"""Addresses in Sentry's web pages, for people."""

from dataclasses import replace
from urllib.parse import urlsplit

from apps.events.event import Event
from apps.sentry.client import segment
from apps.sentry.config import SentryConfig


def web_root(config: SentryConfig) -> str:
    """Where people open the organization in a browser; the cloud's regions only serve programs."""
    host = urlsplit(config.base_url).hostname or ""
    is_cloud = host == "sentry.io" or host.endswith(".sentry.io")
    root = "https://sentry.io" if is_cloud else config.base_url.rstrip("/")
    return f"{root}/organizations/{segment(config.organization)}"


def with_link(event: Event, issue_links: dict[str, str], config: SentryConfig) -> Event:
    """The event with its page in Sentry: below its issue's link, else built from the ids."""
    if event.issue_id is None:
        return replace(event, permalink=None)
    built = f"{web_root(config)}/issues/{segment(event.issue_id)}/"
    issue_link = issue_links.get(event.issue_id, built)
    return replace(event, permalink=f"{issue_link.split('?')[0].rstrip('/')}/events/{event.id}/")
