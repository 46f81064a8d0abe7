"""What the tests of serving papers compare, in full: python -m tests.papers.report [PART ...]

Parts: splitwise, helm, nanoflow, sarathi, distserve, melange, melange-proven, space. The last two take minutes: one
simulates and tightens every fleet of Melange's question, the other all placements of DistServe on 32 GPUs; without
parts, all others are printed.
"""

import sys
import time
from collections.abc import Callable, Iterable

import numpy as np

from solvers.serving.distserve.layouts import placements
from solvers.serving.distserve.profile import MODELS
from solvers.serving.distserve.search import exhaustive, search
from tests.papers import distserve, melange, nanoflow, sarathi, test_narayanan2023cheaply, test_patel2024splitwise

SARATHI_REQUESTS, DISTSERVE_REQUESTS, NANOFLOW_REQUESTS = 2048, 1000, 2000
SPACES = ("opt-13b sharegpt", "opt-66b sharegpt", "opt-175b sharegpt")


def splitwise() -> None:
    """Each row of the profile, predicted over measured."""
    for gpu, tp in test_patel2024splitwise.MACHINES:
        rows, prompts, tokens = test_patel2024splitwise.errors(gpu, tp)
        _line(f"Llama-2-70B {gpu} TP {tp}: prompt tokens x batch, error of prompt and of token")
        for row, prompt, token in zip(rows, prompts, tokens, strict=True):
            _line(f"  {row['prompt']:5d} x {row['batch']:2d}  {prompt:+6.0%} {token:+6.0%}")


def helm() -> None:
    """Errors of F at each prompt and of g."""
    for name in test_narayanan2023cheaply.ROWS:
        prompts, token = test_narayanan2023cheaply.errors(name)
        _line(f"{name:14s} F {_percents(prompts)}  g {token:+.0%}")


def nanoflow_() -> None:
    """Tokens a second and GPU of vLLM 0.5.3, measured and ours, at priors and with its host read from the first bar."""
    host = nanoflow.host_s(size=NANOFLOW_REQUESTS)
    _line(f"host of vLLM 0.5.3, read from the first bar: {host * 1e3:.1f} ms a step")
    for name, bar in zip(nanoflow.FIGURE["workloads"], nanoflow.FIGURE["bars"]["vllm-0.5.3"], strict=True):
        ours = nanoflow.tokens_per_s_per_gpu(name, size=NANOFLOW_REQUESTS)
        read = nanoflow.tokens_per_s_per_gpu(name, size=NANOFLOW_REQUESTS, host_s=host)
        _line(
            f"{name:10s} measured {bar:4d}  at priors {ours:5.0f}  with that host {read:5.0f} {read / bar - 1.0:+.0%}"
        )


def sarathi_() -> None:
    """Capacities of both systems, and figure 2."""
    for model in sarathi.ROWS:
        for trace in sarathi.PAPER["traces"]:
            for slo in sarathi.SLOS:
                ours, other = (
                    sarathi.capacity(model, system, trace, slo, size=SARATHI_REQUESTS)
                    for system in ("sarathi", "vllm")  # type: ignore[arg-type]
                )
                _line(
                    f"{model:12s} {trace:5s} {slo:8s} sarathi {ours:6.3f}/s  vllm {other:6.3f}/s  {ours / other:.2f} x"
                )
    yi, figure = sarathi.machine("yi-34b"), sarathi.PAPER["figure_2"]
    prompts = yi.prompts(list(figure["prefill"]), batch=[1] * len(figure["prefill"]))
    decodes = yi.token([float(figure["decode_context"])] * len(figure["decode"]), batch=list(figure["decode"]))
    _line(f"figure 2, prefill, error: {_percents(prompts / np.array(list(figure['prefill'].values())) - 1.0)}")
    _line(f"figure 2, decode, error:  {_percents(decodes / np.array(list(figure['decode'].values())) - 1.0)}")


def distserve_() -> None:
    """Goodput of both systems at the paper's placements, and the tightest SLO at its rate."""
    for name, row in distserve.ROWS.items():
        carried = [distserve.goodput_per_gpu(name, which, size=DISTSERVE_REQUESTS) for which in distserve.SYSTEMS]
        scale = [distserve.tightest_scale(name, which, size=DISTSERVE_REQUESTS) for which in distserve.SYSTEMS]
        _line(
            f"{name:19s} goodput a GPU {carried[0]:.3f} against {carried[1]:.3f}/s; at {row['rate']}/s a GPU "
            f"90 % keep {scale[0]:.2f} against {scale[1]:.2f} of the SLOs"
        )


def melange_() -> None:
    """The mix and fleets of one type at each rate by the static model, and the savings beside the published ranges."""
    start = time.process_time()
    for name, tpot_ms in _melange():
        found = [melange.costs(name, tpot_ms=tpot_ms, rate=rate) for rate in melange.RATES]
        for rate, one in zip(melange.RATES, found, strict=True):
            _line(f"{name:9s} {tpot_ms:3d} ms {rate:2d}/s  {_fleets(one)}")
        least, most = melange.PAPER["savings"][name][tpot_ms]
        _line(f"{name} at {tpot_ms} ms saves {_ranges(found)}; published {least:.0%} to {most:.0%}")
    _line(f"{time.process_time() - start:.0f} CPU s")


def melange_proven() -> None:
    """The same at a few rates, by the static model and of fleets that hold when they are simulated."""
    start = time.process_time()
    for name, tpot_ms in _melange():
        ways = {"static": melange.costs, "proven": melange.proven}
        found = {way: [cost(name, tpot_ms=tpot_ms, rate=rate) for rate in melange.PROVEN] for way, cost in ways.items()}
        for place, rate in enumerate(melange.PROVEN):
            for way, every in found.items():
                _line(f"{name:9s} {tpot_ms:3d} ms {rate:2d}/s {way}  {_fleets(every[place])}")
        told = "; ".join(f"{way} saves {_ranges(every)}" for way, every in found.items())
        least, most = melange.PAPER["savings"][name][tpot_ms]
        _line(f"{name} at {tpot_ms} ms: {told}; published {least:.0%} to {most:.0%}")
    _line(f"{time.process_time() - start:.0f} CPU s")


def _melange() -> list[tuple[str, int]]:
    return [(name, tpot_ms) for name in melange.WORKLOADS for tpot_ms in melange.PAPER["tpot_ms"]]


def _fleets(found: melange.Costs) -> str:
    single = "  ".join(
        f"{gpu} {cost:7.2f} {found.savings[gpu]:4.0%}" if gpu in found.savings else f"{gpu}  cannot     "
        for gpu, cost in found.single.items()
    )
    mix = " + ".join(f"{count} {gpu}" for gpu, count in found.gpus.items() if count)
    return f"mix {found.mix:6.2f} $/h  {single}  ({mix})"


def _ranges(found: list[melange.Costs]) -> str:
    every, large = (melange.ranges(found, types) for types in (melange.TYPES, melange.LARGE))
    return f"{every[0]:.0%} to {every[1]:.0%}, against A100 and H100 {large[0]:.0%} to {large[1]:.0%}"


def space() -> None:
    """The pick of the search and the best of all, 32 GPUs, both affinities."""
    for name in SPACES:
        work, model = distserve.work(name, size=DISTSERVE_REQUESTS), MODELS[distserve.ROWS[name]["model"]]
        for affinity in ("high", "low"):
            every = placements(model, nodes=4, gpus_per_node=8, high_affinity=affinity == "high")
            start = time.process_time()
            picked = search(model, every, work)
            middle = time.process_time()
            scored = exhaustive(model, every, work)
            seconds = time.process_time() - middle
            again = next(one for one in scored if one.placement == picked.best.placement)
            _line(
                f"{name} {affinity}: {len(every)} placements; pick {picked.best.placement.label} "
                f"{again.goodput_per_gpu:.4f}/s a GPU after {picked.simulated} in {middle - start:.1f} CPU s; "
                f"best of all {scored[0].placement.label} {scored[0].goodput_per_gpu:.4f} in {seconds:.1f} CPU s; "
                f"pick / best {again.goodput_per_gpu / scored[0].goodput_per_gpu:.3f}"
            )


PARTS: dict[str, Callable[[], None]] = {
    "splitwise": splitwise,
    "helm": helm,
    "nanoflow": nanoflow_,
    "sarathi": sarathi_,
    "distserve": distserve_,
    "melange": melange_,
    "melange-proven": melange_proven,
    "space": space,
}


# What is printed only where it is asked for.
SLOW = ("melange-proven", "space")


def _percents(errors: Iterable[float]) -> str:
    return " ".join(f"{error:+.0%}" for error in errors)


def _line(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    for part in sys.argv[1:] or [name for name in PARTS if name not in SLOW]:
        PARTS[part]()
