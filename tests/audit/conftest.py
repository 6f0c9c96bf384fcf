"""Ana's browser, as in the tests of pages."""

from tests.web.conftest import ana

__all__ = ["ana"]
