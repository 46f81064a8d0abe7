import ast
import subprocess
from pathlib import Path

import pytest

from solvers import kinds
from solvers.errors import CannotExpress
from tests.answers import answer
from tests.solvers.training.exports import cases, reading

EXPORTS = {export.name: export for export in kinds.get("training").exports}
GOLDEN = Path(__file__).parent / "golden"
PAIRS = [pytest.param(case, name, id=f"{case}-{name}") for case, name in cases.GOLDEN]


def refusals(case, name, **changes):
    with pytest.raises(CannotExpress) as refused:
        EXPORTS[name].write(cases.result(case, **changes))
    return refused.value.problems


def test_there_is_a_format_for_each_framework_and_scheduler():
    assert list(EXPORTS) == ["megatron", "bridge", "torchtitan", "deepspeed", "slurm", "kubernetes"]
    assert all(export.title for export in EXPORTS.values())


@pytest.mark.parametrize(("case", "name"), PAIRS)
def test_files_are_those_that_people_looked_at(case, name):
    files = EXPORTS[name].write(cases.result(case))

    folder = GOLDEN / f"{case}-{name}"
    assert files == {path.name: path.read_text() for path in sorted(folder.iterdir())}


@pytest.mark.parametrize(("case", "name"), PAIRS)
def test_what_the_plan_fixes_is_read_back_from_the_files(case, name, tmp_path):
    result = cases.result(case)

    read = reading.read_back(name, EXPORTS[name].write(result), tmp_path)

    expected = reading.fixed(result)
    if read["layers_per_stage"] is None:  # the file leaves an even split to the framework
        assert len(set(expected["layers_per_stage"])) == 1
        read["layers_per_stage"] = expected["layers_per_stage"]
    assert read == expected


@pytest.mark.parametrize(("case", "name"), PAIRS)
def test_scripts_are_bash_and_modules_are_python(case, name, tmp_path):
    for file, text in EXPORTS[name].write(cases.result(case)).items():
        if file.endswith((".sh", ".sbatch")):
            subprocess.run(["bash", "-n"], input=text, text=True, check=True)
        elif file.endswith(".py"):
            ast.parse(text)


@pytest.mark.parametrize(
    ("case", "name", "script"),
    [
        ("dense", "megatron", "megatron.sh"),
        ("own", "torchtitan", "torchtitan.sh"),
        ("own", "deepspeed", "deepspeed.sh"),
        ("dense", "slurm", "train.sbatch"),
        ("dense", "kubernetes", "apply.sh"),
    ],
)
def test_a_script_stops_with_a_word_where_something_is_not_filled_in(case, name, script, tmp_path):
    files = EXPORTS[name].write(cases.result(case))
    folder = reading.written(files, tmp_path)
    wanted = [line[5:].split(":?")[0] for line in files[script].splitlines() if line.startswith(': "${')]

    for variable in wanted:
        done, words = reading.run(script, folder, without=[variable])
        assert (done.returncode != 0, words) == (True, [])
        assert f"{variable}: is not set: " in done.stderr
    assert len(wanted) >= 6


def test_a_recipe_stops_with_a_word_where_something_is_not_filled_in(tmp_path):
    files = EXPORTS["bridge"].write(cases.result("dense"))
    folder = reading.written(files, tmp_path)

    done = subprocess.run(["python3", "recipe.py"], cwd=folder, capture_output=True, text=True, env={}, check=False)

    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "DATA_PATH is not set: prefix of the tokenised data that tools/preprocess_data.py of Megatron-LM writes.",
        "TOKENIZER is not set: name or folder of a Hugging Face tokenizer.",
        "CHECKPOINT_DIR is not set: folder for checkpoints that all nodes share.",
        "LR is not set: peak learning rate.",
    ]


def test_slurm_asks_for_the_nodes_of_the_plan_and_numbers_them(tmp_path):
    files = EXPORTS["slurm"].write(cases.result("dense"))
    folder = reading.written(files, tmp_path)

    _, words = reading.run(
        "train.sbatch", folder, without=["MASTER_ADDR", "NODE_RANK"],
        SLURM_SUBMIT_DIR=str(folder), SLURM_JOB_ID="12345", SLURM_JOB_NODELIST="node-[a-b]",
    )  # fmt: skip

    asked, launch = reading.sbatch(files["train.sbatch"]), reading.options(words)
    assert (asked["nodes"], asked["gpus-per-node"], asked["ntasks-per-node"]) == ("64", "8", "1")
    assert [launch[f"--{name}"][0] for name in ("node-rank", "master-addr", "master-port")] == ["3", "node-a", "22345"]


@pytest.mark.parametrize(
    ("case", "name", "layout", "spec", "at", "able"),
    [
        ("dense", "megatron", {"vpp": 1, "schedule": "1f1b", "zero": 3}, {}, "/plan/layout/zero", "torchtitan"),
        ("dense", "megatron", {"vpp": 1, "schedule": "gpipe", "zero": 3}, {}, "/plan/layout/schedule", "torchtitan"),
        ("dense", "bridge", {"vpp": 1, "schedule": "1f1b", "zero": 2}, {}, "/plan/layout/zero", "torchtitan"),
        ("dense", "megatron", {"dp": 16, "micro_batch": 32}, {}, "/plan/layout/vpp", None),
        ("dense", "torchtitan", {}, {}, "/plan/layout/zero", "megatron, bridge, slurm, kubernetes"),
        ("dense", "deepspeed", {}, {}, "/plan/layout/pp", "megatron, bridge, slurm, kubernetes"),
        ("experts", "deepspeed", {"recompute": "none"}, {}, "/plan/layout/ep", "megatron, bridge, torchtitan"),
        ("experts", "torchtitan", {"tp": 2, "dp": 32, "ep": 1, "zero": 2}, {}, "/plan/layout/sequence_parallel", None),
        ("sharded", "deepspeed", {}, {}, "/spec/precision", "megatron, bridge, torchtitan"),
        ("own", "torchtitan", {"zero": 1}, {}, "/plan/layout/zero", "megatron, bridge, deepspeed"),
        ("own", "deepspeed", {"tp": 2, "dp": 8, "zero": 3}, {}, "/plan/layout/zero", "megatron, bridge"),
        ("own", "torchtitan", {}, {"precision": "fp16"}, "/spec/precision", "megatron, bridge, deepspeed"),
        ("latent", "torchtitan", {}, {}, "/spec/model/mtp_layers", "megatron, bridge"),
    ],
)  # fmt: skip
def test_what_a_format_cannot_say_is_refused_at_its_field_with_the_formats_that_can(case, name, layout, spec, at, able):
    problems = {problem.at: problem for problem in refusals(case, name, layout=layout, spec=spec)}

    assert problems[at].code == "cannot_express"
    hint = f"These can: {able}" if able else ("No other training format can", "These can")
    assert problems[at].hint.startswith(hint)


def test_a_layout_with_a_field_that_no_format_knows_is_refused_by_all():
    for name in EXPORTS:
        [problem] = refusals("dense", name, layout={"gradient_compression": 0.5})

        assert (problem.code, problem.at) == ("cannot_express", "/plan/layout/gradient_compression")


def test_a_plan_for_fine_tuning_is_refused_by_all():
    for name in EXPORTS:
        assert [problem.at for problem in refusals("dense", name, spec={"task": "lora"})] == ["/spec/task"]


RARE = [
    ("dense", "megatron", {"tensor_overlap": True}, "--tp-comm-overlap", ""),
    ("dense", "bridge", {"tensor_overlap": True}, "comm_overlap=CommOverlapConfig(tp_comm_overlap=True)", ""),
    ("dense", "megatron", {"cp": 2, "dp": 16, "cp_mode": "all_to_all"}, "--cp-comm-type a2a", ""),
    ("dense", "bridge", {"cp": 2, "dp": 16, "cp_mode": "all_gather"}, 'model.cp_comm_type = "all_gather"', ""),
    ("dense", "megatron", {"recompute": "none", "recompute_layers": 10}, "--recompute-num-layers 2", ""),
    ("dense", "bridge", {"recompute": "none", "recompute_layers": 10}, "model.recompute_num_layers = 2", ""),
    ("dense", "megatron", {"recompute_layers": 10}, "", "/plan/layout/recompute_layers"),
    ("dense", "megatron", {"optimizer_offload": True}, "--optimizer-cpu-offload", ""),
    ("dense", "bridge", {"optimizer_offload": True}, "", "/plan/layout/optimizer_offload"),
    ("dense", "megatron", {"quantized_weights": True}, "", "/plan/layout/quantized_weights"),
    ("own", "deepspeed", {"optimizer_offload": True}, '"device": "cpu"', ""),
    ("own", "deepspeed", {"zero": 3, "quantized_weights": True}, '"zero_quantized_weights": true', ""),
    ("own", "deepspeed", {"recompute_layers": 1}, "", "/plan/layout/recompute_layers"),
    (
        "own", "torchtitan",
        {"zero": 3, "zero_weight_group": 8, "zero_gradient_group": 8, "zero_optimizer_group": 8},
        "data_parallel_replicate_degree = 2\ndata_parallel_shard_degree = 8", "",
    ),
    (
        "own", "torchtitan",
        {"zero": 3, "zero_weight_group": 8, "zero_gradient_group": 8, "zero_optimizer_group": 16},
        "", "/plan/layout/zero_weight_group",
    ),
    ("own", "torchtitan", {"zero": 3, "cp": 2, "dp": 8}, 'context_parallel_rotate_method = "alltoall"', ""),
    ("own", "torchtitan", {"zero": 3, "cp": 2, "dp": 8, "cp_mode": "all_gather"}, '"allgather"', ""),
    ("own", "torchtitan", {"zero": 3, "cp": 2, "dp": 8, "cp_mode": "all_to_all"}, "", "/plan/layout/cp_mode"),
]  # fmt: skip


@pytest.mark.parametrize(("case", "name", "layout", "said", "at"), RARE)
def test_a_rare_technique_is_said_or_refused(case, name, layout, said, at):
    if at:
        assert at in [problem.at for problem in refusals(case, name, layout=layout)]
    else:
        assert said in "\n".join(EXPORTS[name].write(cases.result(case, layout=layout)).values())


def test_a_field_that_changes_nothing_is_passed_over():
    plain = EXPORTS["megatron"].write(cases.result("dense"))

    assert EXPORTS["megatron"].write(cases.result("dense", layout={"gradient_compression": 0.0, "mode": None})) == plain


def test_a_result_without_a_plan_or_without_its_spec_is_refused():
    solved = cases.result("dense")
    infeasible = {**solved, "status": "infeasible"}
    old = {name: value for name, value in solved.items() if name != "spec"}

    codes = []
    for document in (infeasible, old):
        with pytest.raises(CannotExpress) as refused:
            EXPORTS["megatron"].write(document)
        codes += [(problem.code, problem.at) for problem in refused.value.problems]

    assert codes == [("no_plan", "/status"), ("no_spec", "/spec")]


def test_names_that_people_gave_cannot_break_out_of_a_file(tmp_path):
    hostile = 'x"""\nimport os\n#\'; touch broken\n$(touch broken) `touch broken` \x1b[2J'
    own = {**cases.OWN, "title": hostile, "aliases": ['a/b"+__import__("os").system("x")+"', "../../etc"]}
    result = cases.result("own", spec={"model": own})

    for name in ("bridge", "torchtitan", "deepspeed", "slurm", "kubernetes"):
        files = EXPORTS[name].write(result)
        reading.read_back(name, files, tmp_path / name)
        assert all("system(" not in text for text in files.values())
        for text in (text for file, text in files.items() if file.endswith(".py")):
            ast.parse(text)
        assert not list(tmp_path.rglob("broken"))


def test_a_model_that_torchtitan_ships_is_named_and_another_is_taught():
    shipped = EXPORTS["torchtitan"].write(cases.result("sharded"))
    changed = cases.result("sharded", spec={"model": {"name": "llama-3.1-8b", **cases.OWN, "vocab": 50000}})

    taught = EXPORTS["torchtitan"].write(changed)

    assert ('flavor = "8B"' in shipped["torchtitan.toml"], 'flavor = "isoflop"' in taught["torchtitan.toml"]) == (1, 1)
    assert (sorted(shipped), sorted(taught)) == (
        ["torchtitan.sh", "torchtitan.toml"],
        ["isoflop_model.py", "torchtitan.sh", "torchtitan.toml"],
    )


ISLANDS = {
    "kind": "training",
    "model": "llama-3.1-8b",
    "hardware": {
        "islands": [
            {"name": "new", "node": "dgx-h100", "nodes": 1},
            {"name": "old", "node": "dgx-a100-80", "nodes": 1},
        ]
    },
    "sequence_length": 4096,
    "global_batch": 64,
    "calibration": "prior",
}


def islands(between):
    return answer(kinds.parse({**ISLANDS, "hardware": {**ISLANDS["hardware"], "between": between}}))


def test_a_plan_that_keeps_to_one_island_starts_as_any_other():
    result = islands({"bandwidth": "10 Mbit/s", "latency": "10 ms"})

    script = EXPORTS["megatron"].write(result)["megatron.sh"]
    assert [island["gpus_used"] for island in result["plan"]["islands"]] == [8, 0]
    assert "--nproc-per-node 8" in script.replace("--nproc_per_node", "--nproc-per-node").replace("=", " ")


def test_a_plan_over_several_islands_is_no_single_launch():
    result = islands("ethernet-100")

    used = [island["gpus_used"] for island in result["plan"]["islands"]]
    with pytest.raises(CannotExpress) as refused:
        EXPORTS["megatron"].write(result)
    assert used == [8, 8]
    assert [problem.at for problem in refused.value.problems] == ["/plan/islands"]
