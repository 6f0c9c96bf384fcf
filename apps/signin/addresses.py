"""Which addresses browsers tie passkeys to."""

from ipaddress import ip_address

from django.http import HttpRequest


def takes_passkeys(request: HttpRequest) -> bool:
    """Passkeys belong to a name over HTTPS, or to `localhost`; never to an IP address."""
    host = request.get_host()
    name = host.partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return request.is_secure() or name == "localhost" or name.endswith(".localhost")
    return False
