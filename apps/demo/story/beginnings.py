"""The projects of the demo's company, made in a fixed order so that their ids are stable."""

from __future__ import annotations

from apps.demo.world import World

PROJECTS = (
    ("checkout-api", "python", "Checkout API"),
    ("web-shop", "javascript", "Web Shop"),
    ("mobile-app", "javascript", "Mobile App"),
    ("storefront", "php", "Storefront"),
    ("back-office", "ruby", "Back Office"),
    ("invoices", "csharp", "Invoices"),
    ("warehouse", "java", "Warehouse"),
    ("edge", "go", "Edge Services"),
    ("orders-worker", "node", "Orders Worker"),
    ("realtime", "elixir", "Realtime"),
)


def projects(world: World) -> None:
    """Make all projects."""
    for slug, platform, name in PROJECTS:
        world.add_project(slug, platform, name)
