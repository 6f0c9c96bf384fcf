"""Ask about what the words around a time leave open, and name those that can't be read."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from apps.tickets.mentions import DaySource, Mention, gap_between
from apps.tickets.text import (
    NUMBERS,
    Spanned,
    Unread,
    alternation,
    has_sentence_break,
    one_line,
)
from apps.tickets.times import AT_WORDS, qualifiers_before

_MAX_DISTANCE = 40

_LIKE_A_TIME = re.compile(
    r"(?<![\w.,:/+#$€£-])(?:[0-2]?[0-9]\s?[:.h][0-5][0-9]|[0-2]?[0-9]\s?(?:h|hrs|[ap]m?|uhr|-?ish|hours)|"
    r"[0-2]?[0-9](?=\s(?:y|et|menos|moins|Uhr)\s))(?![\w.])|"
    r"(?<![\w.,:/+#$€£-])[0-9]{3,4}\s?[ap]m(?!\w)|"
    rf"(?<!\w){alternation(NUMBERS)}\s(?:o|oh|five|ten|fifteen|twenty|thirty|forty|fifty)(?!\w)|"
    rf"(?<!\w)(?:past|to|at|around|about|before|after|until|by|maybe|perhaps|like|um|gegen|vor|nach|bis)\s{alternation(NUMBERS)}(?!\w)|"
    r"(?<!\w)(?:maybe|perhaps|like|at|around|about|um|gegen|vers|à|las|to|past|@)\s[0-9]{1,2}(?![\w%])|"
    r"(?<!\w)(?:at|around|about|um|gegen)\s[0-2][0-9][0-5][0-9](?!\w)|"
    r"(?<!\w)(?:half|quarter|viertel|dreiviertel|halb|demie|y\smedia|o['\u2019]?clock|(?:this|same)\stime|"
    r"halv|kvart|kwart|puoli|varttia|wpół|mezza|meia|klo|kello|kl\.|klokken|klockan|godz\.?|godzinie|"
    r"uur|ore)(?!\w)",
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
    r"(?<!\w)(?:timestamp|epoch|ts|time)[\"']?\s?[:=]\s?[\"']?1[0-9]{9}(?:[0-9]{3})?(?!\w)|"
    rf"(?<!\w)(?:[^\W\d_]{{3,12}}(?:\s[^\W\d_]{{3,12}})?|[0-9]{{1,2}})\so['\u2019]?clock(?!\w)",
    re.IGNORECASE,
)


class _Cue(NamedTuple):
    """Words beside a mention, and the sentence about them; `has_clock` limits it to some mentions.

    Words before it are searched up to the mention, those after it are matched from its end.
    """

    pattern: re.Pattern[str]
    sentence: str
    has_clock: bool | None = None
    is_before: bool = False


def _cue(words: str, sentence: str, *, has_clock: bool | None = None) -> _Cue:
    return _Cue(re.compile(words, re.IGNORECASE), sentence, has_clock)


def _cue_before(words: str, sentence: str, *, has_clock: bool | None = None) -> _Cue:
    pattern = re.compile(rf"(?<!\w)(?P<said>{words})[\s:,(]{{1,3}}\Z", re.IGNORECASE)
    return _Cue(pattern, sentence, has_clock, is_before=True)


_ZONE = "The ticket says “{}”. Check which time zone that is."
_NOT_EXACT = "The ticket says “{}”, not an exact time."
NOT_PROBLEM = "The ticket says “{}”: it may not be when the problem happened."
_WHICH = "The ticket says “{}”. Check which time it was."
_CUES = (
    _cue(
        r"[,\s(]{1,3}(?P<said>(?:(?:my|his|her|their|your|the\scustomer['\u2019]?s|customer(?:['\u2019]?s)?|"
        r"meiner?|ihrer?)\s(?:local\s)?(?:time(?!\w)|zeit(?!\w))|local\s(?:time(?!\w))?|ortszeit|"
        r"heure\slocale|hora\slocal|(?:over\s)?here(?!\w)))",
        _ZONE,
    ),
    _Cue(
        re.compile(r",?\s\(?(?P<said>(?:over\s|here\s)?in\s[A-Z][^\W\d_]{2,20})(?!\w)"),
        _ZONE,
        has_clock=True,
    ),
    _cue(
        r"[,\s]{1,3}(?P<said>(?:just\s|right\s|shortly\s)?(?:before|after|vor|nach|avant|après)\s"
        r"(?:the\s|my\s|der\s|dem\s|le\s)?(?:work|lunch|breakfast|dinner|tea|school|bed|arbeit|"
        r"mittag|essen|frühstück|travail|déjeuner|last))(?!\w)",
        _NOT_EXACT,
    ),
    _cue(r"(?P<said>['\u2019]s)(?!\w)", NOT_PROBLEM),
    _cue(r"\s(?P<said>week)(?!\w)", _WHICH),
    _cue(
        r"\s(?P<said>(?:or|oder|ou|eller)\s(?!so\W)\w{1,12}|o\s[0-9]{1,2}(?![0-9:.h]))(?!\w)",
        _WHICH,
    ),
    _cue(
        r"(?<=[^\W\d])\s(?P<said>[0-9]{1,2})(?![\w.:/%-])",
        "“{}” after it may be the minutes. Check that.",
        has_clock=True,
    ),
    _cue(
        r"[\s,.;(\u2013\u2014-]{1,4}(?P<said>(?:(?:no|oh),?\s)?(?:sorry,?\s(?:i|it|at|[0-9])|i\smean|"
        r"correction|rather|nein,|ich\smeine|pardon,|je\sveux\sdire|quiero\sdecir|anzi|"
        r"volevo\sdire|ik\sbedoel|jag\smenar|jeg\smener))(?!\w)",
        _WHICH,
    ),
    _cue_before(
        r"(?:(?:every|each|jede[nmrs]?|chaque|tous\sles|cada|ogni|elke|iedere|hver|varje|joka|"
        r"każdego|každý|her)\s\w{2,12}|daily|täglich|dagelijks|dagligen|codziennie)"
        rf"(?:\s(?:{AT_WORDS}))?",
        NOT_PROBLEM,
    ),
    _cue_before(
        r"(?:wrong|incorrect|old|future|falsche[srn]?|fausse|mauvaise|incorrecta|errata|errada|"
        r"verkeerde|forkert|väärä)\s(?:date|time|day|datum|uhrzeit|zeit|heure|fecha|hora|data|ora|"
        r"tijd|dato|tid|päivä)(?:\s(?:of|is|was|von|de|di|van|av))?",
        NOT_PROBLEM,
    ),
    _cue_before(r"(?:[\w.]{1,12})\s(?:or|oder|ou|eller)(?:\s(?:at|um|à|on|am))?", _WHICH),
    _cue_before(r"[0-9]{1,2}\s?(?:/|o)", _WHICH, has_clock=True),
    _cue_before(r"[\w.:-]{1,8}\s(?:to|till?|bis)", _WHICH, has_clock=True),
    _cue_before(
        r"(?:between|zwischen|entre|tussen|mellem|mellom|mellan)"
        r"(?:\s[^.\n]{1,20}\s(?:and|und|et|y|en|og|och))?",
        _NOT_EXACT,
    ),
    _cue_before(
        r"(?:early|first\sthing|früh|frühmorgens|tôt|temprano)(?:\sin\sthe|\son)?",
        _NOT_EXACT,
        has_clock=False,
    ),
    _cue_before(
        r"(?:minutes|mins|min|minuten|hour|stunde|shortly|quarter|half|five|ten|twenty|viertel)\s"
        r"(?:past|to|of|till?|after|before|nach|vor)",
        "The ticket says “{}”. Check the minute.",
    ),
    _cue_before(r"(?:not|nicht|pas)(?:\s(?:on|at|am|um|le|el|à))?", NOT_PROBLEM),
)


# "Was it yesterday at 3 pm?": somebody asks the customer.
_ASKED = re.compile(
    r"(?:\A|[.!?\n>][ \t>]{0,8})(?:(?:hi|hello|hallo|and|und)\s[^.!?\n]{0,20})?"
    r"(?:(?:did|do|does|were|was|have|has|is|are|haben|hatten|war|ist|funktioniert)\s(?:you|it|this|that|sie|es|das)(?!\w)[^.!?\n]{0,60})?\Z",
    re.IGNORECASE,
)
_QUESTION_MARK = re.compile(r"[^.!?\n]{0,60}\?")


def mention_questions(text: str, mention: Mention, zone: str) -> Iterator[str]:
    """Ask what is uncertain whatever the day is."""
    clock, group = mention.clock, mention.group
    if mention.zone and not mention.zone.options:
        yield f"We don't recognize “{mention.zone.text}”, so the time is read as {zone}."
    bound = (clock.bound if clock else "") or qualifiers_before(text, mention.start)[1]
    if bound:
        yield f"The ticket says “{bound}”, not an exact time."
    yield from _questions_near_mention(text, mention)
    if group and text.startswith(" or so", group.end):
        yield f"The ticket says “{group.text} or so”. Check the day."
    if clock and group and mention.day_source is DaySource.FURTHER_UP:
        yield f"The day of “{clock.text}” is taken from “{group.text}”, further up. Check that."


def asked_question(text: str, mention: Mention, *, is_older: bool) -> Iterator[str]:
    """Ask about a time in a question to the customer, such as those of an older message."""
    is_asked = is_older or _ASKED.search(text, max(0, mention.start - 100), mention.start)
    if is_asked and _QUESTION_MARK.match(text, mention.end):
        yield "It's in a question. Check whether it's when the problem happened."


def _questions_near_mention(text: str, mention: Mention) -> Iterator[str]:
    """Ask about the words directly before and after a mention, its time, and its day."""
    has_clock = mention.clock is not None
    places: list[Spanned] = [mention]
    is_range = mention.clock is not None and mention.clock.until is not None
    if mention.clock and not is_range:
        places.append(mention.clock)
    days: list[Spanned] = []
    if mention.group and mention.day_source is not DaySource.FURTHER_UP:
        days.append(mention.group)
    for cue in _CUES:
        if cue.has_clock not in (None, has_clock):
            continue
        for one in [*places, *(() if cue.has_clock else days)]:
            found = (
                cue.pattern.search(text, max(0, one.start - 32), one.start)
                if cue.is_before
                else cue.pattern.match(text, one.end)
            )
            if found and not (is_range and cue.sentence == _NOT_EXACT):
                yield cue.sentence.format(one_line(found["said"]))
                break


def find_unread(text: str) -> tuple[list[Unread], list[Unread]]:
    """Return everything that may be a time of day, and what is a day or time but maybe not read.

    Only the latter gets a note, if it is near no time that was read.
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
            yield f"“{one_line(text[near.start : near.end])}” near it may be {what}. Check it."
            return


def _is_near(text: str, mention: Mention, token: Unread) -> bool:
    first, second = gap_between(mention, token)
    is_close = 0 <= second - first <= _MAX_DISTANCE
    return is_close and not has_sentence_break(text[first : second + 1])
