"""One replica as a container: its command in plain words, for manifests and compose files."""

from dataclasses import dataclass

from solvers.documents import dump_yaml
from solvers.exports.refuse import check
from solvers.exports.shell import Argument, Need, Raw
from solvers.serving.exports import sglang, sglang_arguments, trtllm, trtllm_options, vllm, vllm_arguments, weights
from solvers.serving.exports.scripts import PORT
from solvers.serving.exports.served import Replicas, Served

ENGINES = {"vllm": "vLLM", "sglang": "SGLang", "trtllm": "TensorRT-LLM"}
RULES = {"vllm": vllm_arguments.rules, "sglang": sglang_arguments.rules, "trtllm": trtllm_options.rules}
WANTED = {"vllm": vllm.wanted, "sglang": sglang.wanted, "trtllm": trtllm.wanted}
ONLINE = {"vllm": vllm_arguments.ONLINE, "sglang": sglang_arguments.ONLINE, "trtllm": trtllm_options.ONLINE}
MODEL, IMAGE = "${MODEL}", "${IMAGE}"
OPTIONS = "/isoflop"


@dataclass(frozen=True)
class Place:
    """How a node of a replica over several learns its number and the address of the first."""

    rank: str
    master: str


def checked(plan: Served) -> None:
    """CannotExpress where the plan's engine has no words for a part of it."""
    check(RULES[plan.engine](plan))


def model(plan: Served) -> str:
    """The checkpoint, or the variable that holds it."""
    return weights.default(plan, online=ONLINE[plan.engine]) or MODEL


def wanted(plan: Served) -> list[Need]:
    """What the reader has to name: the image, and what the engine's script asks for."""
    return [("IMAGE", f"container image with {ENGINES[plan.engine]}"), *WANTED[plan.engine](plan)]


def command(
    plan: Served, pool: Replicas, *, place: Place | None = None, leads: bool = True, port: int = PORT
) -> list[str]:
    """The whole command; with a `place`, of the first node of several or of one that follows."""
    head, own = {
        "vllm": (["vllm", "serve", model(plan)], vllm_arguments.arguments),
        "sglang": (["python3", "-m", "sglang.launch_server", "--model-path", model(plan)], sglang_arguments.arguments),
        "trtllm": (["trtllm-serve", model(plan)], _file),
    }[plan.engine]
    words = [plain(word) for argument in own(plan, pool) for word in argument]
    return [*head, *words, *_address(plan, port), *(_placed(plan, pool, place, leads=leads) if place else [])]


def options(plan: Served, pool: Replicas) -> dict[str, str]:
    """Files that stand in the container under `OPTIONS`."""
    return {f"{pool.name}.yaml": dump_yaml(trtllm_options.options(plan, pool))} if plan.engine == "trtllm" else {}


def plain(word: str) -> str:
    """A word without what the shell would have needed around it."""
    return word[1:-1].replace('\\"', '"') if isinstance(word, Raw) else word


def _file(_: Served, pool: Replicas) -> list[Argument]:
    return [("--backend", "pytorch"), ("--config", f"{OPTIONS}/{pool.name}.yaml")]


def _address(plan: Served, port: int) -> list[str]:
    everywhere = ["--host", "0.0.0.0"]  # noqa: S104 -- a server, in a container
    return [*([] if plan.engine == "vllm" else everywhere), "--port", str(port)]


def _placed(plan: Served, pool: Replicas, place: Place, *, leads: bool) -> list[str]:
    nodes = ["--nnodes", str(pool.nodes(plan.gpus_per_node)), "--node-rank", place.rank]
    if plan.engine == "sglang":
        return [*nodes, "--dist-init-addr", f"{place.master}:{sglang.INIT_PORT}"]
    return [*nodes, "--master-addr", place.master, *([] if leads else ["--headless"])]


def gpus(plan: Served, pool: Replicas) -> int:
    """GPUs of one container: the replica's, or the node's where it spans several."""
    return min(pool.gpus, plan.gpus_per_node)
