"""Protocol violations in errors and heads still end with a complete page."""

import json

import pytest

from apps.explain.models import Explanation
from tests.explain.asking import Explainer
from tests.explain.model_server import Handler, ModelServer, line, says

pytestmark = pytest.mark.django_db


def ends(explainer: Explainer) -> str:
    """Request an explanation, and check that its page is complete and its record closed."""
    page = explainer.answer()
    assert page.rstrip().endswith("</html>")
    assert Explanation.objects.latest("pk").state in ("failed", "cut")
    return page


@pytest.mark.parametrize("status", [200, 400, 429, 500])
@pytest.mark.parametrize("code", [["a"], {"a": 1}, 5, None, "\ud800"])
def test_a_malformed_error_code_is_still_an_error(
    explainer: Explainer, model: ModelServer, code: object, status: int
) -> None:
    error = {"message": code, "type": code, "code": code, "param": code}
    body = json.dumps({"error": error}).encode()

    def play(handler: Handler) -> None:
        handler.begin(status)
        handler.raw(body if status > 200 else b"data: " + body + b"\n\n")

    model.will(play)
    ends(explainer)


@pytest.mark.parametrize("status", [200, 302, 404, 429])
@pytest.mark.parametrize("charset", ["hex", "utf-16", "zlib", "undefined"])
def test_an_invalid_charset_is_read_as_utf_8(
    explainer: Explainer, model: ModelServer, charset: str, status: int
) -> None:
    def play(handler: Handler) -> None:
        handler.begin(status, {"Content-Type": f"text/event-stream; charset={charset}"})
        handler.raw(b"data: {}\n\n")

    model.will(play)
    ends(explainer)


@pytest.mark.parametrize("words", ["a \ud800 b", "\udfff"])
def test_lone_surrogates_do_not_break_the_page(
    explainer: Explainer, model: ModelServer, words: str
) -> None:
    model.will(says(line(words, words, confirm=words), words + "\n"))
    assert explainer.answer().rstrip().endswith("</html>")
