"""A prompt's cache on its way."""

import pytest

from solvers.catalogue import model, node
from solvers.cost.serving.job import Layout, Numerics
from solvers.cost.serving.transfer import START_S, cache_bytes, transfer_of


def _transfer(between_nodes, prompt=1000.0, **more):
    return transfer_of(
        model("llama-3.1-70b"), Numerics(), node("dgx-h100"), prefill=Layout(tp=2), decode=Layout(tp=4),
        prompt=prompt, between_nodes=between_nodes,
    )  # fmt: skip


def test_all_layers_and_heads_travel_once():
    assert _transfer(between_nodes=True).bytes_per_token == 80 * 2 * 8 * 128 * 2


def test_the_smaller_side_sends_over_its_share_of_the_ports():
    one = node("dgx-h100")

    found = _transfer(between_nodes=True)

    assert found.bytes_per_s == pytest.approx(2 * one.nic.bytes_per_s * one.nic.achievable)
    assert found.latency_s == one.nic.latency_s + START_S


def test_within_a_node_the_link_is_faster():
    assert _transfer(between_nodes=False).bytes_per_s > _transfer(between_nodes=True).bytes_per_s


def test_windows_and_states_do_not_grow_with_the_prompt():
    few, many = (cache_bytes(model("gpt-oss-20b"), Numerics(), tokens) for tokens in (1000.0, 2000.0))
    full = 12 * 2 * 8 * 64 * 2

    assert many - few == 1000 * full
    assert few == 1000 * full + 12 * 128 * 2 * 8 * 64 * 2
