"""Kernel profiles: which file is of what, and seconds between their points."""

import numpy as np
import pytest

from solvers.serving.evidence.profiles import at, read_profiles

FILES = {
    "a/lss_profile_H9_Some-Model-8B_tp2_dense.csv": "layer,tokens,time_us\nqkv_proj,1,10\nqkv_proj,3,30\nnorm,1,2\n",
    "a/lss_profile_H9_Some-Model-8B_tp2_per_sequence.csv": "layer,sequences,time_us\nlm_head,1,100\n",
    "a/lss_profile_H9_Some-Model-8B_tp2_attention.csv": (
        "prefill_chunk,kv_prefill,n_decode,kv_decode,time_us\n0,0,2,32,7\n16,8,0,0,9\n"
    ),
    "a/lss_profile_H9_Some-Model-8B_tp2_moe.csv": "tokens,activated_experts,time_us\n4,8,50\n",
    "a/lss_profile_H9_Some-Model-8B_tp1_dense.csv": "layer,tokens,time_us\nqkv_proj,1,20\n",
    "readme.csv": "layer,tokens,time_us\nqkv_proj,1,20\n",
}


def test_files_are_gathered_by_hardware_model_and_tp_and_told_by_their_columns() -> None:
    profiles = read_profiles(FILES)

    both = profiles["H9", "Some-Model-8B", 2]
    assert sorted(profiles) == [("H9", "Some-Model-8B", 1), ("H9", "Some-Model-8B", 2)]
    assert {layer: (x.tolist(), (1e6 * y).round(9).tolist()) for layer, (x, y) in both.layers.items()} == {
        "norm": ([1], [2]),
        "qkv_proj": ([1, 3], [10, 30]),
    }
    assert (1e6 * both.heads["lm_head"][1]).round(9).tolist() == [100]
    assert both.attention == pytest.approx(np.array([[0, 0, 2, 32, 7e-6], [16, 8, 0, 0, 9e-6]]))
    assert both.experts == pytest.approx(np.array([[4, 8, 5e-5]]))


def test_a_curve_is_straight_between_its_points_and_goes_on_beyond_the_last() -> None:
    curve = (np.array([1.0, 3.0, 5.0]), np.array([1.0, 3.0, 7.0]))

    assert at(np.array([0.0, 2.0, 4.0, 6.0]), curve).tolist() == [1, 2, 5, 9]
    assert at(np.array([9.0]), (np.array([1.0]), np.array([4.0]))).tolist() == [4]
