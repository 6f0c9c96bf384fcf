"""Files of known errors as they go through a browser: out as Markdown or zip, in with a report."""

import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.core import signing

from apps.known_errors.front_matter import LARGEST, to_text
from apps.known_errors.importing import File
from apps.known_errors.models import KnownError

MOST_FILES = 1000
_LARGEST_IN_ALL = 4 * 1024 * 1024
# What was checked travels in the page, within what a form may hold.
_LARGEST_CHECKED = 900 * 1024
# The other ways of packing take what memory the file tells them to.
_PACKED = frozenset((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
_BROKEN = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError)
_SALT = "triage.known_errors.import"
_VALID_S = 3600
_TOO_MUCH = "This is too large to upload here. Use the import_known_errors command."


class UploadRefused(ValueError):
    """An upload that cannot be read; says why, and what to do."""


def zipped(entries: Iterable[KnownError]) -> bytes:
    """All entries as files of one zip file."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in entries:
            archive.writestr(f"{entry.slug}.md", to_text(entry))
    return content.getvalue()


def uploaded_files(uploads: Sequence[Any]) -> list[File]:
    """The files that were sent, those of zip files among them. Raises `UploadRefused`."""
    if sum(upload.size or 0 for upload in uploads) > _LARGEST_IN_ALL:
        raise UploadRefused(_TOO_MUCH)
    files, size = [], 0
    for file in _unpacked(uploads):
        files.append(file)
        size += len(file.content)
        if len(files) > MOST_FILES or size > _LARGEST_IN_ALL:
            raise UploadRefused(_TOO_MUCH)
    if not files:
        raise UploadRefused("It contains no Markdown (.md) files.")
    return files


def _unpacked(uploads: Iterable[Any]) -> Iterator[File]:
    for upload in uploads:
        content, name = upload.read(), upload.name or "file"
        if content[:4] == b"PK\x03\x04":
            yield from _of_zip(content)
        else:
            yield File(name, content)


def _of_zip(content: bytes) -> Iterator[File]:
    """No file is read further than an entry may be large, whatever the zip says of itself."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for one in archive.infolist():
                if one.filename.endswith(".md") and one.compress_type in _PACKED:
                    with archive.open(one) as member:
                        yield File(one.filename, member.read(LARGEST + 1))
    except (*_BROKEN, OSError, ValueError):
        raise UploadRefused("The zip file cannot be read.") from None


def sealed_files(files: Sequence[File], person_id: int) -> str:
    """Checked files as the page carries them, for this person alone. Raises `UploadRefused`."""
    rows = [[file.name, file.content.decode("utf-8-sig")] for file in files]
    told = signing.dumps([person_id, rows], salt=_SALT, compress=True)
    if len(told) > _LARGEST_CHECKED:
        raise UploadRefused(_TOO_MUCH)
    return told


def opened_files(told: str, person_id: int) -> list[File]:
    """The files that this person had checked within the last hour. Raises `UploadRefused`."""
    try:
        whose, rows = signing.loads(told, salt=_SALT, max_age=_VALID_S)
    except signing.BadSignature:
        whose, rows = None, []
    if whose != person_id:
        raise UploadRefused("This check has expired. Choose the files again.")
    return [File(name, text.encode()) for name, text in rows]
