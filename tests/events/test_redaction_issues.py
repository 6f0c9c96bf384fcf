"""Test redaction of issues, deploys, logs, and spans."""

from dataclasses import replace

from apps.events.answer import Deploy, RelatedData
from apps.events.event import Issue, LogEntry, Span
from apps.redaction.engine import add_related, redact
from tests.events.test_redaction import MOMENT, answer_with_secret

TOKEN = "ghp_" + "a1B2" * 9


def test_issue_texts_are_redacted() -> None:
    issue = Issue(
        "1",
        status="jane@example.com",
        substatus="jane@example.com",
        fixed_in=f"shop@{TOKEN}",
        assignee="the team jane@example.com",
        last_day=((MOMENT, 4),),
    )
    (redacted,) = redact(replace(answer_with_secret("x"), issues=(issue,))).issues
    assert "jane@" not in repr(redacted)
    assert TOKEN not in repr(redacted)
    assert redacted.last_day == issue.last_day


def test_versions_and_teams_survive() -> None:
    issue = Issue("1", fixed_in="shop@203.0.113.9", assignee="the team payments")
    deploy = Deploy("shop@203.0.113.9", MOMENT, "web", "production")
    answer = replace(
        answer_with_secret("x"), issues=(issue,), beside=RelatedData(deploys=(deploy,))
    )
    redacted = redact(answer)
    assert redacted.issues == (issue,)
    assert redacted.beside.deploys == (deploy,)


def test_deploy_texts_are_redacted() -> None:
    deploy = Deploy(f"shop@{TOKEN}", MOMENT, "web", "of jane@example.com")
    answer = answer_with_secret("x")
    at_once = redact(replace(answer, beside=RelatedData(deploys=(deploy,))))
    later = add_related(redact(answer), RelatedData(deploys=(deploy,)), customer="77")
    for redacted in (at_once, later):
        assert "jane@" not in repr(redacted.beside.deploys)
        assert TOKEN not in repr(redacted.beside.deploys)
        assert redacted.beside.deploys[0].at == MOMENT


def test_logs_and_spans_are_redacted() -> None:
    """Their identities are removed, but those values are hidden in all texts."""
    own = (("user.username", "jdoe-4711"),)
    attributes = (("password", "hunter2-x"), ("url.path", "/u/jdoe-4711"), ("lines", "3"))
    text = f"jane@example.com sent {TOKEN}"
    log = LogEntry("1", MOMENT, "warn", text, attributes=attributes, identities=own)
    span = Span(
        *("2", MOMENT, 41.5, "db", "SELECT 1 WHERE mail = 'jane@example.com'"),
        transaction=f"/u/jdoe-4711?token={TOKEN}",
        project="web",
        release="web@203.0.113.9",
        attributes=attributes,
        identities=own,
    )
    answer = answer_with_secret("x")
    related = RelatedData(logs=(log,), spans=(span,))
    at_once = redact(replace(answer, beside=related))
    later = add_related(redact(answer), related, customer="77")
    for redacted in (at_once.beside, later.beside):
        for secret in ("jane@", TOKEN, "hunter2", "jdoe-4711"):
            assert secret not in repr(redacted)
        (found,), (timed,) = redacted.logs, redacted.spans
        assert (found.severity, found.identities) == ("warn", ())
        assert (timed.duration_ms, timed.op, timed.release) == (41.5, "db", "web@203.0.113.9")
        assert dict(found.attributes)["lines"] == "3"
        assert timed.project == "web"


def test_data_read_later_shares_no_alias_with_issues() -> None:
    issue = Issue("1", title="joe@example.com")
    first = redact(replace(answer_with_secret("x"), events=(), issues=(issue,)))
    deploy = Deploy("1.0", MOMENT, "web", "of ann@example.com")
    later = add_related(first, RelatedData(deploys=(deploy,)), customer="77")
    environment = later.beside.deploys[0].environment or ""
    assert first.issues[0].title
    assert first.issues[0].title not in environment
