"""What a breadcrumb tells."""

import pytest

from apps.events.event import Breadcrumb, told_by


@pytest.mark.parametrize(
    ("message", "data", "told"),
    [
        (None, {"method": "POST", "url": "/pay", "status_code": 500}, "POST /pay 500"),
        ("POST /pay 500", {"method": "POST", "url": "/pay", "status_code": 500}, "POST /pay 500"),
        ("paying", {"url": "/pay"}, "paying /pay"),
        (None, {"from": "/cart", "to": "/checkout"}, "/cart to /checkout"),
        (None, {"to": "/checkout"}, "to /checkout"),
        (None, {"http.method": "GET", "url": "/a", "http.response.status_code": 502}, "GET /a 502"),
        ("button.pay", {"x": 1}, "button.pay"),
        (None, {"x": 1}, None),
    ],
)
def test_a_request_or_a_way_is_told_once(
    message: str | None, data: dict[str, object], told: str | None
) -> None:
    assert told_by(Breadcrumb(message=message, data=data)) == told
