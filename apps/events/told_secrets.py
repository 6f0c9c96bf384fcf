"""Secrets that are told in sentences, command lines, markup and calls, and not by `name=value`."""

import re

from apps.events.key_names import kind_of_key
from apps.events.shape import Found, Shape, at_hints

_FEWEST = 5
_SIGNS_OF_PASSWORDS = frozenset("!#$%&*+?@^~")
_WORDS = (
    *("password", "passwort", "kennwort", "passphrase", "passcode", "mot de passe", "mdp"),
    *("contraseña", "contrasena", "clave", "senha", "wachtwoord", "hasło", "haslo", "heslo"),
    *("parola", "пароль", "lösenord"),
)
_WORD = rf"(?<![^\W_])(?:{'|'.join(_WORDS)})[\"'`]?[ ]{{1,2}}"
_IS = "now|is|was|has|been|est|es|ist|lautet|jest|je|é|è|changed|set|updated|reset|from|to|new"
_VALUE = (
    r"(?P<value>(?<=[\"'`])[^\"'`\n]{3,200}(?=[\"'`])"
    r"|(?<![\"'`])[^\s\"'`,;<>(){}=]{3,200}(?<![.!?:]))"
)
_QUOTED = r"[\"'](?P<value>[^\"'<>\n]{1,500})[\"']"
_ARGUMENT = r"[\"']?(?P<value>[^\s\"'<>$-][^\s\"'<>]{0,200})"
_FIELD = r"[\"'](?P<name>[\w.\[\]-]{1,60})[\"']"


def _looks_chosen(found: Found) -> bool:
    """A digit or a sign beside letters, as no word of a sentence has it."""
    value = found.value
    odd = any(letter.isdigit() or letter in _SIGNS_OF_PASSWORDS for letter in value)
    return len(value) >= _FEWEST and odd and any(letter.isalpha() for letter in value)


def _is_under_secret(found: Found) -> bool:
    """Under a name of a secret, and no caption: `<label name="password">Your password</label>`."""
    name, value = found.match["name"], found.value.strip()
    if kind_of_key(name) != "secret" or value.startswith(("$", "{", "-", "%")):
        return False
    is_caption = " " in value and not any(letter.isdigit() for letter in value)
    return bool(value) and not is_caption and value.lower() != name.lower()


def _shape(
    pattern: str, hints: tuple[str, ...], *, named: bool = False, prose: bool = False
) -> Shape:
    if prose:
        holds = _looks_chosen
    elif named:
        holds = _is_under_secret
    else:
        holds = _is_anything
    return Shape("secret", re.compile(pattern, re.IGNORECASE), hints, holds, starts=at_hints)


def _is_anything(found: Found) -> bool:
    return not found.value.startswith(("$", "{", "<", "%("))


_IN_PROSE = (
    _shape(
        rf"{_WORD}(?:(?:was|has been|is)[ ])?(?:changed|updated|reset|set)[ ]from[ ]"
        rf"[^\s]{{1,200}}[ ]to[ ][\"'`]?{_VALUE}",
        _WORDS,
        prose=True,
    ),
    _shape(
        rf"{_WORD}(?:(?:(?:{_IS})\b|(?:for|of|von|de|pour|para)[ ]{{1,2}}(?:user[ ]{{1,2}})?"
        rf"(?!user[ ])[\w.@<>-]{{1,60}})[ ]?[:=]?[ ]{{1,2}}){{1,4}}[\"'`]?{_VALUE}",
        _WORDS,
        prose=True,
    ),
    _shape(
        r"(?:(?:api|access|secret|auth|license)[ _-]?key|token|password)[ ]{1,2}"
        r"(?:provided|given|used|supplied|sent|received|passed|specified)[ ]?[:=][ ]?"
        rf"[\"'`]?{_VALUE}",
        ("api", "access", "secret", "auth", "license", "token", "password"),
        prose=True,
    ),
)
_IN_COMMANDS = (
    _shape(
        r"identified[ ](?:with[ ][\w\"'`]{1,60}[ ])?(?:by|as)[ ](?:password[ ])?" + _QUOTED,
        ("identified",),
    ),
    _shape(
        rf"(?:mysql|mariadb)[\w-]{{0,12}}[ ](?:[^|;\n]{{0,200}}?[ ])??-p{_ARGUMENT}",
        ("mysql", "mariadb"),
    ),
    _shape(rf"sshpass[ ]{{1,2}}-p[ ]{{0,2}}{_ARGUMENT}", ("sshpass",)),
    _shape(
        r"(?:docker|podman|helm|skopeo|buildah)[ ](?:[\w-]{1,20}[ ])?login[ ]"
        rf"(?:[^|;\n]{{0,200}}?[ ])??-p(?:[ ]{{1,2}}|=){_ARGUMENT}",
        ("docker", "podman", "helm", "skopeo", "buildah"),
    ),
    _shape(
        rf"(?<=[\"'])--(?P<name>[a-z][\w-]{{1,40}})[\"'],[ ]{{0,2}}[bru]?{_QUOTED}",
        ("--",),
        named=True,
    ),
    _shape(
        r"(?:http(?:basic|digest|proxy)auth|basicauth|basiccredentials|usernamepasswordcredentials"
        r"|passwordauthentication)\([ ]?(?:\w{1,20}=)?[\"'][^\"'\n]{0,100}[\"'],[ ]?(?:\w{1,20}=)?"
        + _QUOTED,
        ("http", "basic", "username", "passwordauth"),
    ),
    _shape(
        r"digest[ ][^\n]{0,1500}?\bresponse=[\"']?(?P<value>[0-9a-f]{16,128})",
        ("digest",),
    ),
)
_IN_MARKUP = (
    _shape(
        r"<(?:[\w-]{1,30}:)?(?P<name>[\w-]{1,60})[ ][^<>\n]{1,300}>(?P<value>[^<>\n]{1,1000})</",
        ("<",),
        named=True,
    ),
    _shape(
        rf"name={_FIELD}[^<>\n]{{0,200}}>(?P<value>[^<>\n]{{1,1000}})</", ("name=",), named=True
    ),
    _shape(rf"name={_FIELD}[^<>\n]{{1,200}}\svalue={_QUOTED}", ("name=",), named=True),
    _shape(rf"value={_QUOTED}[^<>\n]{{0,200}}\sname={_FIELD}", ("value=",), named=True),
    _shape(
        rf"name={_FIELD}(?:\\r\\n|\\n|\r?\n){{2}}(?P<value>[^\r\n\\\"<>]{{1,1000}})",
        ("name=",),
        named=True,
    ),
)
_IN_ADDRESSES = (
    _shape(r"(?<![:\w])//[\w.+-]{1,100}:(?P<value>[^\s/?#\"'<>@]{1,300})@[\w\[]", ("//",)),
    _shape(r"rediss?://(?P<value>[^\s/:@\"'<>]{1,300})@", ("redis",)),
    _shape(r"jdbc:oracle:[a-z]{2,8}:[^\s/@:]{1,60}/(?P<value>[^\s@\"'<>]{1,200})@", ("jdbc:",)),
    _shape(
        r"%3a%2f%2f[^\s%&:]{0,100}%3a(?P<value>(?:[^\s%&\"'<>]|%(?!40|2f)[0-9a-f]{2}){1,300})%40",
        ("%3a%2f%2f",),
    ),
)
TOLD = (*_IN_PROSE, *_IN_COMMANDS, *_IN_MARKUP, *_IN_ADDRESSES)
