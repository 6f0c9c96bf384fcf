"""The vocabulary agrees with the real tokenizer and is complete where it claims to be."""

import re

from apps.exports.tokens import complete_merges, known_tokens, merge_ranks
from tests.exports.tokenizer import first_tokens

CONTINUATIONS = bytes(range(0x80, 0xC0))
SEVERAL_HAN = re.compile("[\u4e00-\u9fff].*[\u4e00-\u9fff]")


def test_merges_are_in_the_order_of_the_tokenizer() -> None:
    known = merge_ranks()
    assert [token for token in first_tokens(40_000) if token in known] == list(known)


def test_every_known_token_is_a_token() -> None:
    assert known_tokens() <= set(first_tokens(199_998))


def is_merged(token: str) -> bool:
    """Return whether it has several bytes; numbers are excluded, as they are always known."""
    return len(token) > 1 and not re.search("[0-9]", token)


def characters(token: str) -> str:
    """Return the characters of a token, completing one that is cut off at the end."""
    data = token.encode("latin-1")
    for end in (b"", b"\x80", b"\xa0", b"\x80\x80", b"\xa0\x80", b"\x90\x80\x80"):
        try:
            return (data.lstrip(CONTINUATIONS) + end).decode()
        except UnicodeDecodeError:
            continue
    raise AssertionError(token)


def test_merges_are_complete_down_to_their_depth() -> None:
    tokens = first_tokens(40_000)
    ranks = {token: rank for rank, token in enumerate(tokens)}
    known_ranks = [ranks[merge] for merge in merge_ranks()]
    missing = []
    for token in filter(is_merged, tokens):
        text = characters(token)
        # A space or symbol before a word does not count.
        letters = text[1:] if text[:1].isascii() and not text[:1].isalpha() else text
        if not letters:
            continue
        # Words of several Han characters may be missing: each character is a token already.
        complete = known_ranks[min(map(complete_merges, letters)) - 1]
        if ranks[token] < complete and token not in merge_ranks() and not SEVERAL_HAN.search(text):
            missing.append(token)
    assert missing == []
