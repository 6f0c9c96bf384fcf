"""What the name of a value says about it: a password, an e-mail, an id, a version.

Names are read as words, so that `X-Api-Key`, `x_api_key` and `xApiKey` are one, and `compass`,
`author` and `secretary` are none of those they contain.
"""

import re
from functools import lru_cache

_WORD_BREAKS = re.compile(r"[\W_]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")

# Anywhere in the name, without its separators.
_SECRET_PARTS = (
    "password", "passwd", "passphrase", "passcode", "passwort", "kennwort", "motdepasse",
    "contrasena", "contraseña", "wachtwoord", "apikey", "accesskey", "privatekey",
    "sharedaccess", "accountkey", "signingkey", "encryptionkey", "masterkey", "authkey",
    "licensekey", "subscriptionkey", "secretkey", "authorization", "credential", "sessionid",
    "sessid", "sessionkey", "csrf", "xsrf", "creditcard", "debitcard", "cardnumber", "cardno",
    "ccnumber", "accountnumber", "routingnumber", "securitycode", "socialsecurity", "taxid",
    "taxnumber", "steuerid", "driverslicen", "driverlicen", "driverslicense", "nationalid",
    "onetime", "verificationcode", "magiclink", "samlresponse", "recoverycode", "backupcode",
)  # fmt: skip
# As a word of the name.
_SECRET_WORDS = frozenset((
    "token", "tokens", "cookie", "cookies", "session", "sessions", "jwt", "bearer", "signature",
    "sig", "pwd", "ssn", "sid", "otp", "totp", "cvv", "cvc", "cvv2", "cvc2", "csc", "iban",
    "passport", "creds", "cpf", "cnpj", "aadhaar", "nino", "bsn", "senha", "hmac",
))  # fmt: skip
# As the last word of the name.
_SECRET_ENDS = frozenset(("auth", "pin", "pw", "pass"))
# As the whole name.
_SECRET_NAMES = frozenset(
    ("card", "pan", "cc", "ccnum", "mdp", "dni", "nie", "nif", "tan", "psk", "securecode")
)
_NO_PASS = ("compass", "bypass", "surpass", "encompass", "trespass", "overpass", "underpass")

# What only speaks about a secret: `token_type`, `password_length`, `is_password_set`.
_ABOUT_FIRST = frozenset((
    "is", "has", "had", "needs", "requires", "require", "can", "should", "show", "hide", "allow",
    "enable", "use", "num", "max", "min", "total", "count", "prompt", "completion",
))  # fmt: skip
_ABOUT_LAST = frozenset((
    "count", "counts", "duration", "length", "len", "size", "type", "kind", "expires", "expiry",
    "expired", "expiration", "ttl", "enabled", "disabled", "required", "valid", "policy", "status",
    "age", "limit", "max", "min", "changed", "attempts", "strength", "timeout", "index", "error",
    "errors", "mode", "created", "updated", "at", "in", "on", "by", "name", "path", "domain",
    "samesite", "version", "algorithm", "alg", "scheme", "provider", "backend", "engine",
    "middleware", "serializer", "storage", "manager", "handler", "factory", "service", "class",
    "field", "format", "scope", "scopes", "issuer", "audience", "used", "usage", "budget",
    "remaining", "left", "start", "started", "ended", "end", "present", "exists", "missing",
    "match", "mismatch", "set", "verified", "label", "validator", "validators", "help", "endpoint",
    "generator", "view", "store", "sampled", "rate", "position", "line", "column", "brand",
    "reset", "network", "country",
))  # fmt: skip
_ABOUT_PARTS = ("publickey", "publishable", "secretar")

_PERSONAL_NAMES = {
    "mail": "email",
    **dict.fromkeys(("mobile", "tel", "msisdn", "whatsapp", "handy", "fax", "rufnummer"), "phone"),
    **dict.fromkeys(("mobilenumber", "mobileno", "faxnumber", "cellnumber", "telefon"), "phone"),
    **dict.fromkeys(("phonenumber", "phoneno", "telefonnummer", "handynummer"), "phone"),
    **dict.fromkeys(("ipaddress", "ipaddr", "remoteaddr", "clientaddr", "forwarded"), "ip"),
    **dict.fromkeys(("xforwardedfor", "forwardedfor", "ips"), "ip"),
    **dict.fromkeys(("macaddress", "macaddr", "hwaddr", "bssid"), "mac"),
    **dict.fromkeys(("firstname", "lastname", "surname", "fullname", "givenname"), "name"),
    **dict.fromkeys(("familyname", "middlename", "maidenname", "displayname", "nickname"), "name"),
    **dict.fromkeys(("cardholder", "cardholdername", "accountholder", "holdername"), "name"),
    **dict.fromkeys(("vorname", "nachname", "customername", "contactname", "realname"), "name"),
    **dict.fromkeys(("billingname", "shippingname", "recipientname", "legalname"), "name"),
    "username": "user",
    **dict.fromkeys(("birthdate", "dateofbirth", "dob", "birthday", "geburtsdatum"), "birthdate"),
    **dict.fromkeys(("street", "streetaddress", "addressline1", "addressline2"), "address"),
    **dict.fromkeys(("address1", "address2", "postaladdress", "homeaddress"), "address"),
    **dict.fromkeys(("billingaddress", "shippingaddress", "deliveryaddress"), "address"),
    **dict.fromkeys(("postcode", "zipcode", "postalcode", "plz", "strasse", "straße"), "address"),
}
_PERSONAL_LAST = {"email": "email", "emails": "email", "phone": "phone", "ip": "ip"}

_ID_ENDS = frozenset((
    "id", "ids", "order", "snowflake", "nr", "number", "no", "ref", "reference", "key", "index",
))  # fmt: skip
_VERSION_NAMES = ("version", "build", "release", "dist", "revision")
_PLURALS = ("tokens", "sessions", "cookies", "secrets", "credentials")
# Where a shell is, and not a password.
_WORKING_DIRECTORY = ("PWD", "OLDPWD")


def _words_of(name: str) -> list[str]:
    return [word.lower() for word in _WORD_BREAKS.split(name) if word]


@lru_cache(maxsize=4096)
def kind_of_key(key: str) -> str | None:
    """What a value under this key name is ("secret", "email", ...), None when anything goes."""
    if len(key) > 100:
        key = key[-100:]
    words = _words_of(key)
    if not words:
        return None
    joined = "".join(words)
    personal = _PERSONAL_NAMES.get(joined) or _personal_by_end(words)
    if personal:
        return personal
    if words[0] in _ABOUT_FIRST or (len(words) > 1 and words[-1] in _ABOUT_LAST):
        return None
    if any(part in joined for part in _ABOUT_PARTS) or key in _WORKING_DIRECTORY:
        return None
    return "secret" if _is_secret(words, joined) else None


def _personal_by_end(words: list[str]) -> str | None:
    """`billing_email` and `contactPhone` are personal, `iPhone` is a device."""
    if words[-1] == "phone" and words[-2:-1] == ["i"]:
        return None
    if "".join(words[-2:]) in ("phonenumber", "emailaddress", "ipaddress", "macaddress"):
        return words[-2]
    ending = _PERSONAL_LAST.get(words[-1])
    return ending if ending and words[0] not in _ABOUT_FIRST else None


def _is_secret(words: list[str], joined: str) -> bool:
    if "secret" in joined or any(part in joined for part in _SECRET_PARTS):
        return True
    if joined in _SECRET_NAMES or words[-1] in _SECRET_ENDS:
        return True
    if joined.endswith(("token", "pwd", "sessid", "cookie")):
        return True
    if joined.endswith("pass") and not joined.endswith(_NO_PASS):
        return True
    return not _SECRET_WORDS.isdisjoint(words)


def is_id_name(key: str) -> bool:
    """Whether a long number under this name is somebody's numbering, such as `order_id`."""
    words = _words_of(key)
    return bool(words) and words[-1] in _ID_ENDS


def is_version_name(key: str) -> bool:
    """Whether the value under this name is a version."""
    return key.lower().endswith(_VERSION_NAMES)


def is_plural(key: str) -> bool:
    """Whether a number under this name counts things: `tokens: 512`."""
    return key.lower().endswith(_PLURALS)
