"""Secrets that are made once, shown once and kept as a hash."""

import hashlib
import secrets

SECRET_BYTES = 32


def make(prefix: str) -> str:
    """A new secret of 256 random bits behind a prefix that says what it is."""
    return prefix + secrets.token_urlsafe(SECRET_BYTES)


def digest(plain: str) -> str:
    """What is kept of it. The secret is random through and through, so that one round of SHA-256 is enough."""
    return hashlib.sha256(plain.encode(errors="replace")).hexdigest()
