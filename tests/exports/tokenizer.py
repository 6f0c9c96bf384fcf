"""The real o200k tokenizer, for comparison with the estimate."""

from functools import cache
from typing import Protocol, cast

from rs_bpe import bpe


class Pairs(Protocol):
    """The token table."""

    def decode_tokens(self, tokens: list[int]) -> bytes:
        """Return the bytes of the tokens."""


class Tokenizer(Protocol):
    """The part of the tokenizer that the tests use."""

    def count(self, text: str) -> int:
        """Return the number of tokens."""

    def bpe(self) -> Pairs:
        """Return the token table."""


@cache
def o200k() -> Tokenizer:
    """Load the tokenizer, which is slow, once."""
    return cast("Tokenizer", bpe.openai.o200k_base())


def count(text: str) -> int:
    """Return the number of tokens of the text."""
    return o200k().count(text)


def first_tokens(number: int) -> list[str]:
    """Return the first tokens in order of rank, with bytes as Latin-1 characters."""
    table = o200k().bpe()
    return [bytes(table.decode_tokens([token])).decode("latin-1") for token in range(number)]
