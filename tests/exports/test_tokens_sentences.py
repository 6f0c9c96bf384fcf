"""Estimates of ordinary sentences in many languages are high, but not by much."""

from pathlib import Path

import pytest

from apps.exports import estimate_tokens
from tests.exports.tokenizer import count


def sentences() -> dict[str, list[str]]:
    """Return the sentences by language."""
    text = (Path(__file__).parent / "sentences.txt").read_text("utf-8").strip()
    parts = [part.split("\n") for part in text.split("\n\n")]
    return {name: lines for name, *lines in parts}


SENTENCES = sentences()


@pytest.mark.parametrize("language", SENTENCES)
def test_sentences_and_words_are_never_underestimated(language: str) -> None:
    for sentence in SENTENCES[language]:
        for text in (sentence, *sentence.split()):
            assert estimate_tokens(text) >= count(text), text


@pytest.mark.parametrize("language", SENTENCES)
def test_each_language_is_at_most_three_quarters_too_high(language: str) -> None:
    text = "\n".join(SENTENCES[language])
    assert estimate_tokens(text) <= 1.75 * count(text)


def test_all_languages_are_at_most_six_tenths_too_high() -> None:
    text = "\n".join(line for lines in SENTENCES.values() for line in lines)
    assert estimate_tokens(text) <= 1.6 * count(text)
