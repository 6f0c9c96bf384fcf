"""API tokens for tests."""

from typing import Any

from django.contrib.auth.models import User

from apps.accounts.models import ApiToken
from apps.accounts.tokens import set_new_token


def token_of(user: User, **changes: Any) -> str:
    """Create a token for this person with all scopes, with overrides."""
    record = ApiToken(name="ticket system", user=user, **{"scopes": ["lookup", "read"], **changes})
    token = set_new_token(record)
    record.save()
    return token
