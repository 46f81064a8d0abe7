"""What the compiled engine's arrays say when it has stopped."""

import numpy as np

from solvers.simulate.serving import columns as c
from solvers.simulate.serving.case import GAP_EDGES, Outcome, Trace


def outcome_of(state: c.State) -> Outcome:
    """What became of each request."""
    numbers, seconds = state.numbers, state.seconds
    rows = numbers[numbers[c.REQUESTS] : numbers[c.REQUESTS_END]].reshape(-1, c.REQUEST_COLUMNS)
    start = c.EDGES + len(GAP_EDGES)
    moments = seconds[start : start + len(rows) * c.MOMENT_COLUMNS].reshape(-1, c.MOMENT_COLUMNS).T.copy()
    replicas = numbers[numbers[c.REPLICAS] : numbers[c.REPLICAS_END]].reshape(-1, c.REPLICA_COLUMNS)
    entered = rows[:, c.ENTRY] >= 0
    return Outcome(
        sent_s=np.where(entered, moments[c.SENT_S], np.nan),
        scheduled_s=moments[c.SCHEDULED_S],
        first_token_s=moments[c.FIRST_S],
        finish_s=moments[c.FINISH_S],
        preemptions=rows[:, c.PREEMPTED].copy(),
        cached_tokens=np.maximum(rows[:, c.HITS], 0),
        replica=np.where(entered, (rows[:, c.ENTRY] - numbers[c.REPLICAS]) // c.REPLICA_COLUMNS, -1),
        steps=int(numbers[c.STEPS]),
        end_s=float(np.nanmax(moments[c.FINISH_S], initial=0.0)),
        gaps=numbers[numbers[c.GAPS] : numbers[c.GAPS] + len(GAP_EDGES) + 1].copy(),
        busy_s=seconds[replicas[:, c.CLOCKS] + c.BUSY_S],
        trace=_trace(state) if numbers[c.TRACED] >= 0 else None,
    )


def _trace(state: c.State) -> Trace:
    numbers = state.numbers
    rows = state.seconds[numbers[c.TRACE_FROM] : numbers[c.TRACE_NEXT]].reshape(-1, c.TRACE_COLUMNS).T
    return Trace(rows[0].copy(), rows[1].copy(), *rows[2:].astype(np.int64))
