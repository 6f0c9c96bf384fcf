"""Oda's events: each one lacks something, or has more of it than anyone expects."""

from __future__ import annotations

from apps.demo.story.scene import Scene, frame
from apps.demo.story.stacks import DJANGO
from apps.demo.world import Json

DEPTH = 250

WALK = """
 def walk(node, path=()):
     for child in node.children:
>        walk(child, (*path, node.name))
"""

ALL_NULL: Json = {
    "groupID": None,
    "message": None,
    "location": None,
    "user": None,
    "tags": [],
    "dateReceived": None,
    "contexts": None,
    "size": None,
    "entries": [],
    "dist": None,
    "sdk": None,
    "context": None,
    "packages": {},
    "metadata": {},
    "errors": [],
    "occurrence": None,
    "culprit": None,
    "crashFile": None,
    "_meta": {},
}


def oda(scene: Scene) -> None:
    """One event of every odd kind, some seconds apart."""
    _background_job(scene, -240)
    _recursion(scene, -180)
    _without_frames(scene, -120)
    _message_only(scene, -60)
    _browser_report(scene, -30)
    _handled_warning(scene, 0)
    _unreadable_exception(scene, 30)
    scene.add(
        60,
        project="orders-worker",
        issue="all-null",
        exception=("Error", "everything optional is missing"),
        overrides=ALL_NULL,
        environment=None,
        trace_id="",
    )


def _background_job(scene: Scene, seconds: float) -> None:
    scene.add(
        seconds,
        project="orders-worker",
        issue="nightly-export",
        exception=("ENOSPC", "no space left on device, write '/var/export/orders.csv'"),
        frames=[frame("/app/src/jobs/export.js", "writeRows", 88)],
        mechanism="onuncaughtexception",
        level="fatal",
        transaction="job:nightly-export",
        extra={"rows": 184_211},
    )


def _recursion(scene: Scene, seconds: float) -> None:
    deep = [
        frame("catalog/tree.py", "walk", 19, WALK, vars={"path": f"<tuple of {depth}>"})
        for depth in range(DEPTH)
    ]
    scene.add(
        seconds,
        project="checkout-api",
        issue="category-loop",
        exception=("RecursionError", "maximum recursion depth exceeded"),
        frames=[*DJANGO, *deep],
        transaction="/categories/{id}",
        release="checkout-api@7.3.0",
    )


def _without_frames(scene: Scene, seconds: float) -> None:
    scene.add(
        seconds,
        project="web-shop",
        issue="script-error",
        exception=("Error", "Script error."),
        frames=None,
        mechanism="onerror",
        errors=[
            {
                "type": "js_no_source",
                "message": "Source code was not found",
                "data": {"url": "https://cdn.example/app.min.js"},
            }
        ],
    )


def _message_only(scene: Scene, seconds: float) -> None:
    scene.add(
        seconds,
        project="storefront",
        issue="feed-late",
        message="Le flux fournisseur « Alpes » a 3 heures de retard",
        params=["Alpes", 3],
        level="info",
        handled=None,
        logger="feeds",
    )


def _browser_report(scene: Scene, seconds: float) -> None:
    report = {
        "document_uri": "https://shop.example/checkout",
        "violated_directive": "script-src 'self'",
        "effective_directive": "script-src",
        "blocked_uri": "https://cdn.tracker.example/t.js",
        "status_code": 200,
    }
    scene.add(
        seconds,
        project="web-shop",
        issue="csp-script",
        kind="csp",
        title="Blocked 'script' from 'cdn.tracker.example'",
        culprit="script-src 'self'",
        entries=[{"type": "csp", "data": report}],
        level="warning",
        handled=None,
    )


def _handled_warning(scene: Scene, seconds: float) -> None:
    scene.add(
        seconds,
        project="checkout-api",
        issue="voucher-cache",
        exception=("ConnectionError", "cache unavailable, vouchers read from the database"),
        frames=[*DJANGO, frame("vouchers/cache.py", "get", 12)],
        handled=True,
        level="warning",
        environment="staging",
    )


def _unreadable_exception(scene: Scene, seconds: float) -> None:
    """A chain with a hole in it and an exception that has neither type nor value."""
    scene.add(
        seconds,
        project="warehouse",
        issue="hollow",
        exceptions=[None, {"type": None, "value": None, "frames": None}],
        title="<unknown>",
        breadcrumbs=[{"timestamp": None, "message": None, "category": None}],
        tags={"empty": ""},
    )
