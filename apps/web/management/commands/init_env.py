"""`manage.py init_env`: writes `.env`. It runs without the settings, which don't exist yet."""

import os
import re
import secrets
import subprocess
import sys
import tomllib
from argparse import ArgumentParser
from collections.abc import Callable
from contextlib import suppress
from getpass import getpass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from django.core.management import BaseCommand, CommandError

ROOT = Path(__file__).resolve().parents[4]
_LOCAL = ("localhost", "127.0.0.1", "::1")


class Variable(NamedTuple):
    """A variable to ask for: its name, its option, the question, and what an answer must be."""

    variable: str
    option: str
    text: str
    pattern: str
    expected: str
    default: str = ""
    secret: bool = False


_FILE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
_QUESTIONS = [Variable(**question) for question in _FILE["questions"]]


class Command(BaseCommand):
    """Asks, or takes options and variables, and writes a new file."""

    help = "Write .env: generate the keys, and ask for the address, Sentry, time zone, and email."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add an option for each question that isn't about a secret."""
        for one in _QUESTIONS:
            if one.option:
                parser.add_argument(f"--{one.option}", help=one.text)
        parser.add_argument(
            "--no-input",
            action="store_true",
            help="ask nothing: use the options, the variables SENTRY_AUTH_TOKEN and EMAIL_URL, and "
            "defaults for the rest",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        """Write the file. Raise `CommandError` if it exists or an answer can't be used."""
        file = Path(os.environ.get("TRIAGE_ENV_FILE") or ROOT / ".env")
        if file.exists():
            raise CommandError(
                f"{file} already exists, and its keys may be in use, so it wasn't changed. Edit "
                "it, or move it away first."
            )
        answers = self._answers(options)
        content = _content(answers)
        _check(content)
        _write(file, content)
        is_https = answers["ADDRESS"].startswith("https:")
        through = " through a proxy with TLS that passes requests on to port 8000 here"
        self.stdout.write(
            _FILE["next"].format(
                file=file, address=answers["ADDRESS"], through=through if is_https else ""
            )
        )

    def _answers(self, options: dict[str, Any]) -> dict[str, str]:
        answers: dict[str, str] = {}
        for one in _QUESTIONS:
            needed = {"EMAIL_FROM": "EMAIL_URL", "SENTRY_AUTH_TOKEN": "SENTRY_ORG"}
            if not answers.get(needed.get(one.variable, ""), "yes"):
                answers[one.variable] = ""
                continue
            given = options.get(one.option.replace("-", "_")) if one.option else None
            given = given or os.environ.get(one.variable if one.variable != "ADDRESS" else "", "")
            answers[one.variable] = self._answer(one, given, ask=not options["no_input"])
        return answers

    def _answer(self, question: Variable, given: str, *, ask: bool) -> str:
        """Return the given answer, or ask until there is a valid one."""
        read: Callable[[str], str] = getpass if question.secret else input
        hint = f" [{question.default}]" if question.default else ""
        while True:
            answer = given
            if ask and not given:
                try:
                    answer = read(f"{question.text}{hint}: ")
                except (EOFError, KeyboardInterrupt):
                    raise CommandError("Nothing was written.") from None
            answer = answer.strip() or question.default
            if re.fullmatch(question.pattern, answer) and _exists(question.variable, answer):
                return answer
            if given or not ask:
                name = f"--{question.option}" if question.option else question.variable
                raise CommandError(f"{name} must be {question.expected}. Nothing was written.")
            self.stderr.write(f"Enter {question.expected}.")


def _exists(variable: str, answer: str) -> bool:
    """Return whether the zone exists, or the address could."""
    if variable == "TIME_ZONE":
        return answer in available_timezones()
    with suppress(ValueError):
        return variable != "ADDRESS" or urlsplit(answer).port != 0
    return False


def _content(answers: dict[str, str]) -> str:
    address = urlsplit(answers["ADDRESS"])
    host = f"[{address.hostname}]" if ":" in (address.hostname or "") else address.hostname or ""
    is_local, is_https = address.hostname in _LOCAL, address.scheme == "https"
    hosts = ",".join(dict.fromkeys((host, "localhost", "127.0.0.1")))
    rows = {
        "The site": {
            "ALLOWED_HOSTS": host if is_https else hosts,
            "CSRF_TRUSTED_ORIGINS": f"{address.scheme}://{address.netloc}",
            "SCRIPT_NAME": address.path.rstrip("/"),
            "TRIAGE_BEHIND_PROXY": "1" if is_https else "0",
            "TRIAGE_HTTPS": "1" if is_https else "0",
            "TIME_ZONE": answers["TIME_ZONE"],
        },
        "Keys. Keep a copy. TRIAGE_HASH_KEY must never change.": {
            name: secrets.token_urlsafe(48)
            for name in ("SECRET_KEY", "TRIAGE_DATA_KEYS", "TRIAGE_HASH_KEY")
        },
        "Sentry": {
            name: answers[name] for name in ("SENTRY_BASE_URL", "SENTRY_ORG", "SENTRY_AUTH_TOKEN")
        },
        "Email": {name: answers[name] for name in ("EMAIL_URL", "EMAIL_FROM")},
        "Only for compose.yaml": {
            "TRIAGE_LISTEN": "127.0.0.1:8000" if is_https or is_local else "0.0.0.0:8000",
            "POSTGRES_PASSWORD": secrets.token_urlsafe(24),
            "REDIS_PASSWORD": secrets.token_urlsafe(24),
        },
    }
    lines = ["# Written by manage.py init_env. All variables: docs/settings.md"]
    for title, variables in rows.items():
        lines += ["", f"# {title}", *(_line(name, value) for name, value in variables.items())]
    return "\n".join(lines) + "\n"


def _line(name: str, value: str) -> str:
    """Return a line that Triage and Docker Compose read in the same way."""
    is_plain = re.fullmatch(r"[A-Za-z0-9_.:/@%+,=\[\]-]*", value)
    return f"{name}={value}" if is_plain else f"{name}='{value}'"


def _check(content: str) -> None:
    """Raise `CommandError` with the sentence of a start with this file, if it would fail."""
    with TemporaryDirectory(prefix="triage-") as folder:
        file = Path(folder) / "env"
        _write(file, content)
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        done = subprocess.run(
            [sys.executable, "-c", "import triage_site.settings"],
            cwd=ROOT,
            env={**kept, "TRIAGE_ENV_FILE": str(file), "TRIAGE_VAR_DIR": folder},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        reason = done.stderr.strip().rpartition("Triage cannot start: ")[2]
        raise CommandError(f"{reason} Nothing was written.")


def _write(file: Path, content: str) -> None:
    """Write a new file that only its owner can read. Raise `CommandError` if that fails."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        if os.geteuid() == 0:  # such as in a container, for the person outside
            folder = file.parent.stat()
            os.chown(descriptor, folder.st_uid, folder.st_gid)
    except OSError as error:
        raise CommandError(f"{file} can't be written: {error.strerror}.") from None
    with os.fdopen(descriptor, "w") as out:
        out.write(content)
