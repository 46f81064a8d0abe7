"""The guess that any model has to beat: every run reaches the utilisation that like runs reached."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from solvers.calibration.covariance import Floats, Ints
from solvers.cost.flops import hardware_flops
from solvers.training.evidence.table import Run, Table


def guesses(table: Table, train: Ints, test: Ints) -> Floats:
    """Seconds of the runs at `test` at the median hardware utilisation of the runs at `train`.

    Of those with the same GPU and precision; where there are none with the same GPU; where there are none of all.
    """
    shares = dict(zip(train, utilisations(table, train), strict=True))
    keyed: dict[tuple[str, ...], list[float]] = defaultdict(list)
    for place, share in shares.items():
        for key in _keys(table.runs[place]):
            keyed[key].append(share)
    medians = {key: float(np.median(values)) for key, values in keyed.items()}
    full = _seconds_at_peak(table, test)
    found = [next((medians[key] for key in _keys(table.runs[place]) if key in medians), np.nan) for place in test]
    seconds: Floats = full / np.array(found)
    return seconds


def guesses_of_others(table: Table, index: Ints) -> Floats:
    """Seconds of each run at the median utilisation of the other runs at `index`."""
    shares = utilisations(table, index)
    members: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, run in enumerate(index):
        for key in _keys(table.runs[run]):
            members[key].append(place)
    found = np.full(len(index), np.nan)
    for place, run in enumerate(index):
        for key in _keys(table.runs[run]):
            others = [shares[other] for other in members[key] if other != place]
            if others:
                found[place] = np.median(others)
                break
    seconds: Floats = _seconds_at_peak(table, index) / found
    return seconds


def utilisations(table: Table, index: Ints) -> Floats:
    """Share of peak that the runs reached, recomputation included."""
    seconds = np.array([table.runs[place].seconds for place in index])
    found: Floats = _seconds_at_peak(table, index) / seconds
    return found


def _keys(run: Run) -> Sequence[tuple[str, ...]]:
    gpu, precision = run.row.get("gpu", ""), run.row.get("precision", "")
    return ((gpu, precision), (gpu,), ())


def _seconds_at_peak(table: Table, index: Ints) -> Floats:
    found = []
    for place in index:
        job = table.runs[place].case.job
        flops = hardware_flops(job, recompute=int(table.prior.recompute[place]))
        found.append(float(flops / (job.cluster.gpus * job.cluster.peak_flops_per_s)))
    return np.array(found)
