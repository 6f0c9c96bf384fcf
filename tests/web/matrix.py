"""Expected responses per URL, method, and person. Every new URL needs a row."""

from fnmatch import fnmatchcase

from tests.web.matrix_cells import (
    ABSENT,
    ADMIN_ONLY,
    ANYONE,
    API_DOCS,
    API_TOKEN,
    AUDIT_TRAIL,
    EVERYONE,
    FOLLOW_UP,
    FORBIDDEN,
    LEADING,
    LOOKING_UP,
    MANAGE,
    NEVER_ALLOWED,
    NO_PASSKEY,
    NOT_FOUND,
    OWN_ACCOUNT,
    OWNING,
    READING,
    SIGNED_IN,
    TO_SIGN_IN,
    UNREDACTED,
    Row,
)

_LOOKUP, _INCIDENT = "lookups/<uuid:lookup_id>/", "incidents/<uuid:incident_id>/"
_RECORD, _EXPORT = "admin/lookups/lookup/", "admin/lookups/exportrecord/"
_PRESET, _PERSON = "admin/lookups/exportpreset/", "admin/auth/user/"
_TEAM, _TOKEN = "admin/accounts/team/", "admin/accounts/apitoken/"
_KNOWN, _LIST = "admin/known_errors/knownerror/", "admin/incidents/incident/"
_ENTRY, _INVITATION = "admin/audit/entry/", "admin/accounts/invitation/"
_TEMPLATE, _DELIVERY = "admin/answers/drafttemplate/", "admin/answers/handover/"
_EXPLANATION = "admin/explain/explanation/"
_PAGES = (
    *("", "add/", "<path:object_id>/change/"),
    *("<path:object_id>/history/", "<path:object_id>/delete/"),
)
_AUTOCOMPLETE = " 302  403  403  403  403  403  403  403  403  302"  # without naming a field
_MANAGE_SIGN_OUT = " 302  403  403  403  403  302  302  302  302  302"

ROWS = (
    Row("looking up from a ticket", ("tickets/", "tickets/use/"), get=LOOKING_UP, post=LOOKING_UP),
    Row(
        "the form; an anonymous POST leads to sign-in",
        ("",),
        get=" 302  403  ~    ~    ~    ~    ~    ~    in   302",
        post=" in   403  ~    ~    ~    ~    ~    ~    403  in ",
        others=NEVER_ALLOWED,
    ),
    Row("starting a lookup", ("lookups/",), post=LOOKING_UP),
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
    Row("looking up many customers", ("incidents/",), get=LEADING, post=LEADING),
    Row(
        "reading an incident",
        (
            *(_INCIDENT, f"{_INCIDENT}progress", f"{_INCIDENT}export.<slug:suffix>"),
            f"{_INCIDENT}events/<slug:event_id>/",
        ),
        get=READING,
    ),
    Row("opening a customer of an incident", (f"{_INCIDENT}lookup/",), post=FOLLOW_UP),
    Row("filtering a result", (f"{_LOOKUP}shown/",), post=READING),
    Row("recording a copy", (f"{_LOOKUP}copied/",), post=READING),
    Row(
        "feedback on a known error in a result",
        (f"{_LOOKUP}known/feedback/",),
        post=READING,
    ),
    Row(
        "follow-up lookups, and loading missing details",
        (f"{_LOOKUP}again/", f"{_LOOKUP}move/", f"{_LOOKUP}beside/"),
        post=FOLLOW_UP,
        sent={"move": "now"},
    ),
    Row("sharing", (f"{_LOOKUP}share/", f"{_INCIDENT}share/"), get=OWNING, post=OWNING),
    Row("canceling", (f"{_LOOKUP}cancel/", f"{_INCIDENT}cancel/"), post=OWNING),
    Row(
        "stopping a share that does not exist",
        (f"{_LOOKUP}unshare/", f"{_INCIDENT}unshare/"),
        post=" 302  404  404  404  403  404  404  404  404  302",
    ),
    Row("without redaction", (f"{_LOOKUP}unredacted/",), get=UNREDACTED, post=UNREDACTED),
    Row("preferences", ("accounts/preferences/",), get=SIGNED_IN, post=SIGNED_IN),
    Row("theme", ("accounts/theme/",), post=SIGNED_IN),
    Row("health", ("healthz", "readyz"), get=EVERYONE, post=NEVER_ALLOWED, others=NEVER_ALLOWED),
    Row("signing in", ("accounts/login/",), get=EVERYONE, post=EVERYONE, others=ANYONE),
    Row(
        "other ways to sign in, and links from emails; none is valid here",
        (
            "accounts/inactive/",
            *("accounts/oidc/*", "accounts/invitation/*", "accounts/password/reset/*"),
        ),
        get=ANYONE,
        post=ANYONE,
        others=ANYONE,
    ),
    Row(
        "signing in with an unknown passkey",
        ("accounts/2fa/passkeys/login/",),
        get=ANYONE,
        post=NO_PASSKEY,
        others=NO_PASSKEY,
        options=ANYONE,
    ),
    Row(
        "own password, second factors, and sessions",
        (
            *("accounts/2fa/*", "accounts/password/change/"),
            *("accounts/reauthenticate/", "accounts/sessions/"),
        ),
        get=OWN_ACCOUNT,
        post=OWN_ACCOUNT,
        others=OWN_ACCOUNT,
    ),
    Row("signing out", ("accounts/logout/",), NEVER_ALLOWED, TO_SIGN_IN, NEVER_ALLOWED),
    Row(
        "the API for many customers",
        ("api/v1/incidents/",),
        get=NEVER_ALLOWED,
        post=API_TOKEN,
        others=NEVER_ALLOWED,
    ),
    Row("assistants, turned off", ("mcp",), get=ABSENT, post=ABSENT, others=ABSENT),
    Row("the API", ("api/v1/lookups/",), get=NEVER_ALLOWED, post=API_TOKEN, others=NEVER_ALLOWED),
    Row(
        "reading through the API",
        (
            *("api/v1/lookups/<uuidstr:lookup_id>/", "api/v1/incidents/<uuidstr:incident_id>/"),
            "api/v1/lookups/<uuidstr:lookup_id>/events/<event_id>/",
            *("api/v1/known-errors/", "api/v1/status/"),
        ),
        get=API_TOKEN,
        post=NEVER_ALLOWED,
        others=NEVER_ALLOWED,
        head=NEVER_ALLOWED,
    ),
    Row("the OpenAPI document", ("api/v1/openapi.json",), API_DOCS, API_DOCS, API_DOCS),
    Row(
        "the API documentation page",
        ("api/v1/",),
        get=API_DOCS,
        post=NEVER_ALLOWED,
        others=NEVER_ALLOWED,
    ),
    Row("the API root, which does not exist", ("api/",), ABSENT, ABSENT, ABSENT),
    Row("the Sentry connection", ("review/sentry/",), get=ADMIN_ONLY),
    Row("erasing customer data", ("review/forget/",), get=ADMIN_ONLY, post=ADMIN_ONLY),
    Row(
        "Manage",
        (
            *("admin/", "admin/login/", "admin/jsi18n/", "admin/r/*"),
            *("admin/password_change/", "admin/password_change/done/"),
            *("admin/<app_label>/", "admin/<url>"),
        ),
        get=MANAGE,
        post=MANAGE,
        others=MANAGE,
    ),
    Row("autocomplete in Manage", ("admin/autocomplete/",), _AUTOCOMPLETE, MANAGE, MANAGE),
    Row("signing out of Manage", ("admin/logout/",), MANAGE, _MANAGE_SIGN_OUT, others=MANAGE),
    Row(
        "redirects to record pages, which check permissions",
        tuple(
            f"{one}<path:object_id>/"
            for one in (
                _RECORD,
                _EXPORT,
                _PRESET,
                _PERSON,
                _TEAM,
                _TOKEN,
                _ENTRY,
                _INVITATION,
                _KNOWN,
            )
        ),
        get=MANAGE,
        post=MANAGE,
        others=MANAGE,
    ),
    Row(
        "the audit trail",
        (_ENTRY, f"{_ENTRY}<path:object_id>/history/"),
        get=AUDIT_TRAIL,
        post=AUDIT_TRAIL,
        others=AUDIT_TRAIL,
    ),
    Row(
        "an audit trail entry",
        (f"{_ENTRY}<path:object_id>/change/",),
        AUDIT_TRAIL,
        FORBIDDEN,
        AUDIT_TRAIL,
    ),
    Row(
        "lists that admins can edit",
        (
            *(f"{_PRESET}{page}" for page in _PAGES),
            *(f"{_TEAM}{page}" for page in _PAGES),
            *(f"{one}{page}" for one in (_TOKEN,) for page in _PAGES if "del" not in page),
            *(_INVITATION, f"{_INVITATION}add/", f"{_INVITATION}<path:object_id>/history/"),
            *(_PERSON, f"{_PERSON}<path:object_id>/change/", f"{_PERSON}<path:object_id>/history/"),
        ),
        get=ADMIN_ONLY,
        post=ADMIN_ONLY,
        others=ADMIN_ONLY,
    ),
    Row(
        "read-only lists for admins",
        (
            *(_RECORD, f"{_RECORD}<path:object_id>/history/"),
            *(_EXPORT, f"{_EXPORT}<path:object_id>/history/"),
        ),
        get=ADMIN_ONLY,
        post=ADMIN_ONLY,
        others=ADMIN_ONLY,
    ),
    Row(
        "read-only records for admins",
        tuple(f"{one}<path:object_id>/change/" for one in (_RECORD, _EXPORT, _INVITATION)),
        get=ADMIN_ONLY,
        post=FORBIDDEN,
        others=ADMIN_ONLY,
    ),
    Row(
        "records that no one can add or delete",
        (
            *(f"{one}add/" for one in (_RECORD, _EXPORT, _PERSON, _ENTRY)),
            *(
                f"{one}<path:object_id>/delete/"
                for one in (_RECORD, _EXPORT, _PERSON, _TOKEN, _ENTRY, _INVITATION)
            ),
        ),
        get=FORBIDDEN,
        post=FORBIDDEN,
        others=FORBIDDEN,
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
    Row(
        "the list of incidents",
        tuple(f"{_LIST}{page}" for page in _PAGES if page != "add/" and "delete" not in page),
        get=LEADING,
        post=LEADING,
        others=LEADING,
    ),
    Row(
        "adding or deleting incidents in Manage",
        (f"{_LIST}add/", f"{_LIST}<path:object_id>/delete/"),
        get=FORBIDDEN,
        post=FORBIDDEN,
        others=FORBIDDEN,
    ),
    Row("deleting a known error", (f"{_KNOWN}<path:object_id>/delete/",), *(3 * (FORBIDDEN,))),
    Row(
        "drafts and their delivery",
        (
            *(f"{_LOOKUP}reply/", f"{_LOOKUP}escalation/"),
            f"{_INCIDENT}escalation/<slug:issue_id>/",
        ),
        get=READING,
        post=READING,
    ),
    Row(
        "recording use of a draft",
        (f"{_LOOKUP}drafted/", f"{_INCIDENT}drafted/"),
        post=READING,
    ),
    Row(
        "retrying a delivery that does not exist",
        (f"{_LOOKUP}handover/",),
        post=" 302  404  404  404  404  404  404  404  404  302",
    ),
    Row(
        "draft templates",
        (
            *(f"{_TEMPLATE}{page}" for page in _PAGES),
            f"{_TEMPLATE}example/",
        ),
        get=LEADING,
        post=LEADING,
        others=LEADING,
    ),
    Row(
        "the list of deliveries",
        (_DELIVERY, f"{_DELIVERY}<path:object_id>/history/"),
        get=ADMIN_ONLY,
        post=ADMIN_ONLY,
        others=ADMIN_ONLY,
    ),
    Row(
        "a delivery",
        (f"{_DELIVERY}<path:object_id>/change/",),
        get=ADMIN_ONLY,
        post=FORBIDDEN,
        others=ADMIN_ONLY,
    ),
    Row(
        "adding or deleting deliveries",
        (f"{_DELIVERY}add/", f"{_DELIVERY}<path:object_id>/delete/"),
        get=FORBIDDEN,
        post=FORBIDDEN,
        others=FORBIDDEN,
    ),
    Row(
        "redirects to deliveries and draft templates",
        (f"{_DELIVERY}<path:object_id>/", f"{_TEMPLATE}<path:object_id>/"),
        get=MANAGE,
        post=MANAGE,
        others=MANAGE,
    ),
    Row("explanations without a model", (f"{_LOOKUP}explain/",), NOT_FOUND, NOT_FOUND),
    Row(
        "redirects to explanations and incidents",
        (
            *(f"{_EXPLANATION}<path:object_id>/", f"{_EXPLANATION}<path:object_id>/history/"),
            f"{_LIST}<path:object_id>/",
        ),
        get=MANAGE,
        post=MANAGE,
        others=MANAGE,
    ),
    Row(
        "the list of explanations without a model",
        tuple(f"{_EXPLANATION}{page}" for page in _PAGES if "history" not in page),
        get=FORBIDDEN,
        post=FORBIDDEN,
        others=FORBIDDEN,
    ),
)


def row_of(address: str) -> Row | None:
    """Return the row of a URL: an exact match, else the longest matching pattern."""
    matches = [(one, row) for row in ROWS for one in row.addresses if fnmatchcase(address, one)]
    if not matches:
        return None
    return max(matches, key=lambda pair: (pair[0] == address, len(pair[0])))[1]
