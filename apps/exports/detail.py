"""How much of an answer is written, from everything down to the bare header."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

UNLIMITED = 1 << 31


@dataclass(frozen=True, slots=True)
class Detail:
    """The most there is of each thing; a fact that is cut is cut in every format.

    `crumbs` and `further_crumbs` count back from each event; `texts` and `codes` are characters
    of one text and one line of code. `ids` are the links of events and the traces of further
    events, `references` the links of issues and their traces. `places` says whether each omission
    names its place, `omissions` how many are told apart; `titles` is whether an event whose
    exception is told has its title too, `culprits` the same for where it broke. `issue_titles` are
    the characters of a title in the summary, `standings` is whether it says how an issue stands.
    `known` are the known errors told of one issue, `known_texts` the characters of one text of
    theirs.
    `bare` leaves an event its error and where it broke. `plain` leaves every text as it came, for
    programs.
    """

    crumbs: int = 100
    further_crumbs: int = 100
    crumb_texts: int = 300
    library_frames: int = 60
    in_app_frames: int = 60
    exceptions: int = 20
    issues: int = 200
    summary_rows: int = 200
    occurrences: int = 300
    texts: int = 3000
    names: int = 300
    codes: int = 160
    ids: bool = True
    references: bool = True
    searched: int = 100
    notices: int = 20
    notice_texts: int = 400
    counts: int = 40
    places: bool = True
    bare: bool = False
    titles: bool = True
    culprits: bool = True
    devices: bool = True
    last_seen: bool = True
    standings: bool = True
    issue_titles: int = 160
    omissions: int = 60
    asides: int = 30
    known: int = 5
    known_texts: int = 4000
    known_links: int = 10
    plain: bool = False


EVERYTHING = Detail(
    crumbs=UNLIMITED,
    further_crumbs=UNLIMITED,
    exceptions=UNLIMITED,
    issues=UNLIMITED,
    summary_rows=UNLIMITED,
    occurrences=UNLIMITED,
    searched=UNLIMITED,
    issue_titles=UNLIMITED,
    notices=UNLIMITED,
    counts=UNLIMITED,
    omissions=UNLIMITED,
    asides=UNLIMITED,
    known=UNLIMITED,
    known_links=UNLIMITED,
    plain=True,
)

# What goes first when space is short: whole stories before the last steps, what the program's
# libraries did before its own code, what is said twice before what is said once. An error's type,
# message and crash frame, and the last thing before it, go last.
_STEPS: tuple[dict[str, int | bool], ...] = (
    {"further_crumbs": 30, "crumbs": 60},
    {"library_frames": 20, "texts": 2000, "known_texts": 2000},
    {"further_crumbs": 10, "crumbs": 40},
    {"library_frames": 6, "occurrences": 100, "asides": 15, "known": 3},
    {"further_crumbs": 3, "crumbs": 25, "crumb_texts": 200},
    {"titles": False, "ids": False},
    {"library_frames": 2, "texts": 1200, "in_app_frames": 30, "known_texts": 1000},
    {"further_crumbs": 0, "crumbs": 15},
    {"library_frames": 0, "in_app_frames": 15, "occurrences": 40, "last_seen": False},
    {"crumbs": 10, "texts": 800, "crumb_texts": 160, "known": 1},
    {"occurrences": 20, "in_app_frames": 8, "places": False, "asides": 8},
    {"texts": 500, "exceptions": 8, "occurrences": 10, "issue_titles": 100},
    {"crumbs": 7, "in_app_frames": 5, "crumb_texts": 120, "issues": 100, "summary_rows": 100},
    {"culprits": False, "crumbs": 5, "in_app_frames": 3, "texts": 350, "names": 160},
    {"searched": 30, "occurrences": 5, "exceptions": 4, "crumb_texts": 90, "asides": 4},
    {"known_texts": 500, "known_links": 2},
    {"devices": False, "in_app_frames": 2, "crumbs": 3, "texts": 240, "names": 120},
    {"codes": 120, "issue_titles": 60, "exceptions": 3, "references": False},
    {"known_texts": 300},
    {"in_app_frames": 1, "crumbs": 2, "issues": 50, "occurrences": 2, "summary_rows": 60},
    {"texts": 160, "names": 90, "exceptions": 2, "crumb_texts": 70, "searched": 10},
    {"crumbs": 1, "asides": 2, "issues": 30, "summary_rows": 40, "codes": 90},
    {"texts": 120, "exceptions": 1, "notice_texts": 240, "occurrences": 1, "issue_titles": 60},
    {"codes": 80, "names": 80, "notices": 10, "counts": 12, "crumb_texts": 50},
    {"occurrences": 0, "texts": 100, "asides": 1, "issues": 20, "summary_rows": 25},
    {"issues": 10, "summary_rows": 14, "omissions": 8, "known_texts": 160},
    {"standings": False, "issues": 6, "summary_rows": 8, "names": 70, "searched": 5},
    {"issues": 4, "summary_rows": 5, "notices": 6, "omissions": 4, "asides": 0},
    {"issues": 2, "summary_rows": 3, "texts": 80, "codes": 60, "notice_texts": 160},
    {"known_texts": 80},
    {"issues": 1, "summary_rows": 2, "names": 50, "crumb_texts": 40},
    {"summary_rows": 1, "texts": 60, "names": 40, "codes": 40, "searched": 3, "counts": 4},
    {"known": 0},
    {"bare": True},
    {"crumbs": 0, "texts": 40, "notices": 4, "notice_texts": 100, "omissions": 1},
    {"issues": 0, "names": 30, "counts": 2},
    {"summary_rows": 0, "searched": 2, "notices": 3, "notice_texts": 80, "counts": 0},
    {"names": 20, "searched": 1, "notices": 2, "notice_texts": 60},
    {"names": 12, "notices": 1, "notice_texts": 40},
    {"names": 8, "searched": 0, "notice_texts": 20},
    {"notices": 0},
)


def _ladder() -> tuple[Detail, ...]:
    """One rung for each small cut, so that a budget is used up well."""
    rungs = [Detail()]
    for step in _STEPS:
        for name, least in step.items():
            for value in _on_the_way(getattr(rungs[-1], name), least):
                rungs.append(replace(rungs[-1], **{name: value}))  # type: ignore[arg-type]
    return tuple(rungs)


def _on_the_way(now: int, least: int) -> Iterator[int]:
    """From a number down to a smaller one by a fifth at a time, or by one where that is less."""
    if isinstance(least, bool):
        yield least
        return
    while now > least:
        now = max(least, min(now * 4 // 5, now - 1))
        yield now


LADDER = _ladder()
