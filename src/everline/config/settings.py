"""Django's settings, read from the environment alone, so that the same code runs everywhere.

`everline` (cli.py) starts the embedded server if there is one, puts the two logins' addresses into
the environment and then imports this. Production sets them itself; docs/operating.md lists them.
"""

import os
from pathlib import Path
from typing import Any

from csp.constants import NONCE
from psycopg.conninfo import conninfo_to_dict

PACKAGE = Path(__file__).resolve().parent.parent

HOME = Path(os.environ.get("EVERLINE_HOME") or ".everline").absolute()
APP_ADDRESS = os.environ.get("EVERLINE_APP_ADDRESS", "")
OWNER_ADDRESS = os.environ.get("EVERLINE_OWNER_ADDRESS", "")
DEMO = os.environ.get("EVERLINE_MODE", "production") != "production"
PORT = int(os.environ.get("EVERLINE_PORT", "8000"))
PUBLIC_ADDRESS = os.environ.get("EVERLINE_PUBLIC_ADDRESS", f"http://localhost:{PORT}")
SANDBOX_ADDRESS = os.environ.get("EVERLINE_SANDBOX_ADDRESS", "")
PARTNER_APP = os.environ.get("EVERLINE_PARTNER_APP", "")  # The demo's e-wallet; a link to it.
SANDBOX_SECRET = os.environ.get("EVERLINE_SANDBOX_SECRET", "")
SIGNING_KEY_FILE = os.environ.get("EVERLINE_SIGNING_KEY_FILE", "")
PUSH_KEY_FILE = os.environ.get("EVERLINE_PUSH_KEY_FILE", "")
METRICS_TOKEN = os.environ.get("EVERLINE_METRICS_TOKEN", "")
HOTLINE_TOKEN = os.environ.get("EVERLINE_HOTLINE_TOKEN", "")
PAYPAL_ENVIRONMENT = os.environ.get("EVERLINE_PAYPAL_ENVIRONMENT", "")
PAYPAL_CLIENT_ID = os.environ.get("EVERLINE_PAYPAL_CLIENT_ID", "")
PAYPAL_SECRET = os.environ.get("EVERLINE_PAYPAL_SECRET", "")
PAYPAL_WEBHOOK_ID = os.environ.get("EVERLINE_PAYPAL_WEBHOOK_ID", "")
STRIPE_SECRET_KEY = os.environ.get("EVERLINE_STRIPE_SECRET_KEY", "")
STRIPE_WEBHOOK_SECRET = os.environ.get("EVERLINE_STRIPE_WEBHOOK_SECRET", "")
BRAND_FILE = os.environ.get("EVERLINE_BRAND_FILE", "")  # The operator's look, pages/look.py.
MERCHANT = os.environ.get("EVERLINE_MERCHANT", "Everline")
# Where the operator's days begin and end, for the back office.
ZONE = os.environ.get("EVERLINE_ZONE") or ("Asia/Jakarta" if DEMO else "UTC")
POOL_MAX = int(os.environ.get("EVERLINE_POOL_MAX", "16"))


def _database(address: str) -> dict[str, Any]:
    """Turn a connection string into what Django wants to know of a database."""
    parts = conninfo_to_dict(address)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname", "everline"),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "OPTIONS": parts,
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }


DATABASES = {"default": _database(APP_ADDRESS), "owner": _database(OWNER_ADDRESS)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

SECRET_KEY = os.environ.get("EVERLINE_SECRET_KEY", "")
CAN_SIGN = bool(SECRET_KEY)  # A worker without it writes no signed address.
if not SECRET_KEY:
    SECRET_KEY = "only-for-commands-that-sign-nothing"  # noqa: S105  `serve` refuses it.
DEBUG = False
ALLOWED_HOSTS = os.environ.get("EVERLINE_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [PUBLIC_ADDRESS]
IS_SECURE = PUBLIC_ADDRESS.startswith("https://")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_SECURE
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
# How many proxies stand in front. Their headers are believed only then: anybody can send them.
PROXIES = int(os.environ.get("EVERLINE_PROXIES") or "0")
LOOK_UPS_PER_MINUTE = int(os.environ.get("EVERLINE_LOOK_UPS") or "30")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PROXIES else None
# Only a proxy can tell that a request came without TLS; else this would redirect for ever.
SECURE_SSL_REDIRECT = IS_SECURE and bool(PROXIES)
SECURE_HSTS_SECONDS = 31_536_000 if IS_SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_SECURE
# To be on the browsers' own lists cannot be undone for months: that is for the domain's owner.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

AUTH_USER_MODEL = "people.Person"
LOGIN_URL = "/sign-in"
STAFF_SIGN_IN = "/sign-in/password"
LOGIN_REDIRECT_URL = "/my/cards"
LOGOUT_REDIRECT_URL = "/"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
# Holders sign in by codes of ours (holders/) and by passkeys. Of django-allauth we use what comes
# after a code, the sessions and the passkeys: docs/decisions/0019.
ACCOUNT_ADAPTER = "everline.channels.web.allauths.Accounts"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_RATE_LIMITS = (
    False  # Ours hold across processes and are counted under a lock: trust/limits.
)
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
MFA_ADAPTER = "everline.channels.web.allauths.Passkeys"
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RATE_LIMITS = False
MFA_SUPPORTED_TYPES = ["webauthn"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "csp",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "everline.database",
    "everline.jobs",
    "everline.ledger",
    "everline.catalogue",
    "everline.people",
    "everline.trust",
    "everline.cards",
    "everline.payments",
    "everline.provisioning",
    "everline.notices",
    "everline.topups",
    "everline.renewals",
    "everline.autorenewal",
    "everline.holders",
    "everline.pages",
    "everline.slips",
    "everline.guides",
    "everline.office",
    "everline.channels.web",
    "everline.channels.hotline",
    "everline.channels.store",
    "everline.channels.kiosk",
    "everline.tour",
    # Plain tables of the office, office/tables.py: no sign-in and no log of its own.
    "django.contrib.admin.apps.SimpleAdminConfig",
]
MIGRATION_MODULES = {"admin": None}

MIDDLEWARE = [
    # In everline.channels.partner.gate: answers the API's requests before the others see them.
    "everline.channels.partner.gate.Gate",
    "everline.pages.timing.server_timing",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "everline.pages.statics.Statics",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "everline.config.urls"
WSGI_APPLICATION = "everline.config.wsgi.application"
APPEND_SLASH = False

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "everline.pages.dressing.dressed",
            ],
        },
    },
]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'", NONCE],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "worker-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    },
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文"), ("id", "Bahasa Indonesia")]
LOCALE_PATHS = [PACKAGE / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = HOME / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "everline.pages.statics.Hashed"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "database_cache",
        # More than this and the oldest third by name is dropped, counters among them.
        "OPTIONS": {"MAX_ENTRIES": 1_000_000},
    },
}

EMAIL_HOST = os.environ.get("EVERLINE_EMAIL_HOST", "")
EMAIL_PORT = int(os.environ.get("EVERLINE_EMAIL_PORT", "25"))
EMAIL_HOST_USER = os.environ.get("EVERLINE_EMAIL_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("EVERLINE_EMAIL_PASSWORD", "")
EMAIL_USE_TLS = os.environ.get("EVERLINE_EMAIL_TLS", "") == "1"
EMAIL_TIMEOUT = 15

DATA_UPLOAD_MAX_MEMORY_SIZE = 262_144
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": os.environ.get("EVERLINE_LOG", "INFO")},
    # It tells every address that it calls, in each of which some attempt or card is named.
    "loggers": {"httpx": {"level": "WARNING"}, "stripe": {"level": "WARNING"}},
}
