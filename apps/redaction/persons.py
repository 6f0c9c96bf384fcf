"""Names of people in the paths of their files and in the names of their devices."""

import re
from collections.abc import Iterator

from apps.redaction.shapes import Candidate, Shape

# `C:\Users\jane`, also escaped, in URLs, on other systems, and in Windows' languages.
_SEPARATOR = r"(?:[\\/]{1,8}|%2[Ff]|%5[Cc])"
_WINDOWS_ACCOUNT = re.compile(
    rf"(?:(?<![A-Za-z])[A-Za-z](?::|%3[Aa]|(?<=[/\\].))|\\\\[\w.$-]{{1,60}}){_SEPARATOR}"
    r"(?:users|documents and settings|benutzer|utilisateurs|usuarios)"
    rf"{_SEPARATOR}(?P<value>[^\\/:*?\"<>|\r\n%]{{1,40}}(?={_SEPARATOR})|(?:[\w.@~+-]|%20){{1,60}})",
    re.IGNORECASE,
)
_UNIX_ACCOUNT = re.compile(
    r"/(?<![\w.~%-]/)(?:home|Users)/"
    r"(?P<value>[\w.@~+-]{1,60}(?: [A-Z][\w.-]{1,40}){1,2}(?=/)|(?:[\w.@~+-]|'(?=\w)){1,60})"
)
# Accounts that belong to no one, and first parts of pages such as `/home/index`.
_SHARED = frozenset((
    "shared", "public", "default", "all users", "default user", "runner", "runneradmin", "ubuntu",
    "node", "app", "apps", "circleci", "vagrant", "jenkins", "root", "www", "www-data", "deploy",
    "deployer", "ec2-user", "user", "users", "travis", "vsts", "git", "gitlab-runner", "postgres",
    "admin", "administrator", "builder", "build", "site", "linuxbrew", "vscode", "appuser", "web",
    "expo", "dev", "code", "data", "python", "rails", "ruby", "api", "service", "worker", "docker",
    "containeradministrator", "vmadmin", "codespace", "gitpod", "hadoop", "spark", "nobody", "ci",
    "sbx_user1051", "webapp", "server", "test", "tests", "project", "projects", "work", "src",
))  # fmt: skip
_PAGES = frozenset((
    "index", "account", "dashboard", "products", "product", "cart", "about", "contact", "search",
    "settings", "profile", "news", "list", "edit", "create", "details", "delete", "login", "logout",
    "register", "signin", "sign-in", "welcome", "main", "page", "error", "privacy", "help", "faq",
    "orders", "order", "checkout", "feed", "explore", "messages", "notifications", "overview",
    "me", "new", "all", "show", "view", "update", "export", "import", "invite", "password", "home",
    "offers", "deals", "categories", "category", "shop", "store", "blog", "terms", "billing",
))  # fmt: skip


def _is_account(found: Candidate) -> bool:
    """Rule out shared accounts, numbers, and the pages of a website."""
    name = found.value.lower()
    is_file = "." in re.split(r"[\s\"'?]", found.after, maxsplit=1)[0]
    if name in _SHARED or name.isdigit() or not any(map(str.isalnum, name)):
        return False
    return is_file or name not in _PAGES


# `Jane’s iPhone`, `Janes-MacBook-Pro.local`, `iPad von Jane`, `DESKTOP-4F7K2QJ`
_DEVICE = (
    r"(?:iPhone|iPad|iPod|Apple Watch|MacBook(?:[ -](?:Pro|Air))?|iMac|Mac(?:[ -](?:mini|Pro))?"
    r"|Galaxy|Pixel)"
)
_DEVICE_OF_PERSON = re.compile(
    rf"(?:(?<![\w.])[^\W\d_][\w.]{{1,30}}+(?:['\u2019]s? |(?<=s)-){_DEVICE}(?![A-Za-z])"
    r"(?:\.local|\.lan)?"
    rf"|(?<![\w.-]){_DEVICE} (?:von|de|di|van|av|af|do|da|d['\u2019])[ ]?[^\W\d_a-z][\w.-]{{1,30}}"
    r"|(?<![\w.-])(?:DESKTOP|LAPTOP)-[A-Z0-9]{7}(?![\w-]))"
)
_MAX_BEFORE_DEVICE = 40
_NOT_OWNERS = re.compile(
    r"(?:(?:the |this )?(?:customer|user|client|apple|google|samsung|today|it|that|what|let|there"
    r"|here|who|he|she|this|someone|everyone|person|company|device|app|team))['\u2019]",
    re.IGNORECASE,
)


def _starts_before(_text: str, hints: list[int]) -> Iterator[int]:
    """Yield the positions of a device and of what can be before it."""
    last = 0
    for hint in hints:
        yield from range(max(last, hint - _MAX_BEFORE_DEVICE), hint + 1)
        last = hint + 1


ACCOUNTS = (
    Shape(
        "user",
        _WINDOWS_ACCOUNT,
        ("users", "documents and settings", "benutzer", "utilisateurs", "usuarios"),
        _is_account,
    ),
    Shape("user", _UNIX_ACCOUNT, ("/home/", "/users/"), _is_account),
)
OWNED_DEVICES = (
    Shape(
        "device",
        _DEVICE_OF_PERSON,
        ("iphone", "ipad", "macbook", "imac", "apple watch", "galaxy", "pixel", "top-", "ipod"),
        lambda found: not _NOT_OWNERS.match(found.value),
        _starts_before,
    ),
)
