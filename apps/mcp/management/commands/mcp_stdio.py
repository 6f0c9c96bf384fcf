"""`manage.py mcp_stdio`: the tools of `/mcp` for a program on this machine, or for a shell."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

import anyio
from django.core.management import BaseCommand, CommandError

from apps.lookups.access import Requester, system_user
from apps.lookups.management.commands.lookup import prepare_database
from apps.lookups.models import Origin
from apps.lookups.problems import EXIT_COMPLETE, EXIT_FAILED, EXIT_INCOMPLETE, EXIT_USAGE
from apps.mcp.server import serve_stdio
from apps.mcp.tools import TOOLS, Caller, Reply, next_step, run, tool_named


class Command(BaseCommand):
    """`manage.py mcp_stdio`."""

    help = "Serve the tools of /mcp on standard input and output. Redaction can't be turned off."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        names = [tool.name for tool in TOOLS]
        parser.add_argument("--call", choices=names, help="print one tool's reply, and exit")
        parser.add_argument(
            "arguments",
            nargs="?",
            default="{}",
            help="the tool's arguments, as JSON; - reads them from standard input",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Serve one program, or call one tool, recorded with the operating system's user."""
        prepare_database()
        if options["call"]:
            self._call(options["call"], options["arguments"])
        requester = Requester(Origin.MCP, system_user=system_user(), client="standard input")
        anyio.run(serve_stdio, Caller(requester, wants_progress=True))

    def _call(self, name: str, typed: str) -> None:
        """Print the reply, and exit as `manage.py lookup` does."""
        tool = tool_named(name)
        assert tool is not None  # noqa: S101 - one of the choices
        try:
            arguments = dict(json.loads(sys.stdin.read() if typed == "-" else typed))
        except (ValueError, TypeError) as error:
            message = "The arguments aren't a JSON object."
            raise CommandError(message, returncode=EXIT_USAGE) from error
        steps = run(tool, arguments, Caller(Requester(Origin.CLI, system_user=system_user())))
        while not isinstance(reply := next_step(steps), Reply):
            pass
        self.stdout.write("\n".join(reply.texts))
        if reply.is_error:
            raise SystemExit(EXIT_USAGE if reply.data["code"] == "bad_input" else EXIT_FAILED)
        raise SystemExit(EXIT_COMPLETE if reply.data.get("complete", True) else EXIT_INCOMPLETE)
