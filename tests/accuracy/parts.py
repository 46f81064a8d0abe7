"""What the documents of all kinds are put together with."""

import csv
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from solvers.accuracy.document import Accuracy, Peer, Source

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
DIGITS = 5
# Cases that are named.
WORST = 6


def peer(kind: str, name: str, **more: Any) -> Peer:
    """A peer's figure of `peers.yaml`, with what was measured just now."""
    return Peer.model_validate({**_peers()[kind][name], **more})


@cache
def _peers() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((HERE / "peers.yaml").read_text("utf-8"))
    return found


def source(path: Path, terms: str) -> Source:
    """A file with its digest; what lies in the checkout ships."""
    ships = path.resolve().is_relative_to(ROOT)
    text = path.read_bytes()
    name = str(path.resolve().relative_to(ROOT)) if ships else path.name
    count = len(rows(path)) if path.suffix == ".csv" else None
    return Source(file=name, rows=count, sha256=hashlib.sha256(text).hexdigest(), ships=ships, terms=terms)


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def rounded(value: Any) -> Any:
    """Numbers with five digits: beyond them errors mean nothing."""
    match value:
        case dict():
            return {key: rounded(one) for key, one in value.items()}
        case list() | tuple():
            return [rounded(one) for one in value]
        case float():
            return float(f"{value:.{DIGITS}g}")
    return value


def whole(document: dict[str, Any]) -> Accuracy:
    """The document, checked, its numbers rounded."""
    dumped = Accuracy.model_validate({"format": "isoflop-accuracy", "version": 1, **document}).model_dump(mode="json")
    return Accuracy.model_validate(rounded(dumped))


def percent(share: float) -> str:
    """A share within a sentence."""
    return f"{100.0 * share:.1f} %"
