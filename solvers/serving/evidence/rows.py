"""A published closed-loop measurement, one row of a table, as a question to the simulator.

A row states a model, a system, an engine, precision, lengths, parallel sizes and the number of clients. What it leaves
open (workers, data-parallel attention, drafts) has several readings, from the public recipes where they know the row.
Known defects of the tables, each read as follows
    tp 64, moe 8 x 8         the GPUs of a worker times the groups of experts: 8 GPUs, experts in 8 groups
    attention_dp 64, 8 x 8   the same, with data-parallel attention on 8 GPUs
    tp 72 of a GB200         the GPUs of all workers together: only a recipe of as many GPUs says how they were split
    batch below concurrency  so many equal replicas behind one address
"""

from collections.abc import Sequence
from dataclasses import dataclass

from solvers.catalogue import Model, Node
from solvers.cost.serving.job import WEIGHT_BYTES, Layout, Numerics, Software, peak_of
from solvers.serving.evidence.columns import (
    NotExpressible,
    Row,
    engine_of,
    gpu_and_precision,
    model_of,
    node_of,
    number,
    numerics_of,
    whole,
)
from solvers.serving.evidence.recipes import Recipe, Side, layout_of, narrowed, on_that_day, recipes, shape_of

MILLI = 1e-3
# InferenceX draws lengths evenly from 80 % to 100 % of the stated ones (RANDOM_RANGE_RATIO of its workflows); so is
# any row read but those of sweeps over powers of two, whose tool sends one length.
SHORTEST = 0.8
EXACT_SOURCES, EXACT_MULTIPLE = ("gap-analysis sweep",), 128
# Above so many GPUs a worker's attention is data parallel in every public recipe.
MOST_TENSOR_RANKS = 8
MOST_READINGS = 3
# Recipes split clients evenly into batches that are powers of two: up to so many decode workers.
MOST_WORKERS = 16
# From so many sequences of a GPU on the public recipes give attention data-parallel ranks.
MANY_ON_A_GPU = 64


@dataclass(frozen=True)
class Reading:
    """One way to read a row: who serves, who prefills (None: the same), how many tokens are drafted."""

    serve: Side
    prefill: Side | None = None
    drafts: int = 0

    @property
    def gpus(self) -> int:
        """GPUs of all workers."""
        return self.serve.gpus + (self.prefill.gpus if self.prefill else 0)


@dataclass(frozen=True)
class Question:
    """A row as the simulator sees it. Lengths in tokens; `shortest` is the least length over the stated one."""

    place: int
    row: Row
    model: Model
    node: Node
    numerics: Numerics
    software: Software
    readings: tuple[Reading, ...]
    clients: int
    input_tokens: int
    output_tokens: int
    shortest: float
    ttft_s: float
    tpot_s: float

    @property
    def disaggregated(self) -> bool:
        """Whether prefill has its own workers."""
        return self.readings[0].prefill is not None


def question_of(row: Row, place: int) -> Question:
    """The row as a question; NotExpressible says what the model has no word for."""
    model, node, engine = model_of(row), node_of(row), engine_of(row)
    inputs, outputs = whole(row, "isl"), whole(row, "osl")
    if inputs < 1 or outputs < 1:
        raise NotExpressible("lengths are missing")
    ttft, tpot = number(row, "silicon_ttft_ms") * MILLI, number(row, "silicon_tpot_ms") * MILLI
    if tpot <= 0.0:
        raise NotExpressible("no TPOT was measured")
    clients = whole(row, "concurrency") or whole(row, "batch_size")
    if clients < 1:
        raise NotExpressible("concurrency is missing")
    numerics = numerics_of(row, model, node)
    readings = _readings(row, model=model, node=node, numerics=numerics, engine=engine, clients=clients)
    _checked_against_peak(
        model, node, numerics, readings, clients=clients, lengths=(inputs, outputs), times=(ttft, tpot)
    )
    exact = row.get("source", "").startswith(EXACT_SOURCES) and inputs % EXACT_MULTIPLE == outputs % EXACT_MULTIPLE == 0
    return Question(
        place=place,
        row=row,
        model=model,
        node=node,
        numerics=numerics,
        software=Software(name=engine, version=(row.get("backend_version") or "").strip()),
        readings=readings,
        clients=clients,
        input_tokens=inputs,
        output_tokens=outputs,
        shortest=1.0 if exact else SHORTEST,
        ttft_s=ttft,
        tpot_s=tpot,
    )


def _checked_against_peak(
    model: Model, node: Node, numerics: Numerics, readings: Sequence[Reading], *, clients: int,
    lengths: tuple[int, int], times: tuple[float, float],
) -> None:  # fmt: skip
    """NotExpressible for a row that states more work than its GPUs multiply at their datasheet's peak.

    Prompts and outputs of all clients, at the shortest lengths, in the time that a request is said to take.
    """
    inputs, outputs = (SHORTEST * length for length in lengths)
    seconds = times[0] + times[1] * max(lengths[1] - 1.0, 1.0)
    needed = 2.0 * model.active_parameters * (inputs + outputs) * clients / seconds
    peak = peak_of(node.gpu, numerics.expert_weights) * max(reading.gpus for reading in readings)
    if needed > peak:
        raise NotExpressible("the row states more work than its GPUs can do: requests failed, or its GPUs are not all")


def _readings(
    row: Row, *, model: Model, node: Node, numerics: Numerics, engine: str, clients: int
) -> tuple[Reading, ...]:
    """What the recipes say, else what the row itself says."""
    least = _least_gpus(model, node, numerics)
    found = _recipes(row, model=model, engine=engine, clients=clients, least=least)
    readings = tuple(dict.fromkeys(Reading(r.serve, r.prefill, r.drafts) for r in found))
    if readings:
        return readings[:MOST_READINGS]
    if _total_only(row):
        raise NotExpressible("the row gives the GPUs of all workers together")
    own = _split(row, clients, latent=model.mla is not None) if _disaggregated(row) else Reading(_serving(row, clients))
    sides = (own.serve, own.prefill or own.serve)
    if min(side.layout.gpus for side in sides) < least:
        raise NotExpressible("the weights do not fit on the GPUs that the row gives a worker")
    return (own,)


def _least_gpus(model: Model, node: Node, numerics: Numerics) -> float:
    """GPUs that the weights fill."""
    return model.parameters * WEIGHT_BYTES[numerics.expert_weights] / node.gpu.memory_bytes


def _disaggregated(row: Row) -> bool:
    return (row.get("mode") or "agg").strip().lower() == "disagg"


def _recipes(row: Row, *, model: Model, engine: str, clients: int, least: float) -> list[Recipe]:
    """The recipes that the row may come from: those whose workers hold the model."""
    total = _total_only(row)
    mode = "disagg" if _disaggregated(row) or total else "agg"
    gpu, precision = gpu_and_precision(row)
    key = (shape_of(model), gpu, engine, precision, mode, whole(row, "isl"), whole(row, "osl"))
    held = [r for r in recipes().get(key, ()) if r.smallest >= least]
    known = [r for r in held if clients in r.concurrency] or [r for r in held if _of_each(r, clients)]
    sized = [recipe for recipe in known if _same_sizes(row, recipe, total=total, least=least)]
    version = (row.get("backend_version") or "").strip()
    if not sized and mode == "disagg" and version:
        sized = _garbled(row, known, version)
    found = narrowed(
        sized,
        (
            lambda recipe: recipe.version.startswith(version),
            lambda recipe: on_that_day(recipe, row.get("measured") or ""),
            lambda recipe: _same_experts(row, recipe),
        ),
    )
    return sorted(found, key=lambda recipe: recipe.until, reverse=True)


def _of_each(recipe: Recipe, clients: int) -> bool:
    """Whether a recipe names the clients of each decode worker, as those of H200 do, where a row counts all."""
    workers = recipe.serve.workers
    return workers > 1 and clients % workers == 0 and clients // workers in recipe.concurrency


def _garbled(row: Row, known: Sequence[Recipe], version: str) -> list[Recipe]:
    """Recipes of that concurrency, version and day for a row whose sizes are of none: they hold factors or products."""
    stood = [r for r in known if r.version.startswith(version) and on_that_day(r, row.get("measured") or "")]
    stated = [{whole(row, f"{role}_tp_size"), _worker(row, role).gpus} for role in ("prefill", "decode")]
    return narrowed(
        stood,
        (
            lambda recipe: recipe.serve.layout.gpus in stated[1],
            lambda recipe: recipe.prefill is not None and recipe.prefill.layout.gpus in stated[0],
        ),
    )


def _same_sizes(row: Row, recipe: Recipe, *, total: bool, least: float) -> bool:
    """Whether each worker has as many GPUs as the row says, and there are as many workers.

    A size that cannot hold the model is a blank.
    """
    if recipe.prefill is None:
        layout = _serving(row, clients=1).layout
        return recipe.serve.layout.gpus == layout.gpus and (layout.dp == 1 or recipe.serve.layout.dp > 1)
    if total:
        return recipe.gpus == max(whole(row, "tp_size"), whole(row, "decode_tp_size"))
    for role, side in (("prefill", recipe.prefill), ("decode", recipe.serve)):
        stated = _worker(row, role)
        workers = whole(row, f"{role}_num_workers")
        known = stated.gpus >= least
        if (known and stated.gpus != side.layout.gpus) or workers not in (0, side.workers):
            return False
        if workers and known and (stated.dp > 1) != (side.layout.dp > 1):
            return False
    return True


def _same_experts(row: Row, recipe: Recipe) -> bool:
    """Whether the groups of experts and the ranks of attention are those that the row states."""
    if recipe.prefill is None:
        stated = _serving(row, clients=1).layout
        return (stated.ep, stated.dp > 1) == (recipe.serve.layout.ep, recipe.serve.layout.dp > 1)
    pairs = (("prefill", recipe.prefill), ("decode", recipe.serve))
    return all(whole(row, f"{role}_moe_ep_size") in (0, side.layout.ep) for role, side in pairs)


def _total_only(row: Row) -> bool:
    """Whether the row gives one size for all workers of several nodes."""
    if (row.get("mode") or "agg").strip().lower() == "disagg":
        sizes = {whole(row, "prefill_tp_size"), whole(row, "decode_tp_size")}
        return len(sizes) == 1 and max(sizes) > MOST_TENSOR_RANKS and _not_power(max(sizes), row)
    size = whole(row, "tp_size")
    return size > MOST_TENSOR_RANKS and whole(row, "moe_ep_size") <= 1 and whole(row, "moe_tp_size") == size


def _not_power(size: int, row: Row) -> bool:
    """Sizes of one worker are powers of two."""
    return bool(size & (size - 1)) or (size > 2 * MOST_TENSOR_RANKS and whole(row, "prefill_moe_ep_size") <= 1)


def _serving(row: Row, clients: int) -> Side:
    """Workers that do both."""
    layout = _layout(row, "")
    batch = whole(row, "batch_size")
    stated = whole(row, "attention_dp_size")
    if not batch or batch >= clients or stated > 1:
        return Side(1, layout)
    return Side(max(round(clients / batch), 1), layout)


def _split(row: Row, clients: int, *, latent: bool) -> Reading:
    """Prefill and decode workers as the row states them, else as recipes choose them.

    Latent attention is data parallel where every GPU has many sequences: cut, each rank would hold all of their cache.
    """
    prefill, decode = _worker(row, "prefill"), _worker(row, "decode")
    if latent and not whole(row, "decode_num_workers") and clients >= MANY_ON_A_GPU * decode.gpus:
        decode = layout_of(tp=decode.gpus, ep=decode.gpus, data_parallel=True)
    workers = whole(row, "decode_num_workers")
    if not workers and decode.dp == 1:
        odd = clients
        while odd % 2 == 0:
            odd //= 2
        workers = odd if odd <= MOST_WORKERS else 1
    return Reading(
        serve=Side(max(workers, 1), decode),
        prefill=Side(max(whole(row, "prefill_num_workers"), 1), prefill),
    )


def _worker(row: Row, role: str) -> Layout:
    layout = _layout(row, f"{role}_")
    if layout.tp > MOST_TENSOR_RANKS and layout.dp == 1:
        return layout_of(tp=layout.tp, ep=layout.tp, data_parallel=True)
    return layout


def _layout(row: Row, role: str) -> Layout:
    """Ranks of one worker; see the defects above."""
    tp, dp = max(whole(row, f"{role}tp_size"), 1), max(whole(row, f"{role}attention_dp_size"), 1)
    cut, groups = max(whole(row, f"{role}moe_tp_size"), 1), max(whole(row, f"{role}moe_ep_size"), 1)
    pp = max(whole(row, f"{role}pp_size"), 1)
    gpus = tp * dp
    if min(cut, groups) > 1 and gpus == cut * groups and cut == groups and not row.get("source", "").startswith("gap"):
        gpus = cut
        tp, dp = (gpus, 1) if dp == 1 else (1, gpus)
    elif tp == dp > 1 and groups == tp * dp:
        gpus, dp, groups = tp, 1, tp
    elif dp == 1 and cut * groups > tp and cut * groups % tp == 0:
        dp = cut * groups // tp
        gpus = tp * dp
    return Layout(tp=tp, pp=pp, dp=dp, ep=groups if gpus % groups == 0 else 1)


def questions_of(rows: Sequence[Row]) -> tuple[list[Question], dict[int, str]]:
    """Those that can be expressed, and for each other row (by place) the reason why not."""
    found: list[Question] = []
    reasons: dict[int, str] = {}
    for place, row in enumerate(rows):
        try:
            found.append(question_of(row, place))
        except NotExpressible as error:
            reasons[place] = str(error)
    return found, reasons
