"""The number of examples of property-based tests: always the same ones in `make test`."""

import os

from hypothesis import settings

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"

settings.register_profile("quick", deadline=None, derandomize=True, max_examples=50)
settings.register_profile("thorough", deadline=None, max_examples=300, print_blob=True)
settings.load_profile("thorough" if THOROUGH else "quick")


def examples(count: int) -> int:
    """Return the number of examples for a test that needs more or fewer than the profile.

    `count` should be enough to find common mistakes; `make test` uses two fifths of it.
    """
    return 3 * count if THOROUGH else 2 * count // 5
