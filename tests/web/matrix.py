"""How each address answers each person, by method. A new address needs a row, or a place in one."""

from fnmatch import fnmatchcase

from tests.web.matrix_cells import (
    ABSENT,
    ANYBODY,
    DOCUMENT,
    EVERYBODY,
    GOING_ON,
    IN_REVIEW,
    KEEPING,
    LEADING,
    LOOKING_UP,
    NO_PASSKEY,
    NOBODY_SO,
    NOT_EVEN,
    NOT_THERE,
    OWN,
    PROGRAM,
    READING,
    REVIEWING,
    SIGNED_IN,
    TO_SIGN_IN,
    TRAIL,
    UNREDACTED,
    Row,
)

_LOOKUP = "lookups/<uuid:lookup_id>/"
_RECORD, _EXPORT = "admin/lookups/lookup/", "admin/lookups/exportrecord/"
_PRESET, _PERSON = "admin/lookups/exportpreset/", "admin/auth/user/"
_TEAM, _TOKEN = "admin/accounts/team/", "admin/accounts/apitoken/"
_KNOWN = "admin/known_errors/knownerror/"
_ENTRY, _INVITED = "admin/audit/entry/", "admin/accounts/invitation/"
_TEMPLATE, _HANDED = "admin/answers/drafttemplate/", "admin/answers/handover/"
_EXPLAINED = "admin/explain/explanation/"
_PAGES = (
    *("", "add/", "<path:object_id>/change/"),
    *("<path:object_id>/history/", "<path:object_id>/delete/"),
)
_ASKING = " 302  403  403  403  403  403  403  403  403  302"  # without saying of which field
_OUT = " 302  403  403  403  403  302  302  302  302  302"

ROWS = (
    Row("asking by a ticket", ("tickets/", "tickets/use/"), get=LOOKING_UP, post=LOOKING_UP),
    Row(
        "the form; anybody may post to it, and signs in then",
        ("",),
        get=" 302  403  ~    ~    ~    ~    ~    ~    in   302",
        post=" in   403  ~    ~    ~    ~    ~    ~    403  in ",
        others=NOBODY_SO,
    ),
    Row("beginning a lookup", ("lookups/",), post=LOOKING_UP),
    Row(
        "reading a result",
        (
            _LOOKUP,
            *(f"{_LOOKUP}{page}" for page in ("progress", "newer", "table/", "export/panel/")),
            f"{_LOOKUP}export.<slug:suffix>",
            f"{_LOOKUP}events/<slug:event_id>/",
            f"{_LOOKUP}events/<slug:event_id>/brief/",
        ),
        get=READING,
    ),
    Row("choosing what is shown", (f"{_LOOKUP}shown/",), post=READING),
    Row("telling of a copy", (f"{_LOOKUP}copied/",), post=READING),
    Row(
        "a known error of a result: its reply, a copy of that, whether it helped",
        tuple(f"{_LOOKUP}known/{page}/" for page in ("reply", "copied", "feedback")),
        post=READING,
    ),
    Row(
        "going on to a lookup of one's own, and reading what is missing beside",
        (f"{_LOOKUP}again/", f"{_LOOKUP}move/", f"{_LOOKUP}beside/"),
        post=GOING_ON,
        sent={"move": "now"},
    ),
    Row("sharing", (f"{_LOOKUP}share/",), get=KEEPING, post=KEEPING),
    Row("stopping", (f"{_LOOKUP}cancel/",), post=KEEPING),
    Row(
        "ending a share; the one that is named is not there",
        (f"{_LOOKUP}unshare/",),
        post=" 302  404  404  404  403  404  404  404  404  302",
    ),
    Row("without redaction", (f"{_LOOKUP}unredacted/",), get=UNREDACTED, post=UNREDACTED),
    Row("one's own choices", ("accounts/preferences/",), get=SIGNED_IN, post=SIGNED_IN),
    Row("light and dark", ("accounts/theme/",), post=SIGNED_IN),
    Row("health", ("healthz", "readyz"), get=EVERYBODY, post=NOBODY_SO, others=NOBODY_SO),
    Row("signing in", ("accounts/login/",), get=EVERYBODY, post=EVERYBODY, others=ANYBODY),
    Row(
        "other ways to sign in, and links that were sent; none is valid here",
        (
            "accounts/inactive/",
            *("accounts/oidc/*", "accounts/invitation/*", "accounts/password/reset/*"),
        ),
        get=ANYBODY,
        post=ANYBODY,
        others=ANYBODY,
    ),
    Row(
        "signing in by a passkey that is not known",
        ("accounts/2fa/passkeys/login/",),
        get=ANYBODY,
        post=NO_PASSKEY,
        others=NO_PASSKEY,
        options=ANYBODY,
    ),
    Row(
        "one's own password, second factors and sessions",
        (
            *("accounts/2fa/*", "accounts/password/change/"),
            *("accounts/reauthenticate/", "accounts/sessions/"),
        ),
        get=OWN,
        post=OWN,
        others=OWN,
    ),
    Row("signing out", ("accounts/logout/",), NOBODY_SO, TO_SIGN_IN, NOBODY_SO),
    Row("the API", ("api/v1/lookups/",), get=NOBODY_SO, post=PROGRAM, others=NOBODY_SO),
    Row(
        "reading by the API",
        ("api/v1/lookups/<uuidstr:lookup_id>/",),
        get=PROGRAM,
        post=NOBODY_SO,
        others=NOBODY_SO,
        head=NOBODY_SO,
    ),
    Row("the API's document", ("api/v1/openapi.json",), DOCUMENT, DOCUMENT, DOCUMENT),
    Row("the API's page", ("api/v1/",), get=DOCUMENT, post=NOBODY_SO, others=NOBODY_SO),
    Row("the API's root, where there is nothing", ("api/",), ABSENT, ABSENT, ABSENT),
    Row("the connection", ("review/sentry/",), get=REVIEWING),
    Row("forgetting a customer", ("review/forget/",), get=REVIEWING, post=REVIEWING),
    Row(
        "the review",
        (
            *("admin/", "admin/login/", "admin/jsi18n/", "admin/r/*"),
            *("admin/password_change/", "admin/password_change/done/"),
            *("admin/<app_label>/", "admin/<url>"),
        ),
        get=IN_REVIEW,
        post=IN_REVIEW,
        others=IN_REVIEW,
    ),
    Row("names to choose from, there", ("admin/autocomplete/",), _ASKING, IN_REVIEW, IN_REVIEW),
    Row("leaving the review", ("admin/logout/",), IN_REVIEW, _OUT, others=IN_REVIEW),
    Row(
        "what leads on to a record's page, which then asks who it is",
        tuple(
            f"{one}<path:object_id>/"
            for one in (_RECORD, _EXPORT, _PRESET, _PERSON, _TEAM, _TOKEN, _ENTRY, _INVITED, _KNOWN)
        ),
        get=IN_REVIEW,
        post=IN_REVIEW,
        others=IN_REVIEW,
    ),
    Row(
        "the audit trail",
        (_ENTRY, f"{_ENTRY}<path:object_id>/history/"),
        get=TRAIL,
        post=TRAIL,
        others=TRAIL,
    ),
    Row("an entry of it", (f"{_ENTRY}<path:object_id>/change/",), TRAIL, NOT_EVEN, TRAIL),
    Row(
        "lists that an admin writes",
        (
            *(f"{_PRESET}{page}" for page in _PAGES),
            *(f"{_TEAM}{page}" for page in _PAGES),
            *(f"{one}{page}" for one in (_TOKEN,) for page in _PAGES if "del" not in page),
            *(_INVITED, f"{_INVITED}add/", f"{_INVITED}<path:object_id>/history/"),
            *(_PERSON, f"{_PERSON}<path:object_id>/change/", f"{_PERSON}<path:object_id>/history/"),
        ),
        get=REVIEWING,
        post=REVIEWING,
        others=REVIEWING,
    ),
    Row(
        "lists that an admin only reads",
        (
            *(_RECORD, f"{_RECORD}<path:object_id>/history/"),
            *(_EXPORT, f"{_EXPORT}<path:object_id>/history/"),
        ),
        get=REVIEWING,
        post=REVIEWING,
        others=REVIEWING,
    ),
    Row(
        "what an admin only reads",
        tuple(f"{one}<path:object_id>/change/" for one in (_RECORD, _EXPORT, _INVITED)),
        get=REVIEWING,
        post=NOT_EVEN,
        others=REVIEWING,
    ),
    Row(
        "what nobody may write, there",
        (
            *(f"{one}add/" for one in (_RECORD, _EXPORT, _PERSON, _ENTRY)),
            *(
                f"{one}<path:object_id>/delete/"
                for one in (_RECORD, _EXPORT, _PERSON, _TOKEN, _ENTRY, _INVITED)
            ),
        ),
        get=NOT_EVEN,
        post=NOT_EVEN,
        others=NOT_EVEN,
    ),
    Row(
        "known errors",
        (
            *(f"{_KNOWN}{page}" for page in _PAGES if "del" not in page),
            *(f"{_KNOWN}{page}/" for page in ("suggestions", "import", "export")),
            *(f"{_KNOWN}<int:entry_id>/{page}/" for page in ("markdown", "restore")),
        ),
        get=LEADING,
        post=LEADING,
        others=LEADING,
    ),
    Row("deleting a known error", (f"{_KNOWN}<path:object_id>/delete/",), *(3 * (NOT_EVEN,))),
    Row(
        "drafts, and handing them over",
        (f"{_LOOKUP}reply/", f"{_LOOKUP}escalation/"),
        get=READING,
        post=READING,
    ),
    Row("telling that a draft was taken", (f"{_LOOKUP}drafted/",), post=READING),
    Row(
        "trying a hand-over again; the one that is named is not there",
        (f"{_LOOKUP}handover/",),
        post=" 302  404  404  404  404  404  404  404  404  302",
    ),
    Row(
        "templates of drafts, which leads write",
        (
            *(f"{_TEMPLATE}{page}" for page in _PAGES),
            f"{_TEMPLATE}example/",
        ),
        get=LEADING,
        post=LEADING,
        others=LEADING,
    ),
    Row(
        "what was handed over",
        (_HANDED, f"{_HANDED}<path:object_id>/history/"),
        get=REVIEWING,
        post=REVIEWING,
        others=REVIEWING,
    ),
    Row(
        "one of what was handed over",
        (f"{_HANDED}<path:object_id>/change/",),
        get=REVIEWING,
        post=NOT_EVEN,
        others=REVIEWING,
    ),
    Row(
        "writing there",
        (f"{_HANDED}add/", f"{_HANDED}<path:object_id>/delete/"),
        get=NOT_EVEN,
        post=NOT_EVEN,
        others=NOT_EVEN,
    ),
    Row(
        "leading on to these",
        (f"{_HANDED}<path:object_id>/", f"{_TEMPLATE}<path:object_id>/"),
        get=IN_REVIEW,
        post=IN_REVIEW,
        others=IN_REVIEW,
    ),
    Row("having a model explain: there is none", (f"{_LOOKUP}explain/",), NOT_THERE, NOT_THERE),
    Row(
        "what leads on to a record of it",
        (f"{_EXPLAINED}<path:object_id>/", f"{_EXPLAINED}<path:object_id>/history/"),
        get=IN_REVIEW,
        post=IN_REVIEW,
        others=IN_REVIEW,
    ),
    Row(
        "the list of models that were asked, where none was",
        tuple(f"{_EXPLAINED}{page}" for page in _PAGES if "history" not in page),
        get=NOT_EVEN,
        post=NOT_EVEN,
        others=NOT_EVEN,
    ),
)


def row_of(address: str) -> Row | None:
    """The row that an address stands in: one that names it, else the longest pattern."""
    named = [(one, row) for row in ROWS for one in row.addresses if fnmatchcase(address, one)]
    if not named:
        return None
    return max(named, key=lambda pair: (pair[0] == address, len(pair[0])))[1]
