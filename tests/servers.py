"""Small HTTP servers in background threads."""

from socketserver import BaseServer
from threading import Thread


def in_background(server: BaseServer) -> None:
    """Serve in a thread, with a short poll interval for a fast `shutdown`."""
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
