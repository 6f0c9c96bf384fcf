"""What came over the wire: read within time and size, decoded, or turned into a `SentryError`."""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import requests
import urllib3

from apps.sentry.deadline import Deadline
from apps.sentry.errors import (
    SentryAuthRefused,
    SentryBadResponse,
    SentryError,
    SentryNotFound,
    SentryOneProjectOnly,
    SentryOutsideRetention,
    SentryPermissionMissing,
    SentryRateLimited,
    SentryRejectedQuery,
    SentryServerError,
    SentryTimeout,
    SentryUnknownRoute,
    SentryUnreachable,
)

LARGEST_ANSWER = 32 * 1024 * 1024
_CHUNK = 64 * 1024
_CONCURRENCY_WAIT_S = 1.0
_LONGEST_WAIT_S = 3600.0
_TIMED_OUT = re.compile(r"\btime(?:d[ -]?)?[ -]?out\b", re.IGNORECASE)
_ABOUT_THE_QUERY = re.compile(r"invalid|parsing|quote", re.IGNORECASE)
_ONE_PROJECT = re.compile(r"multiple projects|multi[ -]project", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reply:
    """A good answer: the decoded JSON, and the headers with their names in lower case."""

    body: object
    headers: Mapping[str, str]


def read_content(response: requests.Response, deadline: Deadline) -> bytes:
    """The decoded body, within the deadline even when it drips, and never above the limit."""
    chunks: list[bytes] = []
    size = 0
    try:
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            size += len(chunk)
            if size > LARGEST_ANSWER:
                raise SentryBadResponse(
                    f"Sentry's answer is larger than {LARGEST_ANSWER // 1024 // 1024} MB."
                )
            if deadline.left() <= 0:
                raise SentryTimeout("Sentry did not finish its answer in time.")
            chunks.append(chunk)
    except urllib3.exceptions.ReadTimeoutError as error:
        raise SentryTimeout("Sentry did not finish its answer in time.") from error
    except (urllib3.exceptions.ProtocolError, OSError) as error:
        raise SentryUnreachable(
            "The connection to Sentry broke in the middle of an answer.", detail=name_of(error)
        ) from error
    except urllib3.exceptions.HTTPError as error:
        raise SentryBadResponse(
            "Sentry's answer cannot be unpacked.", detail=name_of(error)
        ) from error
    return b"".join(chunks)


def reply_of(response: requests.Response, content: bytes, *, secret: str) -> Reply:
    """The decoded answer. Raises the `SentryError` that status and body stand for.

    `secret` is taken out of what Sentry said, should it repeat the token.
    """
    headers = {name.lower(): value for name, value in response.headers.items()}
    if response.status_code != requests.codes.ok:
        if response.status_code == requests.codes.not_found and _is_page(headers, content):
            raise SentryUnknownRoute(
                "The server knows no such address of the API.", detail="404 with a web page"
            )
        said = _detail(content).replace(secret, "<token>") if secret else _detail(content)
        raise _error_for(response.status_code, headers, said)
    try:
        body = json.loads(content)
        if b"\\ud" in content or b"\\uD" in content:
            body = _without_half_characters(body)
    except (ValueError, RecursionError) as error:
        raise SentryBadResponse(
            "Sentry's answer is not JSON.",
            detail=f"Content-Type {headers.get('content-type', 'not given')}",
        ) from error
    return Reply(body=body, headers=headers)


def _is_page(headers: Mapping[str, str], content: bytes) -> bool:
    """Whether this is a web page and not the API's own word, which is JSON or empty."""
    is_html = headers.get("content-type", "").lower().startswith("text/html")
    return is_html and content.lstrip()[:1] == b"<"


def _without_half_characters(value: object) -> object:
    """Replace lone surrogates, which JSON can write down and UTF-8 cannot."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_without_half_characters(item) for item in value]
    if isinstance(value, dict):
        return {
            str(_without_half_characters(name)): _without_half_characters(item)
            for name, item in value.items()
        }
    return value


_PLAIN_ERRORS: dict[int, tuple[type[SentryError], str]] = {
    401: (SentryAuthRefused, "Sentry does not accept the token."),
    403: (SentryPermissionMissing, "The token may not read this."),
    404: (SentryNotFound, "Sentry has nothing at this address."),
    408: (SentryTimeout, "Sentry gave up waiting for the request."),
    504: (SentryTimeout, "Sentry did not finish the query in time."),
}


def _error_for(status: int, headers: Mapping[str, str], detail: str) -> SentryError:
    said = f"{status} {detail}".strip()
    if status == 429:
        return SentryRateLimited(
            "Sentry limits how often we can ask.",
            retry_after=_seconds_to_wait(headers),
            detail=said,
        )
    if status in _PLAIN_ERRORS:
        kind, message = _PLAIN_ERRORS[status]
        return kind(message, detail=said)
    if status >= 500:
        return SentryServerError("Sentry failed on its side.", detail=said)
    if 300 <= status < 400:
        return SentryBadResponse(f"Sentry sent us to another address ({status}).", detail=said)
    if status < 300:
        return SentryBadResponse(f"Sentry sent an empty answer ({status}).", detail=said)
    return _refusal(status, detail, said)


def _refusal(status: int, detail: str, said: str) -> SentryError:
    """What a 400 or another 4xx means; older servers use it for queries that took too long."""
    if detail.startswith("Invalid date range"):
        return SentryOutsideRetention("The window is older than what Sentry keeps.", detail=said)
    if status == requests.codes.bad_request and _ONE_PROJECT.search(detail):
        return SentryOneProjectOnly("Only one project at a time can be searched.", detail=said)
    if (
        status == requests.codes.bad_request
        and _TIMED_OUT.search(detail)
        and not _ABOUT_THE_QUERY.search(detail)
    ):
        return SentryTimeout("Sentry did not finish the query in time.", detail=said)
    return SentryRejectedQuery("Sentry didn't accept this search.", detail=said)


def _detail(content: bytes) -> str:
    """What Sentry said, as short text: `detail` may be a string, an object, or not there at all."""
    text = content[:4000].decode("utf-8", errors="replace")
    try:
        body: object = json.loads(text)
    except (ValueError, RecursionError):
        return re.sub(r"(?:<[^>]{0,200}>|\s)+", " ", text).strip()[:300]
    detail: object = body.get("detail", body) if isinstance(body, dict) else body
    if isinstance(detail, dict):
        detail = detail.get("message") or detail.get("code") or json.dumps(detail)
    return "" if detail is None else str(detail)[:300]


def _seconds_to_wait(headers: Mapping[str, str]) -> float:
    """`Retry-After` (RFC 9110: seconds or a date), else Sentry's reset time, else a second."""
    after = headers.get("retry-after", "").strip()
    if after.isascii() and after.isdigit():
        return min(float(after[:9]), _LONGEST_WAIT_S)
    asked = _epoch(after)
    if asked is not None:
        return min(max(1.0, asked - server_time(headers)), _LONGEST_WAIT_S)
    if headers.get("x-sentry-rate-limit-concurrentremaining", "").strip() == "0":
        return _CONCURRENCY_WAIT_S
    return seconds_to_reset(headers) or _CONCURRENCY_WAIT_S


def seconds_to_reset(headers: Mapping[str, str]) -> float | None:
    """Seconds until Sentry's limit starts anew, at least one; None when it does not say."""
    try:
        reset = float(headers.get("x-sentry-rate-limit-reset", ""))
    except ValueError:
        return None
    return min(max(1.0, reset - server_time(headers)), _LONGEST_WAIT_S)


def server_time(headers: Mapping[str, str]) -> float:
    """What time it is on the server (epoch seconds): its own times are meant by its own clock."""
    told = _epoch(headers.get("date", ""))
    return time.time() if told is None else told


def _epoch(date: str) -> float | None:
    """An HTTP date (RFC 9110, 5.6.7) as epoch seconds."""
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None


def name_of(error: Exception) -> str:
    """The error's class: its text can hold the address with the customer in it."""
    return type(error).__name__
