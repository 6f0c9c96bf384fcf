"""The number of tokens of random text is that of a real tokenizer."""

import json
import string
from base64 import b64encode
from xml.sax.saxutils import quoteattr

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.exports import tokens
from apps.exports.tokens import estimate_tokens, ranks, split_pieces
from tests.examples import examples
from tests.exports.tokenizer import count


def known_texts() -> list[str]:
    """Return the tokens that decode to characters."""
    texts = (token.decode("utf-8", "ignore") for token in ranks())
    return [text for text in texts if text]


ANY = st.text(max_size=40)
ASCII = st.text(string.printable, max_size=60)
KNOWN = st.deferred(lambda: st.lists(st.sampled_from(known_texts()), max_size=8).map("".join))
# Few distinct characters, so that they repeat.
RUNS = st.text(min_size=1, max_size=4).flatmap(lambda few: st.text(few, min_size=1, max_size=200))
SCRIPTS = [
    (0x20, 0x7E), (0x61, 0x7A), (0xA0, 0x17F), (0x370, 0x3FF), (0x400, 0x45F), (0x590, 0x5FF),
    (0x600, 0x6FF), (0x900, 0x97F), (0xA80, 0xBFF), (0xE00, 0xE5B), (0x1E00, 0x1FFF),
    (0x2000, 0x206F), (0x3040, 0x30FF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0x1F300, 0x1F6FF),
]  # fmt: skip
SCRIPT = st.sampled_from(SCRIPTS).flatmap(
    lambda ends: st.text(st.characters(min_codepoint=ends[0], max_codepoint=ends[1]), max_size=60)
)
MIXED = st.lists(st.one_of(SCRIPT, KNOWN, st.just(" ")), max_size=6).map("".join)
SIGNS = st.text(string.punctuation + " \n\t\r", max_size=80)
BLANKS = st.text(" \t\n\r\x0b\x0c\x1c\x85\xa0\u2003\u2028\u3000", max_size=60)
BYTES = st.binary(max_size=80)
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | ANY,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KNOWN, inner, max_size=3),
    max_leaves=8,
)


def assert_equal(text: str) -> None:
    parts = sum(len(piece.encode("utf-8", "surrogatepass")) // 256 for piece in split_pieces(text))
    assert 0 <= estimate_tokens(text) - count(text) <= 2 * parts


@settings(max_examples=examples(300), deadline=None)
@given(st.one_of(ANY, ASCII, KNOWN, RUNS, SCRIPT, MIXED, SIGNS, BLANKS))
def test_text(text: str) -> None:
    assert_equal(text)


@settings(deadline=None)
@given(BYTES)
def test_encoded_bytes(data: bytes) -> None:
    for text in (data.hex(), b64encode(data).decode(), data.decode("latin-1")):
        assert_equal(text)


@settings(deadline=None)
@given(st.lists(KNOWN | ASCII, min_size=1, max_size=6))
def test_code(words: list[str]) -> None:
    first, *rest = words
    assert_equal(f"        self.{first}({', '.join(rest)})  # {first}\n")
    assert_equal("_".join(words).upper())
    assert_equal("https://shop.example/" + "/".join(words) + "?" + "&".join(words))


@settings(deadline=None)
@given(VALUES, st.booleans())
def test_json(value: object, ascii_only: bool) -> None:
    assert_equal(json.dumps(value, ensure_ascii=ascii_only))
    assert_equal(json.dumps(value, ensure_ascii=ascii_only, indent=2))


@settings(deadline=None)
@given(st.lists(ANY | KNOWN, min_size=1, max_size=4))
def test_markup(values: list[str]) -> None:
    assert_equal("| " + " | ".join(values) + " |\n|" + "---|" * len(values))
    assert_equal("\n".join(f"<value name={quoteattr(value)}/>" for value in values))


@settings(max_examples=examples(100), deadline=None)
@given(st.text(max_size=60))
def test_specific_and_general_patterns_split_alike(text: str) -> None:
    many = "".join(map(chr, range(0x4E00, 0x4F40)))
    for whole in (text, f"{text}{many}", f"{many}\n{text}"):
        assert split_pieces(whole) == tokens._pieces().findall(whole)
        assert "".join(split_pieces(whole)) == whole
