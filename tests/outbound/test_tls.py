"""The certificate is checked against the name although the IP address is pinned."""

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from apps.outbound import OutboundPolicy, OutboundSession
from tests.servers import in_background

NAME = "sentry.example.org"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for the name, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "certificate.pem"
    pem = serialization.Encoding.PEM
    kind = serialization.PrivateFormat.PKCS8
    file.write_bytes(
        made.public_bytes(pem) + key.private_bytes(pem, kind, serialization.NoEncryption())
    )
    return file


class _Greeting(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_words: Any) -> None:
        """Print nothing."""


@pytest.fixture
def port(certificate: Path) -> Iterator[int]:
    """The port of a local server with the certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = HTTPServer(("127.0.0.1", 0), _Greeting)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    in_background(server)
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(("name", "is_good"), [(NAME, True), ("other.example.org", False)])
def test_the_certificate_must_match_the_requested_name(
    port: int, certificate: Path, monkeypatch: pytest.MonkeyPatch, name: str, is_good: bool
) -> None:
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda _host, *rest, **named: real("127.0.0.1", *rest, **named)
    )
    address = f"https://{name}:{port}/"
    session = OutboundSession(OutboundPolicy.of([address], [name]))
    trusted = str(certificate)

    if is_good:
        assert session.get(address, timeout=5, verify=trusted).status_code == 204
        return
    with pytest.raises(requests.exceptions.SSLError, match="Hostname mismatch"):
        session.get(address, timeout=5, verify=trusted)
