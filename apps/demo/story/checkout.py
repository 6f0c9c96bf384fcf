"""Mia and Leo shop in German and in French, and the shop has its own troubles."""

from __future__ import annotations

from apps.demo.story.scene import Scene, frame
from apps.demo.story.shop_parts import API_RELEASE, BROWSER, PLACE_ORDER, api_request
from apps.demo.story.stacks import DJANGO, REACT
from apps.demo.world import Json

RESERVE = """
     with connection.cursor() as cursor:
         cursor.execute("SET LOCAL lock_timeout = '5s'")
>        cursor.execute(RESERVE_SQL, [sku, quantity])
         return cursor.rowcount == quantity
"""

LOCK_CHAIN: tuple[Json, ...] = (
    {
        "type": "LockNotAvailable",
        "value": "canceling statement due to lock timeout",
        "module": "psycopg.errors",
        "frames": [frame("stock/reserve.py", "reserve", 41, RESERVE)],
    },
    {
        "type": "OperationalError",
        "value": "Zeitüberschreitung: Bestand für »Stiefel, Größe 42« ist gesperrt",
        "module": "django.db.utils",
        "frames": [
            *DJANGO,
            frame("checkout/views.py", "place_order", 117, PLACE_ORDER),
            frame("stock/reserve.py", "reserve", 41, RESERVE, vars={"sku": "WS-42"}),
        ],
    },
)
GROUP: Json = {
    "type": "ExceptionGroup",
    "value": "Angebote konnten nicht eingeholt werden (2 sub-exceptions)",
    "mechanism": {
        "type": "chained",
        "handled": False,
        "is_exception_group": True,
        "exception_id": 0,
    },
    "frames": [*DJANGO, frame("checkout/tasks.py", "offers", 33)],
}
MEMBERS = (
    ("TimeoutError", "Lagerdienst antwortet nicht (10 s)"),
    ("KeyError", "'versandart'"),
)


def mia(scene: Scene) -> None:
    """German: the stock reservation runs into a lock, twice, and then several things at once."""
    for seconds in (-240, -95):
        scene.add(
            seconds,
            project="checkout-api",
            issue="lock-timeout",
            exceptions=LOCK_CHAIN,
            request=api_request("/orders/B-11/reserve", {"sku": "WS-42", "menge": 2}),
            tags={"lang": "de"},
            transaction="/orders/{id}/reserve",
            release=API_RELEASE,
        )
    scene.add(
        12,
        project="checkout-api",
        issue="checkout-group",
        exceptions=[*(_member(at) for at in range(len(MEMBERS))), GROUP],
        request=api_request("/orders/B-11/offers"),
        tags={"lang": "de"},
        transaction="/orders/{id}/offers",
        release=API_RELEASE,
    )


def _member(at: int) -> Json:
    """One of the exceptions inside the group, pointing at its parent."""
    kind, value = MEMBERS[at]
    return {
        "type": kind,
        "value": value,
        "mechanism": {
            "type": "chained",
            "handled": False,
            "exception_id": at + 1,
            "parent_id": 0,
            "source": f"exceptions[{at}]",
        },
        "frames": [frame("checkout/tasks.py", "gather_offers", 21 + at)],
    }


def leo(scene: Scene) -> None:
    """French: chunks that no longer exist after a deploy, all of it an hour before the moment."""
    for number, seconds in enumerate((-3720, -3660, -3615)):
        scene.add(
            seconds,
            project="web-shop",
            issue="chunk-load",
            exception=(
                "ChunkLoadError",
                f"Loading chunk {31 + number} failed. (https://cdn.shop.example/{31 + number}.js)",
            ),
            frames=[*REACT],
            breadcrumbs=scene.crumbs(
                seconds,
                [
                    (2.0, "ui.click", "a.nav-link[title='Mes commandes']", None),
                    (0.5, "console", "Échec du chargement de la page « Mes commandes »", None),
                ],
            ),
            request={"url": "https://shop.example/fr/commandes"},
            transaction="/fr/commandes",
            release="web-shop@2026.11.3",
            contexts=BROWSER,
        )
