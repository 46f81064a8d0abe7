"""A frozen forecast: what was said, by what and when, in bytes that anyone can hash again.

digest = sha-256 of the canonical JSON of {"document": statement, "frozen_at": time}

Canonical is: keys sorted, no spaces, UTF-8, no newline at the end. So `sha256sum` of the file says what we say.
"""

import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256

from solvers.base import Forecast
from solvers.documents import Document, canonical
from solvers.errors import Problem, SpecError

FORM = "isoflop-forecast-1"
DIGEST = re.compile("[0-9a-f]{64}")
# Of a result: what decided its numbers, and so what a forecast of it must name.
FROM_RESULT = ("kind", "version", "spec_hash", "provenance")


@dataclass(frozen=True)
class Checked:
    """The digest that the statement has, and the one that stands beside it ("" where none does)."""

    digest: str
    claimed: str
    frozen_at: str

    @property
    def holds(self) -> bool:
        """Whether nothing contradicts: a statement without a digest beside it holds by itself."""
        return self.claimed in ("", self.digest)


def statement(result: Document, forecast: Forecast, *, result_digest: str) -> Document:
    """What is frozen of a solved result: where, which loss with which interval, by what."""
    return {
        "form": FORM,
        **{key: result[key] for key in FROM_RESULT},
        "result_digest": result_digest,
        "target": forecast.target,
        "loss": asdict(forecast.loss),
        "level": result["interval_level"],
        "laws": dict(forecast.laws),
    }


def written(moment: datetime) -> str:
    """A time as statements hold it: UTC, to the microsecond."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def frozen(document: Document, frozen_at: datetime) -> bytes:
    """The bytes whose hash is the digest."""
    return _bytes(document, written(frozen_at))


def digest(document: Document, frozen_at: datetime) -> str:
    """SHA-256 of the frozen bytes, in hex."""
    return sha256(frozen(document, frozen_at)).hexdigest()


def check(given: Document, *, published: str = "") -> Checked:
    """Computes the digest of a statement again. `published` is a digest from elsewhere, which then is what counts.

    `given` is a statement, or a forecast as the server shows it: it has `document` and `frozen_at`, and may have
    `digest`. SpecError says what is missing.
    """
    document, frozen_at = given.get("document"), given.get("frozen_at")
    if not isinstance(document, dict) or not isinstance(frozen_at, str):
        hint = "It has `document` and `frozen_at`: `isoflop forecast show ID -o json` prints one."
        raise SpecError(Problem("not_a_forecast", "This is no frozen forecast.", "", hint))
    claimed = published.strip().lower() or str(given.get("digest", ""))
    if claimed and not DIGEST.fullmatch(claimed):
        raise SpecError(Problem("digest", "A digest has 64 hexadecimal digits.", "/digest"))
    return Checked(sha256(_bytes(document, frozen_at)).hexdigest(), claimed, frozen_at)


def _bytes(document: Document, frozen_at: str) -> bytes:
    return canonical({"document": document, "frozen_at": frozen_at})
