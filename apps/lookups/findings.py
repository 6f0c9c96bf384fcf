"""What the review counts and filters by: the issues and projects of a lookup, and whole days.

Issues and projects live as long as the answer. They repeat when it was asked and the hash of whom
it was about, so that figures are counted from one index, without the lookups themselves.
"""

from collections.abc import Collection

from django.db import models
from django.dispatch import Signal

from apps.crypto import SealedField, Unreadable, seal_as, unseal_as

LONGEST_TITLE = 200
# Sent with `lookup_ids`, their numbers, in the transaction in which their answers go: whoever made
# something of them, above this package, removes it too.
answers_dropped = Signal()


class LookupProject(models.Model):
    """A project that was chosen for a lookup, or that something was found in."""

    lookup = models.ForeignKey(
        "lookups.Lookup", on_delete=models.CASCADE, related_name="found_projects"
    )
    project = models.CharField(max_length=100)
    asked_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=("lookup", "project"), name="lookups_project_once")
        ]
        indexes = [
            models.Index(fields=("project", "asked_at", "lookup"), name="lookups_project_asked")
        ]

    def __str__(self) -> str:
        return self.project


class LookupIssue(models.Model):
    """An issue that was found, how often, and its title out of the redacted answer."""

    lookup = models.ForeignKey(
        "lookups.Lookup", on_delete=models.CASCADE, related_name="found_issues"
    )
    issue_id = models.CharField(max_length=100)
    project = models.CharField(max_length=100, blank=True)
    sealed_title = SealedField()
    events = models.PositiveIntegerField()
    asked_at = models.DateTimeField()
    customer_hash = models.CharField(max_length=64)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=("lookup", "issue_id"), name="lookups_issue_once")
        ]
        indexes = [
            models.Index(fields=("asked_at", "issue_id", "lookup"), name="lookups_issue_asked"),
            models.Index(
                fields=("issue_id", "asked_at", "lookup", "customer_hash"), name="lookups_issue_of"
            ),
        ]

    def __str__(self) -> str:
        return f"Issue {self.issue_id}"

    @property
    def title(self) -> str:
        """The title; empty where no key opens it."""
        try:
            return unseal_as(_place(self.issue_id), bytes(self.sealed_title)).decode()
        except Unreadable:
            return ""


class LookupDay(models.Model):
    """What was counted of a day that is over (UTC), so that it is counted once.

    `counts` has a row for each person, outcome and way of answering, as `review.days` reads them;
    `highest_id` is the newest lookup there was when it was counted.
    """

    day = models.DateField(primary_key=True)
    highest_id = models.BigIntegerField()
    counts = models.JSONField(default=list)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"Day {self.day}"


def sealed_title(issue_id: str, title: str) -> bytes:
    """The title as the row of this issue keeps it."""
    return seal_as(_place(issue_id), title[:LONGEST_TITLE].encode())


def _place(issue_id: str) -> str:
    return f"title of issue {issue_id}"


def drop_findings(lookup_ids: Collection[int]) -> None:
    """Remove what was found in these lookups: it goes with their answers."""
    LookupIssue.objects.filter(lookup_id__in=lookup_ids).delete()
    LookupProject.objects.filter(lookup_id__in=lookup_ids).delete()
    answers_dropped.send(sender=LookupIssue, lookup_ids=lookup_ids)
