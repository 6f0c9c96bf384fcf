"""The transport for streamed calls follows the same rules over real connections."""

from collections.abc import Callable

import httpx2
import pytest

from apps.explain.transport import GuardedTransport, ResponseTooLarge
from apps.outbound import AddressRefused, OutboundPolicy
from tests.outbound.listener import Listener
from tests.outbound.test_session import on_one_port

Names = dict[str, list[str]]


def get(address: str, *private: str, origin: str = "", max_bytes: int = 1000) -> httpx2.Response:
    allowed = OutboundPolicy.of([origin or address], private)
    transport = GuardedTransport(allowed, 5, max_bytes)
    with httpx2.Client(transport=transport, trust_env=False) as client:
        return client.get(address)


def test_a_public_name_with_a_private_address_is_never_connected_to(
    listen: Callable[..., Listener], names: Names
) -> None:
    inside = listen()
    names["llm.example.org"] = ["127.0.0.1"]
    address = f"http://llm.example.org:{inside.port}/"
    with pytest.raises(AddressRefused, match="TRIAGE_PRIVATE_HOSTS"):
        get(address)
    assert inside.seen == []
    assert get(address, "llm.example.org").status_code == 200
    assert inside.seen == [("/", f"llm.example.org:{inside.port}", None)]


def test_all_addresses_of_a_name_are_checked_before_any_is_called(
    listen: Callable[..., Listener], names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    names["llm.example.org"] = ["169.254.169.254"]
    with pytest.raises(AddressRefused, match="no server can have"):
        get("http://llm.example.org:80/", "llm.example.org")


def test_a_name_that_changes_after_the_check_is_not_resolved_again(
    listen: Callable[..., Listener], names: Names
) -> None:
    checked, swapped = on_one_port(listen, "127.0.0.2", "127.0.0.1")
    names["llm.example.org"] = ["127.0.0.2", "127.0.0.1"]
    get(f"http://llm.example.org:{checked.port}/", "llm.example.org")
    assert len(checked.seen) == 1
    assert swapped.seen == []


def test_a_redirect_is_not_followed_and_would_be_refused(listen: Callable[..., Listener]) -> None:
    evil, model = listen(), listen()
    model.redirect_to = f"http://127.0.0.1:{evil.port}/steal"
    address = f"http://127.0.0.1:{model.port}/"
    assert get(address).status_code == 302
    with pytest.raises(AddressRefused):
        get(model.redirect_to, origin=address)
    assert evil.seen == []


def test_a_proxy_from_the_environment_is_used_only_for_the_configured_origin(
    listen: Callable[..., Listener], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = listen()
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
    assert get("http://llm.example.org/v1").status_code == 200
    assert [path for path, *_rest in proxy.seen] == ["http://llm.example.org/v1"]
    with pytest.raises(AddressRefused):
        get("http://elsewhere.example.org/", origin="http://llm.example.org/")
    assert len(proxy.seen) == 1


def test_a_response_ends_at_the_limit(listen: Callable[..., Listener]) -> None:
    address = f"http://127.0.0.1:{listen().port}/"
    assert get(address, max_bytes=2).text == "{}"
    with pytest.raises(ResponseTooLarge):
        get(address, max_bytes=1)


def test_an_unknown_name_is_a_failed_connection(names: Names) -> None:
    with pytest.raises(httpx2.ConnectError):
        get("http://nowhere.invalid/")
