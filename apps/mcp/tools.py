"""The tools for assistants. Every call is recorded, and redaction has no switch."""

import json
import secrets
import tomllib
import traceback
import uuid
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from logging import getLogger
from pathlib import Path
from typing import Annotated, Any

from django.http import Http404
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictInt,
    StrictStr,
    ValidationError,
)
from pydantic.json_schema import SkipJsonSchema

from apps.audit.models import Action
from apps.audit.trail import record_refusal
from apps.events.grouping import problems_of
from apps.events.once import rule_cache
from apps.events.query import MAX_WINDOW_MINUTES, MIN_WINDOW_MINUTES, counted
from apps.events.summary import summarize_group
from apps.exports import ExportRefused, check_budget
from apps.exports.document import no_errors_note
from apps.exports.escaping import Neutralizer, enclose
from apps.exports.tokens import DEFAULT_BUDGET, MIN_TOKENS, estimate_tokens
from apps.lookups import answers, cache, problems
from apps.lookups.access import Requester, find_lookup
from apps.lookups.exports import Choice, export_event, export_result
from apps.lookups.models import Lookup
from apps.lookups.records import MAX_REASON_LENGTH, record_action, record_lookup_of_program
from apps.lookups.throttling import request_slot

_log = getLogger(__name__)


# The caller, and the reply.


@dataclass(frozen=True, slots=True)
class Caller:
    """The program behind a call. `call_key` finds the call's lookup when a request cancels it."""

    requester: Requester
    wants_progress: bool = False
    call_key: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a tool returns: texts for the model, and the same content as data for the program."""

    texts: tuple[str, ...]
    data: dict[str, Any]
    is_error: bool = False


Steps = Generator[str, None, Reply]


# The tools' arguments. Models read the schemas, which say no more than they need.


def _number_as_text(value: object) -> object:
    """Return a number as text: programs send IDs and times as numbers despite the schema."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


_Text = Annotated[StrictStr, BeforeValidator(_number_as_text)]


def _printable(name: str) -> str:
    if not name.isprintable():
        raise ValueError("A name is one line of printable characters.")
    return name


_Name = Annotated[StrictStr, Field(min_length=1, max_length=200), AfterValidator(_printable)]
_Minutes = Annotated[StrictInt, Field(ge=MIN_WINDOW_MINUTES, le=MAX_WINDOW_MINUTES)]
_LookupId = Annotated[StrictStr, Field(max_length=40, description="From look_up_customer")]
_Limit = Annotated[StrictInt, Field(ge=MIN_TOKENS, description="Token limit of the export")]


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid")


class LookUp(_Arguments):
    """Whom to look up, when, and why."""

    customer: _Text = Field(
        min_length=1,
        max_length=2000,
        description="One customer: user ID, email, username, event or trace ID, or Sentry link",
    )
    at: _Text = Field(max_length=100, description="When it happened: ISO 8601 with an offset")
    window_minutes: _Minutes | SkipJsonSchema[None] = Field(
        None, description="Minutes before and after; has a default"
    )
    projects: list[_Name] = Field(
        [], max_length=100, description="Slugs, as in check_status; defaults to all"
    )
    environments: list[_Name] = Field([], max_length=100, description="Names; defaults to all")
    reason: StrictStr = Field("", max_length=MAX_REASON_LENGTH, description="Ticket number, or why")
    max_tokens: _Limit = DEFAULT_BUDGET


class ReadEvent(_Arguments):
    """Which event to read."""

    lookup_id: _LookupId
    event_id: StrictStr = Field(max_length=50, description="From the export")
    max_tokens: _Limit = DEFAULT_BUDGET


class ReadLookup(_Arguments):
    """Which stored result to read."""

    lookup_id: _LookupId
    max_tokens: _Limit = DEFAULT_BUDGET


class SearchKnownErrors(_Arguments):
    """What to search for."""

    words: StrictStr = Field("", max_length=200, description="Leave empty to list all")


class Nothing(_Arguments):
    """No arguments."""


# The tools.


def _look_up(caller: Caller, arguments: LookUp) -> Steps:
    choice = _choice(arguments.max_tokens)
    lookup = record_lookup_of_program(
        caller.requester,
        arguments.customer,
        arguments.at,
        arguments.window_minutes,
        projects=arguments.projects,
        environments=arguments.environments,
        reason=arguments.reason,
    )
    if caller.call_key:
        cache.put(caller.call_key, str(lookup.uuid), 120.0)
    if caller.wants_progress:
        result = yield from _wait_for(lookup, caller)
    else:
        result = answers.result_now(lookup, caller.requester.projects, _CROWD_S)
    return _export(answers.with_late_related(result), choice, caller)


_CROWD_S = 10.0  # programs send many calls at once


def _wait_for(lookup: Lookup, caller: Caller) -> Generator[str, None, answers.LookupResult]:
    """Yield the progress, and return the result. Stop the lookup if the client disconnects."""
    requester = caller.requester
    try:
        with request_slot(lookup.user_id, _CROWD_S):
            while (result := answers.result_soon(lookup, 0.5, requester.projects)) is None:
                _state, progress = answers.visible_state(lookup, 0, requester.projects)
                found = counted(progress.events_found, "event")
                done = f": {progress.done} of {progress.known} steps, {found}"
                yield f"Asking Sentry{done if progress.known else ''}"
    except GeneratorExit:
        if not caller.call_key:  # else, its protocol cancels calls by a request
            cancel(lookup, requester)
        raise
    return result


def cancel(lookup: Lookup, requester: Requester) -> None:
    """Stop a lookup, and record that."""
    record_action(Action.CANCELLED, requester.actor, lookup)
    answers.cancel_lookup(lookup)


def cancel_call(call_key: str, caller: Caller) -> None:
    """Stop the lookup of a call that is still running, if it is known."""
    lookup_id = cache.get(call_key) if call_key else None
    user, actor = caller.requester.user, caller.requester.actor
    if isinstance(lookup_id, str) and user:
        cache.delete(call_key)
        with suppress(Http404):  # it was deleted, or isn't theirs anymore
            lookup = find_lookup(user, actor, uuid.UUID(lookup_id))
            if not lookup.end:
                cancel(lookup, caller.requester)


def _read_lookup(caller: Caller, arguments: ReadLookup) -> Reply:
    choice = _choice(arguments.max_tokens)
    result = answers.stored_result(arguments.lookup_id, caller.requester)
    return _export(result, choice, caller)


def _choice(limit: int) -> Choice:
    """Return the choice of an export. Raise `ExportRefused` before anything is looked up."""
    choice = Choice(budget=limit)
    check_budget(limit, choice.family)
    return choice


def _export(result: answers.LookupResult, choice: Choice, caller: Caller) -> Reply:
    with rule_cache():
        text = export_result(result, choice, caller.requester).text
        found = problems_of(result.answer)
        first = summarize_group(found[0]) if found else ""
    lookup_id = str(result.lookup.uuid)
    data = {
        "lookup_id": lookup_id,
        "headline": first or no_errors_note(result.answer) or None,
        "complete": result.answer.complete,
        "problems": sum(not problem.is_noise for problem in found),
        "events": len(result.answer.events),
        "export": text,
    }
    # The shortest exports leave the ID out.
    texts = (text,) if lookup_id in text else (text, f"lookup_id: {lookup_id}")
    return Reply(texts, data)


def _read_event(caller: Caller, arguments: ReadEvent) -> Reply:
    lookup_id, event_id = arguments.lookup_id, arguments.event_id
    choice = _choice(arguments.max_tokens)
    text = export_event(lookup_id, event_id, choice, caller.requester).text
    return Reply((text,), {"lookup_id": lookup_id, "event_id": event_id, "export": text})


def _search(caller: Caller, arguments: SearchKnownErrors) -> Reply:
    found = answers.search_known_errors(arguments.words, caller.requester)
    shown: list[dict[str, object]] = []
    tokens = 0
    for row in found:
        tokens += estimate_tokens(json.dumps(row, ensure_ascii=False))
        if shown and tokens > 3000:
            break
        shown.append(row)
    data = {"known_errors": shown, "more": [row["name"] for row in found[len(shown) :]]}
    text = json.dumps(data, ensure_ascii=False, indent=0)
    marker = secrets.token_hex(8)
    return Reply((enclose(Neutralizer(marker).clean(text), marker, "Source: support team."),), data)


def _check(caller: Caller, _arguments: Nothing) -> Reply:
    data = answers.check_status(caller.requester)
    return Reply((json.dumps(data),), data)


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool as models see it. `gives` describes its data."""

    name: str
    takes: type[BaseModel]
    run: Callable[[Caller, Any], Reply | Steps]
    title: str
    description: str
    gives: dict[str, dict[str, Any]]
    asks_sentry: bool
    is_read_only: bool = True

    @property
    def input_schema(self) -> dict[str, Any]:
        """The JSON schema of the arguments, without what only people read."""
        schema: dict[str, Any] = _without_titles(self.takes.model_json_schema())
        return schema

    @property
    def output_schema(self) -> dict[str, Any]:
        """The JSON schema of the data. A problem has other keys, so none is required."""
        return {"type": "object", "properties": self.gives}


def _without_titles(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_without_titles(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {
        name: _without_titles(value)
        for name, value in schema.items()
        if not (name == "title" and isinstance(value, str))
        and not (name == "default" and value in (None, "", []))
    }
    if "properties" in kept:
        del kept["description"]  # the class's
    return kept


_FUNCTIONS: dict[str, tuple[type[BaseModel], Callable[[Caller, Any], Reply | Steps]]] = {
    "look_up_customer": (LookUp, _look_up),
    "read_event": (ReadEvent, _read_event),
    "read_lookup": (ReadLookup, _read_lookup),
    "search_known_errors": (SearchKnownErrors, _search),
    "check_status": (Nothing, _check),
}
_TEXTS = tomllib.loads((Path(__file__).parent / "tools.toml").read_text("utf-8"))
TOOLS = tuple(Tool(name, *_FUNCTIONS[name], **texts) for name, texts in _TEXTS.items())


def tool_named(name: str) -> Tool | None:
    """Return the tool of that name."""
    return next((tool for tool in TOOLS if tool.name == name), None)


# Running a tool, with every failure as the API's problem.


def run(tool: Tool, arguments: Mapping[str, Any], caller: Caller) -> Steps:
    """Yield progress as sentences, and return the reply or the problem."""
    try:
        given = {name: value for name, value in arguments.items() if value is not None}
        reply = tool.run(caller, tool.takes.model_validate(given))
        if isinstance(reply, Iterator):
            reply = yield from reply
    except ValidationError as error:
        return _failed(_invalid(tool, error))
    except ExportRefused as refused:
        return _failed(problems.bad_input(str(refused)))
    except problems.LookupFailed as failure:
        if failure.problem.api_status == HTTPStatus.FORBIDDEN and not failure.is_recorded:
            record_refusal(caller.requester.actor, target=tool.name, why="no permission")
        return _failed(failure.problem)
    except Exception as error:  # noqa: BLE001 - a failure of ours is a reply, too
        if problems.is_database_away(error):
            return _failed(problems.DATABASE_AWAY)
        where = traceback.extract_tb(error.__traceback__)[-1]
        kind = type(error).__name__  # its message can be a customer's
        _log.error("%s failed: %s in %s:%s", tool.name, kind, where.name, where.lineno)
        return _failed(problems.BROKEN)
    return reply


def next_step(steps: Steps) -> str | Reply:
    """Return the next sentence about progress, or finally the reply."""
    try:
        return next(steps)
    except StopIteration as end:
        reply: Reply = end.value
        return reply


def _failed(problem: problems.Problem) -> Reply:
    data = dict(problem.for_programs)
    return Reply((json.dumps(data),), data, is_error=True)


_BOUNDS = (("ge", "at least"), ("le", "at most"), ("max_length", "at most this long:"))


def _invalid(tool: Tool, error: ValidationError) -> problems.Problem:
    """Name the invalid arguments but not their values, which may be personal data."""
    missing, unknown = [], False
    invalid: dict[str, str] = {}
    for item in error.errors():
        name, limits = str(item["loc"][0]) if item["loc"] else "", item.get("ctx", {})
        if item["type"] == "missing":
            missing.append(name)
        elif name in tool.takes.model_fields:
            bounds = [f" ({words} {limits[key]})" for key, words in _BOUNDS if key in limits]
            invalid[name] = invalid.get(name) or "".join(bounds)
        else:
            unknown = True
    sentences = [f"Missing: {', '.join(missing)}."] if missing else []
    names = ", ".join(f"{name}{bounds}" for name, bounds in invalid.items())
    sentences += [f"Invalid: {names}."] if invalid else []
    sentences += ["There are unknown arguments."] if unknown else []
    takes = ", ".join(tool.takes.model_fields) or "no arguments"
    return problems.bad_input(
        " ".join(sentences), f"{tool.name} takes {takes}. Correct the arguments and try again."
    )
