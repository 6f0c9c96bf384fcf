"""Configuration from the environment and `.env`. A bad value stops the start with a sentence."""

import os
import re
import secrets
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import NoReturn, TypeVar
from urllib.parse import urlsplit

import dj_database_url
from environs import Env, EnvError

T = TypeVar("T")

BASE_DIR = Path(__file__).resolve().parent.parent

environment = Env(eager=True)
environment.read_env(os.environ.get("TRIAGE_ENV_FILE") or BASE_DIR / ".env", recurse=False)


def stop(sentence: str) -> NoReturn:
    """End the program with one plain sentence instead of a traceback."""
    sys.stderr.write(f"Triage cannot start: {sentence}\n")
    raise SystemExit(2)


def _read(name: str, read: Callable[[], T], expected: str) -> T:
    try:
        return read()
    except (EnvError, ValueError):
        stop(f"{name} must be {expected}. Correct it in the environment or in .env.")


def text(name: str, default: str = "") -> str:
    """The variable without surrounding blanks; the default when it is empty or not set."""
    return str(environment.str(name, "")).strip() or default


VAR_DIR = Path(text("TRIAGE_VAR_DIR") or BASE_DIR / "var")


def boolean(name: str, *, default: bool) -> bool:
    """1/0, true/false, yes/no, on/off."""
    if not text(name):
        return default
    return _read(name, lambda: environment.bool(name), "1 or 0")


def whole_number(name: str, default: int, *, least: int, most: int) -> int:
    """A whole number within bounds."""
    if not text(name):
        return default
    number = _read(name, lambda: int(text(name)), f"a whole number from {least} to {most}")
    if not least <= number <= most:
        stop(f"{name} is {number}; it must be a whole number from {least} to {most}.")
    return number


def words(name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
    """A comma-separated list, each word once, without blanks around them."""
    parts = (part.strip() for part in text(name).split(","))
    return tuple(dict.fromkeys(part for part in parts if part)) or default


def choices(name: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
    """Some of the allowed words; all of them when not set, and `none` is none of them."""
    chosen = words(name, allowed)
    if chosen == ("none",):
        return ()
    unknown = [word for word in chosen if word not in allowed]
    if unknown:
        stop(
            f"{name} contains {unknown[0]!r}. Allowed values are {', '.join(allowed)}, or the "
            "word none."
        )
    return chosen


def web_address(name: str, default: str) -> str:
    """An http(s) address of a host, without path, user and query; a slash at the end is dropped."""
    address = text(name, default).rstrip("/")
    if not _is_host_address(address):
        stop(f"{name} must be an address such as {default}, without a path.")
    return address


def service_address(name: str, example: str) -> str:
    """An http(s) address with a path but no user and query; a slash at the end is dropped."""
    address = text(name).rstrip("/")
    try:
        parts = urlsplit(address)
        is_host = _is_host_address(f"{parts.scheme}://{parts.netloc}")
    except ValueError:
        is_host = False
    if not is_host or not re.fullmatch(r"[A-Za-z0-9:/._\[\]~-]+", address):
        stop(f"{name} must be an address such as {example}.")
    return address


def amount(name: str, default: str) -> Decimal:
    """An amount of money, with a point and at most six digits behind it."""
    told = text(name, default)
    if not re.fullmatch(r"[0-9]{1,9}(?:\.[0-9]{1,6})?", told):
        stop(f"{name} must be an amount such as 0.25, without a currency.")
    return Decimal(told)


_TAKEN = ("accounts", "api", "healthz", "lookups", "readyz", "review", "static", "tickets")


def path(name: str, default: str) -> str:
    """A path of this site, without a slash in front and with one at its end."""
    told = text(name, default).strip("/") + "/"
    if not re.fullmatch(r"(?:[A-Za-z0-9_-]{1,60}/){1,4}", told):
        stop(f"{name} must be a path such as {default}, of letters, digits and dashes.")
    if told.partition("/")[0] in _TAKEN:
        stop(f"{name} starts the same way as another Triage path. Choose another one.")
    return told


def host(name: str) -> str:
    """The name of a host, without port; empty when none is set."""
    told = text(name).lower()
    if told and not re.fullmatch(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*", told):
        stop(f"{name} must be a name such as review.example.org, without https:// and port.")
    return told


def origins(name: str) -> list[str]:
    """A comma-separated list of addresses, each with its scheme."""
    listed = list(words(name))
    for origin in listed:
        if not _is_host_address(origin):
            stop(f"{name} must list addresses such as https://triage.example.org.")
    return listed


def _is_host_address(address: str) -> bool:
    try:
        parts = urlsplit(address)
        extra = (parts.path, parts.query, parts.fragment, parts.username)
        has_port = parts.port is None or parts.port > 0
    except ValueError:
        return False
    return (
        parts.scheme in ("http", "https") and bool(parts.hostname) and has_port and not any(extra)
    )


def redis_address(name: str) -> str:
    """The address of a Redis, empty when none is set."""
    address = text(name)
    if address and not address.startswith(("redis://", "rediss://", "unix://")):
        stop(f"{name} must be an address such as redis://localhost:6379/0.")
    return address


def database(name: str, default_file: Path) -> dict[str, object]:
    """Django's database settings from a URL; the SQLite file when there is none."""
    address = text(name)
    if not address:
        return sqlite(default_file)
    try:
        config = dict(dj_database_url.parse(address, conn_max_age=60, conn_health_checks=True))
    except (ValueError, KeyError, dj_database_url.ParseError):
        config = {"ENGINE": ""}
    engine = str(config["ENGINE"]).rpartition(".")[2]
    if engine not in ("postgresql", "sqlite3"):
        stop(f"{name} must be an address such as postgres://user:password@host:5432/triage.")
    return sqlite(Path(str(config["NAME"]))) if engine == "sqlite3" else config


def sqlite(file: Path) -> dict[str, object]:
    """An SQLite file that several threads can read while one writes."""
    _make_folder(file.parent)
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": file,
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            # What is erased leaves no trace in the file.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
            "PRAGMA secure_delete=ON;",
        },
    }


def secret_key(*, production: bool) -> str:
    """Django's secret key. On one machine without configuration, a key is made once and kept."""
    key = text("SECRET_KEY")
    if key:
        if production and len(key) < 32:
            stop("SECRET_KEY is too short: please use at least 32 random characters.")
        return key
    if production:
        stop(
            "SECRET_KEY is not set. Please set it to a long random text, for example the output "
            "of: python -c 'import secrets; print(secrets.token_urlsafe(50))'"
        )
    return _kept_key(VAR_DIR / "secret_key")


def long_texts(name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    """A comma-separated list of secrets, each of at least 32 characters."""
    listed = words(name, default)
    if text(name) and any(len(one) < 32 for one in listed):
        stop(f"{name} is too short: please use at least 32 random characters for each key.")
    return listed


def _kept_key(path: Path) -> str:
    _make_folder(path.parent)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    except OSError:
        stop(f"{path.parent} isn't writable. Set TRIAGE_VAR_DIR to a folder that is.")
    key = secrets.token_urlsafe(50)
    with os.fdopen(descriptor, "w") as file:
        file.write(key)
    return key


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        stop(f"{folder} can't be created. Set TRIAGE_VAR_DIR to a writable folder.")
