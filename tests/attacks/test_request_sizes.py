"""Oversized requests are refused before they are read, for people and programs."""

import socket

import pytest
from django.test import Client

from tests.attacks.production import HOST, Production

_KNOWN_ERROR_FORM = "/admin/known_errors/knownerror/add/"


def test_oversized_form_gets_error_page(ana: Client) -> None:
    response = ana.post("/tickets/", {"text": "x" * 1_200_000})

    assert response.status_code == 413
    assert "That's too much text" in response.content.decode()
    assert response["Permissions-Policy"]


def test_oversized_api_body_gets_json_error(client: Client) -> None:
    response = client.post("/api/v1/lookups/", b"x" * 1_200_000, content_type="application/json")

    assert response.status_code == 413
    assert set(response.json()) == {"code", "message", "next_step", "retry_after"}


def test_form_with_too_many_fields_is_refused(ana: Client) -> None:
    fields = {f"field{number}": "x" for number in range(1001)}

    assert ana.post("/tickets/", fields).status_code == 413
    urlencoded = "&".join(f"{name}=x" for name in fields)
    content_type = "application/x-www-form-urlencoded"
    assert ana.post("/tickets/", urlencoded, content_type=content_type).status_code == 413


@pytest.mark.parametrize(
    "path", ["/", "/tickets/", "/accounts/login/", "/admin/login/", _KNOWN_ERROR_FORM]
)
def test_other_urls_refuse_file_uploads(client: Client, path: str) -> None:
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
def test_malformed_form_is_not_server_error(client: Client, body: bytes, boundary: str) -> None:
    content_type = f"multipart/form-data; boundary={boundary}"

    assert client.post("/", body, content_type=content_type).status_code < 500


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
def test_server_refuses_oversized_or_ambiguous_headers(production: Production, head: str) -> None:
    with socket.create_connection(("127.0.0.1", production.port), timeout=20) as connection:
        connection.sendall(head.encode())
        response = connection.makefile("rb").read()

    assert response.startswith(b"HTTP/1.1 4")
    assert response.count(b"HTTP/1.1 ") == 1
