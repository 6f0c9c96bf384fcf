"""One production server for all tests that only look at what it answers."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests.attacks.production import Production, serving
from tests.conftest import signed_in


@pytest.fixture
def ana(agent: User) -> Client:
    """Ana's browser."""
    return signed_in(agent)


@pytest.fixture(scope="session")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    """A server with an empty database."""
    with serving(tmp_path_factory.mktemp("production")) as running:
        yield running
