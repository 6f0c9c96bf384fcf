"""Going elsewhere after a POST."""

from django.http import HttpResponseRedirect


class SeeOther(HttpResponseRedirect):
    """303: what was posted is done, look there (RFC 9110, 15.4.4)."""

    status_code = 303
