"""A column that holds something sealed."""

from collections.abc import Sequence
from typing import Any

from django.db import models


class SealedField(models.BinaryField):  # type: ignore[type-arg]  # not generic at run time
    """Bytes of `sealing`. By this field `reseal` finds all that must be sealed with a new key."""

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """To the database it is a column of bytes like any other."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.BinaryField", args, kwargs
