"""Customers without an error at their moment: one has some at other times, one has none at all."""

from __future__ import annotations

from collections.abc import Mapping

from apps.demo.story.scene import Scene, frame
from apps.demo.story.shop_parts import BROWSER, SHOP_RELEASE
from apps.demo.story.stacks import REACT

MINUTE_S = 60


def elsewhere(scenes: Mapping[str, Scene]) -> None:
    """Hanna's errors stand 14 minutes before her usual window and half an hour after it.

    Nils has none: the shop does not know him by the address he gives on the phone.
    """
    hanna = scenes["hanna"]
    hanna.add(
        -19 * MINUTE_S - 8,
        project="web-shop",
        issue="voucher-refused",
        exception=("AxiosError", "Request failed with status code 422"),
        frames=[*REACT, frame("src/cart/voucher.ts", "redeem", 64)],
        handled=True,
        transaction="/cart",
        release=SHOP_RELEASE,
        contexts=BROWSER,
    )
    hanna.add(
        35 * MINUTE_S + 21,
        project="web-shop",
        issue="cart-session",
        exception=("TypeError", "Failed to fetch"),
        frames=[*REACT, frame("src/cart/session.ts", "keepAlive", 19)],
        transaction="/cart",
        release=SHOP_RELEASE,
        contexts=BROWSER,
    )
