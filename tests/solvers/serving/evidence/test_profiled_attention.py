"""Attention of a profile: where it is as simple as its terms, they are found again."""

import numpy as np
import pytest

from solvers.serving.evidence.profiled_attention import attention_of
from solvers.serving.evidence.profiles import Profile

DECODE = np.array([9e-6, 2e-7, 3e-9, 2e-9])
CHUNK, FACTOR = np.array([5e-6, 1e-10, 2e-8, 3e-8]), 1.75


def _seconds(q: float, c: float, n: float, k: float) -> float:
    decode = float(DECODE @ np.array([1.0, n, n * k, k])) if n else 0.0
    if not q:
        return decode
    return float(CHUNK @ np.array([1.0, q * c + q * (q + 1) / 2, q + c, q])) + FACTOR * decode


def _profile() -> Profile:
    decodes = [(0.0, 0.0, n, k) for n in (1.0, 4.0, 16.0, 64.0) for k in (16.0, 256.0, 4096.0)]
    chunks = [(q, c, 0.0, 0.0) for q in (16.0, 256.0, 2048.0) for c in (0.0, 512.0, 16384.0)]
    both = [(q, c, n, k) for q, c, _, _ in chunks for _, _, n, k in decodes]
    return Profile(attention=np.array([[*row, _seconds(*row)] for row in decodes + chunks + both]))


def test_coefficients_of_a_profile_made_of_its_terms_are_found_again() -> None:
    attention = attention_of(_profile(), batch=16.0, longest=20000.0)

    assert attention.mixed_decode == pytest.approx(FACTOR, rel=1e-6)
    assert attention.chunk == pytest.approx(CHUNK, rel=1e-5)
    assert attention.base(np.array([0.0, 10.0])) == pytest.approx([0.0, 9e-6 + 2e-6], rel=1e-6)
    assert attention.context(np.array([10.0])) == pytest.approx([3.2e-9], rel=1e-6)


def test_rows_near_the_batch_that_is_run_count_most() -> None:
    profile = _profile()
    slow = profile.attention[:, 2] == 64.0
    bent = Profile(attention=np.where(np.arange(5) == 4, 2.0, 1.0) ** slow[:, None] * profile.attention)

    small, large = (attention_of(bent, batch=batch, longest=20000.0) for batch in (2.0, 256.0))

    each = np.array([64.0])
    wanted = float(bent.attention[(bent.attention[:, 0] == 0) & slow & (bent.attention[:, 3] == 4096.0)][0, 4])
    found = [float((one.base(each) + one.context(each) * 64.0 * 4096.0)[0]) for one in (small, large)]
    assert abs(found[1] / wanted - 1) < 0.15 < abs(found[0] / wanted - 1)
