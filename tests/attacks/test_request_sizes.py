"""What is too large is refused before anything reads it, in words for people and for programs."""

import socket

import pytest
from django.test import Client

from tests.attacks.production import HOST, Production

_ENTRY = "/admin/known_errors/knownerror/add/"


def test_a_form_that_is_too_large_gets_a_page(ana: Client) -> None:
    answer = ana.post("/tickets/", {"text": "x" * 1_200_000})

    assert answer.status_code == 413
    assert "That's too much text" in answer.content.decode()
    assert answer["Permissions-Policy"]


def test_a_body_that_is_too_large_gets_json_from_the_api(client: Client) -> None:
    answer = client.post("/api/v1/lookups/", b"x" * 1_200_000, content_type="application/json")

    assert answer.status_code == 413
    assert set(answer.json()) == {"code", "message", "next_step", "retry_after"}


def test_a_form_of_a_thousand_fields_and_more_is_refused(ana: Client) -> None:
    fields = {f"field{number}": "x" for number in range(1001)}

    assert ana.post("/tickets/", fields).status_code == 413
    urlencoded = "&".join(f"{name}=x" for name in fields)
    kind = "application/x-www-form-urlencoded"
    assert ana.post("/tickets/", urlencoded, content_type=kind).status_code == 413


@pytest.mark.parametrize("path", ["/", "/tickets/", "/accounts/login/", "/admin/login/", _ENTRY])
def test_no_other_address_takes_a_file(client: Client, path: str) -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="../../evil.py"\r\n\r\n'
        b"print()\r\n--x--\r\n"
    )

    assert (
        client.post(path, body, content_type="multipart/form-data; boundary=x").status_code == 400
    )


@pytest.mark.parametrize(
    "body", [b"--x\r\nContent-Disposition: form-data\r\nbroken", b"", b"--x--", b"\x00" * 100]
)
@pytest.mark.parametrize("boundary", ["x", "", "x" * 300, "\u00e9"])
def test_a_broken_form_is_no_failure_of_ours(client: Client, body: bytes, boundary: str) -> None:
    kind = f"multipart/form-data; boundary={boundary}"

    assert client.post("/", body, content_type=kind).status_code < 500


@pytest.mark.parametrize(
    "head",
    [
        f"GET /{'a' * 5000} HTTP/1.1\r\nHost: {HOST}\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost: {HOST}\r\nX-Long: {'a' * 9000}\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost: {HOST}\r\n" + "X-Many: 1\r\n" * 70 + "\r\n",
        f"GET / HTTP/1.1\r\nHost: {HOST}\r\nHost: evil.example\r\nBad Header: 1\r\n\r\n",
        f"POST / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: -5\r\n\r\n",
        f"POST / HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 5\r\n"
        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /admin/ HTTP/1.1\r\n\r\n",
    ],
    ids=["line", "header", "headers", "blank in a name", "negative length", "two lengths"],
)
def test_the_server_refuses_heads_that_are_too_long_or_smuggle(
    production: Production, head: str
) -> None:
    with socket.create_connection(("127.0.0.1", production.port), timeout=20) as connection:
        connection.sendall(head.encode())
        answer = connection.makefile("rb").read()

    assert answer.startswith(b"HTTP/1.1 4")
    assert answer.count(b"HTTP/1.1 ") == 1
