"""One call to the model through the client library, piece by piece as the answer comes."""

import math
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, Decimal
from typing import Any
from urllib.parse import urlsplit

import httpx2
import openai
from django.conf import settings
from openai import omit
from openai.types.chat import ChatCompletionChunk

from apps.lookups.problems import Problem
from apps.outbound import AddressRefused, AnswerTooLarge, Bounds, GuardedTransport, Reach

# How asking the model can fail. Nothing here quotes what was sent, the key, or the server.


class ModelFailed(Exception):
    """The model could not be asked, or its answer could not be had in full.

    `detail` is for admins. `was_free` says that the server certainly did no work for it.
    """

    was_free = False

    def __init__(self, detail: str = "", *, retry_after: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after = retry_after


class BudgetUsedUp(ModelFailed):
    """What is left of the day does not cover the call at its most."""

    was_free = True

    def __init__(self, left: str) -> None:
        super().__init__()
        self.left = left


class Crowded(ModelFailed):
    """As many are asking in this process as may."""

    was_free = True


class NotConnected(ModelFailed):
    """There was no connection."""

    was_free = True


class AddressForbidden(ModelFailed):
    """The name of the host leads where we may not call."""

    was_free = True


class KeyRefused(ModelFailed):
    """401 or 403."""

    was_free = True


class ModelUnknown(ModelFailed):
    """404."""

    was_free = True


class RateLimited(ModelFailed):
    """429."""

    was_free = True


class AccountEmpty(ModelFailed):
    """402, or 429 for an account without money."""

    was_free = True


class MessageTooLong(ModelFailed):
    """The message is longer than the model can read."""

    was_free = True


class ContentRefused(ModelFailed):
    """The server would not answer this content."""


class RequestRefused(ModelFailed):
    """Any other 4xx, and a redirect."""

    was_free = True


class ServerBroken(ModelFailed):
    """5xx, or an error told in the stream."""


class TookTooLong(ModelFailed):
    """The time was over."""


class BrokenOff(ModelFailed):
    """The connection ended in the middle."""


class Unreadable(ModelFailed):
    """What came is no answer of the protocol."""


class TooMuch(ModelFailed):
    """The answer went on beyond all bounds, or beyond the tokens it may have."""


# The language model that the environment names, and what asking it may cost.

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Llm:
    """Where the model is and what it takes. Prices are for a million tokens, in any currency."""

    base_url: str
    api_key: str = field(repr=False)
    model: str
    timeout_s: int = 60
    answer_tokens: int = 1500
    input_price: Decimal = Decimal(0)
    output_price: Decimal = Decimal(0)
    cost_per_day: Decimal = Decimal(0)
    tokens_per_day: int = MILLION
    private_hosts: tuple[str, ...] = ()

    @property
    def host(self) -> str:
        """The host that is called, with its port if it is not the usual one."""
        return urlsplit(self.base_url).netloc

    @property
    def costs_money(self) -> bool:
        """Whether prices are told at all."""
        return bool(self.input_price or self.output_price)

    def cost(self, tokens_in: int, tokens_out: int) -> int:
        """What so many tokens cost, in millionths of the currency, rounded up."""
        exact = tokens_in * self.input_price + tokens_out * self.output_price
        return int(exact.to_integral_value(ROUND_CEILING))


@dataclass(frozen=True, slots=True)
class Usage:
    """The tokens that the server says a call used."""

    tokens_in: int
    tokens_out: int


def configured() -> Llm | None:
    """The configured model; None where the site has none."""
    llm: Llm | None = settings.LLM
    return llm


def money(millionths: int) -> str:
    """So many millionths of the currency as an amount, rounded up: 0.0132, 5.00."""
    amount = (Decimal(millionths) / MILLION).quantize(Decimal("0.0001"), ROUND_CEILING)
    return f"{amount:f}".removesuffix("00")


# A piece of one token takes some 300 bytes on the wire.
_BYTES_A_TOKEN, _BYTES_BESIDE = 1024, 65536
_LETTERS_A_TOKEN = 16
_LONGEST_WAIT_S = 86400
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,59}")
_TOO_LONG = frozenset(("context_length_exceeded", "string_above_max_length"))
_REFUSED = frozenset(("content_filter", "content_policy_violation", "invalid_prompt"))
_EMPTY = frozenset(("insufficient_quota", "billing_hard_limit_reached"))
_BY_STATUS: dict[int, type[ModelFailed]] = {
    401: KeyRefused,
    402: AccountEmpty,
    403: KeyRefused,
    404: ModelUnknown,
    408: TookTooLong,
    413: MessageTooLong,
    429: RateLimited,
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
            raise ContentRefused("The model sent a refusal.")
        piece = _text(getattr(delta, "content", None))
        letters += len(piece)
        if letters > most_letters:
            raise TooMuch("More letters than so many tokens can have.")
        if piece:
            yield piece
    _raise_for(reason)


def _raise_for(reason: str) -> None:
    """How the answer ended; only `stop` is a whole one. Some servers tell nothing at all."""
    if reason == "stop":
        return
    if reason == "length":
        raise TooMuch("The answer reached LLM_MAX_ANSWER_TOKENS.")
    if reason == "content_filter":
        raise ContentRefused("A filter ended the answer.")
    if not reason:
        raise BrokenOff("The stream ended without saying why.")
    raise Unreadable(f"The answer ended with {_plain(reason) or 'an unknown reason'}.")


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
        raise AddressForbidden(str(error)) from None
    except _LIBRARY as error:
        raise _of(error) from None
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise Unreadable("The stream holds what is no JSON of the protocol.") from None


def _of(error: Exception) -> ModelFailed:
    if isinstance(error, openai.APIStatusError):
        return _of_status(error)
    if isinstance(error, openai.APITimeoutError | httpx2.TimeoutException):
        return TookTooLong("LLM_TIMEOUT_S was over.")
    if isinstance(error, AnswerTooLarge):
        return TooMuch("The answer has more bytes than it may.")
    if isinstance(error, openai.APIConnectionError):
        return _of_connection(error.__cause__)
    if isinstance(error, openai.APIError):  # told in the stream
        return _of_code(error) or ServerBroken(_code_of(error))
    return _of_connection(error)


def _of_connection(cause: BaseException | None) -> ModelFailed:
    kind = type(cause).__name__
    if isinstance(cause, httpx2.ConnectError | httpx2.ProxyError | httpx2.UnsupportedProtocol):
        return NotConnected(kind)
    if isinstance(cause, httpx2.DecodingError):
        return Unreadable("The answer is packed, which was not asked for.")
    return BrokenOff(kind)


def _of_status(error: openai.APIStatusError) -> ModelFailed:
    detail = f"HTTP {error.status_code} {_code_of(error)}".strip()
    if known := _of_code(error, detail):
        return known
    wait = _wait_of(error.response) if error.status_code in (429, 503) else None
    kind = _BY_STATUS.get(error.status_code)
    if kind is None:
        kind = ServerBroken if error.status_code >= 500 else RequestRefused
    return kind(detail, retry_after=wait)


def _of_code(error: openai.APIError, detail: str = "") -> ModelFailed | None:
    """The codes that tell more than a status does."""
    told = detail or _code_of(error)
    codes = {_plain(error.code), _plain(error.type)}
    if _TOO_LONG & codes or _says_context(error):
        return MessageTooLong(told)
    if _REFUSED & codes:
        return ContentRefused(told)
    if _EMPTY & codes:
        return AccountEmpty(told)
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


# THE table of this part: each failure's code, status, plain sentence and next step.

_ASK_ADMIN = "Tell your Triage admin. It's nothing you typed."
_TRY_AGAIN = "Try again in a minute. If it keeps happening, tell your Triage admin."
_SHORTER = "The part above may still help. If this happens often, tell your Triage admin."

_TABLE: dict[type[ModelFailed], Problem] = {
    BudgetUsedUp: Problem(
        "budget",
        "The model wasn't asked: what's left of today's budget isn't enough.",
        "Please copy the text instead, or try again tomorrow.",
        page_status=429,
    ),
    Crowded: Problem(
        "crowded",
        "The model wasn't asked: several people are using it right now.",
        "Please try again in a few seconds.",
        retry_after=10,
    ),
    NotConnected: Problem("unreachable", "We could not reach the model.", _TRY_AGAIN),
    AddressForbidden: Problem(
        "address_refused",
        "Triage isn't allowed to call the address that the model's host name points to. "
        "Nothing was sent.",
        _ASK_ADMIN,
    ),
    KeyRefused: Problem("key_refused", "The model's server does not accept our key.", _ASK_ADMIN),
    ModelUnknown: Problem(
        "model_unknown",
        "The server doesn't recognize the model that's configured here.",
        _ASK_ADMIN,
    ),
    RateLimited: Problem(
        "rate_limited", "We've reached the request limit of the model's server.", _TRY_AGAIN
    ),
    AccountEmpty: Problem(
        "account_empty", "Our account with the model's provider has run out.", _ASK_ADMIN
    ),
    MessageTooLong: Problem(
        "too_long",
        "The text is longer than this model can read.",
        "Look up again with a shorter window. If it keeps happening, tell your Triage admin.",
    ),
    ContentRefused: Problem(
        "content_refused",
        "The model declined to answer.",
        "Please read the events yourself, or copy the text into another model.",
    ),
    RequestRefused: Problem(
        "request_refused", "The model's server rejected the request.", _ASK_ADMIN
    ),
    ServerBroken: Problem("server_error", "The model's server is having problems.", _TRY_AGAIN),
    TookTooLong: Problem(
        "too_slow", "The model did not finish in time, so the answer ends here.", _TRY_AGAIN
    ),
    BrokenOff: Problem("broken_off", "The connection broke, so the answer ends here.", _TRY_AGAIN),
    Unreadable: Problem(
        "unreadable", "The server answered, but not the way a model does.", _ASK_ADMIN
    ),
    TooMuch: Problem("cut_off", "The answer reached its length limit, so it ends here.", _SHORTER),
}


def problem_of(failure: ModelFailed) -> Problem:
    """How to tell this failure."""
    problem = replace(_TABLE[type(failure)], detail=failure.detail)
    if isinstance(failure, BudgetUsedUp):
        step = f"Left today: {failure.left}. {problem.next_step}"
        return replace(problem, next_step=step)
    if failure.retry_after is None:
        return problem
    step = f"Please try again in {failure.retry_after} s."
    return replace(problem, next_step=step, retry_after=failure.retry_after)
