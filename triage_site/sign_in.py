"""Settings of sign-in: passwords, second factor, sessions, e-mail, single sign-on.

Part of `settings`; the names of django-allauth begin with ACCOUNT, MFA and SOCIALACCOUNT.
"""

from urllib.parse import unquote, urlsplit

from apps.signin.oidc_config import providers
from triage_site import env
from triage_site.oidc import read_oidc

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "lookup_form"
LOGOUT_REDIRECT_URL = "account_login"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
_VALIDATORS = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_VALIDATORS}.UserAttributeSimilarityValidator"},
    {"NAME": f"{_VALIDATORS}.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": f"{_VALIDATORS}.CommonPasswordValidator"},
]

# --- sessions ----------------------------------------------------------------------------------

SESSION_SERIALIZER = "apps.crypto.SealedSerializer"
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
TRIAGE_SESSION_IDLE_MINUTES = env.whole_number(
    "TRIAGE_SESSION_IDLE_MINUTES", 60, least=5, most=12 * 60
)

# --- single sign-on ----------------------------------------------------------------------------

OIDC = read_oidc()
OIDC_ONLY = env.boolean("OIDC_ONLY", default=False)
if OIDC_ONLY and OIDC is None:
    env.stop("OIDC_ONLY is set but OIDC_ISSUER is not: nobody could sign in.")
SOCIALACCOUNT_PROVIDERS = providers(OIDC)
SOCIALACCOUNT_ADAPTER = "apps.signin.oidc.SocialAdapter"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = OIDC is not None and OIDC.link_by_email
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = True

# --- accounts ----------------------------------------------------------------------------------

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
    # All of one office may come from one address, so it may fail more often than an account.
    "login": "120/m/ip",
    "login_failed": "30/5m/ip,5/10m/key",
}

# --- second factor -----------------------------------------------------------------------------

TRIAGE_REQUIRE_SECOND_FACTOR = env.text("TRIAGE_REQUIRE_SECOND_FACTOR", "none").lower()
if TRIAGE_REQUIRE_SECOND_FACTOR not in ("none", "staff", "all"):
    env.stop(
        f"TRIAGE_REQUIRE_SECOND_FACTOR is {TRIAGE_REQUIRE_SECOND_FACTOR!r}; "
        "please use none, staff or all."
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
    "reauthenticate": "apps.signin.forms.ReauthenticateForm",
    "activate_totp": "apps.signin.forms.ActivateTOTPForm",
    "login_webauthn": "apps.signin.forms.LoginPasskeyForm",
    "authenticate_webauthn": "apps.signin.forms.AuthenticatePasskeyForm",
    "reauthenticate_webauthn": "apps.signin.forms.ReauthenticatePasskeyForm",
    "add_webauthn": "apps.signin.forms.AddPasskeyForm",
}

# --- e-mail ------------------------------------------------------------------------------------

_TLS = {"smtp": (False, True, 587), "smtps": (True, False, 465), "smtp+plain": (False, False, 25)}
_mail = env.text("EMAIL_URL")
TRIAGE_EMAIL = bool(_mail)
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM")
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
EMAIL_TIMEOUT = 10
if TRIAGE_EMAIL:
    try:
        _parts = urlsplit(_mail)
        EMAIL_USE_SSL, EMAIL_USE_TLS, _port = _TLS[_parts.scheme]
        EMAIL_PORT = _parts.port or _port
    except (ValueError, KeyError):
        env.stop("EMAIL_URL must be an address such as smtp://user:password@mail.example.org:587.")
    if not _parts.hostname or "@" not in DEFAULT_FROM_EMAIL:
        env.stop("EMAIL_URL needs a host, and EMAIL_FROM the address that mails come from.")
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST = _parts.hostname
    EMAIL_HOST_USER = unquote(_parts.username or "")
    EMAIL_HOST_PASSWORD = unquote(_parts.password or "")
