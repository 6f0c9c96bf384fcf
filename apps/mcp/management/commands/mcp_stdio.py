"""`manage.py mcp_stdio`: the tools of `/mcp` for a program on this machine."""

from typing import Any

from django.core.management import BaseCommand

from apps.lookups.access import Requester, system_user
from apps.lookups.management.commands.lookup import prepare_database
from apps.lookups.models import Origin
from apps.mcp.server import serve_stdio
from apps.mcp.tools import Caller


class Command(BaseCommand):
    """`manage.py mcp_stdio`."""

    help = "Serve the tools of /mcp on standard input and output. Redaction can't be turned off."
    requires_system_checks: list[str] = []

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Serve one program, recorded with the operating system's user."""
        prepare_database()
        requester = Requester(Origin.MCP, system_user=system_user(), client="standard input")
        serve_stdio(Caller(requester, wants_progress=True))
