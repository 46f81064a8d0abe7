"""What a server offers, and whether this node may run it. Whatever is not proven is refused before anything runs.

The payload is canonical JSON, signed as it stands with the server's Ed25519 key, which the node learned when it joined.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from jobs.agent.errors import Untrusted
from solvers import recipes
from solvers.documents import Document
from solvers.errors import IsoflopError, Problem

# Seconds by which the node's clock may be behind the server's.
SKEW_S = 120.0
# Said of an offer that is sound but too old or too new: a clock's fault, not the job's.
EXPIRED = "expired"
FIELDS = frozenset({"job", "node", "fence", "recipe", "version", "params", "processes", "limits", "issued", "expires"})


@dataclass(frozen=True)
class Limits:
    """What one job may take: seconds of wall clock, and bytes of the host's memory."""

    wall_s: float
    memory_bytes: int


@dataclass(frozen=True)
class Offer:
    """One job that this node may run, for as long as it renews the lease under `fence`."""

    job: str
    fence: int
    recipe: str
    version: int
    params: Document
    processes: int
    limits: Limits


def verified(offer: Document, *, public_key: str, node: str, now: float) -> Offer:
    """The offer, if proven: signed for `node`, not yet expired at `now` (Unix seconds), for a recipe that is here.

    Untrusted otherwise.
    """
    payload = _payload(offer, public_key)
    if payload["node"] != node:
        raise _untrusted("wrong_node", "The job was signed for another node.")
    if not payload["issued"] - SKEW_S <= now < payload["expires"]:
        hint = "Compare this machine's clock with the server's (timedatectl)."
        raise _untrusted(EXPIRED, "The job's signature is not valid at this time.", hint)
    _known(payload)
    limits = Limits(wall_s=float(payload["limits"]["wall_s"]), memory_bytes=int(payload["limits"]["memory_bytes"]))
    return Offer(
        job=payload["job"],
        fence=payload["fence"],
        recipe=payload["recipe"],
        version=payload["version"],
        params=payload["params"],
        processes=payload["processes"],
        limits=limits,
    )


def named(offer: Document) -> tuple[str, int]:
    """Which job and fence an offer speaks of, proven or not: where a refusal is sent."""
    try:
        payload = json.loads(offer["payload"])
        return str(payload["job"]), int(payload["fence"])
    except (ValueError, KeyError, TypeError):
        return "", 0


def _payload(offer: Document, public_key: str) -> dict[str, Any]:
    try:
        text = offer["payload"].encode()
        signature = base64.b64decode(offer["signature"], validate=True)
        Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key)).verify(signature, text)
        payload = json.loads(text)
    except InvalidSignature:
        hint = "Nothing was run. If the server has a new secret key, join again."
        raise _untrusted("bad_signature", "The job is not signed by the server that this node joined.", hint) from None
    except (KeyError, TypeError, AttributeError, ValueError, binascii.Error):
        raise _untrusted("bad_offer", "The server's offer cannot be read.") from None
    if not isinstance(payload, dict) or set(payload) != FIELDS:
        raise _untrusted("bad_offer", "The server's offer lacks or adds fields.", "Bring the agent up to date.")
    return payload


def _known(payload: dict[str, Any]) -> None:
    """Refuses what the recipes that ship here do not take."""
    try:
        recipe = recipes.get(payload["recipe"], payload["version"])
        params = recipe.parse(payload["params"])
    except IsoflopError as error:
        raise Untrusted(*error.problems) from None
    if recipe.processes(params) != payload["processes"]:
        raise _untrusted("bad_offer", "The job's number of processes is not what its parameters say.")


def _untrusted(code: str, message: str, hint: str = "") -> Untrusted:
    return Untrusted(Problem(code, message, "", hint))
