"""What the capacities rest on, by GPU: for the provenance of a result, and in words."""

from solvers.catalogue.hardware import Gpu
from solvers.documents import Document
from solvers.fleet.calibrated import calibration_of, own_of
from solvers.fleet.spec import FleetSpec
from solvers.serving import calibration


def name_of(spec: FleetSpec) -> str:
    """The calibrations of the offers' GPUs, own ones first in the order of the spec."""
    own = () if isinstance(spec.calibration, str) else spec.calibration
    used = [calibration_of(spec.calibration, one.gpu) for one in spec.offers]
    names = [calibration.name_of(one) for one in own if one in used]
    names += [calibration.name_of(one) for one in used if isinstance(one, str)]
    return "+".join(dict.fromkeys(names))


def data_of(spec: FleetSpec) -> dict[str, str]:
    """What a result rests on, by SHA-256: files, and the document of each own calibration that an offer uses."""
    found: dict[str, str] = {}
    for one in spec.offers:
        chosen = calibration_of(spec.calibration, one.gpu)
        if isinstance(chosen, str):
            found |= calibration.data_of(chosen)
        else:
            found |= calibration.data_of("published") | {f"calibration of {chosen.device}": chosen.digest}
    return found


def calibrated(spec: FleetSpec) -> list[Document]:
    """Of each GPU on the market what its capacities were calibrated on; nothing where no GPU has an own calibration."""
    gpus = list({one.gpu.shown: one.gpu for one in spec.offers}.values())
    if not any(own_of(spec.calibration, gpu) for gpu in gpus):
        return []
    return [_of(spec, gpu) for gpu in gpus]


def _of(spec: FleetSpec, gpu: Gpu) -> Document:
    own = own_of(spec.calibration, gpu)
    if own is None:
        said = "published measurements: it has no calibration of its own"
    else:
        steps = f"{len(own.steps)} step{'' if len(own.steps) == 1 else 's'} and " if own.steps else ""
        said = f"{steps}benchmarks measured on {own.device} with {own.stack}"
    named = calibration.name_of(calibration_of(spec.calibration, gpu))
    return {"gpu": gpu.name, "title": gpu.shown, "calibration": named, "said": f"{named}: {said}"}
