"""Names that mean something only with a value of a certain form: `sin` of nine digits, no sine."""

import re

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
# Addresses of services, which are secret when a password is in them.
ADDRESS_ENDS = (
    *("connectionstring", "databaseurl", "dsn", "dburl", "redisurl", "mongourl", "mongouri"),
    *("mongodburi", "brokerurl", "databaseuri", "amqpurl", "jdbcurl"),
)


def fits(name: str, value: str) -> bool:
    """Whether the value can be what its name says; true for names that leave no doubt."""
    joined = re.sub(r"[\W_]", "", name.lower())
    form = _WITH_PASSWORD if joined.endswith(ADDRESS_ENDS) else _FORMS.get(joined)
    if not form:
        return True
    return bool(form.match(value) if form is _WITH_PASSWORD else form.fullmatch(value.strip()))
