"""Serving plans as files: what people looked at, what is read back, what is refused."""

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

from solvers.errors import CannotExpress
from solvers.serving.exports import EXPORTS as ALL
from tests.solvers.serving.exports import cases, reading

EXPORTS = {export.name: export for export in ALL}
GOLDEN = Path(__file__).parent / "golden"
PAIRS = [pytest.param(case, name, id=f"{case}-{name}") for case, name in cases.GOLDEN]


def refusals(case, name, **changes):
    with pytest.raises(CannotExpress) as refused:
        EXPORTS[name].write(cases.result(case, **changes))
    return refused.value.problems


def test_there_is_a_format_for_each_engine_and_each_way_to_run_it():
    assert list(EXPORTS) == ["vllm", "sglang", "trtllm", "dynamo", "llm-d", "kubernetes", "compose", "bench"]
    assert all(export.title for export in EXPORTS.values())


@pytest.mark.parametrize(("case", "name"), PAIRS)
def test_files_are_those_that_people_looked_at(case, name):
    files = EXPORTS[name].write(cases.result(case))

    folder = GOLDEN / f"{case}-{name}"
    assert files == {path.name: path.read_text() for path in sorted(folder.iterdir())}


def test_a_replica_of_vllm_is_told_all_that_the_plan_fixes(tmp_path):
    folder = reading.written(EXPORTS["vllm"].write(cases.result("apart")), tmp_path)

    done, words = reading.run("vllm-decode.sh", folder, FIRST_GPU="4", PORT="8001")

    given = reading.options(words)
    assert done.returncode == 0, done.stderr
    assert words[:3] == ["vllm", "serve", "hub/model"]
    assert {name: given[name] for name in given if name != "--kv-transfer-config"} == {
        "--tensor-parallel-size": ["2"], "--pipeline-parallel-size": ["1"], "--max-model-len": ["16384"],
        "--max-num-seqs": ["256"], "--max-num-batched-tokens": ["2048"], "--gpu-memory-utilization": ["0.9"],
        "--block-size": ["16"], "--enable-chunked-prefill": [], "--enable-prefix-caching": [], "--dtype": ["auto"],
        "--quantization": ["fp8"], "--kv-cache-dtype": ["fp8"], "--port": ["8001"],
    }  # fmt: skip
    assert json.loads(given["--kv-transfer-config"][0]) == {"kv_connector": "NixlConnector", "kv_role": "kv_both"}


def test_the_published_model_is_served_unless_another_is_named(tmp_path):
    folder = reading.written(EXPORTS["vllm"].write(cases.result("plain")), tmp_path)

    _, words = reading.run("vllm.sh", folder, without=["MODEL"])
    _, other = reading.run("vllm.sh", folder)

    assert (words[2], other[2]) == ("meta-llama/Llama-3.1-8B", "hub/model")


def test_a_replica_over_nodes_is_started_on_each_and_only_the_first_answers(tmp_path):
    folder = reading.written(EXPORTS["vllm"].write(cases.result("wide")), tmp_path)

    _, first = reading.run("vllm.sh", folder, NODE_RANK="0")
    _, second = reading.run("vllm.sh", folder, NODE_RANK="1")

    first_given, second_given = reading.options(first), reading.options(second)
    assert (first_given["--nnodes"], first_given["--data-parallel-size"]) == (["2"], ["2"])
    assert ("--headless" in first_given, "--headless" in second_given) == (False, True)
    assert (second_given["--node-rank"], second_given["--master-addr"]) == (["1"], ["first"])


def test_a_draft_model_is_put_into_its_setting(tmp_path):
    folder = reading.written(EXPORTS["vllm"].write(cases.result("four-bit")), tmp_path)

    _, words = reading.run("vllm.sh", folder)

    assert json.loads(reading.options(words)["--speculative-config"][0]) == {
        "model": "hub/draft", "num_speculative_tokens": 3,
    }  # fmt: skip


def test_sglang_counts_over_the_ranks_of_attention(tmp_path):
    folder = reading.written(EXPORTS["sglang"].write(cases.result("experts")), tmp_path)

    _, words = reading.run("sglang.sh", folder)

    given = reading.options(words)
    assert [given[f"--{name}"] for name in ("tp-size", "dp-size", "ep-size")] == [["8"], ["8"], ["8"]]
    assert (given["--max-running-requests"], given["--chunked-prefill-size"]) == (["1024"], ["16384"])
    assert given["--mem-fraction-static"] == ["0.825"]
    assert "--schedule-low-priority-values-first" in given


def test_the_router_takes_as_many_addresses_as_the_plan_has_replicas(tmp_path):
    folder = reading.written(EXPORTS["sglang"].write(cases.result("handed")), tmp_path)

    done, words = reading.run("router.sh", folder)
    wrong, nothing = reading.run("router.sh", folder, PREFILL_URLS="http://a:8000")

    assert done.returncode == 0, done.stderr
    assert words[words.index("--prefill") : words.index("--port")] == [
        "--prefill", "http://a:8000", "8998", "--prefill", "http://b:8000", "8998", "--decode", "http://c:8000",
    ]  # fmt: skip
    assert (wrong.returncode, nothing) == (2, [])
    assert "PREFILL_URLS holds 1 addresses, the plan has 2 replicas" in wrong.stderr


def test_tensorrt_llm_is_told_all_in_its_options():
    files = EXPORTS["trtllm"].write(cases.result("compiled"))

    assert yaml.safe_load(files["trtllm.yaml"]) == {
        "tensor_parallel_size": 4, "pipeline_parallel_size": 1, "gpus_per_node": 8, "max_seq_len": 16384,
        "max_batch_size": 128, "max_num_tokens": 2048, "enable_chunked_prefill": True,
        "kv_cache_config": {
            "enable_block_reuse": True, "free_gpu_memory_fraction": 0.789, "dtype": "auto", "tokens_per_block": 32,
        },
        "cuda_graph_config": {"max_batch_size": 128, "enable_padding": True},
        "speculative_config": {"decoding_type": "NGram", "max_draft_len": 3, "max_matching_ngram_size": 4},
    }  # fmt: skip


def test_the_server_between_prompts_and_answers_gets_the_readers_addresses(tmp_path):
    folder = reading.written(EXPORTS["trtllm"].write(cases.result("compiled-apart")), tmp_path)

    done, words = reading.run("disaggregated.sh", folder)

    assert done.returncode == 0, done.stderr
    assert words[:3] == ["trtllm-serve", "disaggregated", "--config_file"]
    read = yaml.safe_load((folder / "told.input").read_text())
    assert read["context_servers"] == {
        "num_instances": 1, "urls": ["prefill-0:8000"], "router": {"type": "round_robin"},
    }  # fmt: skip
    assert read["generation_servers"]["urls"] == ["decode-0:8000", "decode-1:8000"]


def test_the_server_between_routes_as_the_plan_does():
    def told(routing):
        files = EXPORTS["trtllm"].write(cases.result("compiled-apart", routing=routing))
        cache = yaml.safe_load(files["trtllm-prefill.yaml"])["kv_cache_config"]
        return yaml.safe_load(files["disaggregated.yaml"])["context_servers"][
            "router"
        ], "event_buffer_max_size" in cache

    assert told("least_work") == ({"type": "load_balancing"}, False)
    assert told("prefix_aware") == ({"type": "kv_cache_aware"}, True)


@pytest.mark.parametrize("rank", ["0", "1"])
def test_llm_d_starts_the_nodes_of_a_replica_alike_and_each_finds_its_place(rank, tmp_path):
    values = yaml.safe_load(EXPORTS["llm-d"].write(cases.result("wide"))["values.yaml"])
    [container] = values["decode"]["containers"]
    (tmp_path / "vllm").write_text(reading.TELL)
    (tmp_path / "vllm").chmod(0o755)
    place = {"LWS_WORKER_INDEX": rank, "TOLD": str(tmp_path / "told"), "PATH": f"{tmp_path}:{os.environ['PATH']}"}

    subprocess.run([*container["command"], *container["args"]], env=place, stdin=subprocess.DEVNULL, check=True)

    given = reading.options((tmp_path / "told").read_text().split("\0")[:-1])
    assert container["modelCommand"] == "custom"
    assert (given["--nnodes"], given["--data-parallel-size"], given["--port"]) == (["2"], ["2"], ["8000"])
    assert given["--node-rank"] == ["$(LWS_WORKER_INDEX)"]  # Kubernetes fills it in
    assert ("--headless" in given) == (rank == "1")


def test_the_check_asks_for_the_traffic_and_the_limits_of_the_plan(tmp_path):
    folder = reading.written(EXPORTS["bench"].write(cases.result("plain")), tmp_path)

    _, words = reading.run("bench.sh", folder)

    given = reading.options(words)
    assert words[:3] == ["vllm", "bench", "serve"]
    assert given["--goodput"] == ["ttft:500", "tpot:50"]
    asked = ("request-rate", "num-prompts", "random-input-len", "random-output-len")
    assert [given[f"--{name}"] for name in asked] == [["12"], ["3600"], ["1024"], ["256"]]


def test_compose_gives_every_replica_gpus_of_its_own():
    services = yaml.safe_load(EXPORTS["compose"].write(cases.result("four-bit"))["compose.yaml"])["services"]

    given = [
        service["deploy"]["resources"]["reservations"]["devices"][0]["device_ids"]
        for name, service in services.items()
        if name != "router"
    ]
    assert given == [["0", "1"], ["2", "3"], ["4", "5"], ["6", "7"]]
    assert list(services["router"]["depends_on"]) == ["serve-0", "serve-1", "serve-2", "serve-3"]


def test_balancers_send_requests_as_the_plan_does():
    def conf(routing):
        return EXPORTS["compose"].write(cases.result("plain", routing=routing))["router.conf"]

    assert ("least_conn;" in conf("least_work"), "least_conn;" in conf("round_robin")) == (True, False)


def test_dynamo_hears_of_caches_where_requests_follow_them():
    [_, worker] = yaml.safe_load(EXPORTS["dynamo"].write(cases.result("experts"))["dynamo.yaml"])["spec"]["components"]
    inner = worker["podTemplate"]["spec"]["containers"][0]

    assert "--kv-events-config" in inner["args"]
    assert inner["resources"]["limits"] == {"nvidia.com/gpu": "8"}


REFUSED = [
    ("plain", "sglang", {}, "/plan/engine/name", "vllm, dynamo"),
    ("experts", "llm-d", {}, "/plan/engine/name", "sglang, dynamo"),
    ("apart", "kubernetes", {}, "/plan/mode", "vllm, dynamo, llm-d"),
    ("apart", "compose", {}, "/plan/mode", "vllm, dynamo, llm-d"),
    ("plain", "kubernetes", {"routing": "prefix_aware"}, "/plan/routing", "vllm, dynamo, llm-d"),
    ("plain", "llm-d", {"routing": "round_robin"}, "/plan/routing", "vllm, dynamo"),
    ("wide", "compose", {}, "/plan/gpus", "vllm, dynamo"),
    ("wide", "vllm", {"pools": [cases.pool(replicas=1, tp=8, dp=2, ep=4)]}, "/plan/pools/0/layout/ep", "bench"),
    (
        "plain", "vllm", {"pools": [cases.pool(engine={"chunked_prefill": False})]},
        "/plan/pools/0/engine/max_num_batched_tokens", "bench",
    ),
    (
        "plain", "vllm", {"pools": [cases.pool(engine={"max_num_batched_tokens": 64})]},
        "/plan/pools/0/engine/max_num_batched_tokens", "bench",
    ),
    ("plain", "vllm", {"adapters": {"count": 1, "rank": 1024}}, "/plan/adapters/rank", "bench"),
    ("experts", "sglang", {"pools": [cases.pool(tp=8, ep=3)]}, "/plan/pools/0/layout/ep", "bench"),
    ("compiled", "trtllm", {"pools": [cases.pool(tp=2, dp=2)]}, "/plan/pools/0/layout/dp", "bench"),
    ("compiled", "trtllm", {"pools": [cases.pool(tp=4, ep=3)]}, "/plan/pools/0/layout/ep", "bench"),
    (
        "compiled", "trtllm", {"pools": [cases.pool(engine={"policy": "priority"})]},
        "/plan/pools/0/engine/policy", "bench",
    ),
    (
        "compiled", "dynamo", {"pools": [cases.pool(engine={"block_size": 48})]},
        "/plan/pools/0/engine/block_size", "bench",
    ),
    ("compiled", "trtllm", {"pools": [cases.pool(tp=8, pp=2)]}, "/plan/pools/0/gpus_per_replica", "dynamo, bench"),
    ("compiled", "kubernetes", {"pools": [cases.pool(tp=8, pp=2)]}, "/plan/pools/0/gpus_per_replica", "dynamo, bench"),
]  # fmt: skip


@pytest.mark.parametrize(("case", "name", "changes", "at", "able"), REFUSED)
def test_what_a_format_cannot_say_is_refused_at_its_field_with_the_formats_that_can(case, name, changes, at, able):
    problems = {problem.at: problem for problem in refusals(case, name, **changes)}

    assert problems[at].code == "cannot_express"
    assert problems[at].hint.startswith(f"These can: {able}")


def test_lengths_that_are_drawn_from_a_set_are_not_asked_as_a_mean():
    trace = cases.result("plain")
    trace["spec"]["traffic"] |= {"input": None, "output": None, "lengths": "sharegpt"}

    with pytest.raises(CannotExpress) as refused:
        EXPORTS["bench"].write(trace)
    assert [problem.at for problem in refused.value.problems] == ["/spec/traffic"]


def test_a_setting_that_no_format_knows_is_refused_by_all():
    odd = [cases.pool(engine={"swap_space": 4})]
    for name in ("vllm", "dynamo", "llm-d", "kubernetes", "compose", "bench"):
        [problem] = refusals("plain", name, pools=odd)

        assert (problem.code, problem.at) == ("cannot_express", "/plan/pools/0/engine/swap_space")


def test_a_result_without_a_plan_or_without_its_spec_is_refused():
    solved = cases.result("plain")
    infeasible = {**solved, "status": "infeasible"}
    old = {name: value for name, value in solved.items() if name != "spec"}

    codes = []
    for document in (infeasible, old):
        with pytest.raises(CannotExpress) as refused:
            EXPORTS["vllm"].write(document)
        codes += [(problem.code, problem.at) for problem in refused.value.problems]

    assert codes == [("no_plan", "/status"), ("no_spec", "/spec")]


@pytest.mark.parametrize(
    ("case", "name", "script"),
    [
        ("four-bit", "vllm", "vllm.sh"), ("wide", "vllm", "vllm.sh"), ("handed", "sglang", "router.sh"),
        ("compiled-apart", "trtllm", "disaggregated.sh"), ("plain", "kubernetes", "apply.sh"),
        ("apart", "llm-d", "install.sh"),
    ],
)  # fmt: skip
def test_a_script_stops_with_a_word_where_something_is_not_filled_in(case, name, script, tmp_path):
    files = EXPORTS[name].write(cases.result(case))
    folder = reading.written(files, tmp_path)
    wanted = [line[5:].split(":?")[0] for line in files[script].splitlines() if line.startswith(': "${')]

    for variable in wanted:
        done, words = reading.run(script, folder, without=[variable])
        assert (done.returncode != 0, words) == (True, [])
        assert f"{variable}: is not set: " in done.stderr
    assert wanted


def test_names_that_people_gave_cannot_break_out_of_a_file(tmp_path):
    hostile = 'x"""\nimport os\n#\'; touch broken\n$(touch broken) `touch broken` ${IMAGE} \x1b[2J'
    own = {
        "name": "own", "layers": 16, "hidden": 2048, "ffn": 8192, "heads": 32, "kv_heads": 8, "vocab": 32000,
        "title": hostile, "aliases": ['a/b"+__import__("os").system("x")+"', "../../etc"],
    }  # fmt: skip
    result = cases.result("plain", label=hostile)
    result["spec"]["model"] = own

    for name in ("vllm", "dynamo", "llm-d", "kubernetes", "compose", "bench"):
        files = EXPORTS[name].write(result)
        folder = reading.written(files, tmp_path / name)
        assert all("system(" not in text for text in files.values())
        for file, text in files.items():
            if file.endswith(".sh"):
                subprocess.run(["bash", "-n"], input=text, text=True, check=True)
                reading.run(file, folder)
            elif file.endswith(".yaml"):
                assert list(yaml.safe_load_all(text))
        assert not list(tmp_path.rglob("broken"))
