"""Ana's browser, as the tests of the pages have it."""

from tests.web.conftest import ana

__all__ = ["ana"]
