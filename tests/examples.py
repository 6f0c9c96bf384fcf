"""How many examples the random tests try: the same ones in `make test`, more and others beyond."""

import os

from hypothesis import settings

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"

settings.register_profile("quick", deadline=None, derandomize=True, max_examples=50)
settings.register_profile("thorough", deadline=None, max_examples=300, print_blob=True)
settings.load_profile("thorough" if THOROUGH else "quick")


def examples(count: int) -> int:
    """Return the budget of a test that needs another number than the profile's.

    `count` finds what usual mistakes break. `make test` tries two fifths of it.
    """
    return 3 * count if THOROUGH else 2 * count // 5
