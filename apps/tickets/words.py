"""Months, days of the week and words for days, as people write them in four languages.

Left out is what means something else as easily: French "mar." and "hier" (German: here) without
what makes it French, German "morgen" (tomorrow or morning) alone, Spanish "mañana" alone.
"""

import re

_MONTHS = (
    "january jan januar jänner jaenner janvier janv enero ene",
    "february feb febr februar février fevrier févr fevr febrero",
    "march mar märz maerz mrz mars marzo",
    "april apr avril avr abril abr",
    "may mai mayo",
    "june jun juni juin junio",
    "july jul juli juillet juil julio",
    "august aug août aout agosto ago",
    "september sept sep septembre septiembre setiembre",
    "october oct oktober okt octobre octubre",
    "november novmber nov novembre noviembre",
    "december dec dezember dez décembre decembre diciembre dic",
)
_WEEKDAYS = (
    "monday mondey montag lundi lunes",
    "tuesday teusday tuseday dienstag mardi martes",
    "wednesday wendesday wensday wednsday mittwoch mercredi miércoles miercoles",
    "thursday thurday thrusday donnerstag jeudi jueves",
    "friday freitag vendredi viernes",
    "saturday saterday samstag sonnabend samedi sábado sabado",
    "sunday sonntag dimanche domingo",
)
_SHORT_WEEKDAYS = (
    "mon mo",
    "tue tues di",
    "wed mi",
    "thu thur thurs do",
    "fri fr",
    "sat sa",
    "sun so",
)


def _numbered(rows: tuple[str, ...], first: int) -> dict[str, int]:
    return {word: number for number, row in enumerate(rows, first) for word in row.split()}


MONTHS = _numbered(_MONTHS, 1)
WEEKDAYS = _numbered(_WEEKDAYS, 0)
ANY_WEEKDAY = {**WEEKDAYS, **_numbered(_SHORT_WEEKDAYS, 0)}

# Words that are also something else: written small, they are a month only perhaps.
DOUBTFUL_MONTHS = frozenset(("may", "march", "mar", "dec", "ago", "mars", "mai", "jan", "sep"))

DAYS_AGO = {
    "the day before yesterday": 2,
    "day before yesterday": 2,
    "yesterday": 1,
    "yesteday": 1,
    "yestrday": 1,
    "yesterady": 1,
    "today": 0,
    "vorgestern": 2,
    "gestern": 1,
    "heute": 0,
    "avant-hier": 2,
    "aujourd'hui": 0,
    "anteayer": 2,
    "antes de ayer": 2,
    "ayer": 1,
    "hoy": 0,
}

# A part of a named day: how many days ago, and the part.
PARTS_OF_DAYS = {
    "this morning": (0, "morning"),
    "this afternoon": (0, "afternoon"),
    "this evening": (0, "evening"),
    "tonight": (0, "evening"),
    "last night": (1, "night"),
    "last evening": (1, "evening"),
    "heute morgen": (0, "morning"),
    "heute früh": (0, "morning"),
    "heute nacht": (0, "small hours"),
    "gestern morgen": (1, "morning"),
    "gestern früh": (1, "morning"),
    "letzte nacht": (1, "night"),
    "ce matin": (0, "morning"),
    "cet après-midi": (0, "afternoon"),
    "cet apres-midi": (0, "afternoon"),
    "ce soir": (0, "evening"),
    "hier matin": (1, "morning"),
    "hier après-midi": (1, "afternoon"),
    "hier apres-midi": (1, "afternoon"),
    "hier soir": (1, "evening"),
    "cette nuit": (0, "small hours"),
    "esta mañana": (0, "morning"),
    "esta tarde": (0, "afternoon"),
    "esta noche": (0, "evening"),
    "ayer por la mañana": (1, "morning"),
    "ayer por la tarde": (1, "afternoon"),
    "ayer por la noche": (1, "evening"),
    "anoche": (1, "evening"),
}

PARTS = {
    "morning": "morning",
    "forenoon": "morning",
    "lunchtime": "midday",
    "lunch time": "midday",
    "afternoon": "afternoon",
    "evening": "evening",
    "night": "night",
    "vormittag": "morning",
    "vormittags": "morning",
    "morgens": "morning",
    "mittags": "midday",
    "nachmittag": "afternoon",
    "nachmittags": "afternoon",
    "abend": "evening",
    "abends": "evening",
    "nachts": "night",
    "du matin": "morning",
    "de l'après-midi": "afternoon",
    "du soir": "evening",
    "de la mañana": "morning",
    "de la tarde": "afternoon",
    "de la noche": "evening",
}

NUMBERS = {
    word: number
    for number, row in enumerate(
        (
            "one eins ein une uno",
            "two zwei deux dos",
            "three drei trois tres",
            "four vier quatre cuatro",
            "five fünf cinq cinco",
            "six sechs seis",
            "seven sieben sept siete",
            "eight acht huit ocho",
            "nine neun neuf nueve",
            "ten zehn dix diez",
            "eleven elf onze once",
            "twelve zwölf douze doce",
        ),
        1,
    )
    for word in row.split()
}


_AS_PATTERNS_SEE_THEM = {0x2019: "'", 0x131: "i", 0x307: ""}


def one_of(words: object) -> str:
    """A pattern for any of these words, the longest first; blanks may be one to three."""
    assert isinstance(words, dict | frozenset)  # noqa: S101 - for the type checker
    ordered = sorted(words, key=len, reverse=True)
    return (
        "(?:"
        + "|".join(
            re.escape(word).replace(r"\ ", r"\s{1,3}").replace("'", "['\u2019]") for word in ordered
        )
        + ")"
    )


def folded(text: str) -> str:
    """The found text as it stands in the tables: small, with single blanks.

    A pattern that ignores case takes the Turkish letters for an i as well.
    """
    return " ".join(text.casefold().translate(_AS_PATTERNS_SEE_THEM).split())
