"""Typed readers of ISOFLOP_* variables. Each refuses nonsense loudly: a setting that cannot be read stops the start.

An empty variable counts as unset, as compose files and CI systems pass it.
"""

import math
import os
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}
BYTES = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}


def text(name: str, default: str = "") -> str:
    """The variable, stripped, or `default`."""
    return os.environ.get(name, "").strip() or default


def required(name: str, hint: str) -> str:
    """The variable; without it the start is refused, with `hint`."""
    value = text(name)
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. {hint}")
    return value


def flag(name: str, *, default: bool) -> bool:
    value = text(name).lower()
    if not value:
        return default
    if value not in TRUE | FALSE:
        raise ImproperlyConfigured(f"{name}={value!r} is neither yes nor no. Write 1 or 0.")
    return value in TRUE


def choice(name: str, allowed: tuple[str, ...], default: str) -> str:
    value = text(name, default)
    if value not in allowed:
        raise ImproperlyConfigured(f"{name}={value!r} is not one of {', '.join(allowed)}.")
    return value


def number(name: str, default: float, *, least: float, most: float = math.inf) -> float:
    value = text(name, str(default))
    try:
        parsed = float(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name}={value!r} is not a number.") from None
    if not least <= parsed <= most:
        raise ImproperlyConfigured(f"{name}={value} is outside {least:g} to {most:g}.")
    return parsed


def whole(name: str, default: int, *, least: int, most: float = math.inf) -> int:
    parsed = number(name, default, least=least, most=most)
    if not parsed.is_integer():
        raise ImproperlyConfigured(f"{name}={parsed:g} is not a whole number.")
    return int(parsed)


def size(name: str, default: str) -> int:
    """A number of bytes, written as people do: `4 GiB`, `512MB`, `1048576`."""
    value = text(name, default)
    digits = value.rstrip("BGIKMbgikm ")
    unit = value[len(digits) :].strip().upper()
    if unit not in BYTES or not digits.replace(".", "", 1).isdigit():
        raise ImproperlyConfigured(f"{name}={value!r} is not a size. Write it as 4 GiB or 500 MB.")
    return int(float(digits) * BYTES[unit])


def words(name: str, default: str = "") -> list[str]:
    """A list separated by commas."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def pairs(name: str) -> dict[str, str]:
    """A list of `key=value`, separated by commas."""
    broken = [word for word in words(name) if word.count("=") != 1 or word.startswith("=") or word.endswith("=")]
    if broken:
        raise ImproperlyConfigured(f"{name}: {broken[0]!r} is not of the form name=module.")
    return dict(word.split("=") for word in words(name))


def directory(name: str, default: str) -> Path:
    return Path(text(name, default)).expanduser().resolve()


def database(name: str, hint: str) -> dict[str, object]:
    """Django's connection settings of a `postgresql://` address; `?host=/directory` names a Unix socket."""
    value = required(name, hint)
    address = urlsplit(value)
    if address.scheme not in {"postgres", "postgresql"} or not address.path.strip("/"):
        raise ImproperlyConfigured(f"{name} is not of the form postgresql://user:password@host:port/database.")
    options = dict(parse_qsl(address.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(address.path.strip("/")),
        "USER": unquote(address.username or options.pop("user", "")),
        "PASSWORD": unquote(address.password or options.pop("password", "")),
        "HOST": options.pop("host", None) or unquote(address.hostname or ""),
        "PORT": str(address.port or options.pop("port", "")),
        "OPTIONS": options,
    }
