"""A command that asks the running plan what the plan promises: the same traffic, the same limits, vLLM's own client."""

from solvers.documents import Document
from solvers.errors import CannotExpress, Problem
from solvers.exports.shell import Argument, arguments, needs, script
from solvers.serving.exports import weights
from solvers.serving.exports.scripts import PORT, variable
from solvers.serving.exports.served import Served, served

FILE = "bench.sh"
LASTING_S = 300.0
FEWEST = 500
MS = 1e-3
NAMES = {"ttft": "ttft", "tpot": "tpot", "e2e": "e2el"}


def write(result: Document) -> dict[str, str]:
    """The script. CannotExpress where the traffic is a trace or has sizes of its own."""
    plan = served(result)
    traffic = plan.spec.traffic
    if traffic.input is None or traffic.output is None:
        message = "The client draws lengths around a mean; this traffic is a trace, a set of lengths or of sizes."
        raise CannotExpress(Problem("cannot_express", message, "/spec/traffic", "Play the trace itself."))
    return {FILE: _script(plan, _mean(traffic.input), _mean(traffic.output))}


def _mean(lengths: object) -> float:
    """Tokens: a number, or the mean (or median) of a distribution."""
    mean = lengths if isinstance(lengths, int | float) else getattr(lengths, "mean", None)
    return float(mean if mean is not None else getattr(lengths, "p50", 0.0) or 0.0)


def _script(plan: Served, input_tokens: float, output_tokens: float) -> str:
    rate, slo = plan.rate_per_s, plan.spec.slo
    requests = max(FEWEST, round(rate * LASTING_S))
    limits = [f"{NAMES[name]}:{seconds / MS:g}" for name, seconds in slo.limits.items()]
    given: list[Argument] = [
        ("--backend", "openai"),
        ("--base-url", variable("BASE_URL")),
        ("--endpoint", "/v1/completions"),
        ("--model", variable("MODEL")),
        ("--dataset-name", "random"),
        ("--random-input-len", f"{input_tokens:.0f}"),
        ("--random-output-len", f"{output_tokens:.0f}"),
        ("--ignore-eos",),
        ("--num-prompts", str(requests)),
        ("--request-rate", f"{rate:g}"),
        ("--burstiness", _burstiness(plan)),
        ("--seed", str(plan.spec.seed)),
        ("--percentile-metrics", "ttft,tpot,e2el"),
        ("--metric-percentiles", f"50,90,99,{100 * slo.attainment:g}"),
        ("--goodput", *limits),
    ]
    model = plan.published_as
    return script(
        [
            f"Asks {plan.title}, {plan.label}, for {rate:g} requests/s and counts those within {', '.join(limits)} ms.",
            f"The plan holds where at least {100 * slo.attainment:g} % of the requests are good.",
        ],
        "" if model else needs([("MODEL", f"the name under which {weights.words(plan.title)} is served")]),
        "\n".join(
            [*([f'MODEL="${{MODEL:-{model}}}"'] if model else []), f'BASE_URL="${{BASE_URL:-http://127.0.0.1:{PORT}}}"']
        ),
        arguments("ARGUMENTS", given),
        'exec vllm bench serve "${ARGUMENTS[@]}" "$@"',
    )


def _burstiness(plan: Served) -> str:
    """The client's shape of the gamma distribution of gaps: 1 / (coefficient of variation)^2."""
    traffic = plan.spec.traffic
    if traffic.arrivals == "gamma":
        return f"{1 / traffic.burstiness**2:.4g}"
    return "1" if traffic.arrivals == "poisson" else "1000000"
