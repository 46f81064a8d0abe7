"""A server's side of the conversation, scripted: it answers over HTTP or TLS and remembers what it was told."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.jobs.agent.listening import Posts, listening

NOTHING = {"offer": None, "credential": None, "poll_after_s": 0.0}
SAYS = {"lease": NOTHING, "renew": {"cancel": False}, "log": {"length": 0}, "finish": {"state": "queued"}}


class Desk:
    """Answers each verb with what `SAYS` has, or with what `answer` gives: (status, text, headers)."""

    def __init__(self, answer: Callable[[str, Any], Any] | None = None) -> None:
        self.told: list[tuple[str, Any]] = []
        self.shown: list[str] = []
        self.answer = answer or (lambda verb, _body: SAYS[verb])
        self.url = ""

    def bodies(self, verb: str) -> list[Any]:
        return [body for said, body in self.told if said == verb]


@contextmanager
def opened(desk: Desk, *, certificate: Path | None = None) -> Iterator[Desk]:
    """The desk at its `url`; over TLS with the key and certificate in one file."""

    class Handler(Posts):
        def posted(self, body: bytes) -> None:
            said = json.loads(body)
            desk.told.append((self.verb, said))
            desk.shown.append(self.headers.get("Authorization", ""))
            found = desk.answer(self.verb, said)
            self.answer(*(found if isinstance(found, tuple) else (200, json.dumps(found), {})))

    with listening(Handler, certificate=certificate) as desk.url:
        yield desk


def self_signed(path: Path) -> Path:
    """A file with a key and the certificate that it signed itself, for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a desk")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    form = (
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(key.private_bytes(*form) + made.public_bytes(serialization.Encoding.PEM))
    return path
