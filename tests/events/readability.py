"""How hard a sentence is to read: the Flesch-Kincaid grade, with syllables counted by rule."""

import re

_GROUPS = re.compile(r"[aeiouy]+")
_SILENT = re.compile(
    r"(?<![aeiouyl])e$|(?<=[^aeiouy])les$|(?<=[^aeioudty])ed$|(?<=[^aeiouyczsxgh])es$"
)


def syllables(word: str) -> int:
    """Groups of vowels without a silent end; never below one, rather too many than too few."""
    letters = re.sub(r"[^a-z]", "", word.lower())
    return max(1, len(_GROUPS.findall(_SILENT.sub("", letters))))


def grade(text: str) -> float:
    """The school year that can read it: 0.39 words a sentence + 11.8 syllables a word - 15.59."""
    sentences = max(1, len(re.findall(r"[.!?](?:\s|$)", text)))
    words = re.findall(r"[A-Za-z']+", text.replace("-", ""))
    spoken = sum(map(syllables, words))
    return 0.39 * len(words) / sentences + 11.8 * spoken / len(words) - 15.59
