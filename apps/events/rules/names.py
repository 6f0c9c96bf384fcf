"""Text about a failure without what it only names: the program's code, files, and conditions.

`AttributeError: 'Order' object has no attribute 'payment_declined'` says nothing about payments.
All patterns are bounded, so that they take linear time.
"""

import re

# Errors in the program's code: nothing that they name did happen.

_QUOTED = re.compile(
    r"(?<!\w)(?:'[^'\n]{1,120}'|\"[^\"\n]{1,120}\"|`[^`'\n]{1,120}[`']"
    r"|[\u2018\u201c\u00ab\u201e][^\u2019\u201d\u00bb\u201c\n]{1,120}[\u2019\u201d\u00bb\u201c])"
    r"(?!\w)"
)
_NAME = re.compile(
    r"[a-z0-9][A-Z]|[A-Z]{2}[a-z]|\w[_./\\#<>@]+\w|::|->|[a-z]-[a-z]|\w\(|^\W*[$@:#\\/&%*<]\w|\[\w"
)
_SUGGESTION = re.compile(r"\bdid you mean.{0,500}", re.IGNORECASE)


def without_names(text: str) -> str:
    """Return the text without quoted parts, identifiers, paths, addresses, and file names."""
    unquoted = _QUOTED.sub("_", _SUGGESTION.sub("", text))
    return " ".join(word for word in unquoted.split(" ") if not _NAME.search(word))


# Any error: what it doesn't say happened.

_STATES = (
    r"(?:declined|refused|rejected|expired|locked|blocked|suspended|disabled|invalid|sold out"
    r"|out of stock|failed|exceeded|redeemed|used|limited|banned|unverified|insufficient)"
)
_CALLED_AFTER_EVENTS = (
    r"(?:handler|listener|template|e-?mail|event|hook|webhook|callback|job|task|component|modal"
    r"|banner|screen|view|dialog|pop-?up|message|notice|flow|counter|metric|test|flag|column|field"
    r"|report|queue|topic|page)s?"
)
_CODE_WORD = r"(?:code|reason|error|exception|status|result|cause|outcome|message)"
_NOT_SAID = tuple(
    (re.compile(pattern), kept)
    for pattern, kept in (
        # A statement in SQL, and an address after its host.
        (
            r"(?i)[(\[; ]{0,2}(?:\bsql\b[^\w\n]{1,4}|\bquery(?: was)?: ?|\b(?=insert into "
            r"|delete from |update [\"`\[\w.]{1,60} set |select .{1,200} from )).{0,500}",
            " ",
        ),
        (r"\b(\w{2,10}://[^\s/?#'\"<>]{1,200})[^\s'\"<>]{0,300}", r"\1"),
        # Text that was never filled in.
        (r"(['\"`])[^'\"`\n]{0,80}(?:%[sdrif(]|\{\w{0,40}\}|\$\{)[^'\"`\n]{0,80}['\"`]", " _ "),
        # Paths, file names, full names of classes, options, and keys.
        (r"(?<![\w:/])(?:[A-Za-z]:)?(?:\.{0,2}[/\\][\w$@%.~+-]{1,120}){1,20}", " _ "),
        (r"(?<![\w$@/\\.(-])[\w$@-]{1,60}(?:[./\\][\w$@-]{1,60}){1,12}", " _ "),
        (r"(?<![\w.:\\])(?:\w{1,60}::){1,12}\w{1,80}|(?<!\w)--\w[\w-]{1,80}", " _ "),
        (
            rf"(?<![\w-])(?!\w{{0,40}}{_CODE_WORD})[\w-]{{1,60}}['\"]?=['\"]?[\w.-]{{1,80}}"
            r"|(?<![\w-])[\w-]{1,60}['\"]?(?: ?:| ?=>?) ?['\"]?(?i:false|no|0|null|none|nil)\b",
            " _ ",
        ),
        # A value that is not known, and so did not happen.
        (
            r"(?i)(\b(?:unknown|unsupported|unexpected|unhandled|undefined|no such) "
            r"(?!error|reason|failure)[\w ]{1,24}: ?)['\"]?[\w.-]{1,60}(?=['\"]?(?:[.,;)]|$))",
            r"\1_",
        ),
        # Conditions, wishes, and denials.
        (r"(?i)\b(?:if|unless|whether|in case|lest|before|until) [^,;:.\n]{1,200}", " _ "),
        (
            r"(?i)\b(?:may|might|would|will|should|shall)(?: (?:have|be|been|not|then|also)){0,3} "
            r"(?!truncated)\w{1,40}",
            " _ ",
        ),
        (
            r"(?i)\b(?:not|never|n't|without|no longer)(?: (?:been|be|yet|being|an?)){0,2} "
            rf"{_STATES}",
            " _ ",
        ),
        (rf"(?i)\b(?:\w{{1,40}} ){{0,2}}{_STATES} {_CALLED_AFTER_EVENTS}\b", " _ "),
    )
)
_IDENTIFIER = re.compile(
    r"(?<![\w$])['\"`]?(?<![\w$])(?!(?:PayPal|MasterCard|ApplePay|GooglePay|iDEAL)\b)"
    r"[$\w]{0,80}?(?:[a-z]\d?[A-Z]|[A-Za-z0-9]_[A-Za-z0-9])[$\w]{0,80}"
    r"['\"`]?|(?<!\w)['\"`]\w{1,40}(?:[.-]\w{1,40}){1,8}['\"`](?!\w)"
)
_IS_CODE_AFTER = re.compile(rf"(?i){_CODE_WORD}s?['\"]?(?: is| was)?[ :=(\[]{{0,3}}$")
_IS_UNKNOWN = re.compile(
    r"(?i)\b(?:unknown|invalid|unexpected|unsupported|unhandled|no such|undefined|missing)\b"
    r"[^:\n]{0,24}:? ?$"
)


def statement_of(text: str) -> str:
    """Return the text without what it doesn't say happened: names, conditions, denials.

    A name that is the code of what happened is kept: `failed: insufficient_funds`.
    """
    for pattern, kept in _NOT_SAID:
        text = pattern.sub(kept, text)
    return _IDENTIFIER.sub(lambda match: match[0] if _is_code(match) else " _ ", text)


def _is_code(match: re.Match[str]) -> bool:
    """Return whether the name is the code of what happened, by the words around it."""
    name, text = match[0].strip("'\"`"), match.string
    before, after = text[max(0, match.start() - 40) : match.start()], text[match.end() :]
    is_first = not before.strip(" [({")
    if is_first and not after[:9].strip(" .])}"):
        return "." not in name
    if _IS_UNKNOWN.search(before):
        return False
    if _IS_CODE_AFTER.search(before):
        return True
    if name != match[0] or name[0].isdigit() or name not in (name.lower(), name.upper()):
        return False
    is_alone = before.endswith((": ", "[", "(")) or is_first
    return is_alone and after[:1] in (")" if before.endswith("(") else ":.,;]")
