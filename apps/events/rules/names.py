"""Text about a failure without what it only names: the program's code, files, and conditions.

`AttributeError: 'Order' object has no attribute 'payment_declined'` says nothing about payments.
All patterns are bounded, so that they take linear time.
"""

import re

# Code: what programming errors name

_QUOTED = re.compile(
    r"(?<!\w)(?:'[^'\n]{1,120}'|\"[^\"\n]{1,120}\"|`[^`'\n]{1,120}[`']"
    r"|[\u2018\u201c\u00ab\u201e][^\u2019\u201d\u00bb\u201c\n]{1,120}[\u2019\u201d\u00bb\u201c])"
    r"(?!\w)"
)
_NAME = re.compile(
    r"[a-z0-9][A-Z]|[A-Z]{2}[a-z]|\w[_./\\#<>@]+\w|::|->|\w-\w+-\w|\w\(|^\W*[$@:#\\/&%*]+\w|\[\w"
)


def without_names(text: str) -> str:
    """Return the text without quoted parts, identifiers, paths, addresses, and file names."""
    unquoted = _QUOTED.sub(" _ ", text)
    return " ".join(word for word in unquoted.split(" ") if not _NAME.search(word))


# Statements: what any error says did happen

_CODE = r"[\w$]{0,60}(?:[a-z0-9][A-Z]|[\w$][_.:/\\-]{1,2}(?=\w))[\w$.:/\\-]{0,120}"
_THINGS = (
    r"(?:(?:handler|listener|subscriber|hook|callback|event|action|mutation|type|option|settings?"
    r"|flag|key|parameter|argument|field|property|attribute|method|function|class|module|package"
    r"|component|template|partial|view|layout|route|endpoint|task|job|queue|topic|channel|bean"
    r"|service|provider|selector|element|variable|constant|enum|table|column|index|migration"
    r"|label|tag|feature|metric|format|named?|called|file|path|screen|page|script|chunk|asset"
    r"|command)(?: (?:for|of|type|key|name|named|called))?|(?:action|event|mutation) type:)"
)
_NOUNS = (
    r"handlers?|listeners?|templates?|e-?mails?|events?|hooks?|webhooks?|callbacks?|jobs?|tasks?"
    r"|components?|modals?|banners?|screens?|views?|dialogs?|pop-?ups?|messages?|notices?|flows?"
    r"|counters?|metrics?|tests?|flags?|columns?|fields?|reports?|queues?|topics?|pages?"
)
_STATES = (
    r"(?:declined|refused|rejected|expired|locked|blocked|suspended|disabled|invalid|sold out"
    r"|out of stock|failed|exceeded|redeemed|used|limited|banned|unverified|insufficient)"
)
_NOT_SAID = tuple(
    (re.compile(pattern, re.IGNORECASE if is_prose else 0), kept)
    for pattern, kept, is_prose in (
        # A statement in SQL, and the words of an address after its host.
        (
            r"[(\[; ]{0,2}(?:\bsql\b[^\w\n]{1,4}|\bquery(?: was)?: ?|\b(?=insert into |delete from "
            r"|update [\"`\[\w.]{1,60} set |select .{1,200} from )).{0,500}",
            " ",
            True,
        ),
        (r"\b(\w{2,10}://[^\s/?#'\"<>]{1,200})[^\s'\"<>]{0,300}", r"\1", False),
        # A name in quotes, unless it is the code of what happened, or stands alone.
        (
            r"(?<!\w)['\"`](?:[\w$@-]{0,60}[./\\#:]){1,12}[\w$@?!-]{0,60}['\"`](?!\w)"
            r"|(?<!^)(?<![:=(\[] )(?<![:=(\[])(?<!code )(?<!reason )(?<!\w)"
            r"['\"`](?=[\w$@-]{0,60}(?:[a-z0-9][A-Z]|[_-]\w))[\w$@?!-]{1,120}['\"`](?!\w)",
            " _ ",
            False,
        ),
        # A name after what it is, or before what it must be: `handler for cardDeclined`.
        (rf"\b(?i:{_THINGS}) ['\"`]?{_CODE}", " _ ", False),
        (r"(?<!\w)--\w{1,40}(?:-\w{1,40}){0,6}", " _ ", False),
        (
            r"(?<![\w$.:/\\-])(?=\S{0,80}(?:[a-z0-9][A-Z]|_))[\w$.:/\\-]{1,120}['\"`]? "
            r"(?:must|has no|should|is not (?:an? |set|registered|defined|supported|configured))",
            " _ ",
            False,
        ),
        # Paths, files, and the full names of classes.
        (r"(?<![\w:/])(?:[A-Za-z]:)?(?:\.{0,2}[/\\][\w$@%.~+-]{1,120}){1,20}", " _ ", False),
        (
            r"(?<![\w$@/\\.-])[\w$@/\\.-]{1,160}\.(?:m?[jt]sx?|vue|svelte|s?css|html?|erb|haml|twig|blade|php|py"
            r"|rb|java|kt|swift|dart|cs|go|rs|exs?|json|xml|ya?ml|png|jpe?g|svg|gif|pdf|csv|txt)\b",
            " _ ",
            False,
        ),
        (r"(?<![\w.:\\])(?:\w{1,60}(?:\.|\\{1,2}|::)){1,12}[A-Z]\w{0,80}", " _ ", False),
        # A key with a value that denies it.
        (r"[\w-]{1,60}['\"]?(?: ?[:=]| =>) ?['\"]?(?:false|no|0|null|none|nil)\b", " _ ", True),
        # Conditions, wishes, and denials.
        (r"\b(?:if|unless|whether|in case|lest|before|until) [^,;:.\n]{1,200}", " _ ", True),
        (
            r"\b(?:may|might|would|will|should|shall)(?: (?:have|be|been|not|then|also)){0,3} "
            r"(?!truncated)\w{1,40}",
            " _ ",
            True,
        ),
        (
            r"\b(?:not|never|n't|without|no longer)(?: (?:been|be|yet|being|an?)){0,2} "
            rf"{_STATES}",
            " _ ",
            True,
        ),
        # What is called after an event: `payment declined e-mail`.
        (rf"\b(?:\w{{1,40}} ){{0,2}}{_STATES} (?:{_NOUNS})\b", " _ ", True),
    )
)


def statement_of(text: str) -> str:
    """Return the text without what it doesn't say happened: names, conditions, denials."""
    for pattern, kept in _NOT_SAID:
        text = pattern.sub(kept, text)
    return text
