"""Django's settings. Values that differ between machines come from the environment (`env`)."""

import re
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import available_timezones

from csp.constants import NONE, SELF

from apps.explain.config import Llm
from apps.signin.oidc_config import Oidc, allauth_providers
from triage_site import env

BASE_DIR = env.BASE_DIR
TRIAGE_VERSION = "1.1.0"

# --- mode and keys -----------------------------------------------------------------------------

TRIAGE_REMOVED = env.warn_of_removed()
SENTRY_AUTH_TOKEN = env.key("SENTRY_AUTH_TOKEN", "token")
DEMO = env.boolean("TRIAGE_DEMO", default=False) and not SENTRY_AUTH_TOKEN
DEBUG = env.boolean("DEBUG", default=False)
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
ALLOWED_HOSTS = [*env.hosts("ALLOWED_HOSTS", _LOOPBACK), *(_LOOPBACK if DEMO else ())]
# A public name, a shared database, or DEBUG turned off: this is not a developer's machine.
PRODUCTION = not DEBUG and any(
    env.text(name) for name in ("ALLOWED_HOSTS", "DATABASE_URL", "DEBUG", "TRIAGE_SERVER")
)
if DEBUG and env.text("TRIAGE_SERVER"):
    env.stop("DEBUG is on. It shows settings and code to everyone. Turn it off on a server.")
# The demo has its own database, keys, and cache: it shares nothing with a real site.
VAR_DIR = env.VAR_DIR / "demo" if DEMO else env.VAR_DIR
SECRET_KEY = env.stored_key(VAR_DIR) if DEMO else env.secret_key(production=PRODUCTION)
# The first key encrypts customer data, all of them decrypt it.
TRIAGE_DATA_KEYS = (SECRET_KEY,) if DEMO else env.secret_list("TRIAGE_DATA_KEYS", (SECRET_KEY,))
# The key of customer hashes and of the audit trail's chain. It must never change.
TRIAGE_HASH_KEY = SECRET_KEY if DEMO else env.secret_list("TRIAGE_HASH_KEY", (SECRET_KEY,))[0]

# --- hosts -------------------------------------------------------------------------------------

CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS")
# Manage has its own path and, optionally, its own host (apps/web/access.py).
TRIAGE_ADMIN_PATH = env.path("TRIAGE_ADMIN_PATH", "admin/")
TRIAGE_ADMIN_HOST = env.hostname("TRIAGE_ADMIN_HOST")
_other_hosts = [host for host in ALLOWED_HOSTS if host != TRIAGE_ADMIN_HOST and host[0] not in ".*"]
if TRIAGE_ADMIN_HOST and not _other_hosts:
    env.stop("TRIAGE_ADMIN_HOST needs another name in ALLOWED_HOSTS, for the rest of the site.")
TRIAGE_SITE_HOST = _other_hosts[0] if TRIAGE_ADMIN_HOST else ""
if TRIAGE_ADMIN_HOST and TRIAGE_ADMIN_HOST not in ALLOWED_HOSTS:
    ALLOWED_HOSTS.append(TRIAGE_ADMIN_HOST)
# Public host names that may resolve to private addresses (apps/outbound.py).
TRIAGE_PRIVATE_HOSTS = env.words("TRIAGE_PRIVATE_HOSTS")

# --- Sentry ------------------------------------------------------------------------------------

DEMO_SENTRY_PORT = env.integer("TRIAGE_DEMO_PORT", 8001, maximum=65535)
if DEMO:
    SENTRY_BASE_URL = f"http://127.0.0.1:{DEMO_SENTRY_PORT}"
    SENTRY_AUTH_TOKEN = "demo-token"  # noqa: S105 - opens nothing but the demo
    SENTRY_ORG = "acme"
    from apps.demo.incident import incidents
    from apps.demo.world import customers, started_at

    DEMO_CUSTOMERS = customers(started_at())
    DEMO_INCIDENTS = incidents(started_at())
else:
    DEMO_CUSTOMERS = ()
    DEMO_INCIDENTS = ()
    SENTRY_BASE_URL = env.host_url("SENTRY_BASE_URL", "https://sentry.io")
    SENTRY_ORG = env.text(
        "SENTRY_ORG",
        pattern=r"[A-Za-z0-9_.-]*",
        problem="isn't a slug. Use the organization's, as in Sentry's addresses.",
    )
SENTRY_PROJECTS = env.listed(
    "SENTRY_PROJECTS", r"[A-Za-z0-9_.-]+", "List the slugs of projects, as in Sentry's addresses."
)
if DEMO:
    SENTRY_PROJECTS = ()
SENTRY_FLAVOR = env.choice("SENTRY_FLAVOR", "auto", ("auto", "sentry", "glitchtip"))
# Depending on the plan, sentry.io stores events for 30 or 90 days: assume the shorter time.
_retention_days = 30 if urlsplit(SENTRY_BASE_URL).hostname == "sentry.io" else 90
SENTRY_RETENTION_DAYS = env.integer("SENTRY_RETENTION_DAYS", _retention_days, maximum=3650)
if SENTRY_AUTH_TOKEN and not SENTRY_ORG:
    env.stop("SENTRY_AUTH_TOKEN is set but SENTRY_ORG is not. Set it to the organization's slug.")

# --- lookups ------------------------------------------------------------------------------------

TRIAGE_CUSTOMER_FIELDS = env.listed(
    "TRIAGE_CUSTOMER_FIELDS",
    r"user\.(?:id|email|username)|tags\[[A-Za-z0-9_.-]{1,64}\]",
    "Use user.id, user.email, user.username, or tags such as tags[account_id]. Sentry can search "
    "only for tags whose names contain only the letters A to Z, digits, dots, dashes, and "
    "underscores: rename the tag in your application.",
    default=("user.id", "user.email", "user.username"),
)
if len(TRIAGE_CUSTOMER_FIELDS) > 10:
    env.stop(
        "TRIAGE_CUSTOMER_FIELDS lists more than 10 fields, which is more than Sentry can search."
    )
TRIAGE_MCP = env.boolean("TRIAGE_MCP", default=False)
TRIAGE_PREFILL_LINKS = env.boolean("TRIAGE_PREFILL_LINKS", default=False)
TRIAGE_EXPORT_MODEL = env.choice("TRIAGE_EXPORT_MODEL", "gpt", ("gpt", "claude", "gemini", "any"))
TRIAGE_WINDOW_MINUTES = env.integer("TRIAGE_WINDOW_MINUTES", 5, maximum=1440)
TRIAGE_SIGNALS = env.choices(
    "TRIAGE_SIGNALS", ("replays", "feedback", "traces", "deploys", "logs", "spans")
)
TRIAGE_SIGNALS_WAIT_MS = 50
# Of the server's 32 threads; the others remain free for pages that need no request to Sentry.
TRIAGE_MOST_WAITING = 24
TRIAGE_LOOKUPS_PER_MINUTE = 120
# What else a program can do in one minute on behalf of one person.
TRIAGE_CALLS_PER_MINUTE = {"reads": 300, "event_reads": 120, "searches": 120, "checks": 60}
TRIAGE_REASON = env.choice("TRIAGE_REASON", "optional", ("off", "optional", "required"))
TRIAGE_KEEP_LOOKUPS_DAYS = env.integer("TRIAGE_KEEP_LOOKUPS_DAYS", 30, maximum=3650)
TRIAGE_KEEP_AUDIT_DAYS = env.integer("TRIAGE_KEEP_AUDIT_DAYS", 400, maximum=36500)
TRIAGE_MAX_EVENTS = env.integer("TRIAGE_MAX_EVENTS", 500, maximum=5000)

# --- applications ------------------------------------------------------------------------------

INSTALLED_APPS = [
    "triage_site.apps.ManageConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.usersessions",
    "triage_site.apps.JobsConfig",
    "triage_site.apps.AuditConfig",
    "triage_site.apps.AccountsConfig",
    "simple_history",
    "triage_site.apps.KnownErrorsConfig",
    "triage_site.apps.LookupsConfig",
    "triage_site.apps.AnswersConfig",
    "triage_site.apps.ExplainConfig",
    "triage_site.apps.IncidentsConfig",
    "triage_site.apps.WebConfig",
    "apps.mcp",
    "triage_site.apps.SigninConfig",
    *(["apps.demo"] if DEMO else []),
]

MIDDLEWARE = [
    # Headers first: they apply to every response, including files and refusals.
    "apps.web.middleware.HeadersMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "apps.web.middleware.NoStoreMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "apps.web.views.health.HealthMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "apps.web.api.ApiProblemsMiddleware",
    "apps.web.middleware.ReadableRequestMiddleware",
    "apps.web.access.AdminHostMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "apps.web.middleware.RefusalMiddleware",
    "apps.signin.sessions.SessionLimitsMiddleware",
    "apps.signin.sessions.SecondFactorMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "triage_site.urls"
WSGI_APPLICATION = "triage_site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.web.presenters.result.site",
            ],
        },
    },
]

FORM_RENDERER = "apps.web.widgets.FormRenderer"

# --- database and cache ------------------------------------------------------------------------

DATABASES = {
    "default": env.sqlite(VAR_DIR / "triage.sqlite3")
    if DEMO
    else env.database("DATABASE_URL", VAR_DIR / "triage.sqlite3")
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# The doorbell of workers (apps/jobs), unless it is in Redis.
_database_file = DATABASES["default"]["NAME"]
TRIAGE_QUEUE_FILE = (
    _database_file.with_name(f"{_database_file.stem}-queue.sqlite3")
    if isinstance(_database_file, Path)
    else VAR_DIR / "queue.sqlite3"
)

REDIS_URL = "" if DEMO else env.redis_url("REDIS_URL")
DJANGO_REDIS_CONNECTION_FACTORY = "apps.redis_cache.Pools"
_LOCAL_MEMORY = "django.core.cache.backends.locmem.LocMemCache"
_REDIS_CACHE: dict[str, Any] = {
    "BACKEND": "apps.redis_cache.FallbackRedisCache",
    "LOCATION": (REDIS_URL,),  # a text is split at commas
    "KEY_PREFIX": "triage",
    "VERSION": 2,  # older versions used another serializer
    "OPTIONS": {
        "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
        "SOCKET_CONNECT_TIMEOUT": 0.25,
        "SOCKET_TIMEOUT": 0.25,
        "MAX_ENTRIES": 100_000,  # in memory, while Redis is lost
    },
}
# Apart in memory: cached results must not push out the counts of failed sign-ins.
CACHES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": _LOCAL_MEMORY, "OPTIONS": {"MAX_ENTRIES": 100_000}},
    "lookups": {"BACKEND": _LOCAL_MEMORY, "LOCATION": "lookups", "OPTIONS": {"MAX_ENTRIES": 1000}},
}
if REDIS_URL:
    CACHES = {"default": _REDIS_CACHE, "lookups": _REDIS_CACHE}

# --- sign-in ------------------------------------------------------------------------------------

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "lookup_form"
LOGOUT_REDIRECT_URL = "account_login"
AUTHENTICATION_BACKENDS = ["apps.signin.allauth_adapters.Backend"]
_VALIDATORS = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_VALIDATORS}.UserAttributeSimilarityValidator"},
    {"NAME": f"{_VALIDATORS}.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": f"{_VALIDATORS}.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "apps.signin.allauth_adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_FORMS = {
    "login": "apps.signin.forms.LoginForm",
    "change_password": "apps.signin.forms.ChangePasswordForm",
    "reauthenticate": "apps.signin.forms.ReauthenticateForm",
    "reset_password": "apps.signin.forms.ResetPasswordForm",
    "reset_password_from_key": "apps.signin.forms.ResetPasswordKeyForm",
}
ACCOUNT_RATE_LIMITS = {
    # A whole office can share one address, so an address has a higher limit than one of its
    # accounts. AccountAdapter adds a limit for an account from all addresses.
    "login": "120/m/ip",
    "login_failed": "30/5m/ip,5/10m/key",
}

# --- sessions ----------------------------------------------------------------------------------

SESSION_SERIALIZER = "apps.crypto.SealedSerializer"
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
TRIAGE_SESSION_IDLE_MINUTES = env.integer(
    "TRIAGE_SESSION_IDLE_MINUTES", 60, minimum=5, maximum=12 * 60
)
# An API token is shown in a message: messages are stored on the server.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- second factor -----------------------------------------------------------------------------

TRIAGE_REQUIRE_SECOND_FACTOR = env.choice(
    "TRIAGE_REQUIRE_SECOND_FACTOR", "none", ("none", "staff", "all")
)
MFA_ADAPTER = "apps.signin.allauth_adapters.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_RECOVERY_CODE_DIGITS = 10
MFA_TOTP_ISSUER = "Triage"
MFA_TOTP_TOLERANCE = 1
MFA_FORMS = {
    "authenticate": "apps.signin.forms.AuthenticateForm",
    "reauthenticate": "apps.signin.forms.ReauthenticateCodeForm",
    "activate_totp": "apps.signin.forms.ActivateTOTPForm",
    "login_webauthn": "apps.signin.forms.LoginPasskeyForm",
    "authenticate_webauthn": "apps.signin.forms.AuthenticatePasskeyForm",
    "reauthenticate_webauthn": "apps.signin.forms.ReauthenticatePasskeyForm",
    "add_webauthn": "apps.signin.forms.AddPasskeyForm",
}

# --- single sign-on ----------------------------------------------------------------------------

_ROLES = ("agent", "lead", "admin", "auditor")
_DOMAIN = r"[a-z0-9-]+(?:\.[a-z0-9-]+)+"


def _oidc_provider() -> Oidc | None:
    names = ("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_ROLES")
    if not env.all_or_none(names, "Single sign-on needs both."):
        return None
    issuer = env.text("OIDC_ISSUER").rstrip("/")
    parts = env.url_parts(issuer)
    is_here = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")
    is_safe = parts.hostname and (parts.scheme == "https" or is_here)
    if not is_safe or parts.username or parts.query or parts.fragment:
        env.stop("OIDC_ISSUER must be an address such as https://login.example.org/realms/support.")
    return Oidc(
        issuer=issuer,
        client_id=env.text("OIDC_CLIENT_ID"),
        client_secret=env.text("OIDC_CLIENT_SECRET"),
        name="single sign-on",
        allowed_domains=env.listed(
            "OIDC_ALLOWED_DOMAINS", _DOMAIN, "List domains such as example.org.", change=str.lower
        ),
        groups_claim=env.text("OIDC_GROUPS_CLAIM", "groups"),
        roles=_oidc_roles(),
        teams=env.boolean("OIDC_TEAMS", default=False),
        link_by_email=env.boolean("OIDC_LINK_BY_EMAIL", default=False),
        hosts=env.listed(
            "OIDC_HOSTS",
            r"[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::[1-9][0-9]{0,4})?",
            "List host names such as graph.example.org, without https:// or a path.",
            change=str.lower,
        ),
    )


def _oidc_roles() -> dict[str, str]:
    """Read `support=agent,@example.org=agent`; a group's name can contain spaces and `=`."""
    roles = {}
    for pair in env.words("OIDC_ROLES"):
        group, _equals, role = (part.strip() for part in pair.rpartition("="))
        is_domain = group.startswith("@")
        if is_domain and not re.fullmatch(_DOMAIN, group[1:].lower()):
            env.stop(f"OIDC_ROLES contains {group!r}. Write a domain as @example.org.")
        if not group or role not in _ROLES:
            env.stop(
                f"OIDC_ROLES contains {pair!r}. Use pairs such as support=agent, with one of these "
                f"roles: {', '.join(_ROLES)}."
            )
        roles[group.lower() if is_domain else group] = role
    return roles


OIDC = _oidc_provider()
OIDC_ONLY = env.boolean("OIDC_ONLY", default=False)
if OIDC_ONLY and OIDC is None:
    env.stop("OIDC_ONLY is set but OIDC_ISSUER is not: no one could sign in.")
SOCIALACCOUNT_PROVIDERS = allauth_providers(OIDC)
SOCIALACCOUNT_ADAPTER = "apps.signin.oidc.SocialAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = OIDC is not None and OIDC.link_by_email
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True

# --- metrics -----------------------------------------------------------------------------------

# /metrics returns 404 until one of them is set.
TRIAGE_METRICS_TOKEN = env.key("TRIAGE_METRICS_TOKEN", "token")
if 0 < len(TRIAGE_METRICS_TOKEN) < 16:
    env.stop("TRIAGE_METRICS_TOKEN is too short. Use at least 16 random characters.")
TRIAGE_METRICS_NETWORKS = env.networks("TRIAGE_METRICS_NETWORKS")

# --- email -------------------------------------------------------------------------------------

_TLS = {"smtp": (False, True, 587), "smtps": (True, False, 465), "smtp+plain": (False, False, 25)}
_mail = env.text("EMAIL_URL")
TRIAGE_EMAIL = bool(_mail)
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM")
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
EMAIL_TIMEOUT = 10
if TRIAGE_EMAIL:
    _parts = env.url_parts(_mail)
    EMAIL_USE_SSL, EMAIL_USE_TLS, _port = _TLS.get(_parts.scheme, (False, False, 0))
    EMAIL_PORT = _parts.port or _port
    if (
        _parts.scheme not in _TLS
        or not _parts.hostname
        or env.has_unescaped_password(_mail)
        or _parts.path.strip("/")
        or _parts.query
    ):
        env.stop(
            "EMAIL_URL must be an address such as smtp://user:password@mail.example.org:587. "
            f"{env.ENCODE}"
        )
    if not re.fullmatch(r"[^\r\n<>]*<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+", DEFAULT_FROM_EMAIL):
        env.stop("EMAIL_URL is set, so EMAIL_FROM must be the sender's address.")
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST = _parts.hostname
    EMAIL_HOST_USER = unquote(_parts.username or "")
    EMAIL_HOST_PASSWORD = unquote(_parts.password or "")

# --- webhook for drafts -------------------------------------------------------------------------

TRIAGE_WEBHOOK_URL = env.text("TRIAGE_WEBHOOK_URL")
TRIAGE_WEBHOOK_SECRET = env.webhook_secret("TRIAGE_WEBHOOK_SECRET")
if bool(TRIAGE_WEBHOOK_URL) != bool(TRIAGE_WEBHOOK_SECRET):
    env.stop("TRIAGE_WEBHOOK_URL and TRIAGE_WEBHOOK_SECRET belong together. Set both, or neither.")
_parts = env.url_parts(TRIAGE_WEBHOOK_URL)
_has_host = _parts.scheme in ("http", "https") and _parts.hostname and "@" not in _parts.netloc
if TRIAGE_WEBHOOK_URL and not (_has_host and TRIAGE_WEBHOOK_URL.isascii() and not _parts.fragment):
    env.stop(
        "TRIAGE_WEBHOOK_URL must be an address such as https://hooks.example.org/triage, "
        "without a user in it."
    )

# --- language model -----------------------------------------------------------------------------


def _llm() -> Llm | None:
    names = ("LLM_BASE_URL", "LLM_API_KEY", "LLM_MODEL")
    needs = "A model needs an address, a key, and a name."
    if not env.all_or_none(names, f"{needs} If your own server needs no key, use any word."):
        return None
    return Llm(
        base_url=env.service_url("LLM_BASE_URL", "https://api.openai.com/v1"),
        api_key=env.key("LLM_API_KEY", "key"),
        model=env.text(
            "LLM_MODEL",
            pattern=r"[!-~]{1,100}",
            problem="must be the model's name as its provider writes it, without spaces.",
        ),
        answer_tokens=env.integer("LLM_MAX_ANSWER_TOKENS", 1500, minimum=100, maximum=16000),
        input_price=env.money("LLM_INPUT_PRICE", "0"),
        output_price=env.money("LLM_OUTPUT_PRICE", "0"),
        cost_per_day=env.money("LLM_COST_PER_DAY", "5"),
        tokens_per_day=env.integer(
            "LLM_TOKENS_PER_DAY", 1_000_000, minimum=1000, maximum=10_000_000_000
        ),
        private_hosts=TRIAGE_PRIVATE_HOSTS,
    )


# None without a model: explanations are then turned off.
LLM = _llm()

# --- security ----------------------------------------------------------------------------------

HTTPS = PRODUCTION and not DEMO and env.boolean("TRIAGE_HTTPS", default=True)
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True  # scripts send the token of the form
# Static files are found before the first request, so the site's path must be known at start.
FORCE_SCRIPT_NAME = env.site_path("SCRIPT_NAME") or env.site_path("FORCE_SCRIPT_NAME") or None
if env.site_path("FORCE_SCRIPT_NAME") not in ("", FORCE_SCRIPT_NAME):
    env.stop("SCRIPT_NAME and FORCE_SCRIPT_NAME differ. Set only one of them.")
# Below a path, other programs on this host don't get the cookies.
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = FORCE_SCRIPT_NAME or "/"
if HTTPS:  # the prefix ties the cookies to Secure and, at the root, to this host
    _prefix = "__Secure-triage" if FORCE_SCRIPT_NAME else "__Host-triage"
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{_prefix}-session", f"{_prefix}-csrf"
elif DEMO:  # cookies don't know ports: a real site can be at another one
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "triage-demo-session", "triage-demo-csrf"
SECURE_SSL_REDIRECT = HTTPS
_below = f"{FORCE_SCRIPT_NAME}/".lstrip("/") if FORCE_SCRIPT_NAME else ""
SECURE_REDIRECT_EXEMPT = [rf"^{re.escape(_below)}(?:healthz|readyz|metrics)$"]
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
TRIAGE_BEHIND_PROXY = env.proxies("TRIAGE_BEHIND_PROXY")
TRIAGE_PROXY_HEADER = env.choice(
    "TRIAGE_PROXY_HEADER", "x-forwarded-for", ("x-forwarded-for", "forwarded")
)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRIAGE_BEHIND_PROXY else None
# Not no-referrer: browsers would send "Origin: null", which fails the CSRF check.
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = 100  # apps/web/middleware.py has the one exception
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "frame-src": [NONE],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "upgrade-insecure-requests": HTTPS,
    }
}

# --- language and time --------------------------------------------------------------------------

FORMAT_MODULE_PATH = "triage_site.formats"
USE_I18N = False
TIME_ZONE = env.text("TIME_ZONE", "UTC")
if TIME_ZONE not in available_timezones():
    env.stop(f"TIME_ZONE is {TIME_ZONE!r}. Use a name such as Europe/Berlin.")

# --- static files -------------------------------------------------------------------------------

STATIC_URL = f"{FORCE_SCRIPT_NAME or ''}/static/"
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.AppDirectoriesFinder"]
# The image has collected files; elsewhere they are served from where they are written.
STATIC_ROOT = env.text("TRIAGE_STATIC_ROOT") or None
WHITENOISE_USE_FINDERS = STATIC_ROOT is None
WHITENOISE_ALLOW_ALL_ORIGINS = False

# --- logging ------------------------------------------------------------------------------------

DEFAULT_EXCEPTION_REPORTER = "triage_site.logging.SafeReporter"
DEFAULT_EXCEPTION_REPORTER_FILTER = "triage_site.logging.EmptyRequestFilter"
LOGGING = tomllib.loads((Path(__file__).parent / "logging.toml").read_text("utf-8"))
