"""What may say how long measured rows should have taken: the datasheet, published calibrations, the project's own."""

from collections.abc import Container
from dataclasses import dataclass

from planner.models import Calibration, Project
from planner.services import calibrations
from solvers import kinds

PUBLISHED = "published-"


@dataclass(frozen=True)
class Predictor:
    """One of them: as an address, a choice and a sentence have it, and the calibration with the kind that reads it."""

    value: str
    title: str
    said: str
    kind: str = ""
    own: Calibration | None = None


DATASHEET = Predictor("", "datasheet", "the datasheet")


def of(project: Project, value: str) -> Predictor:
    """The one that an address asks for. NotFound: the project has no such calibration."""
    standing = {one.value: one for one in _standing()}
    return standing[value] if value in standing else _own(calibrations.one(project, value))


def choices(project: Project, devices: Container[str], chosen: Predictor) -> list[Predictor]:
    """All that could say something of these devices, and the one that was chosen; the newest calibrations first."""
    own = [_own(each) for each in calibrations.listed(project) if each.kind in kinds.foretelling()]
    return [*_standing(), *(one for one in own if one == chosen or (one.own and one.own.device in devices))]


def _standing() -> list[Predictor]:
    """Those that need nothing measured."""
    published = [
        Predictor(f"{PUBLISHED}{kind}", f"published, {kind}", f"the published calibration of {kind}", kind)
        for kind in kinds.foretelling()
    ]
    return [DATASHEET, *published]


def _own(calibration: Calibration) -> Predictor:
    title = f"{calibration.name}, {calibration.kind}"
    return Predictor(str(calibration.id), title, f"the calibration {calibration.name}", calibration.kind, calibration)
