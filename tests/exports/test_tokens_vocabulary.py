"""The vocabulary is that of the real tokenizer."""

from apps.exports.tokens import ranks
from tests.exports.tokenizer import first_tokens


def test_every_token_is_known_with_its_rank() -> None:
    known = {token.decode("latin-1"): rank for token, rank in ranks().items()}
    assert known == {token: rank for rank, token in enumerate(first_tokens(199_998))}
