"""Small HTTP servers that tests run beside themselves."""

from socketserver import BaseServer
from threading import Thread


def in_background(server: BaseServer) -> None:
    """Serve in a thread; `shutdown` is then noticed at once and not only after half a second."""
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
