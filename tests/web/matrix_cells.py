"""How an address may answer a person, in a cell each.

A cell is a status; `in` is any answer but an error, a refusal or the way to sign-in; `~` is the
same or a complaint about what was sent (400, 404, 405, 409, 410, 415, 429): they were let in;
`?` is such a complaint or the way to sign-in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

# The first has no account, the second no role. The lookup is the owner's, shared with the reader;
# the lead is in a team with the owner. The token is the owner's, sent without signing in.
PEOPLE = (
    *("anonymous", "outsider", "owner", "other", "reader"),
    *("lead", "other lead", "admin", "auditor", "token"),
)
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS")

# fmt: off
#              anon none own  oth  read lead lea2 adm  aud  tok
NOT_SO     = " 302  405  405  405  405  405  405  405  405  302"
NOBODY_SO  = " 405  405  405  405  405  405  405  405  405  405"
NOT_THERE  = " 302  404  404  404  404  404  404  404  404  302"
ANYBODY    = " ~    ~    ~    ~    ~    ~    ~    ~    ~    ~  "
NO_PASSKEY = " ?    ~    ~    ~    ~    ~    ~    ~    ~    ?  "
EVERYBODY  = " in   in   in   in   in   in   in   in   in   in "
SIGNED_IN  = " 302  in   in   in   in   in   in   in   in   302"
LOOKING_UP = " 302  403  ~    ~    ~    ~    ~    ~    403  302"
READING    = " 302  404  ~    404  ~    ~    404  ~    404  302"
GOING_ON   = " 302  403  ~    404  ~    ~    404  ~    403  302"
KEEPING    = " 302  404  ~    404  403  ~    404  ~    404  302"
UNREDACTED = " 302  403  403  403  403  ~    404  ~    403  302"
LEADING    = " 302  403  403  403  403  ~    ~    ~    403  302"
REVIEWING  = " 302  403  403  403  403  403  403  ~    403  302"
IN_REVIEW  = " 302  403  403  403  403  ~    ~    ~    ~    302"
TRAIL      = " 302  403  403  403  403  403  403  ~    ~    302"
NOT_EVEN   = " 302  403  403  403  403  403  403  403  403  302"
TO_SIGN_IN = " 302  302  302  302  302  302  302  302  302  302"
PROGRAM    = " 401  401  401  401  401  401  401  401  401  ~  "
ABSENT     = " 404  404  404  404  404  404  404  404  404  404"
DOCUMENT   = " 401  403  in   in   in   in   in   in   403  in "
OWN        = " 302  ~    ~    ~    ~    ~    ~    ~    ~    302"
# fmt: on


@dataclass(frozen=True)
class Row:
    """Addresses that answer alike. `*` in one stands for anything.

    HEAD is as GET if nothing else is said, and a method that is not named is not allowed. `sent`
    goes along with a POST.
    """

    what: str
    addresses: tuple[str, ...]
    get: str = NOT_SO
    post: str = NOT_SO
    others: str = NOT_SO
    options: str = ""
    head: str = ""
    sent: Mapping[str, str] = field(default_factory=dict)

    def cells(self, method: str) -> dict[str, str]:
        """What is expected, by person."""
        chosen = {"GET": self.get, "HEAD": self.get, "POST": self.post}.get(method, self.others)
        if method == "OPTIONS" and self.options:
            chosen = self.options
        if method == "HEAD" and self.head:
            chosen = self.head
        return dict(zip(PEOPLE, chosen.split(), strict=True))
