"""No random text of any kind costs less than a real tokenizer counts."""

import json
import string
from base64 import b64encode
from xml.sax.saxutils import quoteattr

from hypothesis import given, settings
from hypothesis import strategies as st

from apps.exports import estimate_tokens, tokens
from apps.exports.tokens import one_token
from tests.examples import examples
from tests.exports.tokenizer import count


def characters_of_known_groups() -> list[str]:
    """The groups that are characters, and not parts of one."""
    groups = (group.encode("latin-1").decode("utf-8", "ignore") for group in sorted(one_token()))
    return [group for group in groups if group]


ANY = st.text(max_size=40)
ASCII = st.text(string.printable, max_size=60)
KNOWN = st.lists(st.sampled_from(characters_of_known_groups()), max_size=8).map("".join)
# Few characters, so that the same ones meet again and again.
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


def never_below(text: str) -> None:
    assert estimate_tokens(text) >= count(text)


@settings(max_examples=examples(300), deadline=None)
@given(st.one_of(ANY, ASCII, KNOWN, RUNS, SCRIPT, MIXED, SIGNS, BLANKS))
def test_no_text_costs_less_than_it_does(text: str) -> None:
    never_below(text)


@settings(deadline=None)
@given(BYTES)
def test_no_encoded_bytes_cost_less_than_they_do(data: bytes) -> None:
    for text in (data.hex(), b64encode(data).decode(), data.decode("latin-1")):
        never_below(text)


@settings(deadline=None)
@given(st.lists(KNOWN | ASCII, min_size=1, max_size=6))
def test_no_line_of_code_costs_less_than_it_does(words: list[str]) -> None:
    first, *rest = words
    never_below(f"        self.{first}({', '.join(rest)})  # {first}\n")
    never_below("_".join(words).upper())
    never_below("https://shop.example/" + "/".join(words) + "?" + "&".join(words))


@settings(deadline=None)
@given(VALUES, st.booleans())
def test_no_json_costs_less_than_it_does(value: object, ascii_only: bool) -> None:
    never_below(json.dumps(value, ensure_ascii=ascii_only))
    never_below(json.dumps(value, ensure_ascii=ascii_only, indent=2))


@settings(deadline=None)
@given(st.lists(ANY | KNOWN, min_size=1, max_size=4))
def test_no_markup_costs_less_than_it_does(values: list[str]) -> None:
    never_below("| " + " | ".join(values) + " |\n|" + "---|" * len(values))
    never_below("\n".join(f"<value name={quoteattr(value)}/>" for value in values))


@settings(max_examples=examples(300), deadline=None)
@given(st.text(max_size=60))
def test_a_text_is_cut_alike_by_a_pattern_of_its_letters_and_by_that_of_all(text: str) -> None:
    many = "".join(map(chr, range(0x4E00, 0x4F40)))
    for whole in (text, f"{text}{many}", f"{many}\n{text}"):
        assert tokens.cut(whole) == tokens._pieces().findall(whole)
        assert "".join(tokens.cut(whole)) == whole
