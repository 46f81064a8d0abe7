"""A posterior that ships with a kind, in its data folder, and what results say of it."""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

NAME = "posterior.json"
Calibration = Literal["published", "prior"]
SHIPPED: tuple[Calibration, ...] = ("published", "prior")


@dataclass(frozen=True)
class Published:
    """The file in the data folder of `package`."""

    package: str

    def text(self) -> str:
        """The file as it ships."""
        return _text(self.package)

    def document(self) -> dict[str, Any]:
        """The file."""
        return _document(self.package)

    def digest(self) -> str:
        """SHA-256 of the file, for the provenance of a result."""
        return _digest(self.package)

    def name_of(self, calibration: Calibration) -> str:
        """What a result says about the calibration it used."""
        return "prior" if calibration == "prior" else f"published-{self.digest()[:12]}"

    def data_of(self, calibration: Calibration) -> dict[str, str]:
        """The files that a result rests on, by SHA-256."""
        return {} if calibration == "prior" else {NAME: self.digest()}


@cache
def _text(package: str) -> str:
    return (files(package) / "data" / NAME).read_text("utf-8")


@cache
def _document(package: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_text(package))
    return found


@cache
def _digest(package: str) -> str:
    return hashlib.sha256(_text(package).encode()).hexdigest()
