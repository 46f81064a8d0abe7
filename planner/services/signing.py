"""The server's signature under each job: a node runs nothing that does not bear it.

The Ed25519 key is derived from the secret key of the settings (HKDF, RFC 5869), so that there is no other secret to
keep. A node trusts the public key that it was given when it joined; after a change of the secret key it is served with
the old one for as long as that is listed among the old secret keys.
"""

import base64
from functools import cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

PURPOSE = b"isoflop: jobs for nodes"


def public_key() -> str:
    """The key that nodes check signatures with today: 32 bytes in base64."""
    return _public(_key(settings.SECRET_KEY))


def sign(text: str, *, trusted: str) -> str:
    """The signature under the text's UTF-8 bytes, in base64, by the key whose public half is `trusted`.

    Where that key is gone, the key of today signs, and the node refuses the job in words of its own.
    """
    keys = [_key(secret) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    key = next((key for key in keys if _public(key) == trusted), keys[0])
    return base64.b64encode(key.sign(text.encode())).decode()


@cache
def _key(secret: str) -> Ed25519PrivateKey:
    seed = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=PURPOSE).derive(secret.encode())
    return Ed25519PrivateKey.from_private_bytes(seed)


def _public(key: Ed25519PrivateKey) -> str:
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()
