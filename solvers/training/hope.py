"""What uneven stages can save of a step in closed form: so that a layout whose plain split is bad is looked at as well.

    plain    t = max over stages with L / p layers, the head on the last
    uneven   t' = min over n of max(n l + head, ceil((L - n) / (p - 1)) l),  n layers of l seconds on the last stage
    saved    (m - 1 / v) (t - t'): each micro-batch passes the slowest stage, and what that does not do others do
Layers count alike and memory is not looked at: a layout saves about this or less.
"""

import numpy as np

from solvers.cost.layouts import Floats, Layouts
from solvers.cost.step import layer_time, slowest_stage
from solvers.training.search import Found

# Layers that the last stage gives to the others at most: a large head and tokens predicted ahead weigh three or four.
FEWER = 8


def saved_by_uneven_stages(found: Found, layouts: Layouts) -> Floats:
    """Seconds of a step for each of some layouts of `found`; none without a pipeline."""
    job, pp = found.job, layouts.pp
    layers = job.architecture.layers
    layer = layer_time(layouts, found.tables.block, found.tables.footprint, job)
    head = layer.head + layer.ends
    slow, last_is_slow = slowest_stage(layouts, job, layer=layer.total, ends=head)
    plain = slow * layer.total + last_is_slow * head
    best = plain
    for fewer in range(FEWER):
        last = np.clip(np.ceil(layers / pp) - fewer, 0.0, layers)
        others = np.ceil((layers - last) / np.maximum(pp - 1.0, 1.0))
        best = np.minimum(best, np.maximum(last * layer.total + head, others * layer.total))
    return np.where(pp > 1, (layouts.micro_batches - 1.0 / layouts.vpp) * (plain - best), 0.0)
