"""Some rows of many, every stratum with its share."""

import numpy as np

from solvers.calibration.covariance import Ints


def spread_evenly(strata: Ints, *, most: int) -> Ints:
    """At most `most` rows: all of small strata, evenly spaced ones of large strata, each stratum up to one quota."""
    members = [np.flatnonzero(strata == stratum) for stratum in np.unique(strata)]
    if sum(map(len, members)) <= most:
        return np.arange(len(strata))
    sizes = np.array([len(rows) for rows in members])
    quota = 1
    while np.minimum(sizes, quota + 1).sum() <= most:
        quota += 1
    picked = [rows[evenly(len(rows), quota)] for rows in members]
    return np.sort(np.concatenate(picked))


def evenly(count: int, most: int) -> Ints:
    """At most `most` of `count` places, evenly spaced, the ends among them."""
    if count <= most:
        return np.arange(count)
    return np.unique(np.linspace(0, count - 1, most).round().astype(np.int64))
