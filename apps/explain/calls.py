"""One call to the model through the client library, piece by piece as the answer comes."""

import math
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import openai
from openai import omit
from openai.types.chat import ChatCompletionChunk

from apps.explain import errors
from apps.explain.configured import Llm, Usage
from apps.outbound import AddressRefused, AnswerTooLarge, Bounds, GuardedTransport, Reach

# A piece of one token takes some 300 bytes on the wire.
_BYTES_A_TOKEN, _BYTES_BESIDE = 1024, 65536
_LETTERS_A_TOKEN = 16
_LONGEST_WAIT_S = 86400
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,59}")
_TOO_LONG = frozenset(("context_length_exceeded", "string_above_max_length"))
_REFUSED = frozenset(("content_filter", "content_policy_violation", "invalid_prompt"))
_EMPTY = frozenset(("insufficient_quota", "billing_hard_limit_reached"))
_BY_STATUS: dict[int, type[errors.ModelFailed]] = {
    401: errors.KeyRefused,
    402: errors.AccountEmpty,
    403: errors.KeyRefused,
    404: errors.ModelUnknown,
    408: errors.TookTooLong,
    413: errors.MessageTooLong,
    429: errors.RateLimited,
}


def ask(llm: Llm, text: str) -> Generator[str | Usage]:
    """Send this text as the one message; yields the answer's pieces and what was used.

    Raises a `ModelFailed`. Nothing but the text is sent, and nothing twice unless the server
    refuses the older name of the answer's limit, before it did anything.
    """
    with _told(), _client(llm) as client:
        try:
            stream = _opened(client, llm, text, is_older=True)
        except openai.BadRequestError as refused:
            if refused.param != "max_tokens":
                raise
            stream = _opened(client, llm, text, is_older=False)
        with stream:
            yield from _pieces(iter(stream), llm.answer_tokens * _LETTERS_A_TOKEN)


def _opened(
    client: openai.OpenAI, llm: Llm, text: str, *, is_older: bool
) -> openai.Stream[ChatCompletionChunk]:
    return client.chat.completions.create(
        model=llm.model,
        messages=[{"role": "user", "content": text}],
        stream=True,
        stream_options={"include_usage": True},
        max_tokens=llm.answer_tokens if is_older else omit,
        max_completion_tokens=omit if is_older else llm.answer_tokens,
    )


@contextmanager
def _client(llm: Llm) -> Iterator[openai.OpenAI]:
    """A client that calls the configured address only, once, and tells nothing of this machine."""
    most = _BYTES_BESIDE + llm.answer_tokens * _BYTES_A_TOKEN
    transport = GuardedTransport(
        Reach.of([llm.base_url], llm.private_hosts), Bounds(llm.timeout_s, most)
    )
    http = httpx2.Client(
        transport=transport,
        timeout=llm.timeout_s,
        trust_env=False,
        follow_redirects=False,
        event_hooks={"request": [_only_what_is_needed], "response": [_as_utf8]},
    )
    with openai.OpenAI(
        api_key=llm.api_key, base_url=llm.base_url, max_retries=0, http_client=http
    ) as client:
        yield client


_NEEDED = frozenset(("host", "authorization", "content-type", "content-length", "accept"))


def _only_what_is_needed(request: httpx2.Request) -> None:
    """The library tells system, versions and what its own variables name beside it."""
    for name in list(request.headers):
        if name.lower() not in _NEEDED:
            del request.headers[name]
    request.headers["User-Agent"] = "Triage"


def _as_utf8(response: httpx2.Response) -> None:
    """As the protocol has it, whatever a server names as its way of writing letters."""
    response.encoding = "utf-8"


def _pieces(chunks: Iterator[Any], most_letters: int) -> Generator[str | Usage]:
    """What the chunks hold, whatever else a server puts into them."""
    letters, reason = 0, ""
    for chunk in chunks:
        if usage := _usage(chunk):
            yield usage
        choice = _first(getattr(chunk, "choices", None))
        if choice is None:
            continue
        reason = _text(getattr(choice, "finish_reason", None)) or reason
        delta = getattr(choice, "delta", None)
        if _text(getattr(delta, "refusal", None)):
            raise errors.ContentRefused("The model sent a refusal.")
        piece = _text(getattr(delta, "content", None))
        letters += len(piece)
        if letters > most_letters:
            raise errors.TooMuch("More letters than so many tokens can have.")
        if piece:
            yield piece
    _raise_for(reason)


def _raise_for(reason: str) -> None:
    """How the answer ended; only `stop` is a whole one. Some servers tell nothing at all."""
    if reason == "stop":
        return
    if reason == "length":
        raise errors.TooMuch("The answer reached LLM_MAX_ANSWER_TOKENS.")
    if reason == "content_filter":
        raise errors.ContentRefused("A filter ended the answer.")
    if not reason:
        raise errors.BrokenOff("The stream ended without saying why.")
    raise errors.Unreadable(f"The answer ended with {_plain(reason) or 'an unknown reason'}.")


def _first(choices: object) -> object | None:
    return choices[0] if isinstance(choices, list) and choices else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _usage(chunk: object) -> Usage | None:
    """None unless both numbers are told and can be true: a message has some tokens at least."""
    told = getattr(chunk, "usage", None)
    found = [getattr(told, name, None) for name in ("prompt_tokens", "completion_tokens")]
    if not all(type(number) is int and 0 <= number < 10**9 for number in found) or not found[0]:
        return None
    return Usage(int(str(found[0])), int(str(found[1])))


_LIBRARY = (openai.OpenAIError, httpx2.HTTPError, httpx2.StreamError)


@contextmanager
def _told() -> Iterator[None]:
    """Every way the library can fail, as a failure of ours that quotes nothing."""
    try:
        yield
    except AddressRefused as error:
        raise errors.AddressForbidden(str(error)) from None
    except _LIBRARY as error:
        raise _of(error) from None
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise errors.Unreadable("The stream holds what is no JSON of the protocol.") from None


def _of(error: Exception) -> errors.ModelFailed:
    if isinstance(error, openai.APIStatusError):
        return _of_status(error)
    if isinstance(error, openai.APITimeoutError | httpx2.TimeoutException):
        return errors.TookTooLong("LLM_TIMEOUT_S was over.")
    if isinstance(error, AnswerTooLarge):
        return errors.TooMuch("The answer has more bytes than it may.")
    if isinstance(error, openai.APIConnectionError):
        return _of_connection(error.__cause__)
    if isinstance(error, openai.APIError):  # told in the stream
        return _of_code(error) or errors.ServerBroken(_code_of(error))
    return _of_connection(error)


def _of_connection(cause: BaseException | None) -> errors.ModelFailed:
    kind = type(cause).__name__
    if isinstance(cause, httpx2.ConnectError | httpx2.ProxyError | httpx2.UnsupportedProtocol):
        return errors.NotConnected(kind)
    if isinstance(cause, httpx2.DecodingError):
        return errors.Unreadable("The answer is packed, which was not asked for.")
    return errors.BrokenOff(kind)


def _of_status(error: openai.APIStatusError) -> errors.ModelFailed:
    detail = f"HTTP {error.status_code} {_code_of(error)}".strip()
    if known := _of_code(error, detail):
        return known
    wait = _wait_of(error.response) if error.status_code in (429, 503) else None
    kind = _BY_STATUS.get(error.status_code)
    if kind is None:
        kind = errors.ServerBroken if error.status_code >= 500 else errors.RequestRefused
    return kind(detail, retry_after=wait)


def _of_code(error: openai.APIError, detail: str = "") -> errors.ModelFailed | None:
    """The codes that tell more than a status does."""
    told = detail or _code_of(error)
    codes = {_plain(error.code), _plain(error.type)}
    if _TOO_LONG & codes or _says_context(error):
        return errors.MessageTooLong(told)
    if _REFUSED & codes:
        return errors.ContentRefused(told)
    if _EMPTY & codes:
        return errors.AccountEmpty(told)
    return None


def _says_context(error: openai.APIError) -> bool:
    """Servers of one's own have no code for it, but name the context in their words."""
    status = getattr(error, "status_code", 0)
    words = str(error.body).lower() if status in (400, 422) else ""
    return "context length" in words or "context window" in words or "context size" in words


def _code_of(error: openai.APIError) -> str:
    """The server's own words for it are left out: they can quote the key or the message."""
    return " ".join(filter(None, (_plain(error.type), _plain(error.code))))


def _plain(value: object) -> str:
    return value if isinstance(value, str) and _PLAIN.fullmatch(value) else ""


def _wait_of(response: httpx2.Response) -> int | None:
    try:
        seconds = float(response.headers.get("Retry-After", ""))
    except ValueError:
        return None
    return math.ceil(min(seconds, _LONGEST_WAIT_S)) if seconds > 0 else None
