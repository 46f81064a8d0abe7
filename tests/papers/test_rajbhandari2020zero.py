"""Memory of model states under the three stages of ZeRO."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from solvers.cost.parts import Stack
from solvers.cost.states import bytes_a_parameter
from tests.solvers.cost.cases import GPT_22B, job

PAPER = yaml.safe_load(Path(__file__).with_name("rajbhandari2020zero.yaml").read_text("utf-8"))
GB = 1e9


@pytest.mark.parametrize("row", PAPER["table_1"]["rows"], ids=lambda row: f"{row['billions']}B on {row['degree']}")
def test_states_of_a_device_are_those_of_table_1(row: dict[str, float]) -> None:
    """Rounded in the paper to three digits or so."""
    case = job(GPT_22B, gpus=8, stack=Stack(gradient_bytes=2))
    share = np.full(4, 1.0 / row["degree"])

    found = bytes_a_parameter(np.arange(4), share, case) * row["billions"] * 1e9 / GB

    baseline = PAPER["table_1"]["baseline_gb"][row["billions"]]
    assert found.tolist() == pytest.approx([baseline, row["os_gb"], row["os_g_gb"], row["os_g_p_gb"]], rel=0.005)


def test_the_stages_save_four_times_eight_times_and_as_many_times_as_there_are_devices() -> None:
    """Section 1: P_os 4 x, P_os+g 8 x, P_os+g+p N_d x, for many devices."""
    devices = 1e6
    case = job(GPT_22B, gpus=8, stack=Stack(gradient_bytes=2))

    whole, os, os_g, os_g_p = bytes_a_parameter(np.arange(4), np.full(4, 1.0 / devices), case)

    assert [whole / os, whole / os_g, whole / os_g_p] == pytest.approx([4.0, 8.0, devices], rel=1e-4)
