"""Configuration from the environment and `.env`. Invalid values stop the start with a message."""

import base64
import os
import re
import secrets
import sqlite3
import ssl
import sys
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from functools import partial
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, NoReturn, TypeVar
from urllib.parse import SplitResult, parse_qsl, urlsplit

import dj_database_url
from django.utils.ipv6 import is_valid_ipv6_address
from dotenv import load_dotenv
from environs import Env

from apps.redis_outage import SENTINELS

T = TypeVar("T")

BASE_DIR = Path(__file__).resolve().parent.parent

environment = Env(eager=True)

_RESERVED = (
    *("accounts", "api", "healthz", "incidents", "lookups", "mcp", "metrics", "readyz", "review"),
    *("static", "tickets"),
)
# What applies now that these variables are constants.
_REMOVED = {
    "TRIAGE_SIGNALS_WAIT_MS": "results wait 50 milliseconds for what is read besides the errors",
    "TRIAGE_MOST_WAITING": "24 requests per process can wait for Sentry at once",
    "TRIAGE_LOOKUPS_PER_MINUTE": "one person can start 120 lookups per minute",
    "OIDC_NAME": "the button says “single sign-on”",
    "LLM_TIMEOUT_S": "a model has 120 seconds to answer",
}


def stop(message: str) -> NoReturn:
    """Exit with the message instead of a traceback."""
    sys.stderr.write(f"Triage cannot start: {message}\n")
    raise SystemExit(2)


def _read_file() -> None:
    """Read the variables from `.env`, or from the file in `TRIAGE_ENV_FILE`. Values are literal."""
    named = os.environ.get("TRIAGE_ENV_FILE")
    file = Path(named or BASE_DIR / ".env")
    if named and not file.exists():
        stop(f"TRIAGE_ENV_FILE is {named}, which doesn't exist. Correct the path, or remove it.")
    try:
        if file.exists():
            with file.open(encoding="utf-8") as lines:
                load_dotenv(stream=lines, interpolate=False)  # passwords can contain ${
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it isn't a text file in UTF-8"
        stop(f"{file} can't be read ({reason}). Make it readable by the user that runs Triage.")


def warn_of_removed() -> dict[str, str]:
    """Return what applies now instead of each obsolete variable that is set, after a warning."""
    found = {name: now for name, now in _REMOVED.items() if text(name)}
    for name, now in found.items():
        warn_once(name, f"{name} has no effect anymore: {now}. Remove it.")
    return found


def warn_once(name: str, sentence: str) -> None:
    """Print a sentence about a variable, unless a parent process already has."""
    done = os.environ.get("TRIAGE_WARNED_OF", "").split()
    if name not in done:
        sys.stderr.write(f"{sentence}\n")
        os.environ["TRIAGE_WARNED_OF"] = " ".join((*done, name))


def _read(name: str, read: Callable[[], T], expected: str) -> T:
    try:
        return read()
    except ValueError:
        stop(f"{name} must be {expected}. Correct it in the environment or in .env.")


def text(name: str, default: str = "", *, pattern: str = "", problem: str = "") -> str:
    """Return the variable without surrounding spaces, or the default if it is empty or not set.

    Stop if it doesn't match the pattern; `problem` completes the sentence after its name.
    """
    value = str(environment.str(name, "")).strip() or default
    if pattern and value and not re.fullmatch(pattern, value):
        stop(f"{name} {problem}")
    return value


_read_file()
VAR_DIR = Path(text("TRIAGE_VAR_DIR") or BASE_DIR / "var")


def boolean(name: str, *, default: bool) -> bool:
    """Return 1/0, true/false, yes/no, or on/off as a boolean."""
    if not text(name):
        return default
    return _read(name, lambda: environment.bool(name), "1 or 0")


def integer(name: str, default: int, *, minimum: int = 1, maximum: int) -> int:
    """Return an integer within bounds."""
    if not text(name):
        return default
    number = _read(name, lambda: int(text(name)), f"a whole number from {minimum} to {maximum}")
    if not minimum <= number <= maximum:
        stop(f"{name} is {number}; it must be a whole number from {minimum} to {maximum}.")
    return number


def proxies(name: str) -> int:
    """Return a number of proxies. Words for true mean one."""
    if text(name).isdigit():
        return integer(name, 0, minimum=0, maximum=9)
    return int(boolean(name, default=False))


def words(name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return a comma-separated list without duplicates and surrounding spaces."""
    parts = (part.strip() for part in text(name).split(","))
    return tuple(dict.fromkeys(part for part in parts if part)) or default


def all_or_none(names: tuple[str, ...], explanation: str) -> bool:
    """Return whether the variables are set. If some are set but not all, stop with a message."""
    present = [name for name in names if text(name)]
    missing = [name for name in names if name not in present]
    if present and missing:
        stop(f"{present[0]} is set but {missing[0]} is not. {explanation}")
    return bool(present)


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    """Return one of the allowed words, in lower case."""
    value = text(name, default).lower()
    if value not in allowed:
        stop(f"{name} is {value!r}. Use {', '.join(allowed[:-1])}, or {allowed[-1]}.")
    return value


def choices(name: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
    """Return some of the allowed words: by default all of them, and none for `none`."""
    if words(name) == ("none",):
        return ()
    expected = f"Allowed values are {', '.join(allowed)}, or the word none."
    return listed(name, "|".join(allowed), expected, default=allowed)


def listed(
    name: str,
    pattern: str,
    expected: str,
    *,
    default: tuple[str, ...] = (),
    change: Callable[[str], str] = str,
) -> tuple[str, ...]:
    """Return a list of words, changed, that match. `expected` is what to write instead."""
    found = tuple(map(change, words(name, default)))
    for word in found:
        if not re.fullmatch(pattern, word):
            stop(f"{name} contains {word!r}. {expected}")
    return found


def key(name: str, what: str) -> str:
    """Return a secret of printable characters, or an empty string."""
    problem = "contains a space, a line break, or another character that a"
    return text(name, pattern=r"[!-~]*", problem=f"{problem} {what} can't have. Copy it again.")


def url_parts(url: str) -> SplitResult:
    """Return the parts of a URL; without a scheme and a host if it is invalid."""
    with suppress(ValueError):
        parts = urlsplit(url)
        if parts.port != 0:
            return parts
    return SplitResult("", "", "", "", "")


def host_url(name: str, default: str) -> str:
    """Return an http(s) URL of a host, without path, user, query, and trailing slash."""
    url = text(name, default).rstrip("/")
    if not _is_host_url(url):
        stop(f"{name} must be an address such as {default}, without a path.")
    return url


def service_url(name: str, example: str) -> str:
    """Return an http(s) URL with an optional path, without user, query, and trailing slash."""
    url = text(name).rstrip("/")
    parts = url_parts(url)
    is_host = _is_host_url(f"{parts.scheme}://{parts.netloc}")
    if not is_host or not re.fullmatch(r"[A-Za-z0-9:/._\[\]~-]+", url):
        stop(f"{name} must be an address such as {example}.")
    return url


def money(name: str, default: str) -> Decimal:
    """Return an amount with up to six decimal places."""
    problem = "must be an amount such as 0.25, without a currency."
    pattern = r"[0-9]{1,9}(?:\.[0-9]{1,6})?"
    return Decimal(text(name, default, pattern=pattern, problem=problem))


def path(name: str, default: str) -> str:
    """Return a path of this site, without a leading slash and with a trailing one."""
    value = text(name, default).strip("/") + "/"
    if not re.fullmatch(r"(?:[A-Za-z0-9_-]{1,60}/){1,4}", value):
        stop(f"{name} must be a path such as {default}, of letters, digits, and dashes.")
    if value.partition("/")[0] in _RESERVED:
        stop(f"{name} starts the same way as another Triage path. Choose another one.")
    return value


def site_path(name: str) -> str:
    """Return the path below which the site is served, such as `/triage`, or an empty string."""
    value = text(name).strip("/")
    if not value:
        return ""
    if not re.fullmatch(r"[A-Za-z0-9_.~-]+(?:/[A-Za-z0-9_.~-]+)*", value) or ".." in value:
        stop(f"{name} must be a path such as /triage, of letters, digits, and dashes.")
    if value.partition("/")[0] in (*_RESERVED, "admin"):  # a proxy may remove it or not
        stop(f"{name} starts the same way as one of Triage's own paths. Choose another one.")
    return f"/{value}"


def hosts(name: str, default: tuple[str, ...]) -> list[str]:
    """Return host names, with IPv6 addresses in brackets."""
    pattern = r"\*|\.?[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\.?|\[[0-9A-Fa-f:.]+\]"
    expected = "List names such as triage.example.org, without https://, port, or path."
    return [*listed(name, pattern, expected, default=default, change=_in_brackets)]


def _in_brackets(host: str) -> str:
    return f"[{host}]" if is_valid_ipv6_address(host) else host


def networks(name: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Return a list of IP networks; an address is a network of one."""
    return _read(
        name,
        lambda: tuple(ip_network(word) for word in words(name)),
        "a list of networks such as 10.20.0.0/16 or 2001:db8::/64, without bits beyond the prefix",
    )


def hostname(name: str) -> str:
    """Return a host name without port, or an empty string."""
    problem = "must be a name such as review.example.org, without https:// and port."
    pattern = r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*"
    return text(name, pattern=pattern, problem=problem).lower()


def origins(name: str) -> list[str]:
    """Return a list of http(s) origins."""
    listed = list(words(name))
    if not all(_is_host_url(origin) for origin in listed):
        stop(f"{name} must list addresses such as https://triage.example.org.")
    return listed


def _is_host_url(url: str) -> bool:
    parts = url_parts(url)
    extra = (parts.path, parts.query, parts.fragment, parts.username)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not any(extra)


_MIN_SECRET_BYTES, _MAX_SECRET_BYTES = 24, 64  # of Standard Webhooks


def webhook_secret(name: str) -> str:
    """Return `whsec_` and the base64 of some random bytes, or an empty string."""
    secret, key = text(name), b""
    with suppress(ValueError):
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    is_long = _MIN_SECRET_BYTES <= len(key) <= _MAX_SECRET_BYTES
    if secret and not (secret.startswith("whsec_") and is_long):
        stop(
            f"{name} must be whsec_ and the base64 of {_MIN_SECRET_BYTES} to {_MAX_SECRET_BYTES} "
            "random bytes, for example the output of: python -c 'import base64, secrets; "
            'print("whsec_" + base64.b64encode(secrets.token_bytes(32)).decode())\''
        )
    return secret


ENCODE = "Percent-encode special characters in the user and password (@ is %40, / is %2F)."
_TLS_FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
# What each option of a Redis URL must be, as a pattern and in words.
_REDIS_OPTIONS = {
    "db": (r"\d{1,5}", "a number"),
    "protocol": ("2|3", "2 or 3"),
    "ssl_cert_reqs": ("none|optional|required", "none, optional, or required"),
    "ssl_check_hostname": ("true|false", "true or false"),
    **dict.fromkeys(
        ("username", "password", "sentinel_username", "sentinel_password"), (".+", "set")
    ),
    **dict.fromkeys(_TLS_FILES, ("/.+", "an absolute path")),
}


def redis_url(name: str) -> str:
    """Return the URL of a Redis server or of its sentinels, or an empty string."""
    url = text(name)
    if not url:
        return ""
    named = SENTINELS.fullmatch(url)
    hosts = named[3].split(",") if named else ()
    addresses = (
        [f"{named[1]}://{named[2] or ''}{host}/{named[5]}" for host in hosts] if named else [url]
    )
    if has_unescaped_password(url) or not all(map(_is_redis_url, addresses)):
        stop(
            f"{name} must be the address of one server, such as redis://:password@host:6379/0, or "
            "of sentinels, such as redis+sentinel://:password@host:26379,host:26379/name/0. The "
            f"database at its end is a number. {ENCODE}"
        )
    options = _options(addresses[0])
    for option, value in options.items():
        if option not in _REDIS_OPTIONS:
            stop(f"{name} has {_named(option, url)}. Use only {', '.join(_REDIS_OPTIONS)}.")
        if option.startswith("ssl_") and not url.startswith("rediss"):
            stop(f"{name} has the option {option}, so it must begin with rediss.")
        pattern, expected = _REDIS_OPTIONS[option]
        if not re.fullmatch(pattern, value):
            stop(f"{name}: the option {option} must be {expected}.")
    if not options.keys().isdisjoint(_TLS_FILES):
        _check_certificates(name, options)
    return url


def _check_certificates(name: str, options: dict[str, str]) -> None:
    try:
        context = ssl.create_default_context(cafile=options.get("ssl_ca_certs"))
        if "ssl_certfile" in options:
            context.load_cert_chain(options["ssl_certfile"], options.get("ssl_keyfile"))
    except OSError as error:
        reason = "not certificates" if isinstance(error, ssl.SSLError) else error.strerror
        stop(f"{name}: a file of {', '.join(_TLS_FILES)} can't be used ({reason}).")


def _is_redis_url(url: str) -> bool:
    parts = url_parts(url)
    if parts.scheme == "unix":
        return parts.path.startswith("/") and len(parts.path) > 1
    is_host = re.fullmatch(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+", parts.hostname or "")
    is_plain = is_host and "," not in url and re.fullmatch(r"/?\d{0,5}", parts.path)
    return parts.scheme in ("redis", "rediss") and bool(is_plain)


def has_unescaped_password(url: str) -> bool:
    """Return whether the part with the host ends in what must be a password, as in `p/w@host`."""
    rest = url.partition("://")[2]
    after_host = re.split(r"[/?#]", rest, maxsplit=1)[1:]
    return "#" in url or "@" in "".join(after_host)


def _options(url: str) -> dict[str, str]:
    return dict(parse_qsl(url_parts(url).query, keep_blank_values=True))


def _named(option: str, url: str) -> str:
    """Name the option, unless it can be the rest of a password with an `&`."""
    return "an unknown option" if "password=" in url else f"the option {option!r}"


def database(name: str, default_file: Path) -> dict[str, object]:
    """Return Django's database settings from a URL, by default of an SQLite file."""
    url = text(name)
    if not url:
        return sqlite(default_file)
    try:
        config = dict(dj_database_url.parse(url, conn_max_age=60, conn_health_checks=True))
    except (ValueError, KeyError):
        config = {"ENGINE": ""}
    engine = str(config["ENGINE"]).rpartition(".")[2]
    if engine not in ("postgresql", "sqlite3") or has_unescaped_password(url):
        stop(
            f"{name} must be an address such as postgres://user:password@host:5432/triage. {ENCODE}"
        )
    is_file = engine == "sqlite3"
    if config["NAME"] in ("", ":memory:") and "service" not in _options(url):
        example = "sqlite:////path/to/file" if is_file else "postgres://host:5432/triage"
        stop(f"{name} doesn't name the database. Write its name at the end: {example}.")
    return sqlite(Path(str(config["NAME"]))) if is_file else _postgres(name, url, config)


def _postgres(name: str, url: str, config: dict[str, object]) -> dict[str, object]:
    from psycopg.pq import Conninfo  # noqa: PLC0415 - only where PostgreSQL is used

    known = {one.keyword.decode() for one in Conninfo.get_defaults()} | {"currentSchema"}
    for option in _options(url):
        if option not in known:
            stop(
                f"{name} has {_named(option, url)}, which PostgreSQL doesn't know. Use options "
                "such as sslmode=require, or remove it."
            )
    options = config.get("OPTIONS") or {}
    return {**config, "OPTIONS": {"connect_timeout": 10, **options}}  # type: ignore[dict-item]


class _OwnersFile(sqlite3.Connection):
    """A database that only its owner can read, and so are the files that SQLite adds to it.

    It lets no one else read one from 1.0.0, either. The file is never opened here: closing it would
    end the locks of this process's other connections.
    """

    def __init__(self, database: str | Path, *args: Any, **kwargs: Any) -> None:
        if not str(database).startswith((":", "file:")):  # in memory, as in tests
            with suppress(OSError):  # what opens the file reports it
                if not Path(database).exists():
                    os.mknod(database, 0o600)
                for file in (Path(f"{database}{end}") for end in ("", "-wal", "-shm")):
                    if file.stat().st_mode & 0o007:
                        file.chmod(0o600)
        super().__init__(database, *args, **kwargs)


def sqlite(file: Path) -> dict[str, object]:
    """Return the settings of an SQLite file that threads can read during a write."""
    _make_folder(file.parent)
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": file,
        "CONN_MAX_AGE": 60,  # closing the last connection writes the whole log back
        "OPTIONS": {
            "timeout": 20,
            "factory": _OwnersFile,
            "transaction_mode": "IMMEDIATE",
            # Overwrite deleted data in the file.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
            "PRAGMA secure_delete=ON;",
        },
    }


def secret_key(*, production: bool) -> str:
    """Return Django's secret key; outside production, generate and store it if necessary."""
    key = text("SECRET_KEY")
    if key:
        if production and len(key) < 32:
            stop("SECRET_KEY is too short. Use at least 32 random characters.")
        return key
    if production:
        stop(
            "SECRET_KEY is not set. Set it to a long random text, for example the output "
            "of: python -c 'import secrets; print(secrets.token_urlsafe(50))'"
        )
    return stored_key(VAR_DIR)


def secret_list(name: str, default: tuple[str, ...]) -> tuple[str, ...]:
    """Return a list of secrets of at least 32 characters each."""
    listed = words(name, default)
    if text(name) and any(len(one) < 32 for one in listed):
        stop(f"{name} is too short. Use at least 32 random characters for each key.")
    return listed


def stored_key(folder: Path) -> str:
    """Return the secret key of a site on one machine, generated at its first start."""
    _make_folder(folder)
    path = folder / "secret_key"
    only_owner = partial(os.open, mode=0o600)
    try:
        with suppress(FileExistsError), open(path, "x", opener=only_owner) as file:
            file.write(secrets.token_urlsafe(50))
    except OSError:
        stop(f"{folder} isn't writable. Set TRIAGE_VAR_DIR to a folder that is.")
    try:
        return path.read_text().strip()
    except OSError:
        stop(f"{path} can't be read. Make it readable by the user that runs Triage.")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(0o700, parents=True, exist_ok=True)
    except OSError:
        stop(f"{folder} can't be created. Set TRIAGE_VAR_DIR to a writable folder.")
