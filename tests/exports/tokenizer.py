"""The real tokenizer that the estimate is held against."""

from functools import cache
from typing import Protocol, cast

from rs_bpe import bpe


class Pairs(Protocol):
    """Its table of tokens."""

    def decode_tokens(self, tokens: list[int]) -> bytes:
        """The bytes of some tokens."""


class Tokenizer(Protocol):
    """What is used of o200k."""

    def count(self, text: str) -> int:
        """How many tokens the text has."""

    def bpe(self) -> Pairs:
        """The table behind it."""


@cache
def o200k() -> Tokenizer:
    """Read once, because that takes a moment."""
    return cast("Tokenizer", bpe.openai.o200k_base())


def count(text: str) -> int:
    """How many tokens a language model reads in the text."""
    return o200k().count(text)


def first_tokens(number: int) -> list[str]:
    """The tokens that were learned first; each byte is written as the character of its number."""
    table = o200k().bpe()
    return [bytes(table.decode_tokens([token])).decode("latin-1") for token in range(number)]
