"""What the estimate knows is true of the real tokenizer, and as complete as it must be."""

import re

from apps.exports.tokens import complete_joins, joins, one_token
from tests.exports.tokenizer import first_tokens

CONTINUATIONS = bytes(range(0x80, 0xC0))
SEVERAL_HAN = re.compile("[\u4e00-\u9fff].*[\u4e00-\u9fff]")


def test_joins_are_in_the_order_in_which_the_tokenizer_learned_them() -> None:
    known = joins()
    assert [token for token in first_tokens(40_000) if token in known] == list(known)


def test_every_group_is_one_token() -> None:
    assert one_token() <= set(first_tokens(199_998))


def joined(token: str) -> bool:
    """Whether it is more than one byte; numbers are always whole, and stand alone."""
    return len(token) > 1 and not re.search("[0-9]", token)


def characters(token: str) -> str:
    """Those of a token; one that is cut off at its end stands for all that begin alike."""
    data = token.encode("latin-1")
    for end in (b"", b"\x80", b"\xa0", b"\x80\x80", b"\xa0\x80", b"\x90\x80\x80"):
        try:
            return (data.lstrip(CONTINUATIONS) + end).decode()
        except UnicodeDecodeError:
            continue
    raise AssertionError(token)


def test_no_join_is_left_out_of_those_that_are_said_to_be_complete() -> None:
    tokens = first_tokens(40_000)
    learned = {token: number for number, token in enumerate(tokens)}
    last_learned = [learned[join] for join in joins()]
    missing = []
    for token in filter(joined, tokens):
        text = characters(token)
        # A blank or sign before a word is one of its letters.
        letters = text[1:] if text[:1].isascii() and not text[:1].isalpha() else text
        if not letters:
            continue
        # Words of several Han characters are left out: their characters are whole by themselves.
        complete = last_learned[min(map(complete_joins, letters)) - 1]
        if learned[token] < complete and token not in joins() and not SEVERAL_HAN.search(text):
            missing.append(token)
    assert missing == []
