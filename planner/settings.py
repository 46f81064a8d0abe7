"""All settings, all from ISOFLOP_* variables. What each means stands in docs; what cannot be read stops the start."""

from datetime import timedelta
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from planner import environment as env
from planner import logs

BASE_DIR = Path(__file__).resolve().parent.parent
HOME = env.directory("ISOFLOP_HOME", ".isoflop")

# --- who may call, and how -------------------------------------------------------------------------------------------
DEBUG = env.flag("ISOFLOP_DEBUG", default=False)
HTTPS = env.flag("ISOFLOP_HTTPS", default=False)
SECRET_KEY = env.required("ISOFLOP_SECRET_KEY", "`isoflop init` makes one; by hand: openssl rand -hex 32.")
SHORTEST_SECRET = 32
if len(SECRET_KEY) < SHORTEST_SECRET:
    raise ImproperlyConfigured(f"ISOFLOP_SECRET_KEY has {len(SECRET_KEY)} characters; {SHORTEST_SECRET} is the least.")
SECRET_KEY_FALLBACKS = env.words("ISOFLOP_OLD_SECRET_KEYS")
ALLOWED_HOSTS = env.words("ISOFLOP_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.words("ISOFLOP_TRUSTED_ORIGINS")
TRUSTED_PROXIES = env.whole("ISOFLOP_TRUSTED_PROXIES", 0, least=0, most=8)
API_REQUESTS_PER_MINUTE = env.whole("ISOFLOP_API_REQUESTS_PER_MINUTE", 6000, least=1)
# OWASP ASVS 2.4.1 asks for a limit; 20 an hour from one address is what Healthchecks.io allows.
LOGIN_FAILURES_PER_HOUR = env.whole("ISOFLOP_LOGIN_FAILURES_PER_HOUR", 20, least=1)
# The page of a new plan sends a spec as text, as it was before, and as a form: three times its size.
MAX_REQUEST_BYTES = env.size("ISOFLOP_MAX_REQUEST", "16 MiB")
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_REQUEST_BYTES

# --- the application -------------------------------------------------------------------------------------------------
ROOT_URLCONF = "planner.urls"
WSGI_APPLICATION = "planner.wsgi.application"
ASGI_APPLICATION = "planner.asgi.application"
INSTALLED_APPS = [
    "whitenoise.runserver_nostatic",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django_htmx",
    "planner",
    "jobs",
    "frontend",
]
MIDDLEWARE = [
    "planner.middleware.request_log",
    "planner.api.middleware.problem_responses",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "frontend.middleware.security_headers",
    "planner.middleware.request_size",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "frontend.shell.shell",
            ],
        },
    },
]
STATIC_URL = "static/"
STATIC_ROOT = env.directory("ISOFLOP_STATIC", str(HOME / "static"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage",
    },
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_AUTOREFRESH = DEBUG

# --- the database ----------------------------------------------------------------------------------------------------
DATABASES = {"default": env.database("ISOFLOP_DATABASE_URL", "`isoflop up` starts a server and sets it.")}
# When Postgres was restarted, the pool finds its dead connections one by one and waits longer after each, and where it
# could not connect it tries again ever more seldom, up to `reconnect_timeout`: few idle ones and a short time help.
POOL = {
    "min_size": 1,
    "max_size": env.whole("ISOFLOP_DATABASE_POOL", 10, least=1, most=100),
    "timeout": 10,
    "max_idle": 60,
    "reconnect_timeout": 5,
}
DATABASES["default"] |= {"CONN_HEALTH_CHECKS": True}
DATABASES["default"]["OPTIONS"] |= {"pool": POOL, "connect_timeout": 5}  # type: ignore[operator]  # a mapping
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- people ----------------------------------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = ["planner.services.logins.ThrottledBackend"]
CSRF_FAILURE_VIEW = "frontend.views.errors.csrf"
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign-in"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
SESSION_COOKIE_AGE = int(timedelta(days=14).total_seconds())

# --- the browser -----------------------------------------------------------------------------------------------------
# Browsers refuse the __Host- prefix without https; on loopback the plain names serve.
SESSION_COOKIE_NAME = "__Host-isoflop" if HTTPS else "isoflop"
CSRF_COOKIE_NAME = "__Host-isoflop-csrf" if HTTPS else "isoflop-csrf"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# --- words and time --------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = env.text("ISOFLOP_TIME_ZONE", "UTC")

# --- background work -------------------------------------------------------------------------------------------------
BROKER_URL = env.text("ISOFLOP_BROKER_URL", "filesystem://")
BROKER_DIR = HOME / "broker"
BROKER_POLL_S = env.number("ISOFLOP_BROKER_POLL_SECONDS", 0.05, least=0.01, most=5)
LEASE_S = env.number("ISOFLOP_LEASE_SECONDS", 30, least=1, most=600)
RENEW_S = env.number("ISOFLOP_RENEW_SECONDS", min(10, LEASE_S / 3), least=0.1, most=LEASE_S / 2)
# How long a node that a job was promised to may take to fetch it: twice the longest pause of a node that has none.
PICKUP_S = env.number("ISOFLOP_PICKUP_SECONDS", 10, least=0.5, most=600)
SWEEP_S = env.number("ISOFLOP_SWEEP_SECONDS", 5, least=0.1, most=60)
MAX_ATTEMPTS = env.whole("ISOFLOP_MAX_ATTEMPTS", 3, least=1, most=10)
SOLVE_SECONDS = env.number("ISOFLOP_SOLVE_SECONDS", 600, least=1)
SOLVE_MEMORY_BYTES = env.size("ISOFLOP_SOLVE_MEMORY", "4 GiB")
SOLVE_FILE_BYTES = env.size("ISOFLOP_SOLVE_FILE", "256 MiB")
SOLVE_PROCESSES = env.whole("ISOFLOP_SOLVE_PROCESSES", 16, least=1)
# Kinds of a site's own, as name=module: each module has a KIND and an `examples` folder.
EXTRA_KINDS = env.pairs("ISOFLOP_EXTRA_KINDS")

# --- logs ------------------------------------------------------------------------------------------------------------
LOG_LEVEL = env.choice("ISOFLOP_LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR"), "INFO")
LOG_FORMAT = env.choice("ISOFLOP_LOG_FORMAT", ("json", "console"), "json")
LOGGING_CONFIG = None
logs.configure(level=LOG_LEVEL, style=LOG_FORMAT)
