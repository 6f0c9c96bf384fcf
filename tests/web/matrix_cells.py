"""Cells of the access matrix: the expected response to one person.

A cell is a status. `in` means access: no error, no refusal, and no redirect to sign-in. `~` also
allows a rejected request (400, 404, 405, 409, 410, 415, or 429). `?` means a rejected request or
a redirect to sign-in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

# "anonymous" has no account, "outsider" no role. The owner shares the lookup with the reader and
# is in a team with the lead. "token" is the owner's API token, sent without signing in.
PEOPLE = (
    *("anonymous", "outsider", "owner", "other", "reader"),
    *("lead", "other lead", "admin", "auditor", "token"),
)
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS")

# fmt: off
#                  anon none own  oth  read lead lea2 adm  aud  tok
NOT_ALLOWED   = " 302  405  405  405  405  405  405  405  405  302"
NEVER_ALLOWED = " 405  405  405  405  405  405  405  405  405  405"
NOT_FOUND     = " 302  404  404  404  404  404  404  404  404  302"
ANYONE        = " ~    ~    ~    ~    ~    ~    ~    ~    ~    ~  "
NO_PASSKEY    = " ?    ~    ~    ~    ~    ~    ~    ~    ~    ?  "
EVERYONE      = " in   in   in   in   in   in   in   in   in   in "
SIGNED_IN     = " 302  in   in   in   in   in   in   in   in   302"
LOOKING_UP    = " 302  403  ~    ~    ~    ~    ~    ~    403  302"
READING       = " 302  404  ~    404  ~    ~    404  ~    404  302"
FOLLOW_UP     = " 302  403  ~    404  ~    ~    404  ~    403  302"
OWNING        = " 302  404  ~    404  403  ~    404  ~    404  302"
UNREDACTED    = " 302  403  403  403  403  ~    404  ~    403  302"
LEADING       = " 302  403  403  403  403  ~    ~    ~    403  302"
ADMIN_ONLY    = " 302  403  403  403  403  403  403  ~    403  302"
MANAGE        = " 302  403  403  403  403  ~    ~    ~    ~    302"
AUDIT_TRAIL   = " 302  403  403  403  403  403  403  ~    ~    302"
FORBIDDEN     = " 302  403  403  403  403  403  403  403  403  302"
TO_SIGN_IN    = " 302  302  302  302  302  302  302  302  302  302"
API_TOKEN     = " 401  401  401  401  401  401  401  401  401  ~  "
ABSENT        = " 404  404  404  404  404  404  404  404  404  404"
API_DOCS      = " 401  403  in   in   in   in   in   in   403  in "
OWN_ACCOUNT   = " 302  ~    ~    ~    ~    ~    ~    ~    ~    302"
# fmt: on


@dataclass(frozen=True)
class Row:
    """URLs with the same responses. `*` matches anything.

    HEAD defaults to GET, and methods without cells are not allowed. POST requests send `sent`.
    """

    what: str
    addresses: tuple[str, ...]
    get: str = NOT_ALLOWED
    post: str = NOT_ALLOWED
    others: str = NOT_ALLOWED
    options: str = ""
    head: str = ""
    sent: Mapping[str, str] = field(default_factory=dict)

    def cells(self, method: str) -> dict[str, str]:
        """Return the expected cell per person."""
        expected = {"GET": self.get, "HEAD": self.get, "POST": self.post}.get(method, self.others)
        if method == "OPTIONS" and self.options:
            expected = self.options
        if method == "HEAD" and self.head:
            expected = self.head
        return dict(zip(PEOPLE, expected.split(), strict=True))
