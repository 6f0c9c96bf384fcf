"""Test redaction of issues and deploys."""

from dataclasses import replace

from apps.events.answer import Deploy, RelatedData
from apps.events.event import Issue
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


def test_data_read_later_shares_no_alias_with_issues() -> None:
    issue = Issue("1", title="joe@example.com")
    first = redact(replace(answer_with_secret("x"), events=(), issues=(issue,)))
    deploy = Deploy("1.0", MOMENT, "web", "of ann@example.com")
    later = add_related(first, RelatedData(deploys=(deploy,)), customer="77")
    environment = later.beside.deploys[0].environment or ""
    assert first.issues[0].title
    assert first.issues[0].title not in environment
