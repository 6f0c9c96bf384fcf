"""Connections that go only where their reach allows, to the very address that was checked."""

import socket
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError

from apps.outbound.reach import Reach


class _Guarded(HTTPConnection):
    """Asks the name's addresses once, checks all of them, and connects to those and no others.

    A name that is asked again between check and connection could have changed (DNS rebinding).
    """

    reach: Reach

    def _new_conn(self) -> socket.socket:
        if self.proxy is not None:  # configured in the environment; it resolves the name itself
            return super()._new_conn()
        name = self._dns_host
        addresses = self._addresses(name)
        for address in addresses:
            self.reach.check_resolved(name, address)
        try:
            for address in addresses[:-1]:
                try:
                    return self._connected_to(address)
                except NewConnectionError:
                    continue
            return self._connected_to(addresses[-1])
        finally:
            self._dns_host = name

    def _addresses(self, name: str) -> list[str]:
        try:
            found = socket.getaddrinfo(name.strip("[]"), self.port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as error:
            raise NewConnectionError(self, "The host name couldn't be found.") from error
        return list(dict.fromkeys(str(row[4][0]) for row in found))

    def _connected_to(self, address: str) -> socket.socket:
        self._dns_host = address
        return super()._new_conn()


class GuardedHTTP(_Guarded):
    """A plain connection with a reach."""


class GuardedHTTPS(_Guarded, HTTPSConnection):
    """A TLS connection with a reach; the certificate is checked against the name."""


class GuardedAdapter(HTTPAdapter):
    """An adapter whose connections keep to a reach."""

    plain: type[GuardedHTTP] = GuardedHTTP
    secure: type[GuardedHTTPS] = GuardedHTTPS

    def __init__(self, reach: Reach, **options: Any) -> None:
        self._reach = reach
        super().__init__(**options)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Let the pool make guarded connections."""
        super().init_poolmanager(*args, **options)
        told = {"reach": self._reach}
        http = type("Connection", (self.plain,), told)
        https = type("Connection", (self.secure,), told)
        self.poolmanager.pool_classes_by_scheme = {
            "http": type("Pool", (HTTPConnectionPool,), {"ConnectionCls": http}),
            "https": type("Pool", (HTTPSConnectionPool,), {"ConnectionCls": https}),
        }


class OutboundSession(requests.Session):
    """A session that calls the configured origins only; each hop of a redirect is checked too.

    Raises `AddressRefused` instead of sending anything elsewhere.
    """

    def __init__(self, reach: Reach, adapter: GuardedAdapter | None = None) -> None:
        super().__init__()
        self.reach = reach
        guarded = adapter or GuardedAdapter(reach)
        self.mount("http://", guarded)
        self.mount("https://", guarded)

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Send a request, or refuse its address."""
        self.reach.check(request.url or "")
        return super().send(request, **options)
