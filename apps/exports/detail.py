"""How much of an answer is written, from everything down to the bare header."""

from dataclasses import dataclass, replace

UNLIMITED = 1 << 31


@dataclass(frozen=True, slots=True)
class Detail:
    """The most there is of each thing; a fact that is cut is cut in every format.

    `crumbs` and `further_crumbs` count back from each event; `texts` and `codes` are characters
    of one text and one line of code. `ids` are the links of events and the traces of further
    events, `references` the links of issues and their traces. `places` says whether each omission
    names its place, `omissions` how many are told apart; `titles` is whether an event whose
    exception is told has its title too. `plain` leaves every text as it came, for programs.
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
    titles: bool = True
    omissions: int = 60
    asides: int = 30
    plain: bool = False


EVERYTHING = Detail(
    crumbs=UNLIMITED,
    further_crumbs=UNLIMITED,
    exceptions=UNLIMITED,
    issues=UNLIMITED,
    summary_rows=UNLIMITED,
    occurrences=UNLIMITED,
    searched=UNLIMITED,
    notices=UNLIMITED,
    counts=UNLIMITED,
    omissions=UNLIMITED,
    asides=UNLIMITED,
    plain=True,
)

# What goes first when space is short. Each step keeps all that the steps before it cut.
_STEPS: tuple[dict[str, int | bool], ...] = (
    {"further_crumbs": 30, "crumbs": 60},
    {"library_frames": 20, "texts": 2000},
    {"further_crumbs": 10, "crumbs": 40},
    {"library_frames": 6, "occurrences": 100, "asides": 15},
    {"further_crumbs": 3, "crumbs": 25, "crumb_texts": 200},
    {"library_frames": 2, "texts": 1200, "in_app_frames": 30},
    {
        "further_crumbs": 0,
        "crumbs": 15,
        "ids": False,
    },
    {"library_frames": 0, "in_app_frames": 15, "occurrences": 40},
    {"crumbs": 10, "texts": 800, "crumb_texts": 160},
    {"occurrences": 20, "in_app_frames": 8, "places": False, "asides": 8},
    {"texts": 500, "exceptions": 8, "occurrences": 10},
    {"crumbs": 7, "in_app_frames": 5, "crumb_texts": 120, "issues": 100, "summary_rows": 100},
    {"crumbs": 5, "in_app_frames": 3, "texts": 350, "names": 160, "searched": 30},
    {"in_app_frames": 2, "occurrences": 5, "asides": 4, "exceptions": 4, "crumb_texts": 90},
    {"crumbs": 3, "in_app_frames": 1, "texts": 240, "names": 120, "codes": 100},
    {"crumbs": 2, "exceptions": 3, "issues": 50, "occurrences": 2, "summary_rows": 60, "asides": 2},
    {"texts": 160, "names": 90, "issues": 30, "exceptions": 2, "crumb_texts": 70, "searched": 10},
    {"crumbs": 1, "occurrences": 1, "issues": 20, "summary_rows": 30, "codes": 80},
    {"texts": 120, "exceptions": 1, "notice_texts": 240, "references": False},
    {"issues": 15, "occurrences": 0, "summary_rows": 20, "notices": 10, "counts": 12},
    {"issues": 12, "summary_rows": 15},
    {"issues": 10, "summary_rows": 12, "titles": False, "asides": 1},
    {"issues": 8, "summary_rows": 10, "texts": 100, "crumb_texts": 50, "omissions": 8},
    {"issues": 6, "summary_rows": 8, "names": 70, "searched": 5},
    {"issues": 5, "summary_rows": 6, "asides": 0},
    {"issues": 4, "summary_rows": 5, "notices": 6, "omissions": 4},
    {"issues": 3, "summary_rows": 4},
    {"issues": 2, "summary_rows": 3, "texts": 80, "codes": 60, "notice_texts": 160},
    {"issues": 1, "summary_rows": 2, "names": 50, "crumb_texts": 40},
    {"summary_rows": 1, "texts": 60, "names": 40, "codes": 40, "searched": 3, "counts": 4},
    {"crumbs": 0, "texts": 40, "notices": 4, "notice_texts": 100, "omissions": 1},
    {"issues": 0, "names": 30, "counts": 2},
    {"summary_rows": 0, "searched": 2, "notices": 3, "notice_texts": 80, "counts": 0},
    {"names": 20, "searched": 1, "notices": 2, "notice_texts": 60},
    {"names": 12, "notices": 1, "notice_texts": 40},
    {"names": 8, "searched": 0, "notice_texts": 20},
    {"notices": 0},
)


def _ladder() -> tuple[Detail, ...]:
    rungs = [Detail()]
    for step in _STEPS:
        rungs.append(replace(rungs[-1], **step))  # type: ignore[arg-type]
    return tuple(rungs)


LADDER = _ladder()
