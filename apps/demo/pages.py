"""The few web pages links out of Triage lead to while there is no real Sentry behind them."""

from __future__ import annotations

import html

from apps.demo.exchange import Answer, Ask

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Demo Sentry</title></head>
<body style="font: 16px/1.5 sans-serif; max-width: 40em; margin: 3em auto; padding: 0 1em">
<h1>Demo Sentry</h1>{paragraphs}</body></html>
"""


def _page(*paragraphs: str) -> Answer:
    made = "".join(f"<p>{html.escape(text)}</p>" for text in paragraphs)
    text = PAGE.format(paragraphs=made)
    return Answer(text=text, content_type="text/html; charset=utf-8")


def front_page(ask: Ask) -> Answer:
    """Says what this server is."""
    return _page(
        "This server plays Sentry's web API for trying Triage out. It has no screens of its own.",
        f"It knows {len(ask.world.events)} events in {len(ask.world.projects)} projects.",
    )


def issue_page(ask: Ask) -> Answer:
    """Stands where Sentry would show an issue or an event."""
    return _page(
        "With a real Sentry you would be looking at this issue now:",
        ask.path,
    )
