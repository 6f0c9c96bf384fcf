"""Databases for sites."""

from pathlib import Path
from shutil import copyfile

import pytest

from tests.postgres import Postgres


@pytest.fixture
def place(tmp_path: Path, migrated: Path, request: pytest.FixtureRequest) -> "Places":
    return Places(tmp_path, migrated, request)


class Places:
    """Creates empty databases."""

    def __init__(self, folder: Path, migrated: Path, request: pytest.FixtureRequest) -> None:
        self._folder, self._migrated, self._request, self._count = folder, migrated, request, 0

    def new(self, kind: str, *, tables: bool = True) -> str:
        if kind == "postgresql":
            postgres: Postgres = self._request.getfixturevalue("postgres")
            return postgres.migrated() if tables else postgres.empty()
        self._count += 1
        file = self._folder / f"{self._count}.sqlite3"
        if tables:
            copyfile(self._migrated, file)
        return f"sqlite:///{file}"
