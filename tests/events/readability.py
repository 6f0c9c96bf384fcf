"""The Flesch-Kincaid grade of a text, with syllables counted by rules."""

import re

_GROUPS = re.compile(r"[aeiouy]+")
_SILENT = re.compile(
    r"(?<![aeiouyl])e$|(?<=[^aeiouy])les$|(?<=[^aeioudty])ed$|(?<=[^aeiouyczsxgh])es$"
)


def syllables(word: str) -> int:
    """Count the groups of vowels except a silent ending, at least one; err on the high side."""
    letters = re.sub(r"[^a-z]", "", word.lower())
    return max(1, len(_GROUPS.findall(_SILENT.sub("", letters))))


def grade(text: str) -> float:
    """Return the US school grade: 0.39 words per sentence + 11.8 syllables per word - 15.59."""
    sentences = max(1, len(re.findall(r"[.!?](?:\s|$)", text)))
    words = re.findall(r"[A-Za-z']+", text.replace("-", ""))
    total = sum(map(syllables, words))
    return 0.39 * len(words) / sentences + 11.8 * total / len(words) - 15.59
