"""Plain words for a support agent: what failed, without the jargon. Rules only, no guessing."""

import re
from dataclasses import dataclass

from apps.events.answer import Answer, NoticeCode
from apps.events.event import Event
from apps.events.timeline import Group, group_by_issue


@dataclass(frozen=True, slots=True)
class Rule:
    """When `pattern` is found in the type and message of an error, `sentence` tells it."""

    pattern: re.Pattern[str]
    sentence: str


def _rule(pattern: str, sentence: str) -> Rule:
    return Rule(re.compile(pattern, re.IGNORECASE), sentence)


RULES = (
    _rule(
        r"payment.{0,20}declin|card.{0,20}declin|declined.{0,20}card",
        "The payment was declined.",
    ),
    _rule(r"payment|stripe|paypal|\b402\b", "Something went wrong with the payment."),
    _rule(r"chunkload|loading (?:css )?chunk", "A part of the page could not be loaded."),
    _rule(
        r"too large|entity too large|payload.{0,10}large|\b413\b",
        "What was sent was too large to accept.",
    ),
    _rule(
        r"rate.?limit|too many requests|\b429\b|throttl",
        "A service refused because it was asked too often.",
    ),
    _rule(r"out.?of.?memory|\boom\b|oomkill|memory.?limit", "The program ran out of memory."),
    _rule(
        r"recursion|stack.?overflow|call stack", "The program went round in circles and stopped."
    ),
    _rule(
        r"network ?error|failed to fetch|net::err|urlerror|nsurlerror|load failed|socket",
        "The connection broke between the customer's device and a server.",
    ),
    _rule(r"time.?out|timed out|deadline", "Something took too long and was given up."),
    _rule(r"\bslow|\btook \d", "Something took very long."),
    _rule(
        r"operationalerror|database|deadlock|sqlstate|psycopg|mysql|activerecord|ecto\.",
        "The database could not do what it was asked.",
    ),
    _rule(
        r"unauthori[sz]ed|\b401\b|token.{0,12}expired|expired.{0,12}token|invalid.?token|login",
        "The sign-in was not accepted.",
    ),
    _rule(
        r"permission|forbidden|\b403\b|access denied", "The customer was not allowed to do that."
    ),
    _rule(r"not ?found|\b404\b|doesnotexist|nosuch", "Something that was needed was not there."),
    _rule(
        r"validation|invalid|unprocessable|\b422\b|valueerror|formatexception|parse|syntaxerror",
        "Something that was entered or sent could not be understood.",
    ),
    _rule(
        r"unavailable|bad gateway|\b50[0234]\b|internal server error"
        r"|connection ?(?:error|refused|reset)",
        "A server that was needed did not answer as it should.",
    ),
    _rule(
        r"content.security|\bcsp\b|blocked .{0,30}from",
        "The browser refused to load something on the page.",
    ),
    _rule(
        r"typeerror|undefined|\bnull|null(?:pointer|reference)|none ?type|\bnil\b"
        r"|keyerror|indexerror|attributeerror|unwrap|\bpanic",
        "The program met something it did not expect and stopped.",
    ),
)


def summarize(event: Event) -> str:
    """One plain sentence for what this event means; an honest general one when no rule fits."""
    for text in _texts(event):
        for rule in RULES:
            if rule.pattern.search(text):
                return rule.sentence
    if event.handled is True:
        return "The program noted a problem and carried on."
    return "Something in the program failed."


def summarize_group(group: Group) -> str:
    """One plain sentence for an issue, told from its newest event."""
    return summarize(group.newest)


def headline(answer: Answer) -> str:
    """The page's first sentence: what, how often; what is sure when there is nothing."""
    groups = group_by_issue(answer)
    if not groups:
        return (
            "No errors for this customer in this window."
            if answer.complete
            else _none_so_far(answer)
        )
    events = len(answer.events)
    sentence = summarize_group(groups[0])
    if events == 1:
        return sentence
    times = f"{len(groups[0].events)} times" if len(groups[0].events) > 1 else "once"
    if len(groups) == 1:
        return f"{sentence[:-1]}, {times}."
    others = len(groups) - 1
    more = "1 other problem" if others == 1 else f"{others} other problems"
    return f"{sentence[:-1]}, {times}, and there {'was' if others == 1 else 'were'} {more}."


def _none_so_far(answer: Answer) -> str:
    if {notice.code for notice in answer.notices} == {NoticeCode.WINDOW_OPEN}:
        return "No errors for this customer so far."
    return "No errors were found, but the answer is not complete."


def _texts(event: Event) -> list[str]:
    """What the rules look at, surest first: the raised error, its title, its message."""
    raised = event.body.exceptions[0] if event.body and event.body.exceptions else None
    texts = [f"{raised.type or ''}: {raised.value or ''}"] if raised else []
    return [text[:500] for text in (*texts, event.title or "", event.message or "") if text]
