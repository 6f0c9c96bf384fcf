"""The entries of the trail, what was typed beside them, its end, and what was pruned."""

from django.db import models

from apps.crypto import SealedField


class Action(models.TextChoices):
    """What somebody did, or was denied."""

    SIGNED_IN = "signed_in", "signed in"
    SIGN_IN_FAILED = "sign_in_failed", "could not sign in"
    LOCKED_OUT = "locked_out", "was locked out"
    SIGNED_OUT = "signed_out", "signed out"
    LOOKED_UP = "looked_up", "looked up a customer"
    VIEWED = "viewed", "opened a result"
    REVEALED = "revealed", "saw a result without redaction"
    EXPORTED = "exported", "exported a result"
    COPIED = "copied", "copied an export"
    SHARED = "shared", "shared a lookup"
    UNSHARED = "unshared", "stopped sharing a lookup"
    CANCELLED = "cancelled", "stopped a lookup"
    PURGED = "purged", "deleted a stored result"
    REFRESHED = "refreshed", "refreshed a result"
    EXTENDED = "extended", "kept a result longer"
    FORGOT = "forgot", "erased a customer's data"
    PRUNED = "pruned", "deleted expired data"
    REVIEWED = "reviewed", "viewed or exported a list"
    INVITED = "invited", "invited a person"
    ACCOUNT_CHANGED = "account_changed", "changed an account"
    TOKEN_ISSUED = "token_issued", "issued an API token"
    TOKEN_REVOKED = "token_revoked", "revoked an API token"
    SETTING_CHANGED = "setting_changed", "changed a setting"
    CATALOGUED = "catalogued", "changed a known error"
    DRAFTED = "drafted", "used a draft"
    HANDED_OVER = "handed_over", "sent a draft"
    EXPLAINED = "explained", "had an LLM explain a result"
    REFUSED = "refused", "was denied"


class Entry(models.Model):
    """One act. It is written once, and never changed; `digest` covers all of it and the one before.

    Who acted is kept by number and name, not by a reference: the trail must not change when an
    account does. Of a customer only a keyed hash stands here.
    """

    sequence = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField("time", db_index=True)
    action = models.CharField(max_length=20, choices=Action, db_index=True)
    actor_id = models.BigIntegerField(null=True, db_index=True)
    actor = models.CharField(max_length=150, blank=True)
    origin = models.CharField(max_length=6)
    address = models.CharField(max_length=45, blank=True)
    target = models.CharField(max_length=100, blank=True, db_index=True)
    customer_hash = models.CharField(max_length=64, blank=True, db_index=True)
    detail = models.JSONField(default=dict)
    words_hash = models.CharField(max_length=64, blank=True)
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)

    class Meta:
        ordering = ("-sequence",)
        verbose_name_plural = "entries"
        default_permissions = ("view",)
        # The newest first, as the review lists what one of these narrows down.
        indexes = (
            models.Index(fields=["action", "-sequence"], name="audit_entry_action_last"),
            models.Index(fields=["actor", "-sequence"], name="audit_entry_actor_last"),
            models.Index(fields=["origin", "-sequence"], name="audit_entry_origin_last"),
        )

    def __str__(self) -> str:
        return f"Entry {self.sequence}"


class Words(models.Model):
    """What a person typed for an entry, such as the reason; it can be erased, the entry stays."""

    entry = models.OneToOneField(Entry, on_delete=models.DO_NOTHING, related_name="words")
    customer_hash = models.CharField(max_length=64, blank=True, db_index=True)
    sealed = SealedField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"Words of entry {self.entry_id}"


class End(models.Model):
    """The one row that whoever writes an entry holds meanwhile: the last number and digest."""

    sequence = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64, default="0" * 64)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"End at {self.sequence}"


class Checkpoint(models.Model):
    """Up to which entry the trail was pruned: where its rest begins, signed with the site's key."""

    sequence = models.BigIntegerField(primary_key=True)
    digest = models.CharField(max_length=64)
    at = models.DateTimeField()
    count = models.BigIntegerField()
    signature = models.CharField(max_length=64)

    class Meta:
        ordering = ("-sequence",)
        default_permissions = ()

    def __str__(self) -> str:
        return f"Checkpoint at {self.sequence}"
