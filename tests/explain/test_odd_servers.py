"""A server that breaks the protocol in its errors and heads: the page still ends, and says so."""

import json

import pytest

from apps.explain.models import Explanation
from tests.explain.asking import Asked
from tests.explain.model_server import Handler, ModelServer, line, says

pytestmark = pytest.mark.django_db


def ends(asked: Asked) -> str:
    """The answer, whose page is whole and whose record is closed."""
    page = asked.answer()
    assert page.rstrip().endswith("</html>")
    assert Explanation.objects.latest("pk").state in ("failed", "cut")
    return page


@pytest.mark.parametrize("status", [200, 400, 429, 500])
@pytest.mark.parametrize("code", [["a"], {"a": 1}, 5, None, "\ud800"])
def test_a_code_that_is_no_word_is_still_an_error(
    asked: Asked, model: ModelServer, code: object, status: int
) -> None:
    told = {"message": code, "type": code, "code": code, "param": code}
    body = json.dumps({"error": told}).encode()

    def play(handler: Handler) -> None:
        handler.begin(status)
        handler.raw(body if status > 200 else b"data: " + body + b"\n\n")

    model.will(play)
    ends(asked)


@pytest.mark.parametrize("status", [200, 302, 404, 429])
@pytest.mark.parametrize("letters", ["hex", "utf-16", "zlib", "undefined"])
def test_letters_in_a_writing_that_is_none_are_read_as_utf_8(
    asked: Asked, model: ModelServer, letters: str, status: int
) -> None:
    def play(handler: Handler) -> None:
        handler.begin(status, {"Content-Type": f"text/event-stream; charset={letters}"})
        handler.raw(b"data: {}\n\n")

    model.will(play)
    ends(asked)


@pytest.mark.parametrize("words", ["a \ud800 b", "\udfff"])
def test_half_a_letter_of_a_model_breaks_no_page(
    asked: Asked, model: ModelServer, words: str
) -> None:
    model.will(says(line(words, words, confirm=words), words + "\n"))
    assert asked.answer().rstrip().endswith("</html>")
