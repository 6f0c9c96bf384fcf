"""Django's settings. Every value that differs between machines comes from `env`."""

import re
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from csp.constants import NONE, SELF

from triage_site import env
from triage_site.llm import read_llm
from triage_site.sign_in import *  # noqa: F403 - settings too, of one subject
from triage_site.webhook import *  # noqa: F403 - the same

BASE_DIR = env.BASE_DIR

# --- what kind of start this is ----------------------------------------------------------------

SENTRY_AUTH_TOKEN = env.text("SENTRY_AUTH_TOKEN")
DEMO = env.boolean("TRIAGE_DEMO", default=False) and not SENTRY_AUTH_TOKEN
DEBUG = env.boolean("DEBUG", default=False)
ALLOWED_HOSTS = list(env.words("ALLOWED_HOSTS", ("localhost", "127.0.0.1", "[::1]")))
# A public name, a shared database, or debugging switched off by hand: not somebody's own machine.
PRODUCTION = not DEBUG and any(
    env.text(name) for name in ("ALLOWED_HOSTS", "DATABASE_URL", "DEBUG", "TRIAGE_SERVER")
)
if DEBUG and env.text("TRIAGE_SERVER"):
    env.stop("DEBUG is on. It shows settings and code to everyone. Turn it off on a server.")
SECRET_KEY = env.secret_key(production=PRODUCTION)
# The first seals what is kept of customers, all of them open it.
TRIAGE_DATA_KEYS = env.long_texts("TRIAGE_DATA_KEYS", (SECRET_KEY,))
# Keys the hashes by which customers are found, and the audit trail's chain: it stays for good.
TRIAGE_HASH_KEY = env.long_texts("TRIAGE_HASH_KEY", (SECRET_KEY,))[0]
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS")

# The review: on a path of its own and, if wished, on a name of its own (apps/web/access.py).
TRIAGE_ADMIN_PATH = env.path("TRIAGE_ADMIN_PATH", "admin/")
TRIAGE_ADMIN_HOST = env.host("TRIAGE_ADMIN_HOST")
_others = [host for host in ALLOWED_HOSTS if host != TRIAGE_ADMIN_HOST and host[0] not in ".*"]
if TRIAGE_ADMIN_HOST and not _others:
    env.stop("TRIAGE_ADMIN_HOST needs another name in ALLOWED_HOSTS, for the rest of the site.")
TRIAGE_SITE_HOST = _others[0] if TRIAGE_ADMIN_HOST else ""
if TRIAGE_ADMIN_HOST and TRIAGE_ADMIN_HOST not in ALLOWED_HOSTS:
    ALLOWED_HOSTS.append(TRIAGE_ADMIN_HOST)

# --- Sentry ------------------------------------------------------------------------------------

DEMO_SENTRY_PORT = env.whole_number("TRIAGE_DEMO_PORT", 8001, least=1, most=65535)
if DEMO:
    SENTRY_BASE_URL = f"http://127.0.0.1:{DEMO_SENTRY_PORT}"
    SENTRY_AUTH_TOKEN = "demo-token"  # noqa: S105 - opens nothing but the demo
    SENTRY_ORG = "acme"
    from apps.demo.world import customers, started_at

    DEMO_CUSTOMERS = customers(started_at())
else:
    DEMO_CUSTOMERS = ()
    SENTRY_BASE_URL = env.web_address("SENTRY_BASE_URL", "https://sentry.io")
    SENTRY_ORG = env.text("SENTRY_ORG")
SENTRY_PROJECTS = () if DEMO else env.words("SENTRY_PROJECTS")
SENTRY_FLAVOR = env.text("SENTRY_FLAVOR", "auto").lower()
if SENTRY_FLAVOR not in ("auto", "sentry", "glitchtip"):
    env.stop(f"SENTRY_FLAVOR is {SENTRY_FLAVOR!r}; please use auto, sentry or glitchtip.")
# Sentry's cloud keeps events 30 or 90 days, by plan, and does not say which: the shorter is sure.
_kept_for = 30 if urlsplit(SENTRY_BASE_URL).hostname == "sentry.io" else 90
SENTRY_RETENTION_DAYS = env.whole_number("SENTRY_RETENTION_DAYS", _kept_for, least=1, most=3650)
if not re.fullmatch(r"[!-~]*", SENTRY_AUTH_TOKEN):
    env.stop(
        "SENTRY_AUTH_TOKEN contains a space, a line break, or another character that a token "
        "can't have. "
        "Please copy it again."
    )
if SENTRY_AUTH_TOKEN and not SENTRY_ORG:
    env.stop("SENTRY_AUTH_TOKEN is set but SENTRY_ORG is not. Please set the organization's slug.")

# Public names that lead into our own network on purpose; no other may (see apps/outbound).
TRIAGE_PRIVATE_HOSTS = env.words("TRIAGE_PRIVATE_HOSTS")
# The language model that explains results; None where the site has none.
LLM = read_llm(TRIAGE_PRIVATE_HOSTS)
TRIAGE_CUSTOMER_FIELDS = env.words(
    "TRIAGE_CUSTOMER_FIELDS", ("user.id", "user.email", "user.username")
)
for _field in TRIAGE_CUSTOMER_FIELDS:
    if not re.fullmatch(r"user\.(?:id|email|username)|tags\[[\w.:-]{1,64}\]", _field):
        env.stop(
            f"TRIAGE_CUSTOMER_FIELDS names {_field!r}. Please use user.id, user.email, "
            "user.username or tags such as tags[account_id]."
        )
if len(TRIAGE_CUSTOMER_FIELDS) > 10:
    env.stop(
        "TRIAGE_CUSTOMER_FIELDS lists more than 10 fields, which is more than Sentry can search."
    )
TRIAGE_PREFILL_LINKS = env.boolean("TRIAGE_PREFILL_LINKS", default=False)
TRIAGE_WINDOW_MINUTES = env.whole_number("TRIAGE_WINDOW_MINUTES", 5, least=1, most=1440)
TRIAGE_SIGNALS = env.choices("TRIAGE_SIGNALS", ("replays", "feedback", "traces", "deploys"))
TRIAGE_SIGNALS_WAIT_MS = env.whole_number("TRIAGE_SIGNALS_WAIT_MS", 50, least=0, most=10_000)
# Of the server's 32 threads; the others stay free for pages that need not ask.
TRIAGE_MOST_WAITING = env.whole_number("TRIAGE_MOST_WAITING", 24, least=1, most=1000)
TRIAGE_LOOKUPS_PER_MINUTE = env.whole_number(
    "TRIAGE_LOOKUPS_PER_MINUTE", 120, least=1, most=100_000
)
TRIAGE_REASON = env.text("TRIAGE_REASON", "optional").lower()
if TRIAGE_REASON not in ("off", "optional", "required"):
    env.stop(f"TRIAGE_REASON is {TRIAGE_REASON!r}; please use off, optional or required.")
TRIAGE_KEEP_LOOKUPS_DAYS = env.whole_number("TRIAGE_KEEP_LOOKUPS_DAYS", 30, least=1, most=3650)
TRIAGE_KEEP_AUDIT_DAYS = env.whole_number("TRIAGE_KEEP_AUDIT_DAYS", 400, least=1, most=36500)
TRIAGE_MAX_EVENTS = env.whole_number("TRIAGE_MAX_EVENTS", 500, least=1, most=5000)

# --- applications ------------------------------------------------------------------------------

INSTALLED_APPS = [
    "triage_site.apps.ReviewConfig",
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
    "apps.audit",
    "apps.accounts",
    "simple_history",
    "apps.known_errors",
    "apps.lookups",
    "apps.answers",
    "apps.explain",
    "apps.web",
    "apps.signin",
    *(["apps.demo"] if DEMO else []),
]

MIDDLEWARE = [
    # First what puts headers on every answer, also on files and on what those behind refuse.
    "apps.web.middleware.HeadersMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "apps.web.middleware.NoStoreMiddleware",
    "django.middleware.security.SecurityMiddleware",
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

# --- database and cache ------------------------------------------------------------------------

DATABASES = {
    # The demo has a database of its own, so that no demo account exists beside real lookups.
    "default": env.sqlite(env.VAR_DIR / "demo.sqlite3")
    if DEMO
    else env.database("DATABASE_URL", env.VAR_DIR / "triage.sqlite3")
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.redis_address("REDIS_URL")
if REDIS_URL:
    CACHES = {
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": "triage-demo" if DEMO else "triage",
            "VERSION": 2,  # what older programs left there was packed otherwise
            "OPTIONS": {
                "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
                "SOCKET_CONNECT_TIMEOUT": 0.25,
                "SOCKET_TIMEOUT": 0.25,
            },
        }
    }
else:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "OPTIONS": {"MAX_ENTRIES": 1000},
        }
    }

# --- safety ------------------------------------------------------------------------------------

HTTPS = PRODUCTION and env.boolean("TRIAGE_HTTPS", default=True)
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True  # scripts send the forms' own token
if HTTPS:  # browsers take such names only with Secure, for this very host and from nobody else
    SESSION_COOKIE_NAME = "__Host-triage-session"
    CSRF_COOKIE_NAME = "__Host-triage-csrf"
# A new API token is told by a message: it stays on the server until it is shown.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
TRIAGE_BEHIND_PROXY = env.boolean("TRIAGE_BEHIND_PROXY", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRIAGE_BEHIND_PROXY else None
# Not no-referrer: browsers then send "Origin: null", which no CSRF check can tell from a stranger.
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = 100  # `web/middleware.py` knows the one form that takes any
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

# --- language, time, files ---------------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
FORMAT_MODULE_PATH = "triage_site.formats"
USE_I18N = False
USE_TZ = True
TIME_ZONE = env.text("TIME_ZONE", "UTC")
if TIME_ZONE not in available_timezones():
    env.stop(f"TIME_ZONE is {TIME_ZONE!r}; please use a name such as Europe/Berlin.")

STATIC_URL = "static/"
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.AppDirectoriesFinder",
    "apps.web.styles.JoinedStyles",
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_AUTOREFRESH = DEBUG

DEFAULT_EXCEPTION_REPORTER = "triage_site.logs.WordlessReporter"
DEFAULT_EXCEPTION_REPORTER_FILTER = "triage_site.logs.NothingOfTheRequest"
_SILENT = {"handlers": ["nowhere"], "propagate": False, "level": "CRITICAL"}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "triage_site.logs.WordlessFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
            "datefmt": "%Y-%m-%d %H:%M:%S %z",
        }
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line"},
        "nowhere": {"class": "logging.NullHandler"},
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "urllib3": {"level": "CRITICAL"},  # its warnings quote addresses, customers in them
        "redis": {"level": "CRITICAL"},
        # They tell requests, and one can be made to tell all by a variable of its own.
        **dict.fromkeys(("openai", "httpx2", "httpcore2"), _SILENT),
        "django": {"handlers": [], "level": "WARNING"},  # no mails about errors
        "django.server": {"handlers": [], "level": "CRITICAL"},  # its lines hold the query
        "django.security": {"level": "CRITICAL"},  # its lines quote what scanners send
        "django.request": {"level": "ERROR"},
    },
}
