"""The provider as a separate program, because its libraries emit deprecation warnings."""

import sys
from urllib.parse import parse_qs

import flask
import oidc_provider_mock
from werkzeug.serving import make_server


def main() -> None:
    """Serve on a free port, printed first; `/_asked` returns the requests of the token endpoint."""
    asked: list[dict[str, list[str]]] = []
    site = oidc_provider_mock.app()

    def remember() -> None:
        if flask.request.path == "/oauth2/token":
            asked.append(parse_qs(flask.request.get_data(cache=True, as_text=True)))

    def tell() -> list[dict[str, list[str]]]:
        return asked

    site.before_request(remember)
    site.add_url_rule("/_asked", view_func=tell)
    server = make_server("127.0.0.1", 0, site, threaded=True)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
