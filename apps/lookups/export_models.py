"""What was exported of lookups, and the questions that go before an export."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from apps.exports import Preset
from apps.exports.facts import MOST_QUESTION_TOKENS, NO_PRESET
from apps.lookups.choices import How, Origin


class ExportRecord(models.Model):
    """That somebody took an export of a lookup, and in which form; nothing of what it says."""

    lookup = models.ForeignKey("lookups.Lookup", on_delete=models.CASCADE, related_name="exports")
    at = models.DateTimeField(default=timezone.now, db_index=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="exports",
    )
    system_user = models.CharField(max_length=100, blank=True)
    origin = models.CharField(max_length=3, choices=Origin)
    how = models.CharField(max_length=10, choices=How)
    format = models.CharField(max_length=10)
    preset = models.CharField(max_length=40)
    budget = models.PositiveIntegerField(null=True, help_text="Empty for everything.")
    tokens = models.PositiveIntegerField(help_text="About how many the text has.")
    issue_id = models.CharField(max_length=100, blank=True, help_text="Only this problem, if any.")
    redacted = models.BooleanField(default=True)
    reason = models.CharField(
        max_length=200, blank=True, help_text="Why it was needed without redaction."
    )

    class Meta:
        ordering = ("-at", "-pk")
        default_permissions = ()  # who may view lookups may view them; nobody edits them

    def __str__(self) -> str:
        return f"Export {self.pk}"


class ExportPreset(models.Model):
    """A question that people may put before an export. It never changes the facts."""

    name = models.SlugField(
        max_length=40,
        unique=True,
        help_text="Used in links and on the command line, such as bug-report. It can't be changed "
        "later.",
    )
    label = models.CharField(
        max_length=60, help_text="The name people see in the list, in a few words."
    )
    instruction = models.TextField(
        max_length=2000,
        help_text=(
            "What the model reads before the data. Say what to write, for whom, and how "
            "long, and ask it to mark its guesses. Don't repeat facts: they follow, and no "
            f"prompt changes them. Up to about {MOST_QUESTION_TOKENS} tokens, roughly 60 "
            "words."
        ),
    )
    position = models.PositiveSmallIntegerField(default=100, help_text="Lower numbers come first.")
    is_active = models.BooleanField(default=True, help_text="Whether people can choose it.")
    changed_at = models.DateTimeField(auto_now=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )

    class Meta:
        ordering = ("position", "name")

    def __str__(self) -> str:
        return self.label

    @property
    def audit_target(self) -> str:
        """What the audit trail calls this row."""
        return f"export preset {self.name}"

    def clean(self) -> None:
        """Refuse a question that is too long, and the name that stands for no question.

        Browsers send a line's end as two characters; one is kept, so that the text of a page and
        of a file stay the same.
        """
        self.instruction = "\n".join(self.instruction.strip().splitlines())
        if self.name == NO_PRESET.name:
            raise ValidationError({"name": "This name is reserved for “no prompt.”"})
        tokens = self.as_preset().tokens
        if tokens > MOST_QUESTION_TOKENS:
            raise ValidationError(
                {
                    "instruction": f"This takes about {tokens} tokens, and the limit for a prompt "
                    f"is {MOST_QUESTION_TOKENS}. Please shorten it."
                }
            )

    def as_preset(self) -> Preset:
        """The question as an export takes it."""
        return Preset(self.name, self.label, self.instruction)
