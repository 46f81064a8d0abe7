"""Peak memory on a CPU: tensors alive at once, by hand."""

import torch

from jobs.bench.peak import peak_of

CPU = torch.device("cpu")


def test_what_is_alive_at_once_counts_and_what_was_let_go_does_not() -> None:
    held = torch.ones(1000)

    def run() -> None:
        first = held * 2.0
        second = first + 1.0
        del first
        third = second[:10].clone()
        del second
        third.add_(1.0)

    # 1,000 numbers held, and at most two results beside them, of four bytes each; a view is nothing more.
    assert peak_of(run, held=[held], device=CPU) == (4 * 3000, 0.0)


def test_what_a_backward_pass_makes_counts_too() -> None:
    weight = torch.ones(100, requires_grad=True)

    peak, _ = peak_of(lambda: (weight * weight).sum().backward(), held=[weight, weight.view(10, 10)], device=CPU)

    assert 4 * 300 < peak <= 4 * 700
