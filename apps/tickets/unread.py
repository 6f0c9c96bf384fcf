"""What stands beside a moment and was not read, so that nothing is sure that only looks so."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from apps.tickets.words import NUMBERS, one_of


@dataclass(frozen=True, slots=True)
class UnreadSeen:
    """Words that may be a time of day."""

    start: int
    end: int
    text: str


_LIKE_A_TIME = re.compile(
    r"(?<![\w.,:/+#$€£-])(?:[0-2]?[0-9]\s?[:.h][0-5][0-9]|[0-2]?[0-9]\s?(?:h|hrs|[ap]m?|uhr|ish|hours)|"
    r"[0-2]?[0-9](?=\s(?:y|et|menos|moins|Uhr)\s))(?![\w.])|"
    r"(?<![\w.,:/+#$€£-])[0-9]{3,4}\s?[ap]m(?!\w)|"
    rf"(?<!\w){one_of(NUMBERS)}\s(?:o|oh|five|ten|fifteen|twenty|thirty|forty|fifty)(?!\w)|"
    rf"(?<!\w)(?:past|to|at|around|about|maybe|perhaps|like|um|gegen)\s{one_of(NUMBERS)}(?!\w)|"
    r"(?<!\w)(?:maybe|perhaps|like|at|around|about|um|gegen|vers|à|las|to|past|@)\s[0-9]{1,2}(?![\w%])|"
    r"(?<!\w)(?:half|quarter|viertel|dreiviertel|halb|demie|y\smedia|o['\u2019]?clock)(?!\w)",
    re.IGNORECASE,
)
_OTHER_CLOCK = re.compile(
    r"[,\s(]{1,3}(?P<said>(?:(?:my|his|her|their|the\scustomer['\u2019]?s|customer(?:['\u2019]?s)?|meiner?|ihrer?)\s(?:local\s)?"
    r"(?:time(?!\w)|zeit(?!\w))|local\s(?:time(?!\w))?|ortszeit|heure\slocale|hora\slocal|"
    r"(?:over\s)?here(?!\w)))",
    re.IGNORECASE,
)
_BESIDE_A_MEAL = re.compile(
    r"[,\s]{1,3}(?P<said>(?:just\s|right\s|shortly\s)?(?:before|after|vor|nach|avant|après)\s"
    r"(?:the\s|my\s|der\s|dem\s|le\s)?(?:work|lunch|breakfast|dinner|tea|school|bed|arbeit|"
    r"mittag|essen|frühstück|travail|déjeuner))(?!\w)",
    re.IGNORECASE,
)
_FROM_COUNT = re.compile(
    rf"(?:(?<![\w.,:])[0-9]{{1,2}}|(?<!\w){one_of(NUMBERS)}|\shalf)\s?"
    r"(?:-|\u2013|or|to|bis|oder|ou|o|a|and\sa)\s?\Z",
    re.IGNORECASE,
)
_AND_A_HALF = re.compile(
    r"\s(?P<said>y\smedia|et\sdemie|or\sso|or\s(?:two|three|more)|oder\s(?:zwei|drei))(?!\w)",
    re.IGNORECASE,
)
_EARLY = re.compile(
    r"(?<!\w)(?P<said>early|früh|frühmorgens|tôt|temprano)\s(?:in\sthe\s|on\s)?\Z", re.IGNORECASE
)
_PAST = re.compile(
    r"(?<!\w)(?P<said>(?:minutes|mins|min|minuten|shortly)\s(?:past|to|after|before|nach|vor))\s\Z",
    re.IGNORECASE,
)
_MORE_DIGITS = re.compile(r"(?<=[^\W\d])\s(?P<said>[0-9]{1,2})(?![\w.:/%-])")
_IN_A_PLACE = re.compile(r",?\s\(?(?P<said>(?:over\s|here\s)?in\s[A-Z][^\W\d_]{2,20})(?!\w)")
_SENT = re.compile(
    r"(?<!\w)(?P<said>received|posted|submitted|created|opened|reviewed|published|sent|updated|"
    r"started|empfangen|gesendet|eingegangen|reçu|recibido)(?:\s(?:on|at|am|le|el))?[\s:,]{1,3}\Z",
    re.IGNORECASE,
)


def like_a_time(text: str) -> list[UnreadSeen]:
    """All that may be times of day, whether they can be read or not."""
    return [UnreadSeen(one.start(), one.end(), one[0]) for one in _LIKE_A_TIME.finditer(text)]


def asked_of_duration(text: str, start: int, end: int) -> Iterator[str]:
    """What the words around "3 hours ago" leave open: "2-3 hours ago"."""
    count = _FROM_COUNT.search(text, max(0, start - 24), start)
    if count:
        yield f"The ticket says “{count[0].strip()}” before it. Please check how long ago."
    half = _AND_A_HALF.match(text, end)
    if half:
        yield f"The ticket says “{half['said']}” after it. Check how long ago it was."


def asked_beside(text: str, start: int, end: int, *, has_clock: bool) -> Iterator[str]:
    """What the words around a moment leave open, as plain sentences.

    The moment stands from `start` to `end`; `has_clock` tells whether it names a time of day.
    """
    other = _OTHER_CLOCK.match(text, end) or (has_clock and _IN_A_PLACE.match(text, end))
    if other:
        yield f"The ticket says “{other['said'].strip()}”. Please check which zone that is."
    meal = _BESIDE_A_MEAL.match(text, end)
    if meal:
        yield f"The ticket says “{meal['said']}”, not an exact time."
    early = None if has_clock else _EARLY.search(text, max(0, start - 24), start)
    if early:
        yield f"The ticket says “{early['said']}”, not an exact time."
    past = _PAST.search(text, max(0, start - 24), start)
    if past:
        yield f"The ticket says “{past['said']}”. Please check the minute."
    more = _MORE_DIGITS.match(text, end) if has_clock else None
    if more:
        yield f"“{more['said']}” after it may be the minutes. Check that."
    sent = _SENT.search(text, max(0, start - 20), start)
    if sent:
        yield f"The ticket says “{sent['said']}”: it may not be when the problem was."
