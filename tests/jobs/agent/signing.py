"""Offers as a server signs them."""

import base64
import json
import time

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = base64.b64encode(PRIVATE.public_key().public_bytes_raw()).decode()
NODE = "11111111-1111-4111-8111-111111111111"
JOB = "22222222-2222-4222-8222-222222222222"
COPY = {"sizes": ["1 MB"], "repeats": 3, "warmup": 0}
# A minute on a fast machine: no test sees it end by itself.
LONG = {"sizes": [f"{size} MB" for size in range(64, 84)], "repeats": 500, "warmup": 0}


def payload(**changes):
    now = int(time.time())
    whole = {
        "job": JOB,
        "node": NODE,
        "fence": 3,
        "recipe": "memory_copy",
        "version": 1,
        "params": COPY,
        "processes": 1,
        "limits": {"wall_s": 60, "memory_bytes": 2**32},
        "issued": now,
        "expires": now + 900,
    }
    return {**whole, **changes}


def offer(*, key=PRIVATE, **changes):
    text = json.dumps(payload(**changes), sort_keys=True, separators=(",", ":"))
    return {"payload": text, "signature": base64.b64encode(key.sign(text.encode())).decode()}
