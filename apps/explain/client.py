"""Call the language model through its client library and stream the answer.

Importing that library takes a third of a second, so import this module only to make a call.
"""

import math
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import openai
from openai import omit
from openai.types.chat import ChatCompletionChunk

from apps.explain.config import Llm, Usage
from apps.explain.llm import (
    AddressForbidden,
    AnswerTooLong,
    ContentRefused,
    InvalidAnswer,
    KeyRefused,
    MessageTooLong,
    ModelFailed,
    ModelTimeout,
    ModelUnknown,
    NoCredit,
    NotConnected,
    RateLimited,
    RequestRefused,
    ServerFailed,
    StreamInterrupted,
)
from apps.explain.transport import CallLimits, GuardedTransport, ResponseTooLarge
from apps.outbound import (
    AddressRefused,
    OutboundPolicy,
)

# A chunk of one token takes about 300 bytes on the wire.
_BYTES_PER_TOKEN, _OVERHEAD_BYTES = 1024, 65536
_CHARACTERS_PER_TOKEN = 16
_MAX_RETRY_AFTER_S = 86400
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,59}")
_TOO_LONG_CODES = frozenset(("context_length_exceeded", "string_above_max_length"))
_REFUSED_CODES = frozenset(("content_filter", "content_policy_violation", "invalid_prompt"))
_NO_CREDIT_CODES = frozenset(("insufficient_quota", "billing_hard_limit_reached"))
_BY_STATUS: dict[int, type[ModelFailed]] = {
    401: KeyRefused,
    402: NoCredit,
    403: KeyRefused,
    404: ModelUnknown,
    408: ModelTimeout,
    413: MessageTooLong,
    429: RateLimited,
}


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
            yield from _pieces(iter(stream), llm.answer_tokens * _CHARACTERS_PER_TOKEN)


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


@contextmanager
def _client(llm: Llm) -> Iterator[openai.OpenAI]:
    """Yield a client that calls only the configured address, without retries or telemetry."""
    max_bytes = _OVERHEAD_BYTES + llm.answer_tokens * _BYTES_PER_TOKEN
    transport = GuardedTransport(
        OutboundPolicy.of([llm.base_url], llm.private_hosts), CallLimits(llm.timeout_s, max_bytes)
    )
    http = httpx2.Client(
        transport=transport,
        timeout=llm.timeout_s,
        trust_env=False,
        follow_redirects=False,
        event_hooks={"request": [_strip_headers], "response": [_force_utf8]},
    )
    with openai.OpenAI(
        api_key=llm.api_key, base_url=llm.base_url, max_retries=0, http_client=http
    ) as client:
        yield client


_HEADERS = frozenset(("host", "authorization", "content-type", "content-length", "accept"))


def _strip_headers(request: httpx2.Request) -> None:
    """Remove headers about this system, and those set by the library's environment variables."""
    for name in list(request.headers):
        if name.lower() not in _HEADERS:
            del request.headers[name]
    request.headers["User-Agent"] = "Triage"


def _force_utf8(response: httpx2.Response) -> None:
    """Decode as UTF-8, as the protocol requires, whatever charset the server declares."""
    response.encoding = "utf-8"


def _pieces(chunks: Iterator[Any], max_characters: int) -> Generator[str | Usage]:
    """Yield text and usage from the chunks, which can contain anything."""
    characters, reason = 0, ""
    for chunk in chunks:
        if usage := _usage(chunk):
            yield usage
        choice = _first(getattr(chunk, "choices", None))
        if choice is None:
            continue
        reason = _text(getattr(choice, "finish_reason", None)) or reason
        delta = getattr(choice, "delta", None)
        if _text(getattr(delta, "refusal", None)):
            raise ContentRefused("The model sent a refusal.")
        piece = _text(getattr(delta, "content", None))
        characters += len(piece)
        if characters > max_characters:
            raise AnswerTooLong("The answer has more characters than its token limit allows.")
        if piece:
            yield piece
    _check_finish(reason)


def _check_finish(reason: str) -> None:
    """Raise a `ModelFailed` unless the finish reason is `stop`. Some servers send none."""
    if reason == "stop":
        return
    if reason == "length":
        raise AnswerTooLong("The answer reached LLM_MAX_ANSWER_TOKENS.")
    if reason == "content_filter":
        raise ContentRefused("A filter ended the answer.")
    if not reason:
        raise StreamInterrupted("The stream ended without saying why.")
    raise InvalidAnswer(f"The answer ended with {_plain_code(reason) or 'an unknown reason'}.")


def _first(choices: object) -> object | None:
    return choices[0] if isinstance(choices, list) and choices else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _usage(chunk: object) -> Usage | None:
    """Return the usage if both numbers are plausible: the message has at least one token."""
    usage = getattr(chunk, "usage", None)
    sent = getattr(usage, "prompt_tokens", None)
    received = getattr(usage, "completion_tokens", None)
    if type(sent) is not int or type(received) is not int:
        return None
    return Usage(sent, received) if 0 < sent < 10**9 and 0 <= received < 10**9 else None


_LIBRARY_ERRORS = (openai.OpenAIError, httpx2.HTTPError, httpx2.StreamError)


@contextmanager
def _failures() -> Iterator[None]:
    """Turn every error of the library into a `ModelFailed` that quotes nothing."""
    try:
        yield
    except AddressRefused as error:
        raise AddressForbidden(str(error)) from None
    except _LIBRARY_ERRORS as error:
        raise _failure(error) from None
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise InvalidAnswer(
            "The stream contains something other than the protocol's JSON."
        ) from None


def _failure(error: Exception) -> ModelFailed:
    if isinstance(error, openai.APIStatusError):
        return _status_failure(error)
    if isinstance(error, openai.APITimeoutError | httpx2.TimeoutException):
        return ModelTimeout("The answer took too long.")
    if isinstance(error, ResponseTooLarge):
        return AnswerTooLong("The answer exceeded its size limit.")
    if isinstance(error, openai.APIConnectionError):
        return _connection_failure(error.__cause__)
    if isinstance(error, openai.APIError):  # inside the stream
        return _code_failure(error) or ServerFailed(_codes_of(error))
    return _connection_failure(error)


def _connection_failure(cause: BaseException | None) -> ModelFailed:
    kind = type(cause).__name__
    if isinstance(cause, httpx2.ConnectError | httpx2.ProxyError | httpx2.UnsupportedProtocol):
        return NotConnected(kind)
    if isinstance(cause, httpx2.DecodingError):
        return InvalidAnswer("The answer is compressed, which wasn't requested.")
    return StreamInterrupted(kind)


def _status_failure(error: openai.APIStatusError) -> ModelFailed:
    detail = f"HTTP {error.status_code} {_codes_of(error)}".strip()
    if known := _code_failure(error, detail):
        return known
    wait = _retry_after(error.response) if error.status_code in (429, 503) else None
    kind = _BY_STATUS.get(error.status_code)
    if kind is None:
        kind = ServerFailed if error.status_code >= 500 else RequestRefused
    return kind(detail, retry_after=wait)


def _code_failure(error: openai.APIError, detail: str = "") -> ModelFailed | None:
    """Return the failure for error codes that are more specific than the status."""
    detail = detail or _codes_of(error)
    codes = {_plain_code(error.code), _plain_code(error.type)}
    if _TOO_LONG_CODES & codes or _mentions_context(error):
        return MessageTooLong(detail)
    if _REFUSED_CODES & codes:
        return ContentRefused(detail)
    if _NO_CREDIT_CODES & codes:
        return NoCredit(detail)
    return None


def _mentions_context(error: openai.APIError) -> bool:
    """Return whether the error message mentions the context; self-hosted servers send no code."""
    status = getattr(error, "status_code", 0)
    words = str(error.body).lower() if status in (400, 422) else ""
    return "context length" in words or "context window" in words or "context size" in words


def _codes_of(error: openai.APIError) -> str:
    """Return type and code, without the error message, which can quote the key or the text."""
    return " ".join(filter(None, (_plain_code(error.type), _plain_code(error.code))))


def _plain_code(value: object) -> str:
    return value if isinstance(value, str) and _CODE.fullmatch(value) else ""


def _retry_after(response: httpx2.Response) -> int | None:
    try:
        seconds = float(response.headers.get("Retry-After", ""))
    except ValueError:
        return None
    return math.ceil(min(seconds, _MAX_RETRY_AFTER_S)) if seconds > 0 else None
