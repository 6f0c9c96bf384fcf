"""Sealing everything anew with the first key, so that an older one can be dropped."""

import base64
from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db import transaction
from django.db.models import Field, Model

from apps.crypto import SealedField, Unreadable, resealed

BATCH = 100
_SECRETS = frozenset(("secret", "seed"))


@dataclass(slots=True)
class Resealed:
    """How many were sealed anew, were so already, and could not be opened by any key."""

    anew: int = 0
    already: int = 0
    unreadable: int = 0


def reseal_all() -> Resealed:
    """Go through every sealed column of the database, in batches.

    It can be stopped at any time, run again and run beside the site: what is sealed with the first
    key is left alone, and what somebody writes meanwhile is sealed with it anyway.
    """
    done = Resealed()
    for model in apps.get_models():
        for field in model._meta.get_fields():
            if isinstance(field, SealedField):
                _reseal_column(model, field, done)
    _reseal_factors(done)
    return done


def _reseal_column(model: type[Model], field: "Field[bytes, bytes]", done: Resealed) -> None:
    rows = model._base_manager.filter(**{f"{field.name}__isnull": False}).order_by("pk")
    batch = list(rows.values_list("pk", field.name)[:BATCH])
    while batch:
        for pk, sealed in batch:
            _reseal_cell(model, pk, field.name, bytes(sealed), done)
        batch = list(rows.filter(pk__gt=batch[-1][0]).values_list("pk", field.name)[:BATCH])


def _reseal_cell(
    model: type[Model], pk: object, column: str, sealed: bytes, done: Resealed
) -> None:
    try:
        anew = resealed(sealed)
    except Unreadable:
        done.unreadable += 1
        return
    if anew is None:
        done.already += 1
    else:
        unchanged = model._base_manager.filter(pk=pk, **{column: sealed})
        done.anew += unchanged.update(**{column: anew})


def _reseal_factors(done: Resealed) -> None:
    """The secrets of second factors are sealed texts, in a column that holds other facts too."""
    for pk in Authenticator.objects.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            factor = Authenticator.objects.select_for_update().filter(pk=pk).first()
            for name in _SECRETS.intersection(factor.data if factor else ()):
                _reseal_fact(factor, name, done)


def _reseal_fact(factor: Authenticator, name: str, done: Resealed) -> None:
    try:
        anew = resealed(base64.b64decode(factor.data[name]))
    except (Unreadable, ValueError):
        done.unreadable += 1
        return
    if anew is None:
        done.already += 1
        return
    factor.data = {**factor.data, name: base64.b64encode(anew).decode()}
    factor.save(update_fields=["data"])
    done.anew += 1
