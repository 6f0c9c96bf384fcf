"""A wholesale customer whose import runs into everything at once: 140 events in an hour."""

from __future__ import annotations

import random
from typing import cast

from apps.demo.story.scene import Scene, frame
from apps.demo.story.stacks import DJANGO, GO, NODE, REACT
from apps.demo.world import EventFields, Json

EVENTS = 140
HALF_AN_HOUR_S = 1790
CORE_S = 270
CORE_SHARE = 0.78

LOOKUP = """
     res, err := s.index.Query(ctx, q)
     if err != nil {
>        return nil, fmt.Errorf("search %q: %w", q.Text, err)
     }
"""
SEND_MAIL = """
   const template = templates[order.locale];
>  await mailer.send(order.email, template.render(order));
"""
IMPORT_ROW = """
     for number, row in enumerate(reader, start=1):
>        price = Decimal(row["Preis"])
         offers.append(Offer(sku=row["SKU"], price=price))
"""


def kinds() -> list[tuple[int, EventFields]]:
    """The six issues with how much of the noise each one is."""
    return [
        (46, _import_row()),
        (34, _search_down()),
        (25, _mail_job()),
        (18, _rate_limited()),
        (11, _grid()),
        (6, _stock_warning()),
    ]


def _import_row() -> EventFields:
    frames = [*DJANGO, frame("imports/offers.py", "read_rows", 58, IMPORT_ROW, vars={"row": "{}"})]
    return {
        "project": "checkout-api",
        "issue": "import-row",
        "exception": ("InvalidOperation", "[<class 'decimal.ConversionSyntax'>]"),
        "frames": frames,
        "transaction": "/imports/{id}",
        "release": "checkout-api@7.3.0",
    }


def _search_down() -> EventFields:
    return {
        "project": "edge",
        "platform": "go",
        "issue": "search-down",
        "exception": ("*fmt.wrapError", 'search "schrauben m4": context deadline exceeded'),
        "frames": [*GO, frame("internal/search/service.go", "(*Service).Find", 133, LOOKUP)],
        "release": "edge@88",
    }


def _mail_job() -> EventFields:
    return {
        "project": "orders-worker",
        "issue": "mail-template",
        "issue_status": "resolved",
        "exception": ("TypeError", "Cannot read properties of undefined (reading 'render')"),
        "frames": [*NODE, frame("/app/src/jobs/confirmation.js", "confirm", 29, SEND_MAIL)],
        "transaction": "job:confirmation",
        "release": "orders-worker@31.2.0",
        "extra": {"queue": "mail", "attemptsMade": 3},
    }


def _rate_limited() -> EventFields:
    return {
        "project": "edge",
        "platform": "go",
        "issue": "too-many",
        "message": "client exceeded 600 requests per minute",
        "level": "warning",
        "handled": None,
        "logger": "gateway",
        "release": "edge@88",
    }


def _grid() -> EventFields:
    return {
        "project": "web-shop",
        "issue": "grid-render",
        "exception": ("RangeError", "Maximum call stack size exceeded"),
        "frames": [*REACT, frame("src/wholesale/Grid.tsx", "Grid", 301)],
        "release": "web-shop@2026.11.3",
    }


def _stock_warning() -> EventFields:
    return {
        "project": "checkout-api",
        "issue": "stock-negative",
        "message": "Bestand negativ für SKU 88-1200",
        "level": "warning",
        "handled": None,
        "logger": "stock",
        "release": "checkout-api@7.3.0",
    }


def busy(scene: Scene) -> None:
    """All 140 within the hour around the moment, most of them in its middle nine minutes."""
    dice = random.Random(20417)
    noise = [fields for share, fields in kinds() for _ in range(share)]
    dice.shuffle(noise)
    for number, fields in enumerate(noise):
        reach = CORE_S if dice.random() < CORE_SHARE else HALF_AN_HOUR_S
        seconds = dice.uniform(-reach, reach)
        note: Json = {"batch": f"import-{number // 20}"}
        scene.add(seconds, **cast(EventFields, {**fields, "tags": note}))
