"""Protocol violations in errors and heads still end with a complete page."""

import json
from itertools import product

import pytest

from apps.explain.models import Explanation
from tests.explain.asking import Explainer
from tests.explain.model_server import Handler, ModelServer, Play, line, says

pytestmark = pytest.mark.django_db


def ends(explainer: Explainer, case: str) -> None:
    """Request an explanation, and check that its page is complete and its record closed."""
    assert explainer.answer().rstrip().endswith("</html>"), case
    assert Explanation.objects.get().state in ("failed", "cut"), case
    Explanation.objects.all().delete()


def test_a_malformed_error_code_is_still_an_error(explainer: Explainer, model: ModelServer) -> None:
    codes: tuple[object, ...] = (["a"], {"a": 1}, 5, None, "\ud800")
    for code, status in product(codes, (200, 400, 429, 500)):
        error = {"message": code, "type": code, "code": code, "param": code}
        body = json.dumps({"error": error}).encode()
        model.will(_sends(status, body if status > 200 else b"data: " + body + b"\n\n"))
        ends(explainer, f"{code!r} {status}")


def test_an_invalid_charset_is_read_as_utf_8(explainer: Explainer, model: ModelServer) -> None:
    charsets = ("hex", "utf-16", "zlib", "undefined")
    for charset, status in product(charsets, (200, 302, 404, 429)):
        kind = f"text/event-stream; charset={charset}"
        model.will(_sends(status, b"data: {}\n\n", {"Content-Type": kind}))
        ends(explainer, f"{charset} {status}")


def test_lone_surrogates_do_not_break_the_page(explainer: Explainer, model: ModelServer) -> None:
    for words in ("a \ud800 b", "\udfff"):
        model.will(says(line(words, words, confirm=words), words + "\n"))
        assert explainer.answer().rstrip().endswith("</html>"), repr(words)


def _sends(status: int, body: bytes, headers: dict[str, str] | None = None) -> Play:
    def play(handler: Handler) -> None:
        handler.begin(status, headers or {})
        handler.raw(body)

    return play
