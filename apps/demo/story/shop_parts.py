"""What several customers of the web shop have in common: requests, releases, source code."""

from __future__ import annotations

from typing import Any

from apps.demo.world import Json

API_RELEASE = "checkout-api@7.3.1"
SHOP_RELEASE = "web-shop@2026.11.4"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0"
BROWSER = {
    "browser": {"name": "Firefox", "version": "133.0"},
    "os": {"name": "Windows", "version": "10"},
}

PLACE_ORDER = """
     order = Order.objects.select_for_update().get(pk=order_id)
     with transaction.atomic():
>        payment = payments.charge(order, request.data["card_token"])
     notify.order_paid.delay(order.pk)
"""


def api_request(path: str, data: Any = None) -> Json:
    """A POST to the checkout API as the Django SDK reports it."""
    return {
        "method": "POST",
        "url": f"https://api.shop.example{path}",
        "query": [["lang", "en"]],
        "headers": [
            ["Content-Type", "application/json"],
            ["User-Agent", FIREFOX],
            ["Authorization", "[Filtered]"],
        ],
        "cookies": [["sessionid", "[Filtered]"]],
        "data": data,
        "env": {"SERVER_NAME": "api-5f9c", "SERVER_PORT": "443"},
        "inferredContentType": "application/json",
    }
