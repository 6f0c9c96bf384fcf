"""What an issue and a release say about themselves is redacted like everything else."""

from dataclasses import replace

from apps.events.answer import Beside, Deploy
from apps.events.event import Issue
from apps.redaction.engine import redact, with_later
from tests.events.test_redaction import MOMENT, answer_with_secret

TOKEN = "ghp_" + "a1B2" * 9


def test_no_text_of_an_issue_keeps_a_secret() -> None:
    issue = Issue(
        "1",
        status="jane@example.com",
        substatus="jane@example.com",
        fixed_in=f"shop@{TOKEN}",
        assignee="the team jane@example.com",
        last_day=((MOMENT, 4),),
    )
    (told,) = redact(replace(answer_with_secret("x"), issues=(issue,))).issues
    assert "jane@" not in repr(told)
    assert TOKEN not in repr(told)
    assert told.last_day == issue.last_day


def test_versions_and_teams_survive() -> None:
    issue = Issue("1", fixed_in="shop@203.0.113.9", assignee="the team payments")
    deploy = Deploy("shop@203.0.113.9", MOMENT, "web", "production")
    answer = replace(answer_with_secret("x"), issues=(issue,), beside=Beside(deploys=(deploy,)))
    told = redact(answer)
    assert told.issues == (issue,)
    assert told.beside.deploys == (deploy,)


def test_no_text_of_a_release_keeps_a_secret() -> None:
    deploy = Deploy(f"shop@{TOKEN}", MOMENT, "web", "of jane@example.com")
    answer = answer_with_secret("x")
    at_once = redact(replace(answer, beside=Beside(deploys=(deploy,))))
    later = with_later(redact(answer), Beside(deploys=(deploy,)), customer="77")
    for told in (at_once, later):
        assert "jane@" not in repr(told.beside.deploys)
        assert TOKEN not in repr(told.beside.deploys)
        assert told.beside.deploys[0].at == MOMENT


def test_aliases_of_what_is_read_later_are_not_those_of_the_issues() -> None:
    issue = Issue("1", title="joe@example.com")
    first = redact(replace(answer_with_secret("x"), events=(), issues=(issue,)))
    deploy = Deploy("1.0", MOMENT, "web", "of ann@example.com")
    later = with_later(first, Beside(deploys=(deploy,)), customer="77")
    environment = later.beside.deploys[0].environment or ""
    assert first.issues[0].title
    assert first.issues[0].title not in environment
