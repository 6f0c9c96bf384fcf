"""The examples of property-based tests, the same in every run except with profile `random`."""

import os

from hypothesis import settings

_PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "quick")

settings.register_profile("quick", deadline=None, derandomize=True, max_examples=20)
settings.register_profile("thorough", deadline=None, derandomize=True, max_examples=300)
settings.register_profile("random", deadline=None, max_examples=300, print_blob=True)
settings.load_profile(_PROFILE)


def examples(count: int) -> int:
    """Return the number of examples for a test that needs more or fewer than the profile.

    `count` should be enough to find common mistakes; `make test` uses an eighth of it, and
    the other profiles three times as many.
    """
    return max(count // 8, 4) if _PROFILE == "quick" else 3 * count
