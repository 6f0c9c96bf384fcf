"""Shared servers for the attack tests."""

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
    """A client signed in as Ana."""
    return signed_in(agent)


@pytest.fixture(scope="session")
def production(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[Production]:
    """A production server with an empty database, for tests that only read."""
    with serving(tmp_path_factory.mktemp("production"), migrated) as running:
        yield running


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory, migrated: Path) -> Iterator[HostileSite]:
    """A site whose Sentry puts an attack into every text."""
    with hostile_site(tmp_path_factory.mktemp("hostile"), migrated) as running:
        yield running


@pytest.fixture
def witness(hostile: HostileSite, chromium: Browser) -> Iterator[Witness]:
    """A superuser who can open every page."""
    visitor = Witness(hostile.site, chromium)
    visitor.resume_session("admin")
    visitor.page.goto(hostile.site.url)
    yield visitor
    hostile.sentry.deep = hostile.sentry.fails = False
    visitor.context.close()
