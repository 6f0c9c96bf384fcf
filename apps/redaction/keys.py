"""Classifying values by their names, and finding named values such as `password=x` in text.

Names are split into words: `X-Api-Key`, `x_api_key`, and `xApiKey` are equal, and `compass`,
`author`, and `secretary` are harmless.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

# Word lists, in the languages of identifiers

# Anywhere in the name, ignoring separators.
SECRET_PARTS = (
    "password", "passwd", "passphrase", "passcode", "passwort", "kennwort", "motdepasse",
    "contrasena", "contraseña", "wachtwoord", "apikey", "accesskey", "privatekey",
    "sharedaccess", "accountkey", "signingkey", "encryptionkey", "masterkey", "authkey",
    "licensekey", "subscriptionkey", "secretkey", "authorization", "credential", "sessionid",
    "sessid", "sessionkey", "csrf", "xsrf", "creditcard", "debitcard", "cardnumber", "cardno",
    "ccnumber", "accountnumber", "routingnumber", "securitycode", "socialsecurity", "taxid",
    "taxnumber", "steuerid", "driverslicen", "driverlicen", "driverslicense", "nationalid",
    "bankaccount", "kontonummer", "kreditkarte", "steuernummer", "steuernr", "vatid",
    "vatnumber", "ustid", "codeverifier", "oauthverifier", "securityanswer", "secretanswer",
    "storagekey", "sshkey", "hasło", "haslo", "heslo", "parola", "пароль", "密码", "密碼",
    "パスワード", "비밀번호", "lösenord", "losenord", "salasana", "passord", "adgangskode",
    "jelszo", "jelszó", "sifre", "şifre",
    "onetime", "verificationcode", "magiclink", "samlresponse", "recoverycode", "backupcode",
)  # fmt: skip
# As a word of the name.
SECRET_WORDS = frozenset((
    "token", "tokens", "cookie", "cookies", "session", "sessions", "jwt", "bearer", "signature",
    "sig", "pwd", "ssn", "sid", "otp", "totp", "cvv", "cvc", "cvv2", "cvc2", "csc", "iban",
    "passport", "creds", "cpf", "cnpj", "aadhaar", "nino", "bsn", "senha", "hmac",
))  # fmt: skip
# As the last word of the name.
SECRET_ENDS = frozenset(("auth", "pin", "pw", "pass", "salt", "clave"))
# As the whole name.
SECRET_NAMES = frozenset((
    "card", "pan", "cc", "ccnum", "mdp", "dni", "nie", "nif", "tan", "psk", "securecode", "sin",
    "bic", "swift", "sortcode", "passe", "rememberme", "swiftcode", "biccode",
))  # fmt: skip
# Words before "code" that make it a secret: `sms_code`, `authCode`.
CODE_QUALIFIERS = frozenset((
    "mfa", "2fa", "sms", "pin", "auth", "activation", "security", "verification", "otp", "totp",
    "login", "access", "confirmation", "reset", "factor", "authorization", "recovery", "backup",
))  # fmt: skip
# Words before "key" that make it a secret in any spelling: `stripe_key`.
KEY_QUALIFIERS = frozenset((
    "stripe", "openai", "anthropic", "ssh", "gpg", "pgp", "rsa", "tls", "ssl", "sendgrid",
    "twilio", "mailgun", "github", "gitlab", "aws", "azure", "algolia", "cloudflare", "datadog",
    "gemini", "mistral", "deepseek", "huggingface", "paypal", "adyen", "webhook", "deploy",
))  # fmt: skip
# Words before "KEY" that make a name in capitals harmless, unlike environment variables.
HARMLESS_KEY_QUALIFIERS = frozenset((
    "primary", "foreign", "cache", "sort", "public", "unique", "partition", "composite", "natural",
    "hash", "map", "group", "object", "dict", "lookup", "search", "row", "page", "field", "metric",
    "event", "feature", "issue", "project", "registry", "hot", "shortcut", "arrow", "translation",
    "message", "idempotency", "config", "setting", "settings", "redis", "job", "queue", "file",
    "duplicate", "dup", "invalid", "missing", "no", "unknown", "bad", "enter", "space", "tab",
    "esc", "escape", "ctrl", "shift", "alt", "any", "sentry", "index", "parent", "range", "state",
    "query", "react", "local", "prefix", "lock", "candidate", "surrogate", "order", "user",
    "not", "on", "data", "meta", "type", "id", "context", "item", "option", "menu", "theme",
))  # fmt: skip
NO_PASS = ("compass", "bypass", "surpass", "encompass", "trespass", "overpass", "underpass")

# Words of names that only describe a secret: `token_type`, `password_length`, `is_password_set`.
ABOUT_FIRST = frozenset((
    "is", "has", "had", "needs", "requires", "require", "can", "should", "show", "hide", "allow",
    "enable", "use", "num", "max", "min", "total", "count", "prompt", "completion",
))  # fmt: skip
ABOUT_LAST = frozenset((
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
ABOUT_PARTS = ("publickey", "publishable", "secretar")

PERSONAL_NAMES = {
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
    **dict.fromkeys(("mothersmaidenname", "mothermaidenname", "nom", "prenom", "prénom"), "name"),
    **dict.fromkeys(("nombre", "apellido", "apellidos", "sobrenome", "cognome"), "name"),
    **dict.fromkeys(("username", "login", "benutzername"), "user"),
    **dict.fromkeys(("email", "courriel", "emailaddress"), "email"),
    **dict.fromkeys(("address", "zip", "anschrift", "adresse", "direccion"), "address"),
    **dict.fromkeys(("homeaddr", "mailingaddress", "residentialaddress"), "address"),
    **dict.fromkeys(("birthdate", "dateofbirth", "dob", "birthday", "geburtsdatum"), "birthdate"),
    **dict.fromkeys(("street", "streetaddress", "addressline1", "addressline2"), "address"),
    **dict.fromkeys(("address1", "address2", "postaladdress", "homeaddress"), "address"),
    **dict.fromkeys(("billingaddress", "shippingaddress", "deliveryaddress"), "address"),
    **dict.fromkeys(("postcode", "zipcode", "postalcode", "plz", "strasse", "straße"), "address"),
}
PERSONAL_LAST = {"email": "email", "emails": "email", "phone": "phone", "ip": "ip"}


# Names that count only with a value of the expected form: `sin` with nine digits, not a sine.

_BIC = re.compile(r"[A-Za-z]{6}[A-Za-z0-9]{2}(?:[A-Za-z0-9]{3})?")
_WORDS = re.compile(r"[^\d=(){}]{2,200}")
_WITH_PASSWORD = re.compile(r".{0,2000}?:[^\s/@:]{1,300}@", re.DOTALL)
_FORMS: dict[str, re.Pattern[str]] = {
    "sin": re.compile(r"\d{3}[ -]?\d{3}[ -]?\d{3}"),
    **dict.fromkeys(("bic", "swift"), _BIC),
    **dict.fromkeys(("nom", "nombre"), _WORDS),
    "login": re.compile(r"[^\d\s].{2,200}|\d{5,40}", re.DOTALL),
    "address": re.compile(
        r"(?=.{0,300}?\d)(?=.{0,300}?[^\W\d_]{3})[^:@]{0,300}\s.{1,300}", re.DOTALL
    ),
    "zip": re.compile(r"(?=[A-Za-z -]{0,9}\d)[A-Za-z0-9][A-Za-z0-9 -]{2,9}"),
    "rememberme": re.compile(r".{12,4000}", re.DOTALL),
}
# Names of service URLs, which are secret if they contain a password.
URL_NAME_ENDS = (
    *("connectionstring", "databaseurl", "dsn", "dburl", "redisurl", "mongourl", "mongouri"),
    *("mongodburi", "brokerurl", "databaseuri", "amqpurl", "jdbcurl"),
)


def has_expected_form(name: str, value: str) -> bool:
    """Return whether the value has the form that its name requires, if any."""
    joined = re.sub(r"[\W_]", "", name.lower())
    form = _WITH_PASSWORD if joined.endswith(URL_NAME_ENDS) else _FORMS.get(joined)
    if not form:
        return True
    return bool(form.match(value) if form is _WITH_PASSWORD else form.fullmatch(value.strip()))


_WORD_BREAKS = re.compile(r"[\W_]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")

_ID_ENDS = frozenset((
    "id", "ids", "order", "snowflake", "nr", "number", "no", "ref", "reference", "key", "index",
))  # fmt: skip
_VERSION_NAMES = ("version", "build", "release", "dist", "revision")
_PLURALS = ("tokens", "sessions", "cookies", "secrets", "credentials")
_CARDS = ("cardexp", "ccexp", "creditcardexp")
# Variables of shells that are not passwords.
_WORKING_DIRECTORY = ("PWD", "OLDPWD")


def _words_of(name: str) -> list[str]:
    return [word.lower() for word in _WORD_BREAKS.split(name) if word]


@lru_cache(maxsize=4096)
def kind_of_key(key: str) -> str | None:
    """Return the kind of the values with this name ("secret", "email", ...), or None."""
    if len(key) > 100:
        key = key[-100:]
    words = _words_of(key)
    if not words:
        return None
    joined = "".join(words)
    personal = PERSONAL_NAMES.get(joined) or _personal_by_end(words)
    if personal:
        return personal
    if joined.startswith(_CARDS):
        return "secret"
    if _is_descriptive(words, joined) or key in _WORKING_DIRECTORY:
        return None
    is_access = _is_access_key(words, key) or joined.endswith(URL_NAME_ENDS)
    return "secret" if is_access or _is_secret(words, joined) else None


def _is_descriptive(words: list[str], joined: str) -> bool:
    if words[0] in ABOUT_FIRST or (len(words) > 1 and words[-1] in ABOUT_LAST):
        return True
    return any(part in joined for part in ABOUT_PARTS)


def _is_access_key(words: list[str], key: str) -> bool:
    """Return whether it is like `sms_code`, `stripe_key`, or `MAPS_KEY`, but not `PRIMARY_KEY`."""
    qualifiers, last = words[:-1], words[-1]
    if last == "code":
        return bool(qualifiers) and qualifiers[-1] in CODE_QUALIFIERS
    if last != "key" or not qualifiers:
        return False
    named = not KEY_QUALIFIERS.isdisjoint(qualifiers) or (key.isupper() and "_" in key)
    return named and HARMLESS_KEY_QUALIFIERS.isdisjoint(qualifiers)


def _personal_by_end(words: list[str]) -> str | None:
    """Classify by the last word: `billing_email` and `contactPhone`, but not `iPhone`."""
    if words[-1] == "phone" and words[-2:-1] == ["i"]:
        return None
    if "".join(words[-2:]) in ("phonenumber", "emailaddress", "ipaddress", "macaddress"):
        return words[-2]
    ending = PERSONAL_LAST.get(words[-1])
    return ending if ending and words[0] not in ABOUT_FIRST else None


def _is_secret(words: list[str], joined: str) -> bool:
    if "secret" in joined or any(part in joined for part in SECRET_PARTS):
        return True
    if joined in SECRET_NAMES or words[-1] in SECRET_ENDS:
        return True
    if joined.endswith(("token", "pwd", "sessid", "cookie")):
        return True
    if joined.endswith("pass") and not joined.endswith(NO_PASS):
        return True
    return not SECRET_WORDS.isdisjoint(words)


def is_id_name(key: str) -> bool:
    """Return whether a long number with this name is an identifier, such as `order_id`."""
    words = _words_of(key)
    return bool(words) and words[-1] in _ID_ENDS


def is_version_name(key: str) -> bool:
    """Return whether the values with this name are versions."""
    return key.lower().endswith(_VERSION_NAMES)


def is_plural(key: str) -> bool:
    """Return whether a number with this name is a count: `tokens: 512`."""
    return key.lower().endswith(_PLURALS)


# Words that can appear in place of a secret

# Quoted or not.
EMPTY_VALUES = frozenset((
    "true", "false", "null", "none", "nil", "undefined", "nan", "yes", "no", "empty", "n/a",
    "unset", "filtered", "redacted",
))  # fmt: skip
# After a name in a sentence: `password: required`, `token: missing`.
COMMON_WORDS = EMPTY_VALUES | frozenset((
    "a", "absent", "active", "an", "and", "any", "are", "array", "async", "at", "await",
    "bad", "basic", "bearer", "bool", "boolean", "by", "bytes", "can't", "cannot", "changed",
    "closed", "could", "created", "declined", "default", "deleted", "denied", "dict",
    "digest", "disabled", "does", "enabled", "ended", "eof", "error", "expected", "expired",
    "failed", "failure", "field", "for", "found", "from", "function", "given", "got", "has",
    "have", "hidden", "identifier", "if", "in", "inactive", "incorrect", "int", "integer",
    "invalid", "is", "lambda", "length", "list", "malformed", "masked", "mismatch", "missing",
    "must", "name", "new", "no-store", "not", "number", "object", "of", "ok", "okay", "old",
    "on", "open", "optional", "or", "please", "provided", "punc", "received", "refused",
    "rejected", "required", "reset", "revoked", "rotated", "saved", "sent", "set", "should",
    "started", "stored", "str", "string", "text", "the", "this", "to", "too", "type",
    "unexpected", "unknown", "updated", "valid", "was", "with", "wrong", "yield", "your",
))  # fmt: skip


# Objects and lists in text, as JSON or in the notation of a program

_MAX_BRACKETED = 4000
_QUOTE = r"\\{0,8}[\"']"
# A literal such as `{"a": 1}` or `{ a: 'x' }`, not a placeholder or code.
_OBJECT = rf"\{{\s{{0,40}}(?:{_QUOTE}|:\w|[A-Za-z_]\w{{0,60}}\s?:\s{{0,2}}[\"'\d])"
_OBJECT_OR_LIST = re.compile(rf"{_OBJECT}|\[\s{{0,40}}(?:{_OBJECT}|{_QUOTE})")
_ONE_TEXT = re.compile(r"\[\s?(?:[bBuU])?\\{0,8}[\"'][^\"'\\\n]{0,1000}\\{0,8}[\"']\s?\]")
_PART = re.compile(
    r"\"(?:[^\"\\]|\\.){0,1000}+\"|'(?:[^'\\]|\\.){0,1000}+'"
    r"|\\{1,8}\"[^\"\\]{0,1000}+\\{1,8}\"|[\[\]{}()]",
    re.DOTALL,
)


def end_of_object(text: str, start: int) -> int | None:
    """Return the end of the object or list that begins at `start`; None if there is none.

    A list of one text does not count. A truncated object ends with the text, and an overlong one
    at the limit.
    """
    if not _OBJECT_OR_LIST.match(text, start) or _ONE_TEXT.match(text, start):
        return None
    last, depth = min(len(text), start + _MAX_BRACKETED), 0
    for part in _PART.finditer(text, start, last):
        bracket = part.group()
        if bracket in "[{(":
            depth += 1
        elif bracket in "]})":
            depth -= 1
            if not depth:
                return part.end()
    return last


# The extent of a value, which depends on how it begins, up to `_MAX_SPAN`

_MAX_SPAN = 4000
# Also inside a wrapper such as `SecretStr('x')`.
_QUOTED = re.compile(
    r"\[?(?:(?:pydantic\.)?(?:Secret|Password|Sensitive|Token)\w{0,12}\(\s?)?"
    r"(?:[bBuUrRfF]{1,2}(?=\\{0,8}[\"']))?(\\{0,8}[\"'`]|%22|%27|&quot;)"
)
_INSIDE = {
    '"': re.compile(r'(?:[^"\\]|\\.){0,4000}+', re.DOTALL),
    "'": re.compile(r"(?:[^'\\]|\\.){0,4000}+", re.DOTALL),
}
_BARE = re.compile(
    r"(?:[^\s&;,\"'`<>)\]}\\|]|\\(?![nrt\"'\\])|\|(?=[^\s|=:&;,\"']{4,100}(?:[\s&;,\"']|\Z))){1,4000}+"
)
_OF_ENVIRONMENT = re.compile(r"[^\s\"'`&;<>\\]{1,4000}+")
_ENCODED = re.compile(
    r"(?:[^\s&;,\"'<>)\]}%]|%(?!26|22|27|2C|7D|5D|3B|0A|0D)[0-9A-F]{2}){1,4000}+", re.IGNORECASE
)
_PARAMETER = re.compile(r"[\w.~%/+|-]{1,500}+")
IN_MARKUP = re.compile(r"(?:[^<&\n]|&(?!lt;)){1,4000}+")
SCHEME = re.compile(
    r"(?:basic|bearer|token|digest|apikey|api-key|ssws|jwt|negotiate|ntlm|hawk)\s{1,4}", re.I
)
_CREDENTIALS = re.compile(
    r"(?:[A-Za-z0-9-]{1,30}\s{1,3})?"
    r"(?:[\w-]{1,30}=(?:\"[^\"\n]{0,500}\"|[^\s,\"']{1,1000}),?[ ]?){1,20}"
)
_HIDDEN_CREDENTIALS = re.compile(r"(?:[A-Za-z][\w-]{0,30}\s)?<[a-z-]{2,20}-\d")
_COOKIES = re.compile(r"[^\s=;\"'\\]{1,200}=(?:[^\n\r\"'\\]|\\(?![nrt\"'])){0,4000}+")
# Secret only as a URL parameter, and only if the value looks generated.
URL_PARAMETERS = frozenset(("code", "state", "key", "t", "k", "ticket", "nonce", "hash", "oobcode"))


@dataclass(frozen=True, slots=True)
class Span:
    """The position of a value. Quotes and brackets make it certain to be one."""

    start: int
    end: int
    quoted: bool
    is_object: bool = False


def value_span(text: str, match: re.Match[str]) -> Span | None:
    """Return the position of the value after the matched name and mark."""
    start, name = match.end(), match["name"].lower()
    end = end_of_object(text, start) if match["mark"].strip() != "," else None
    if end:
        return Span(start, end, quoted=True, is_object=True)
    quote = _QUOTED.match(text, start)
    if quote:
        return Span(quote.end(), _closing(text, quote), quoted=True)
    if name.endswith("authorization"):
        return _authorization(text, start)
    if name.endswith("cookie"):
        cookies = _COOKIES.match(text, start)
        if cookies:
            return Span(start, cookies.end(), quoted=True)
    found = _bare_pattern(match).match(text, start)
    return Span(start, found.end(), quoted=False) if found else None


def _bare_pattern(match: re.Match[str]) -> re.Pattern[str]:
    mark = match["mark"].strip()
    if mark in (">", "&gt;"):
        return IN_MARKUP
    if mark.startswith("%"):
        return _ENCODED
    if match["name"].lower() in URL_PARAMETERS:
        return _PARAMETER
    return _OF_ENVIRONMENT if mark == "=" and match["name"].isupper() else _BARE


def _closing(text: str, quote: re.Match[str]) -> int:
    """Return the end of a quoted value: its closing quote, or else the end of the line."""
    mark, start = quote[1], quote.end()
    inside = _INSIDE.get(mark)
    if inside:
        found = inside.match(text, start)
        end = found.end() if found else start
    else:
        end = text.find(mark, start, start + _MAX_SPAN)
    if end >= 0 and text.startswith(mark, end):
        return end
    line_end = text.find("\n", start, start + _MAX_SPAN)
    return min(len(text), start + _MAX_SPAN) if line_end < 0 else line_end


def _authorization(text: str, start: int) -> Span | None:
    if _HIDDEN_CREDENTIALS.match(text, start):
        return None
    credentials = _CREDENTIALS.match(text, start)
    scheme = SCHEME.match(text, start)
    if scheme and not credentials:
        start = scheme.end()
    else:
        word = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,30} (?=[\w.~+/=-]{6})").match(text, start)
        start = word.end() if word else start
    found = credentials or _BARE.match(text, start)
    return Span(start, found.end(), quoted=False) if found else None


# Named values in text: `password=x`, `{"token": "x"}`, `Cookie: a=b`
#
# One pattern finds names and separators; the extent of the value is bounded, so the search takes
# linear time.

_NAME_AND_MARK = (
    r"(?P<name>\w(?<!\w[.-]\w)[\w.$-]{0,80}+)"
    r"(?P<close>\\{0,8}[\"'`]|%22|%27|&quot;|\*\*)?(?:[\])]|%(?:25)?5[Dd])?"
    r"(?P<mark>\s{0,4}+(?:=>|:=|={1,3}|:(?!:)|%3[Dd]|%3[Aa]|[\uff1d\uff1a]"
    r"|(?<=\s)->(?=\s))|>|&gt;|,)\s{0,4}+"
)
_NAMED = re.compile(rf"\b{_NAME_AND_MARK}")
# Also after a percent-encoded character: `%22password%22`, `%5Bpassword%5D`, `%255Bpassword%255D`.
_NAMED_IN_ADDRESS = re.compile(
    r"(?:\b(?<!%)(?<!%25)|(?<=%[0-9A-Fa-f]{2})(?!(?<=%25)[0-9A-Fa-f]{2})|(?<=%25[0-9A-Fa-f]{2}))"
    + _NAME_AND_MARK
)
_WORD_BEFORE = re.compile(r"([A-Za-z-]{2,20})[ _]\Z")
_ALREADY = re.compile(
    r"<[a-z-]{2,20}(?:-\d{1,6})?>|\[(?:filtered|redacted)\]|[*•xX.]{3,200}|<redacted>", re.I
)
_PLACEHOLDER = re.compile(
    r"%\(?\w{0,60}\)?[sdr]|\$?\{\{?[^{}]{0,100}\}?\}|\$\w{1,60}-?|:[a-z_]{1,60}|\?|<[\w -]{1,40}>"
)
_CODE = re.compile(
    r"(?:(?:self|this|request|req|res|settings|config|os|process|env|user|form|data|props|state"
    r"|ctx|options|params|args|kwargs|cls|session|response|event|app|input|body|credentials)"
    r"(?:\??\.[A-Za-z_]\w{0,60}){1,9}|[A-Za-z_.]{1,80}[(\[].{0,4000}"
    r"|(?:Optional|Maybe)\b.{0,80}|[A-Za-z_.]{1,80}\(?)"
)
_HOLDS_TEXT = re.compile(r"[:>]\s{0,4}(?:\\{0,8}[\"']|[\[{])")
# Words too common to hide what follows a colon: `auth: failed`, `pass: 12`.
_WEAK = frozenset((
    "pin", "pass", "card", "auth", "session", "pan", "sid", "tan", "sig", "signature", "salt",
    "login", "bic", "swift", "nom", "nombre", "clave", "address", "zip", "passe", "adresse",
))  # fmt: skip
_SECOND_WORDS = frozenset(("id", "key", "token", "number", "no", "nr", "code", "phrase", "word"))
_OPENINGS = ("{", "[", "(", "${", "$(", "#{", "%(", "<%")
_SENTENCE = re.compile(r"[ ]{1,4}[A-Za-z']{1,20}(?![\w'=:-])")
_LETTER_AND_DIGIT = re.compile(r"(?=.{0,200}?\d)(?=.{0,200}?[A-Za-z])")
_HINTS = (
    *("pass", "pwd", "secret", "token", "auth", "key", "sess", "sid", "cookie", "sig", "cv", "otp"),
    *("pin", "card", "jwt", "csrf", "xsrf", "bearer", "cred", "iban", "kennwort", "contrase"),
    *("mot", "account", "routing", "social", "ssn", "tax", "code", "name", "birth", "dob", "pan"),
    *("state=", "license", "senha", "mdp", "pw", "street", "address", "zip", "post", "holder"),
    *("2fa", "salt", "verif", "remember", "answer", "bic", "swift", "konto", "kredit", "steuer"),
    *("vat", "sin", "clave", "dsn", "connection", "url", "uri", "nom", "apellido", "hasło"),
    *("haslo", "heslo", "parol", "пароль", "密", "パス", "비밀", "senord", "salasana", "jelsz"),
    *("ifre", "adres", "login", "adgang", "ustid", "exp", "direccion", "anschrift", "cogn"),
    *("magic", "saml", "hmac", "ticket", "nonce", "hash=", "t=", "k=", "phone", "mac", "psk"),
)


@dataclass(frozen=True, slots=True)
class NamedValue:
    """The position of a value in a text, and its kind by name."""

    kind: str
    start: int
    end: int


def named_values(text: str, lowered: str) -> Iterator[NamedValue]:
    """Yield the values that must be hidden because of their names, in order."""
    if not any(map(lowered.__contains__, _HINTS)):
        return
    done = 0
    for match in (_NAMED_IN_ADDRESS if "%" in text else _NAMED).finditer(text):
        if match.start() < done:
            continue
        if not _may_be_secret(match["name"]):
            continue
        kind = _kind(text, match)
        span = value_span(text, match) if kind else None
        if kind and span and _must_be_hidden(text, match, kind, span):
            done = span.end
            alias_kind = "secret" if kind == "parameter" else kind
            if match["name"].lower().endswith("authorization"):
                alias_kind = "token"
            yield NamedValue(alias_kind, span.start, span.end)


@lru_cache(maxsize=4096)
def _may_be_secret(name: str) -> bool:
    """Rule out most names cheaply; `_kind` decides about the others."""
    lowered = name.lower()
    after_escape = name[0] in "nrt" and kind_of_key(name[1:]) is not None
    listed = lowered in _SECOND_WORDS or lowered in URL_PARAMETERS
    return kind_of_key(name) is not None or after_escape or listed


def _kind(text: str, match: re.Match[str]) -> str | None:
    name, start = match["name"], match.start()
    if match["mark"] in (">", "&gt;") and not _is_element(text, match):
        return None
    if match["mark"].strip() == "," and not _is_pair(text, match):
        return None
    kind = kind_of_key(name)
    if not kind and text[start - 1 : start] == "\\" and name[0] in "nrt":
        kind = kind_of_key(name[1:])
    if not kind and name.lower() in _SECOND_WORDS:
        before = _WORD_BEFORE.search(text[max(0, start - 22) : start])
        kind = kind_of_key(f"{before[1]} {name}") if before else None
    if not kind and name.lower() in URL_PARAMETERS and _is_parameter(text, match):
        kind = "parameter"
    return None if kind in ("email", "ip", "phone") else kind


def _is_element(text: str, match: re.Match[str]) -> bool:
    """Return whether it is like `<password>x</password>`, not an alias."""
    inside = IN_MARKUP.match(text, match.end())
    opened = text[max(0, match.start() - 4) : match.start()].endswith(("<", "&lt;", ":"))
    return opened and inside is not None and text.startswith(("</", "&lt;/"), inside.end())


def _is_pair(text: str, match: re.Match[str]) -> bool:
    """Return whether it is like `["password", "x"]` or `("password", "x")`, not a longer list."""
    start = match.start() - len(match["close"] or "")
    opening = text[max(0, start - 1) : start]
    value = value_span(text, match)
    return bool(
        match["close"] and opening in ("[", "(") and value and value.quoted
        and text[value.end + len(match["close"]) :][:1] in ("]", ")")
    )  # fmt: skip


def _is_parameter(text: str, match: re.Match[str]) -> bool:
    before = text[max(0, match.start() - 3) : match.start()]
    return match["mark"] in ("=", "%3D", "%3d") and before.endswith(("?", "&", "#", "%26", "%3F"))


def is_secret_parameter(name: str, value: str) -> bool:
    """Return whether a URL parameter such as `code` has a value that looks generated."""
    if name.lower() not in URL_PARAMETERS:
        return False
    min_length = 16 if name.lower() in ("key", "t", "k", "hash") else 10
    return len(value) >= min_length and bool(_LETTER_AND_DIGIT.match(value))


def is_placeholder(value: str) -> bool:
    """Return whether the value is empty, a word like `null`, or redacted already."""
    plain = value.strip().lower()
    return not plain or plain in EMPTY_VALUES or bool(_ALREADY.fullmatch(plain))


def scheme_length(value: str) -> int:
    """Return the length of the scheme at the start: 7 for `Bearer abc`."""
    scheme = SCHEME.match(value)
    return scheme.end() if scheme else 0


def _must_be_hidden(text: str, match: re.Match[str], kind: str, span: Span) -> bool:
    value, name = text[span.start : span.end], match["name"]
    lowered = value.strip().lower()
    if span.is_object:
        return kind != "parameter" and not _is_harmless_object(text, match, value)
    if (
        not lowered
        or not has_expected_form(name, value)
        or _PLACEHOLDER.fullmatch(lowered)
        or _is_hidden(text, span)
    ):
        return False
    if lowered in EMPTY_VALUES or (is_plural(name) and lowered.isdigit()):
        return False
    if kind == "parameter":
        return is_secret_parameter(name, value)
    if span.quoted:
        return not (match["mark"].strip() in (",", "==", "===") and kind_of_key(value))
    return _is_bare_secret(text, match, span, lowered)


def _is_harmless_object(text: str, match: re.Match[str], value: str) -> bool:
    """Return whether it has counts, a server address, or a parser's `Unexpected token: {"a"`."""
    counts = is_plural(match["name"]) and value[0] == "{" and not _HOLDS_TEXT.search(value)
    unexpected = text[max(0, match.start() - 11) : match.start()].lower() == "unexpected "
    of_server = kind_of_key(match["name"]) == "address" and '"port"' in value
    return counts or unexpected or of_server


def _is_hidden(text: str, span: Span) -> bool:
    """Return whether the span contains only an alias, possibly after a scheme."""
    scheme = SCHEME.match(text, span.start, span.end)
    hidden = _ALREADY.match(text, scheme.end() if scheme else span.start)
    return hidden is not None and hidden.end() >= span.end


def _is_bare_secret(text: str, match: re.Match[str], span: Span, lowered: str) -> bool:
    """Return whether an unquoted value is not a word of a sentence, a placeholder, or code."""
    name, value = match["name"], text[span.start : span.end]
    if (
        lowered.startswith(_OPENINGS)
        or lowered.rstrip(".!") in COMMON_WORDS
        or lowered == name.lower()
    ):
        return False
    spaced = text[match.end() - 1] == " "
    if _is_code(text, span, value, spaced=spaced) or (name == "PWD" and value[0] == "/"):
        return False
    has_digit = any(map(str.isdigit, value))
    weak = name.lower() in _WEAK
    if weak and lowered.isdigit() and len(lowered) < 3:
        return False
    mark = match["mark"].strip()
    if mark not in (":", "\uff1a", "->"):
        return True
    if mark == "->" and not has_digit:
        return False
    unexpected = text[max(0, match.start() - 11) : match.start()].lower() == "unexpected "
    in_sentence = not has_digit and (weak or bool(_SENTENCE.match(text, span.end)))
    return not unexpected and not in_sentence


def _is_code(text: str, span: Span, value: str, *, spaced: bool) -> bool:
    """Return whether the value is code, such as `request.POST["x"]` or `get_token(user)`."""
    if not _CODE.fullmatch(value):
        return False
    after = text[span.end : span.end + 1]
    called = "(" in value or "[" in value or (after in ("[", "(") and spaced)
    return called or ("." in value and not any(map(str.isdigit, value)))
