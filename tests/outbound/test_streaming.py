"""The transport of streamed calls keeps the rules of the session, over real connections."""

from collections.abc import Callable

import httpx2
import pytest

from apps.outbound import AddressRefused, AnswerTooLarge, Bounds, GuardedTransport, Reach
from tests.outbound.listener import Listener

Names = dict[str, list[str]]


def get(address: str, *private: str, reach: str = "", answer_bytes: int = 1000) -> httpx2.Response:
    allowed = Reach.of([reach or address], private)
    transport = GuardedTransport(allowed, Bounds(5, answer_bytes))
    with httpx2.Client(transport=transport, trust_env=False) as client:
        return client.get(address)


def test_a_public_name_that_leads_inside_is_not_even_connected_to(
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


def test_a_name_that_changes_between_check_and_connection_gains_nothing(
    listen: Callable[..., Listener], names: Names
) -> None:
    checked = listen("127.0.0.2")
    swapped = listen("127.0.0.1", checked.port)
    names["llm.example.org"] = ["127.0.0.2", "127.0.0.1"]
    get(f"http://llm.example.org:{checked.port}/", "llm.example.org")
    assert len(checked.seen) == 1
    assert swapped.seen == []


def test_a_redirect_is_not_followed_and_would_be_refused(listen: Callable[..., Listener]) -> None:
    evil, model = listen(), listen()
    model.leads_to = f"http://127.0.0.1:{evil.port}/steal"
    address = f"http://127.0.0.1:{model.port}/"
    assert get(address).status_code == 302
    with pytest.raises(AddressRefused):
        get(model.leads_to, reach=address)
    assert evil.seen == []


def test_a_proxy_of_the_environment_is_used_for_the_configured_origin_alone(
    listen: Callable[..., Listener], monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = listen()
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
    assert get("http://llm.example.org/v1").status_code == 200
    assert [path for path, *_rest in proxy.seen] == ["http://llm.example.org/v1"]
    with pytest.raises(AddressRefused):
        get("http://elsewhere.example.org/", reach="http://llm.example.org/")
    assert len(proxy.seen) == 1


def test_an_answer_ends_at_its_most(listen: Callable[..., Listener]) -> None:
    address = f"http://127.0.0.1:{listen().port}/"
    assert get(address, answer_bytes=2).text == "{}"
    with pytest.raises(AnswerTooLarge):
        get(address, answer_bytes=1)


def test_a_name_nobody_knows_is_a_failed_connection(names: Names) -> None:
    with pytest.raises(httpx2.ConnectError):
        get("http://nowhere.invalid/")
