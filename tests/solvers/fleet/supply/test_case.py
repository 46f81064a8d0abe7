"""Which class a request belongs to."""

import numpy as np

from solvers.fleet.supply.case import Carried, RequestClass, class_of
from solvers.simulate.serving.case import Requests

FOUR = tuple(RequestClass(name, (1, None), (1, None)) for name in "abcd")


def _carried(requests: Requests) -> Carried:
    bounds = (np.array([100, 1000]), np.array([50]))
    return Carried(0, FOUR, np.full(4, 0.25), requests, *bounds, np.array([[0, 1], [2, 2], [3, 3]]), longest=4096)


def _requests(inputs: list[int], outputs: list[int]) -> Requests:
    size, none = len(inputs), np.zeros(len(inputs), dtype=np.int64)
    return Requests(np.arange(size, dtype=float), np.array(inputs), np.array(outputs), none - 1, none, none)


def test_a_bound_belongs_to_the_class_below_it_and_the_last_has_none() -> None:
    requests = _requests([100, 101, 1, 1000, 1001, 10**6], [50, 50, 51, 10**6, 1, 51])

    found = class_of(_carried(requests), requests.input_tokens, requests.output_tokens)

    assert found.tolist() == [0, 2, 1, 2, 3, 3]
