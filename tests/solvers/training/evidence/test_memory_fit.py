"""Coefficients of memory from published peaks: recovered where they are known, left at their prior where not."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from solvers.cost.coefficients import DEFAULT
from solvers.training.evidence.memory_fit import MemoryFit, fit_memory, memory_yaml, peaks_of, predicted_peak, quantiles
from solvers.training.memory import calibrated, memory_document, memory_interval

ROW = {
    "id": "a1", "source": "torchtitan", "stack": "torchtitan", "date": "202412", "model": "Llama3.1-8B",
    "seq_len": "8192", "gpu": "H100-96GB-HBM2e-500W", "gpus": "8", "precision": "bf16", "tp": "1", "pp": "1",
    "sharding": "FSDP2", "recompute": "selective", "mbs": "2", "gbs": "16", "peak_mem_gib": "82.4",
}  # fmt: skip
LONG = {"seq_len": "32768", "mbs": "1", "gbs": "8", "recompute": "full", "note": "torch.compile"}
KINDS = [ROW, {**ROW, **LONG}, {**ROW, "gpu": "H200-141GB", "date": "202506", "note": "torch.compile"}]
TABLE = Path(__file__).parents[4].parent / "shared" / "data" / "training" / "measurements.csv"


def test_a_fit_finds_the_coefficients_that_made_the_peaks() -> None:
    truth = replace(DEFAULT, fragmentation=0.11, logits_held=1.2)
    peaks = [replace(peak, measured=predicted_peak(peak, truth)) for peak in peaks_of(KINDS * 8)]

    fit = fit_memory(peaks)

    again = replace(DEFAULT, **fit.coefficients)
    assert [predicted_peak(p, again) for p in peaks] == pytest.approx([p.measured for p in peaks], rel=0.01)


def test_no_peaks_leave_the_priors() -> None:
    fit = fit_memory([])

    assert fit.coefficients == pytest.approx(
        {name: getattr(DEFAULT, name) for name in ("fragmentation", "logits_held", "weight_buffers")}, rel=1e-6
    )


def test_a_group_is_predicted_without_itself() -> None:
    """A wild peak moves its own prediction only through the others, which do not know it."""
    peaks = peaks_of(KINDS)
    wild = [replace(peaks[0], measured=3 * peaks[0].measured), *peaks[1:]]

    tame, moved = fit_memory(peaks).left_out, fit_memory(wild).left_out

    assert moved[0] / tame[0] == pytest.approx(3.0)


def test_the_interval_is_wider_with_fewer_groups() -> None:
    ratios = (1.05, 1.05, 0.95, 0.95)
    few = MemoryFit({}, ratios, (("a",), ("a",), ("b",), ("b",)))
    many = MemoryFit({}, ratios, (("a",), ("b",), ("c",), ("d",)))

    widths = [np.log(high / low) for low, high in (quantiles(few), quantiles(many))]

    assert widths[0] > widths[1]


def test_a_published_peak_lies_in_its_interval() -> None:
    peak = peaks_of([ROW])[0]

    interval = memory_interval(predicted_peak(peak, calibrated(DEFAULT)))

    assert interval.low < peak.measured < interval.high


@pytest.mark.skipif(not TABLE.exists(), reason="the measurements are not beside the project")
def test_the_shipped_fit_is_that_of_this_model() -> None:
    with TABLE.open(encoding="utf-8") as file:
        assert memory_yaml(csv.DictReader(file)) == memory_document()
