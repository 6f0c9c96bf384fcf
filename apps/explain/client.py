"""Call the language model through its client library and stream the answer.

Importing that library takes a third of a second, so import this module only to make a call.
"""

import math
import re
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import openai
from openai import omit
from openai.types.chat import ChatCompletionChunk

from apps.explain.config import Llm, Usage
from apps.explain.llm import BY_CODE, BY_STATUS, ModelFailed, Reason
from apps.explain.transport import GuardedTransport, ResponseTooLarge
from apps.outbound import AddressRefused, OutboundPolicy

# A chunk of one token takes about 300 bytes on the wire.
_BYTES_PER_TOKEN, _OVERHEAD_BYTES = 1024, 65536
_CHARACTERS_PER_TOKEN = 16
_MAX_RETRY_AFTER_S = 86400
_HEADERS = frozenset(("host", "authorization", "content-type", "content-length", "accept"))
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,59}")
_CONTEXT = re.compile(r"context (?:length|window|size)", re.IGNORECASE)


def stream_answer(llm: Llm, text: str) -> Generator[str | Usage]:
    """Send the text as the only message; yield the pieces of the answer and its usage.

    Raise a `ModelFailed`. The text is sent a second time only if the server rejects `max_tokens`,
    the older name of that parameter, which costs nothing.
    """
    with _failures(), _client(llm) as client:
        try:
            stream = _open_stream(client, llm, text, is_legacy=True)
        except openai.BadRequestError as error:
            if error.param != "max_tokens":
                raise
            stream = _open_stream(client, llm, text, is_legacy=False)
        with stream:
            yield from _pieces(stream, llm.answer_tokens * _CHARACTERS_PER_TOKEN)


def _open_stream(
    client: openai.OpenAI, llm: Llm, text: str, *, is_legacy: bool
) -> openai.Stream[ChatCompletionChunk]:
    return client.chat.completions.create(
        model=llm.model,
        messages=[{"role": "user", "content": text}],
        stream=True,
        stream_options={"include_usage": True},
        max_tokens=llm.answer_tokens if is_legacy else omit,
        max_completion_tokens=omit if is_legacy else llm.answer_tokens,
    )


def _client(llm: Llm) -> openai.OpenAI:
    """Return a client that calls only the configured address, without retries or telemetry."""
    max_bytes = _OVERHEAD_BYTES + llm.answer_tokens * _BYTES_PER_TOKEN
    policy = OutboundPolicy.of([llm.base_url], llm.private_hosts)
    http = httpx2.Client(
        transport=GuardedTransport(policy, llm.timeout_s, max_bytes),
        timeout=llm.timeout_s,
        trust_env=False,
        follow_redirects=False,
        event_hooks={"request": [_strip_headers], "response": [_force_utf8]},
    )
    return openai.OpenAI(
        api_key=llm.api_key, base_url=llm.base_url, max_retries=0, http_client=http
    )


def _strip_headers(request: httpx2.Request) -> None:
    """Remove headers about this system, and those set by the library's environment variables."""
    for name in list(request.headers):
        if name.lower() not in _HEADERS:
            del request.headers[name]
    request.headers["User-Agent"] = "Triage"


def _force_utf8(response: httpx2.Response) -> None:
    """Decode as UTF-8, as the protocol requires, whatever charset the server declares."""
    response.encoding = "utf-8"


def _pieces(chunks: Iterable[Any], max_characters: int) -> Generator[str | Usage]:
    """Yield text and usage from the chunks, which can contain anything."""
    characters, reason = 0, ""
    for chunk in chunks:
        if usage := _usage(getattr(chunk, "usage", None)):
            yield usage
        choices = getattr(chunk, "choices", None)
        if not isinstance(choices, list) or not choices or choices[0] is None:
            continue
        reason = _text(choices[0], "finish_reason") or reason
        delta = getattr(choices[0], "delta", None)
        if _text(delta, "refusal"):
            raise ModelFailed("content_refused", "The model sent a refusal.")
        piece = _text(delta, "content")
        characters += len(piece)
        if characters > max_characters:
            detail = "The answer has more characters than its token limit allows."
            raise ModelFailed("cut_off", detail)
        if piece:
            yield piece
    _check_finish(reason)


def _check_finish(reason: str) -> None:
    """Raise a `ModelFailed` unless the finish reason is `stop`. Some servers send none."""
    if reason == "stop":
        return
    if reason == "length":
        raise ModelFailed("cut_off", "The answer reached LLM_MAX_ANSWER_TOKENS.")
    if reason == "content_filter":
        raise ModelFailed("content_refused", "A filter ended the answer.")
    if not reason:
        raise ModelFailed("broken_off", "The stream ended without saying why.")
    code = _plain_code(reason) or "an unknown reason"
    raise ModelFailed("unreadable", f"The answer ended with {code}.")


def _text(part: object, name: str) -> str:
    value = getattr(part, name, None)
    return value if isinstance(value, str) else ""


def _usage(usage: object) -> Usage | None:
    """Return the usage if both numbers are plausible: the message has at least one token."""
    sent = getattr(usage, "prompt_tokens", None)
    received = getattr(usage, "completion_tokens", None)
    if type(sent) is not int or type(received) is not int:
        return None
    return Usage(sent, received) if 0 < sent < 10**9 and 0 <= received < 10**9 else None


@contextmanager
def _failures() -> Iterator[None]:
    """Turn every error of the library into a `ModelFailed` that quotes nothing."""
    try:
        yield
    except AddressRefused as error:
        raise ModelFailed("address_refused", str(error)) from None
    except (openai.OpenAIError, httpx2.HTTPError, httpx2.StreamError) as error:
        raise _failure(error) from None
    except (ValueError, TypeError, AttributeError, RecursionError):
        detail = "The stream contains something other than the protocol's JSON."
        raise ModelFailed("unreadable", detail) from None


def _failure(error: Exception) -> ModelFailed:
    if isinstance(error, openai.APITimeoutError | httpx2.TimeoutException):
        return ModelFailed("too_slow", "The answer took too long.")
    if isinstance(error, ResponseTooLarge):
        return ModelFailed("cut_off", "The answer exceeded its size limit.")
    cause = error.__cause__ if isinstance(error, openai.APIConnectionError) else error
    if isinstance(cause, openai.APIError):
        return _reported_failure(cause)
    if isinstance(cause, httpx2.ConnectError | httpx2.ProxyError | httpx2.UnsupportedProtocol):
        return ModelFailed("unreachable", type(cause).__name__)
    if isinstance(cause, httpx2.DecodingError):
        return ModelFailed("unreadable", "The answer is compressed, which wasn't requested.")
    return ModelFailed("broken_off", type(cause).__name__)


def _reported_failure(error: openai.APIError) -> ModelFailed:
    """Return the failure that the server reported, by its codes if they say more than its status.

    The error message isn't quoted: it can contain the key or the text.
    """
    codes = list(filter(None, map(_plain_code, (error.type, error.code))))
    reason: Reason | None = next((BY_CODE[one] for one in BY_CODE if one in codes), None)
    if not isinstance(error, openai.APIStatusError):  # inside the stream
        return ModelFailed(reason or "server_error", " ".join(codes))
    status, wait = error.status_code, None
    if status in (400, 422) and _CONTEXT.search(str(error.body)):  # servers of one's own
        reason = "too_long"
    if reason is None:
        reason = BY_STATUS.get(status, "server_error" if status >= 500 else "request_refused")
        wait = _retry_after(error.response) if status in (429, 503) else None
    return ModelFailed(reason, " ".join((f"HTTP {status}", *codes)), retry_after=wait)


def _plain_code(value: object) -> str:
    return value if isinstance(value, str) and _CODE.fullmatch(value) else ""


def _retry_after(response: httpx2.Response) -> int | None:
    try:
        seconds = float(response.headers.get("Retry-After", ""))
    except ValueError:
        return None
    return math.ceil(min(seconds, _MAX_RETRY_AFTER_S)) if seconds > 0 else None
