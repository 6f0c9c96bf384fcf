"""Ask about what the words around a time leave open, and name those that can't be read."""

import re
from collections.abc import Iterator, Sequence

from apps.tickets.mentions import DaySource, Mention, gap_between
from apps.tickets.text import NUMBERS, Unread, alternation, has_sentence_break
from apps.tickets.times import qualifiers_before

_MAX_DISTANCE = 40

_LIKE_A_TIME = re.compile(
    r"(?<![\w.,:/+#$€£-])(?:[0-2]?[0-9]\s?[:.h][0-5][0-9]|[0-2]?[0-9]\s?(?:h|hrs|[ap]m?|uhr|-?ish|hours)|"
    r"[0-2]?[0-9](?=\s(?:y|et|menos|moins|Uhr)\s))(?![\w.])|"
    r"(?<![\w.,:/+#$€£-])[0-9]{3,4}\s?[ap]m(?!\w)|"
    rf"(?<!\w){alternation(NUMBERS)}\s(?:o|oh|five|ten|fifteen|twenty|thirty|forty|fifty)(?!\w)|"
    rf"(?<!\w)(?:past|to|at|around|about|maybe|perhaps|like|um|gegen)\s{alternation(NUMBERS)}(?!\w)|"
    r"(?<!\w)(?:maybe|perhaps|like|at|around|about|um|gegen|vers|à|las|to|past|@)\s[0-9]{1,2}(?![\w%])|"
    r"(?<!\w)(?:at|around|about|um|gegen)\s[0-2][0-9][0-5][0-9](?!\w)|"
    r"(?<!\w)(?:half|quarter|viertel|dreiviertel|halb|demie|y\smedia|o['\u2019]?clock)(?!\w)",
    re.IGNORECASE,
)
_LIKE_A_DATE = re.compile(
    r"(?<![\w./:-])(?:[0-3]?[0-9]\.?\s(?:de\s)?[^\W\d_]{3,16}\.?,?\s(?:de\s)?20[0-9]{2}(?!\w)|"
    r"[0-9]{1,2}([./-])[0-9]{1,2}\1(?:19|20)[0-9]{2}(?!\w)|"
    r"20[0-9]{2}([/-])[0-9]{1,2}\2[0-9]{1,2}(?!\w))"
)
_SURELY_A_TIME = re.compile(
    r"(?<![\w.,:/+#$€£-])(?:[0-2]?[0-9]\s?[:.h][0-5][0-9]\s?(?:[ap]\.?m|uhr|h|hrs)|"
    r"[0-9]{1,4}\s?(?:[ap]m|uhr|ish|hrs))(?!\w)|"
    rf"(?<!\w)(?:half|quarter|viertel|dreiviertel|halb|halv|kvart|kwart|puoli|wpół)\s"
    rf"(?:(?:past|to|of|after|nach|vor|over|voor|i|på|do)\s)?(?:[0-9]{{1,2}}|{alternation(NUMBERS)}|"
    r"[^\W\d_]{4,9}ej)(?!\w)|"
    rf"(?<!\w)(?:[^\W\d_]{{3,12}}(?:\s[^\W\d_]{{3,12}})?|[0-9]{{1,2}})\so['\u2019]?clock(?!\w)",
    re.IGNORECASE,
)
_OTHER_CLOCK = re.compile(
    r"[,\s(]{1,3}(?P<said>(?:(?:my|his|her|their|the\scustomer['\u2019]?s|customer(?:['\u2019]?s)?|meiner?|ihrer?)\s(?:local\s)?"
    r"(?:time(?!\w)|zeit(?!\w))|local\s(?:time(?!\w))?|ortszeit|heure\slocale|hora\slocal|"
    r"(?:over\s)?here(?!\w)))",
    re.IGNORECASE,
)
_NEAR_MEAL = re.compile(
    r"[,\s]{1,3}(?P<said>(?:just\s|right\s|shortly\s)?(?:before|after|vor|nach|avant|après)\s"
    r"(?:the\s|my\s|der\s|dem\s|le\s)?(?:work|lunch|breakfast|dinner|tea|school|bed|arbeit|"
    r"mittag|essen|frühstück|travail|déjeuner))(?!\w)",
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


def mention_questions(text: str, mention: Mention, zone: str) -> Iterator[str]:
    """Ask what is uncertain whatever the day is."""
    clock, group = mention.clock, mention.group
    if mention.zone and not mention.zone.options:
        yield (f"We don't recognize “{mention.zone.text}”, so the time is read as {zone}.")
    bound = (clock.bound if clock else "") or qualifiers_before(text, mention.start)[1]
    if bound:
        yield f"The ticket says “{bound}”, not an exact time."
    yield from _questions_near_mention(text, mention)
    if clock and group and mention.day_source is DaySource.FURTHER_UP:
        yield f"The day of “{clock.text}” is taken from “{group.text}”, further up. Check that."


def _questions_near_mention(text: str, mention: Mention) -> Iterator[str]:
    """Ask about the words directly before and after a mention."""
    start, end, has_clock = mention.start, mention.end, mention.clock is not None
    other = _OTHER_CLOCK.match(text, end) or (has_clock and _IN_A_PLACE.match(text, end))
    if other:
        yield f"The ticket says “{other['said'].strip()}”. Check which time zone that is."
    meal = _NEAR_MEAL.match(text, end)
    if meal:
        yield f"The ticket says “{meal['said']}”, not an exact time."
    early = None if has_clock else _EARLY.search(text, max(0, start - 24), start)
    if early:
        yield f"The ticket says “{early['said']}”, not an exact time."
    past = _PAST.search(text, max(0, start - 24), start)
    if past:
        yield f"The ticket says “{past['said']}”. Check the minute."
    more = _MORE_DIGITS.match(text, end) if has_clock else None
    if more:
        yield f"“{more['said']}” after it may be the minutes. Check that."
    sent = _SENT.search(text, max(0, start - 20), start)
    if sent:
        yield f"The ticket says “{sent['said']}”: it may not be when the problem was."


def find_unread(text: str) -> tuple[list[Unread], list[Unread]]:
    """Return everything that may be a time of day, and what is a day or time but maybe not read.

    Only the latter is worth a note if it is near no time that was read.
    """
    plain = [Unread(one.start(), one.end()) for one in _LIKE_A_TIME.finditer(text)]
    clear = [
        Unread(one.start(), one.end())
        for pattern in (_LIKE_A_DATE, _SURELY_A_TIME)
        for one in pattern.finditer(text)
    ]
    return plain, clear


def unread_questions(
    text: str, mention: Mention, plain: Sequence[Unread], clear: Sequence[Unread]
) -> Iterator[str]:
    """Ask about words near a mention that may be its time of day, or another day."""
    for tokens in (plain, clear):
        if tokens is plain and mention.clock is not None:
            continue
        near = next((one for one in tokens if _is_near(text, mention, one)), None)
        if near:
            what = "its day" if mention.clock else "the time of day"
            yield f"“{quote(text, near)}” near it may be {what}. Check it."
            return


def quote(text: str, words: Unread) -> str:
    """Return the words on one line."""
    return " ".join(text[words.start : words.end].split())


def _is_near(text: str, mention: Mention, token: Unread) -> bool:
    first, second = gap_between(mention, token)
    is_close = 0 <= second - first <= _MAX_DISTANCE
    return is_close and not has_sentence_break(text[first:second])
