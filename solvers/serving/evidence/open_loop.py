"""Runs of an engine under open load, simulated request by request and held against what was measured.

A run says hardware, model, engine settings and layout; its requests say when each arrived, how long it was, and its
TTFT and TPOT. Nothing is fitted to a run: kernels come from a profile of that hardware, model and TP where there is
one, else from the cost model; the scheduler is the simulator's. A profile's attention is linearised about the batch
that a first simulation shows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from solvers import catalogue
from solvers.catalogue import Model, Node
from solvers.cost.layouts import Floats
from solvers.cost.serving.coefficients import DEFAULT, Coefficients
from solvers.cost.serving.job import Layout, Limits, Numerics, ServingJob, Software
from solvers.cost.serving.memory import BLOCK_TOKENS, memory_of
from solvers.cost.serving.step import step_cost
from solvers.cost.serving.tables import StepCost
from solvers.errors import UnknownName
from solvers.serving.evidence.profiled import profiled_cost
from solvers.serving.evidence.profiles import Profile, ProfileKey, read_profiles
from solvers.simulate.serving.case import Deployment, Engine, Outcome, Pool, Requests
from solvers.simulate.serving.engine import simulate

Row = Mapping[str, str]
# What tells runs apart, as far as a table of requests has it.
RUN_COLUMNS = ("hw", "model", "vllm", "tp", "dp", "dtype", "max_num_seqs", "dataset")
# What vLLM takes where nobody says: its defaults on GPUs of less than 70 GiB [kwon2023efficient].
STEP_TOKENS, SEQUENCES = 2048, 256
# Decodes at once about which a first simulation takes a profile's attention.
FIRST_BATCH = 32.0


@dataclass(frozen=True)
class Run:
    """One run: the job of a rank or replica, its engine, what was asked, and the measured seconds [n]."""

    hardware: str
    model: str
    job: ServingJob
    engine: Engine
    replicas: int
    requests: Requests
    ttft_s: Floats
    tpot_s: Floats


def score_open_loop(
    runs: Sequence[Row], requests: Sequence[Row], profiles: Mapping[str, str], *, coefficients: Coefficients = DEFAULT
) -> dict[str, list[dict[str, object]]]:
    """Errors of the mean and of the 90th percentile of TPOT and TTFT of each run, as shares: simulated over measured.

    `profiles` are the texts of kernel profiles by the names of their files.
    """
    read = read_profiles(profiles)
    return {"runs": [_scored(run_of(row, requests), read, coefficients) for row in runs]}


def run_of(row: Row, requests: Sequence[Row]) -> Run:
    """A row of a table of runs with its requests, in the words of the simulator."""
    own = sorted((each for each in requests if _belongs(each, row)), key=lambda each: float(each["arrival_s"]))
    tp, dp = _count(row, "tp", 1), _count(row, "dp", 1)
    model = _model(row["model"])
    shared = dp > 1 and model.moe is not None
    limits = Limits(_count(row, "max_num_batched_tokens", STEP_TOKENS), _count(row, "max_num_seqs", SEQUENCES))
    job = ServingJob(
        model=model,
        node=_node(row["hw"]),
        layout=Layout(tp=tp, dp=dp, ep=tp * dp) if shared else Layout(tp=tp),
        numerics=Numerics("fp8" if "fp8" in row.get("dtype", "").lower() else "bf16"),
        software=Software("vllm", row.get("vllm", "")),
        limits=limits,
    )
    size = _count(row, "block_size", BLOCK_TOKENS)
    blocks = _count(row, "num_gpu_blocks", 0) or memory_of(job, block_tokens=size).blocks
    engine = Engine(limits.max_num_seqs, limits.max_num_batched_tokens, blocks, size, ranks=dp if shared else 1)
    return Run(
        hardware=row["hw"],
        model=row["model"],
        job=job,
        engine=engine,
        replicas=1 if shared else dp,
        requests=_requests(own),
        ttft_s=np.array([float(each["ttft_s"]) for each in own]),
        tpot_s=np.array([float(each["tpot_s"]) for each in own]),
    )


def _count(row: Row, column: str, otherwise: int) -> int:
    """A whole number that may be written with a point; `otherwise` where the cell is empty."""
    return int(float(row.get(column) or otherwise))


def _belongs(request: Row, run: Row) -> bool:
    return all(request[column] == run[column] for column in RUN_COLUMNS if column in request and column in run)


def simulated(run: Run, cost: StepCost) -> Outcome:
    """The run, with its first replica's steps."""
    pool = Pool("both", run.replicas, run.engine, cost)
    return simulate(Deployment((pool,), routing="least_work"), run.requests, seed=0, trace_of=0)


def cost_of(run: Run, profiles: Mapping[ProfileKey, Profile], coefficients: Coefficients) -> StepCost:
    """By the run's profile, twice: the second time about the batch that the first simulation shows."""
    profile = profiles.get((run.hardware, run.model, run.job.layout.tp))
    if profile is None or len(profile.attention) == 0:
        return step_cost(run.job, coefficients)
    longest = float((run.requests.input_tokens + run.requests.output_tokens).max())
    first = profiled_cost(profile, run.job, batch=FIRST_BATCH, longest=longest, coefficients=coefficients)
    batch = _usual_batch(simulated(run, first), ranks=run.engine.ranks)
    return profiled_cost(profile, run.job, batch=batch, longest=longest, coefficients=coefficients)


def _usual_batch(outcome: Outcome, *, ranks: int) -> float:
    """Decodes of a rank's step that a token has beside it, itself included, in the mean over tokens."""
    trace = outcome.trace
    if trace is None or not trace.decodes.any():
        return 1.0
    return float(np.average(trace.decodes, weights=trace.decodes)) / ranks


def _scored(run: Run, profiles: Mapping[ProfileKey, Profile], coefficients: Coefficients) -> dict[str, object]:
    outcome = simulated(run, cost_of(run, profiles, coefficients))
    return {
        "hw": run.hardware,
        "model": run.model,
        "requests": run.requests.size,
        "profiled": (run.hardware, run.model, run.job.layout.tp) in profiles,
        "kv_blocks": run.engine.blocks,
        "preemptions": int(outcome.preemptions.sum()),
        **errors_of(outcome, run),
    }


def errors_of(outcome: Outcome, run: Run) -> dict[str, float]:
    """Errors of the mean and of the 90th percentile, as shares of what was measured."""
    simulated_s = {"tpot": outcome.tpot_s(run.requests.output_tokens), "ttft": outcome.ttft_s}
    measured_s = {"tpot": run.tpot_s, "ttft": run.ttft_s}
    pairs = {name: (simulated_s[name], measured_s[name]) for name in measured_s}
    means = {f"{name}_mean_error": float(one.mean() / two.mean()) - 1.0 for name, (one, two) in pairs.items()}
    ends = {
        f"{name}_p90_error": float(np.percentile(one, 90) / np.percentile(two, 90)) - 1.0
        for name, (one, two) in pairs.items()
    }
    return means | ends


def _requests(rows: Sequence[Row]) -> Requests:
    n = len(rows)
    return Requests(
        arrival_s=np.array([float(row["arrival_s"]) for row in rows]),
        input_tokens=np.array([int(float(row["input_toks"])) for row in rows], dtype=np.int64),
        output_tokens=np.array([int(float(row["output_toks"])) for row in rows], dtype=np.int64),
        prefix=np.full(n, -1, dtype=np.int64),
        prefix_tokens=np.zeros(n, dtype=np.int64),
        priority=np.zeros(n, dtype=np.int64),
    )


def _model(name: str) -> Model:
    """By its name, or by the longest name of the catalogue that it begins with (a checkpoint of the same shape)."""
    try:
        return catalogue.model(name)
    except UnknownName:
        known = [each for each in catalogue.names("models") if _plain(name).startswith(_plain(each))]
        if not known:
            raise
        return catalogue.model(max(known, key=len))


def _node(hardware: str) -> Node:
    """A node of the catalogue with that GPU."""
    gpu = catalogue.gpu(hardware)
    nodes = [catalogue.node(each) for each in catalogue.names("nodes")]
    fitting = [node for node in nodes if node.gpu.name == gpu.name]
    return fitting[0] if fitting else catalogue.node({"gpu": gpu.name})


def _plain(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())
