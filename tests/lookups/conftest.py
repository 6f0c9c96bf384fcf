"""A real Redis for the tests that need one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import Redis


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[Redis]:
    """Run an empty Redis on a free port."""
    server = Redis(tmp_path)
    yield server
    server.stop()
