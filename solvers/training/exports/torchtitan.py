"""torchtitan: a plan as the TOML file of version 0.2, a launch script, and the model's sizes where it lacks them."""

from solvers.documents import Document
from solvers.exports.refuse import Rule, check, layout, unsaid
from solvers.exports.shell import Need, comment, counted, needs, script
from solvers.training.exports import toml, torchtitan_model, torchtitan_tuned
from solvers.training.exports.planned import ZERO_GROUPS, Planned, planned
from solvers.training.exports.torchtitan_model import FLAVOR, MODULE
from solvers.training.exports.wanted import RATE, SAVES, STEPS

CONFIG, LAUNCH = "torchtitan.toml", "torchtitan.sh"
SCHEDULES = {"gpipe": "GPipe", "1f1b": "1F1B", "interleaved": "Interleaved1F1B"}
CONVERTERS = {"hopper": "quantize.linear.float8", "blackwell": "quantize.linear.mx"}


def write(result: Document) -> dict[str, str]:
    """The files. CannotExpress where torchtitan has no words for a part of the plan."""
    plan = planned(result)
    check(rules(plan))
    return files(plan)


def files(plan: Planned) -> dict[str, str]:
    """Configuration, launch, and the model's module if it is needed."""
    head = comment([f"torchtitan 0.2: {plan.title}, {plan.label}, on {plan.gpus} {plan.gpu.shown}."])
    written = {CONFIG: f"{head}\n\n{toml.text(document(plan))}", LAUNCH: _launch(plan)}
    if module := torchtitan_model.module(plan):
        written[f"{MODULE}.py"] = module
    return written


def rules(plan: Planned) -> list[Rule]:
    """What torchtitan cannot say."""
    ranks = plan.dp * plan.cp
    return [
        Rule(plan.schedule not in SCHEDULES, layout("schedule"), f"torchtitan has no schedule {plan.schedule}."),
        Rule(
            plan.zero == 1,
            layout("zero"),
            "torchtitan shards gradients and optimizer together; ZeRO-1 has no setting.",
            "Plan again with `options: {forbid: [zero1]}`.",
        ),
        Rule(
            plan.zero == 0 and ranks > 1 and ranks < plan.gpus,
            layout("zero"),
            "torchtitan replicates the model over data-parallel ranks only where there is no other parallelism.",
            "Plan again with `options: {fix: {zero: 3}}`.",
        ),
        Rule(
            plan.zero == 0 and plan.cp > 1,
            layout("cp"),
            "torchtitan shards the model over context-parallel ranks.",
            "Plan again with `options: {fix: {zero: 3}}`.",
        ),
        Rule(
            plan.tp > 1 and not plan.sequence_parallel,
            layout("sequence_parallel"),
            "torchtitan's tensor parallelism always shards the sequence.",
            "Plan again with `options: {fix: {sequence_parallel: true}}`.",
        ),
        Rule(
            plan.pp > 1 and plan.micro_batches < plan.pp * plan.vpp,
            layout("micro_batches"),
            f"torchtitan wants as many micro-batches as stages; the plan has {plan.micro_batches}.",
        ),
        Rule(
            plan.ep > 1 and plan.ep % (plan.cp * plan.tp) > 0,
            layout("ep"),
            f"torchtitan spreads experts over whole groups of {plan.cp * plan.tp} ranks.",
            "Plan again with `options: {fix: {ep: ...}}`, a multiple of them.",
        ),
        Rule(
            plan.precision in ("fp16", "fp4"), "/spec/precision", f"torchtitan 0.2 does not train in {plan.precision}."
        ),
        Rule(
            plan.precision == "fp8" and plan.experts > 0,
            "/spec/precision",
            "FP8 experts are a prototype in torchtitan.",
        ),
        Rule(plan.gradient_bytes != 4, "/spec/software/gradient_bytes", "torchtitan reduces gradients in 32 bits."),
        Rule(plan.attention == "unfused", "/spec/software/attention", "torchtitan's attention is fused."),
        Rule(plan.dropout, "/spec/software/dropout", "torchtitan's models have no dropout."),
        *unsaid(plan.rare, said=_said(plan), framework="torchtitan"),
        *torchtitan_model.rules(plan),
    ]


def _said(plan: Planned) -> tuple[str, ...]:
    """Rare techniques with a setting: groups of ZeRO-3 within which weights are whole, two ways of passing keys."""
    groups = ZERO_GROUPS if plan.hybrid_group and plan.dp * plan.cp % plan.hybrid_group == 0 and plan.cp == 1 else ()
    modes = ("cp_mode",) if plan.rare.get("cp_mode") != "all_to_all" else ()
    return (*groups, *modes, "tensor_overlap")


def document(plan: Planned) -> Document:
    """The configuration: what the plan fixes, and nothing else."""
    name, flavor = torchtitan_model.flavor(plan.model)
    found: Document = {
        "job": {"description": f"{plan.title}, {plan.label}"},
        "model": {"name": name, "flavor": flavor},
        "training": _training(plan),
        "parallelism": _parallelism(plan),
        "activation_checkpoint": _recompute(plan),
        "checkpoint": {"enable": True, **torchtitan_tuned.checkpoint(plan.tuned)},
        **torchtitan_tuned.parts(plan.tuned),
    }
    if plan.precision == "fp8":
        converter = CONVERTERS["blackwell" if plan.blackwell else "hopper"]
        found["model"]["converters"] = [converter]
        recipe = "mxfp8_cublas" if plan.blackwell else "rowwise"
        found["quantize"] = {
            "linear": {converter.rsplit(".", 1)[1]: {"recipe_name": recipe, "filter_fqns": ["output"]}}
        }
    if plan.precision == "fp8" or "tensor_overlap" in plan.rare:  # both are the compiler's
        found["compile"] = {"enable": True}
    if flavor == FLAVOR:
        found["experimental"] = {"custom_import": MODULE}
    return found


def _training(plan: Planned) -> Document:
    """A pipeline takes its micro-batches from one local batch; without one they are accumulated."""
    local = plan.micro_batch * (plan.micro_batches if plan.pp > 1 else 1)
    found: Document = {
        "local_batch_size": local,
        "global_batch_size": plan.global_batch,
        "seq_len": plan.sequence_length,
        "mixed_precision_param": "bfloat16",
        "mixed_precision_reduce": "float32",
    }
    return found if plan.steps is None else {**found, "steps": plan.steps}


def _parallelism(plan: Planned) -> Document:
    shards = plan.hybrid_group or (plan.dp if plan.zero else 1)
    found: Document = {
        "data_parallel_replicate_degree": plan.dp // shards,
        "data_parallel_shard_degree": shards,
        "fsdp_reshard_after_forward": "always" if plan.zero == 3 else "never",
        "tensor_parallel_degree": plan.tp,
        "pipeline_parallel_degree": plan.pp,
        "context_parallel_degree": plan.cp,
    }
    if "tensor_overlap" in plan.rare:
        found["enable_async_tensor_parallel"] = True
    if plan.cp > 1:
        found["context_parallel_rotate_method"] = "allgather" if plan.rare.get("cp_mode") else "alltoall"
    if plan.pp > 1:
        found |= {
            "pipeline_parallel_schedule": SCHEDULES[plan.schedule],
            "pipeline_parallel_microbatch_size": plan.micro_batch,
            "module_fqns_per_model_part": stages(plan),
        }
    if plan.experts:
        found |= {"expert_parallel_degree": plan.ep, "expert_tensor_parallel_degree": 1 if plan.ep > 1 else plan.tp}
    return found


def stages(plan: Planned) -> list[list[str]]:
    """Modules of each stage; with interleaving each rank's layers in `vpp` chunks, the ranks taking turns."""
    found, first = [], 0
    for count in plan.layers_per_chunk:
        found.append([f"layers.{number}" for number in range(first, first + count)])
        first += count
    found[0].insert(0, "tok_embeddings")
    found[-1] += ["norm", "output"]
    return found


def _recompute(plan: Planned) -> Document:
    if plan.recompute == "selective":
        return {"mode": "selective", "selective_ac_option": "op"}
    return {"mode": plan.recompute}


def _launch(plan: Planned) -> str:
    saves, steps = counted("SAVE_INTERVAL", plan.save_every, SAVES), counted("TRAIN_STEPS", plan.steps, STEPS)
    rate = counted("LR", plan.tuned.learning_rate if plan.tuned else None, RATE)
    wanted: list[Need] = [
        ("HF_ASSETS", "folder with the tokenizer, as scripts/download_hf_assets.py of torchtitan fetches it"),
        ("DATASET", "name of a dataset that torchtitan knows, such as c4"),
        ("DUMP_DIR", "folder for checkpoints and logs that all nodes share"),
        *rate[0],
        *saves[0],
        *steps[0],
    ]
    if torchtitan_model.flavor(plan.model)[1] == FLAVOR:
        wanted.append(("ROTARY_BASE", "base of the rotary embedding, rope_theta in the config.json of the model"))
    if plan.nodes > 1:
        wanted.append(("MASTER_ADDR", "address of node 0"))
    endpoint = '"${MASTER_ADDR}:${MASTER_PORT:-29500}"' if plan.nodes > 1 else '"localhost:${MASTER_PORT:-29500}"'
    options = [
        f'--job.config_file "${{HERE}}/{CONFIG}"',
        *torchtitan_tuned.options(plan.tuned),
        '--model.hf_assets_path "${HF_ASSETS}"',
        '--training.dataset "${DATASET}"',
        '--checkpoint.interval "${SAVE_INTERVAL}"',
        '--optimizer.lr "${LR}"',
        *(['--training.steps "${TRAIN_STEPS}"'] if plan.steps is None else []),
    ]
    extra = ['if [ -n "${DATASET_PATH:-}" ]; then OPTIONS+=(--training.dataset_path "${DATASET_PATH}"); fi']
    return script(
        [f"torchtitan 0.2: {plan.title}, {plan.label}. Run it on every node, beside {CONFIG}."],
        needs(wanted),
        "\n".join(
            [
                *rate[1],
                *saves[1],
                'HERE="$(cd "$(dirname "$0")" && pwd)"',
                'export PYTHONPATH="${HERE}${PYTHONPATH:+:${PYTHONPATH}}"',
            ]
        ),
        "OPTIONS=(\n" + "\n".join(f"  {option}" for option in options) + "\n)\n" + "\n".join(extra),
        "exec torchrun \\\n"
        f"  --nnodes {plan.nodes} --nproc-per-node {plan.gpus_per_node} \\\n"
        f"  --rdzv-backend c10d --rdzv-id isoflop --rdzv-endpoint {endpoint} \\\n"
        '  -m torchtitan.train "${OPTIONS[@]}"',
    )
