"""API tokens for tests."""

from typing import Any

from django.contrib.auth.models import User

from apps.accounts.models import ApiToken
from apps.accounts.tokens import set_new_token


def token_of(user: User, **more: Any) -> str:
    """A token in this person's name that may do everything, but for what is said otherwise."""
    record = ApiToken(name="ticket system", user=user, **{"scopes": ["lookup", "read"], **more})
    token = set_new_token(record)
    record.save()
    return token
