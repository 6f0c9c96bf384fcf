"""Messages to `/mcp` as a program would send them, without the SDK's client."""

import json
from dataclasses import dataclass
from typing import Any

from django.test import Client

from tests.conftest import MOMENT

AT = MOMENT.isoformat()
HANDSHAKE = "2025-11-25"
STATELESS = "2026-07-28"
ACCEPT = "application/json, text/event-stream"
META = "io.modelcontextprotocol"


@dataclass(frozen=True)
class Program:
    """A program with a token that speaks one version of the protocol."""

    token: str
    version: str = HANDSHAKE
    name: str = "copilot"

    def post(self, message: object, **headers: str) -> Any:
        """Send a message, or a body that isn't one."""
        body = message if isinstance(message, str) else json.dumps(message)
        standard = {
            "Authorization": f"Bearer {self.token}",
            "Accept": ACCEPT,
            "MCP-Protocol-Version": self.version,
        }
        every = {**standard, **headers}
        return Client().post(
            "/mcp",
            body,
            content_type="application/json",
            headers={name: value for name, value in every.items() if value},
        )

    def ask(self, method: str, params: dict[str, Any] | None = None, /, **headers: str) -> Any:
        """Send a request with what its version wants, and return the response."""
        params = dict(params or {})
        if self.version == STATELESS:
            params["_meta"] = {
                f"{META}/protocolVersion": STATELESS,
                f"{META}/clientCapabilities": {},
                f"{META}/clientInfo": {"name": self.name, "version": "1"},
                **params.get("_meta", {}),
            }
            headers = {"MCP-Method": method, "MCP-Name": params.get("name", ""), **headers}
        message = {"jsonrpc": "2.0", "id": 7, "method": method, "params": params}
        return self.post(message, **headers)

    def call(self, tool: str, **arguments: Any) -> Any:
        """Call a tool and return its result."""
        response = self.ask("tools/call", {"name": tool, "arguments": arguments})
        assert response.status_code == 200, response.content
        return response.json()["result"]

    def look_up(self, customer: str = "1001", **arguments: Any) -> Any:
        """Look up a customer and return the result."""
        return self.call("look_up_customer", **{"customer": customer, "at": AT, **arguments})

    def begin(self, version: str = HANDSHAKE) -> Any:
        """Begin as versions before 2026 do, and return the response."""
        info = {"name": self.name, "version": "1"}
        params = {"protocolVersion": version, "capabilities": {}, "clientInfo": info}
        return self.ask("initialize", params, **{"MCP-Protocol-Version": ""})
