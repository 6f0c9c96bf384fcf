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
    SentryOutsideRetention,
    SentryPermissionMissing,
    SentryRateLimited,
    SentryRejectedQuery,
    SentryServerError,
    SentryTimeout,
    SentryUnreachable,
)

LARGEST_ANSWER = 32 * 1024 * 1024
_CHUNK = 64 * 1024
_CONCURRENCY_WAIT_S = 1.0
_FAR_RESET_S = 3600.0


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


def reply_of(response: requests.Response, content: bytes) -> Reply:
    headers = {name.lower(): value for name, value in response.headers.items()}
    if response.status_code != requests.codes.ok:
        raise _error_for(response.status_code, headers, _detail(content))
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
    404: (SentryNotFound, "Sentry knows nothing under this address."),
    408: (SentryTimeout, "Sentry gave up waiting for the request."),
    504: (SentryTimeout, "Sentry did not finish the query in time."),
}


def _error_for(status: int, headers: Mapping[str, str], detail: str) -> SentryError:
    said = f"{status} {detail}".strip()
    if status == 429:
        return SentryRateLimited(
            "Sentry limits how often it may be asked.",
            retry_after=_seconds_to_wait(headers),
            detail=said,
        )
    if status in _PLAIN_ERRORS:
        kind, message = _PLAIN_ERRORS[status]
        return kind(message, detail=said)
    if status >= 500:
        return SentryServerError("Sentry failed on its side.", detail=said)
    if 300 <= status < 400:
        return SentryBadResponse("Sentry sent us to another address.", detail=said)
    if detail.startswith("Invalid date range"):
        return SentryOutsideRetention("The window is older than what Sentry keeps.", detail=said)
    return SentryRejectedQuery("Sentry did not accept the question.", detail=said)


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
    if after.isdigit():
        return float(after)
    if after:
        try:
            return max(1.0, parsedate_to_datetime(after).timestamp() - time.time())
        except ValueError:
            pass
    if headers.get("x-sentry-rate-limit-concurrentremaining", "").strip() == "0":
        return _CONCURRENCY_WAIT_S
    try:
        until = float(headers.get("x-sentry-rate-limit-reset", "")) - time.time()
    except ValueError:
        return _CONCURRENCY_WAIT_S
    return min(max(1.0, until), _FAR_RESET_S)


def name_of(error: Exception) -> str:
    """The error's class: its text can hold the address with the customer in it."""
    return type(error).__name__
