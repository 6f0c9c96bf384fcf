"""One production server for all tests that only look at what it answers."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser

from tests.attacks.production import Production, serving
from tests.attacks.witness import HostileSite, Witness, hostile_site
from tests.conftest import signed_in


@pytest.fixture
def ana(agent: User) -> Client:
    """Ana's browser."""
    return signed_in(agent)


@pytest.fixture(scope="session")
def production(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[Production]:
    """A server with an empty database."""
    with serving(tmp_path_factory.mktemp("production"), migrated) as running:
        yield running


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[HostileSite]:
    """A site whose Sentry attacks it in each text."""
    with hostile_site(tmp_path_factory.mktemp("hostile"), migrated) as running:
        yield running


@pytest.fixture
def witness(hostile: HostileSite, chromium: Browser) -> Iterator[Witness]:
    """The admin, who sees everything there is."""
    person = Witness(hostile.site, chromium)
    person.come_in("admin")
    person.page.goto(hostile.site.url)
    yield person
    hostile.sentry.deep = hostile.sentry.fails = False
    person.context.close()
