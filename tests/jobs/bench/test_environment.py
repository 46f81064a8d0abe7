"""The fingerprint: nvidia-smi's words in SI units, and the processor's own name."""

from pathlib import Path

import pytest

from jobs.bench.environment import clocks_of, cpu_name, host_memory


def test_clocks_are_in_hertz_and_reasons_have_names() -> None:
    # clocks.sm, clocks.mem, power.draw, temperature.gpu, clocks_event_reasons.active of an H200 under load.
    assert clocks_of(["1980", "3201", "698.12", "61", "0x0000000000000004"]) == {
        "sm_clock_hz": 1.98e9,
        "memory_clock_hz": 3.201e9,
        "power_w": 698.12,
        "temperature_c": 61.0,
        "reasons": ["power_cap"],
    }


def test_several_reasons_are_all_told_and_what_a_gpu_does_not_say_is_nothing() -> None:
    said = clocks_of(["345", "[N/A]", "[Not Supported]", "30", "0x0000000000000069"])

    assert said is not None
    assert (said["memory_clock_hz"], said["power_w"]) == (0.0, 0.0)
    assert said["reasons"] == ["hardware_slowdown", "software_thermal", "hardware_thermal"]


def test_without_an_answer_nothing_is_known() -> None:
    assert clocks_of([""]) is None


@pytest.mark.skipif(not Path("/proc/meminfo").exists(), reason="no /proc")
def test_memory_and_name_are_the_kernel_s() -> None:
    total = int(Path("/proc/meminfo").read_text().split()[1]) * 1024

    assert host_memory() == total
    assert cpu_name()
