"""The result types of reading a ticket, places in its text, and words in 13 languages."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol, TypeVar

MAX_TICKET_LENGTH = 20_000


class TicketRefused(ValueError):
    """The text can't be read; the message is a sentence for the agent."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Words found in the ticket, and the text around them."""

    before: str
    found: str
    after: str


@dataclass(frozen=True, slots=True)
class CustomerFound:
    """An identifier that may be the customer's; it occurs `times` times.

    `kind` is for display. `likely_ours` marks an address of the help desk itself.
    """

    identifier: str
    kind: str
    excerpt: Excerpt
    times: int = 1
    likely_ours: bool = False


@dataclass(frozen=True, slots=True)
class MomentReading:
    """One moment, in UTC, that the words can mean.

    `minutes` is how far to search before and after it (1 to 1440), None if the text is exact.
    `understood` says how the words were read.
    """

    moment: datetime
    minutes: int | None
    understood: str


@dataclass(frozen=True, slots=True)
class MomentFound:
    """The words for a moment, and everything they can mean.

    `questions` are sentences about what is ambiguous or was not listed. `lacks_date` is true if
    the words count from the ticket's own date and that is unknown.
    """

    excerpt: Excerpt
    readings: tuple[MomentReading, ...] = ()
    questions: tuple[str, ...] = ()
    lacks_date: bool = False

    @property
    def is_sure(self) -> bool:
        """Return whether there is one reading and no question."""
        return len(self.readings) == 1 and not self.questions


@dataclass(frozen=True, slots=True)
class ReferenceTime:
    """When the text was written, from which "yesterday" counts.

    Either the aware `moment` or, if only that is known, the `day`. `source` says where it was
    found, in words. `doubt` asks about it if it may be another date.
    """

    source: str
    moment: datetime | None = None
    day: date | None = None
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything found in a ticket.

    `written` are the headers with a date, `notes` sentences on what was found but not listed.
    """

    customers: tuple[CustomerFound, ...]
    moments: tuple[MomentFound, ...]
    written: tuple[Excerpt, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def lacks_date(self) -> bool:
        """Return whether a moment needs the ticket's own date."""
        return any(found.lacks_date for found in self.moments)


# Cleaning a text, and places in it.

_INVISIBLE = dict.fromkeys([0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), 0x2060, 0xFEFF])
_INVISIBLE |= dict.fromkeys(range(0x2066, 0x206A))
_SPACES: dict[int, int | str | None] = dict.fromkeys((0xA0, 0x2007, 0x2009, 0x202F, 0x3000), " ")
_WIDE = {0xFF01 + offset: 0x21 + offset for offset in range(94)} | {0x2010: "-", 0x2011: "-"}
_CLEANED = {**_INVISIBLE, **_SPACES, **_WIDE}
# Japanese and Chinese write no spaces; the signs for year, month, and so on belong to a number.
_TIGHT = re.compile(
    r"(?<=[\u3041-\u9fff])(?<![年月時])(?=[0-9])|"
    r"(?<=[0-9])(?=[\u3041-\u9fff])(?![年月日時分秒])"
)


def clean(text: str) -> str:
    """Return the text with usual spaces, digits, and line ends, and without invisible characters.

    Mail programs put narrow spaces before "PM", and invisible marks between the numbers of a date.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_CLEANED)
    return _TIGHT.sub(" ", text)


_HARD_BREAK = re.compile(r"\n[ \t\r>]{0,8}\n|[!?;]\s|[^\W\d]{2}\.\s{1,3}(?=[A-ZÄÖÜÉ¿¡])")


class Spanned(Protocol):
    """Anything found from `start` up to, but not including, `end`."""

    @property
    def start(self) -> int:
        """Return the place of its first character."""

    @property
    def end(self) -> int:
        """Return the place after its last character."""


@dataclass(frozen=True, slots=True)
class Unread:
    """Words that may be a time but can't be read."""

    start: int
    end: int


S = TypeVar("S", bound=Spanned)


def not_overlapping(found: Iterable[S], taken: Iterable[Spanned]) -> list[S]:
    """Return those that overlap none of `taken`, which may overlap each other."""
    merged: list[list[int]] = []
    for span in sorted((span.start, span.end) for span in taken):
        if merged and span[0] <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], span[1])
        else:
            merged.append(list(span))
    starts = [start for start, _ in merged]

    def is_free(one: S) -> bool:
        before = bisect_right(starts, one.end - 1) - 1
        return before < 0 or merged[before][1] <= one.start

    return [one for one in found if is_free(one)]


def read_all(
    text: str,
    readers: Iterable[tuple[re.Pattern[str], Callable[[re.Match[str]], S | None]]],
    taken: Iterable[Spanned] = (),
) -> list[S]:
    """Return everything that the patterns find and their functions read, in the text's order.

    An earlier pattern goes first; none overlap each other or `taken`.
    """
    found: list[S] = []
    for pattern, read in readers:
        several = filter(None, map(read, pattern.finditer(text)))
        found += not_overlapping(several, [*found, *taken])
    return sorted(found, key=lambda one: one.start)


def has_sentence_break(between: str) -> bool:
    """Return whether a sentence or a paragraph ends in this text."""
    return bool(_HARD_BREAK.search(between))


_CONTEXT_LENGTH = 48
_MAX_FOUND_LENGTH = 160
_SPACES_IN_LINE = re.compile(r"\s{1,99}")


def excerpt(text: str, start: int, end: int) -> Excerpt:
    """Return the text from `start` to `end` with up to 48 characters on each side, on one line."""
    before = text[max(0, start - _CONTEXT_LENGTH) : start]
    if start > _CONTEXT_LENGTH:
        before = f"… {before.partition(' ')[2]}"
    after = text[end : end + _CONTEXT_LENGTH]
    if end + _CONTEXT_LENGTH < len(text):
        after = f"{after.rpartition(' ')[0]} …"
    found = one_line(text[start:end])
    if len(found) > _MAX_FOUND_LENGTH:
        found = f"{found[:_MAX_FOUND_LENGTH]} …"
    before, after = (_SPACES_IN_LINE.sub(" ", one) for one in (before, after))
    return Excerpt(before, found, after)


def one_line(text: str) -> str:
    """Return the text with single spaces between its words."""
    return " ".join(text.split())


def word_set(listed: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(listed.split())


# Months, weekdays, and words for days in English, German, French, Spanish, Italian, Portuguese,
# Dutch, Danish and Norwegian, Swedish, Finnish, Polish, and Japanese, with typos; months, weekdays,
# and days ago in Czech, Russian, and Turkish too.
#
# Ambiguous words are not listed: French "mar." and "hier" (German for "here"), German "morgen"
# and Spanish "mañana" (tomorrow or morning).

_MONTHS = (
    "january jan januar jänner jaenner janvier janv enero ene gennaio gen janeiro januari "
    "tammikuuta tammikuu tammik stycznia sty ledna января янв ocak oca",
    "february feb febr februar février fevrier févr fevr febrero febbraio fevereiro fev "
    "februari helmikuuta helmikuu helmik lutego lut února февраля февр фев şubat şub",
    "march mar märz maerz mrz mars marzo março marco maart mrt marts maaliskuuta maaliskuu "
    "maalisk marca března марта мар",
    "april apr avril avr abril abr aprile huhtikuuta huhtikuu huhtik kwietnia kwi dubna апреля "
    "апр nisan nis",
    "may mai mayo maggio mag maio mei maj toukokuuta toukokuu toukok maja května мая mayis",
    "june jun juni juin junio giugno giu junho kesäkuuta kesäkuu kesäk czerwca cze června июня "
    "июн haziran haz",
    "july jul juli juillet juil julio luglio lug julho heinäkuuta heinäkuu heinäk lipca lip "
    "července июля июл temmuz tem",
    "august aug août aout agosto ago augustus augusti elokuuta elokuu elok sierpnia sie srpna "
    "августа авг ağustos ağu",
    "september sept sep septembre septiembre setiembre settembre setembro set syyskuuta syyskuu "
    "syysk września wrz září сентября сент сен eylül eyl",
    "october oct oktober okt octobre octubre ottobre ott outubro out lokakuuta lokakuu lokak "
    "października paź října октября окт ekim eki",
    "november novmber nov novembre noviembre novembro marraskuuta marraskuu marrask listopada "
    "lis listopadu ноября нояб ноя kasim kas",
    "december dec dezember dez décembre decembre diciembre dic dicembre dezembro desember des "
    "joulukuuta joulukuu jouluk grudnia gru prosince декабря дек aralik ara",
)
_WEEKDAYS = (
    "monday mondey montag lundi lunes lunedì segunda-feira maandag mandag måndag maanantai "
    "maanantaina poniedziałek pondělí понедельник pazartesi",
    "tuesday teusday tuseday dienstag mardi martes martedì terça-feira dinsdag tirsdag tisdag "
    "tiistai tiistaina wtorek úterý вторник sali",
    "wednesday wendesday wensday wednsday mittwoch mercredi miércoles miercoles mercoledì "
    "quarta-feira woensdag onsdag keskiviikko keskiviikkona środa środę středa среда çarşamba",
    "thursday thurday thrusday donnerstag jeudi jueves giovedì quinta-feira donderdag torsdag "
    "torstai torstaina czwartek čtvrtek четверг perşembe",
    "friday freitag vendredi viernes venerdì sexta-feira vrijdag fredag perjantai perjantaina "
    "piątek pátek пятница cuma",
    "saturday saterday samstag sonnabend samedi sábado sabado sabato zaterdag lørdag lördag "
    "lauantai lauantaina sobota sobotę суббота cumartesi",
    "sunday sonntag dimanche domingo domenica zondag søndag söndag sunnuntai sunnuntaina "
    "niedziela niedzielę neděle воскресенье pazar",
)
_SHORT_WEEKDAYS = (
    "mon mo пн pzt",
    "tue tues di вт",
    "wed mi ср çar",
    "thu thur thurs do чт per",
    "fri fr пт",
    "sat sa сб cmt",
    "sun so вс paz",
)


def _numbered(rows: tuple[str, ...], first: int) -> dict[str, int]:
    return {word: number for number, row in enumerate(rows, first) for word in row.split()}


MONTHS = _numbered(_MONTHS, 1)
WEEKDAYS = _numbered(_WEEKDAYS, 0)
ANY_WEEKDAY = {**WEEKDAYS, **_numbered(_SHORT_WEEKDAYS, 0)}

# Months that are also other words: in lowercase they may not be a month.
DOUBTFUL_MONTHS = word_set("may march mar dec ago mars mai jan sep")
# Words that are months only beside a year or a day of the week: "3 out of 5".
MONTHS_BESIDE_YEAR = word_set(
    "gen mag mei maj maja giu lug lip set out lis sie cze gru sty lut des mrt ott fev oca nis "
    "haz tem eki kas ara"
)

_DAYS_AGO = {
    0: "today|heute|aujourd'hui|hoy|oggi|hoje|vandaag|i dag|idag|tänään|dzisiaj|dziś|"
    "今日|本日|dnes|сегодня|bugün",
    1: "yesterday|yesteday|yestrday|yesterady|gestern|ayer|ieri|ontem|gisteren|i går|igår|eilen|"
    "wczoraj|昨日|včera|вчера|dün",
    2: "the day before yesterday|day before yesterday|vorgestern|avant-hier|anteayer|antes de ayer|"
    "l'altro ieri|anteontem|eergisteren|i forgårs|i förrgår|toissapäivänä|przedwczoraj|"
    "一昨日|おととい",
}
DAYS_AGO = {word: ago for ago, words in _DAYS_AGO.items() for word in words.split("|")}

# A part of a certain day: how many days ago, and which part.
_PARTS_OF_DAYS = {
    (0, "morning"): "this morning|heute morgen|heute früh|ce matin|esta mañana|stamattina|"
    "hoje de manhã|vanmorgen|vanochtend|i morges|i morse|tänä aamuna|dziś rano|dzisiaj rano|今朝",
    (0, "afternoon"): "this afternoon|heute nachmittag|cet après-midi|cet apres-midi|esta tarde|"
    "oggi pomeriggio|hoje à tarde|vanmiddag|i ettermiddag|i eftermiddag",
    (0, "evening"): "this evening|tonight|heute abend|ce soir|esta noche|stasera|hoje à noite|"
    "vanavond|i aften|i kveld|i kväll",
    (0, "small hours"): "heute nacht|cette nuit",
    (1, "morning"): "gestern morgen|gestern früh|hier matin|ayer por la mañana|ieri mattina|"
    "ontem de manhã|gisterochtend|gistermorgen|i går morges|wczoraj rano",
    (1, "afternoon"): "hier après-midi|hier apres-midi|ayer por la tarde|ieri pomeriggio|"
    "ontem à tarde|gistermiddag",
    (1, "evening"): "last evening|hier soir|ayer por la noche|anoche|ieri sera|ontem à noite|"
    "gisteravond|i aftes|i går kveld|igår kväll|eilen illalla|wczoraj wieczorem",
    (1, "night"): "last night|letzte nacht",
}
PARTS_OF_DAYS = {
    word: meaning for meaning, words in _PARTS_OF_DAYS.items() for word in words.split("|")
}

_PARTS = {
    "morning": "morning|forenoon|vormittag|vormittags|morgens|früh|du matin|de la mañana|"
    "di mattina|del mattino|da manhã|'s ochtends|'s morgens|om morgenen|på morgonen|"
    "på förmiddagen|aamulla",
    "midday": "lunchtime|lunch time|mittags",
    "afternoon": "afternoon|nachmittag|nachmittags|de l'après-midi|de la tarde|del pomeriggio|"
    "da tarde|'s middags|om eftermiddagen|om ettermiddagen|på eftermiddagen|iltapäivällä|"
    "po południu",
    "evening": "evening|abend|abends|du soir|de la noche|di sera|da noite|'s avonds|om aftenen|"
    "om kvelden|på kvällen|illalla|wieczorem",
    "night": "night|nachts",
}
PARTS = {word: part for part, words in _PARTS.items() for word in words.split("|")}

NUMBERS = _numbered(
    (
        "one eins ein une uno um uma een één en et ett yksi",
        "two zwei deux dos due dois duas twee to två kaksi",
        "three drei trois tres tre três drie kolme",
        "four vier quatre cuatro quattro quatro fire fyra neljä",
        "five fünf cinq cinco cinque vijf fem viisi",
        "six sechs seis sei zes seks sex kuusi",
        "seven sieben sept siete sette sete zeven syv sju seitsemän",
        "eight acht huit ocho otto oito otte åtte åtta kahdeksan",
        "nine neun neuf nueve nove negen ni nio yhdeksän",
        "ten zehn dix diez dieci dez tien ti tio kymmenen",
        "eleven elf onze once undici elleve elva yksitoista",
        "twelve zwölf douze doce dodici doze twaalf tolv kaksitoista",
    ),
    1,
)


_CASE_FOLDS = {0x2019: "'", 0x131: "i", 0x307: ""}


def alternation(words: Iterable[str]) -> str:
    """Return a pattern for any of these words, longest first; a space matches one to three."""
    patterns = (
        re.escape(word).replace(r"\ ", r"\s{1,3}").replace("'", "['\u2019]")
        for word in sorted(words, key=len, reverse=True)
    )
    return f"(?:{'|'.join(patterns)})"


def normalize(text: str) -> str:
    """Return the matched text as the tables spell it: lowercase, with single spaces.

    Patterns that ignore case also match the Turkish letters for an i.
    """
    return one_line(text.casefold().translate(_CASE_FOLDS))
