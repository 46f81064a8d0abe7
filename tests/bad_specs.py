"""Specs that must be refused: one table for solvers, services, REST, pages and the command line.

Each is refused at `at` with `code`, in words that hold `says`, quickly and without a traceback.
"""

from dataclasses import dataclass

GOOD = """\
kind: training
model: llama-3.1-8b
hardware: {node: dgx-h100, nodes: 2}
sequence_length: 4096
global_batch: 128
"""


@dataclass(frozen=True)
class Bad:
    """One spec and why it is refused."""

    name: str
    text: bytes
    code: str
    at: str
    says: str


def _bad(name: str, text: str | bytes, code: str, at: str, says: str) -> Bad:
    return Bad(name, text if isinstance(text, bytes) else text.encode(errors="surrogatepass"), code, at, says)


def _with(line: str) -> str:
    """The good spec with one more line, or with that field's line replaced."""
    field = line.split(":", 1)[0]
    kept = [known for known in GOOD.splitlines() if known.split(":", 1)[0] != field]
    return "\n".join([*kept, line, ""])


def _without(field: str) -> str:
    return "\n".join([line for line in GOOD.splitlines() if not line.startswith(field)] + [""])


LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)

NAMES = (
    _bad(
        "unknown GPU node", _with("hardware: {node: dgx-h10, nodes: 2}"), "unknown_name", "/hardware/node", "dgx-h100"
    ),
    _bad("unknown model", _with("model: llama-3.1-71b"), "unknown_name", "/model", "llama-3.1-70b"),
    _bad("unknown kind", _with("kind: trainig"), "unknown_name", "/kind", "training"),
    _bad("unknown key", _with("sequence_lenght: 8192"), "unknown_field", "/sequence_lenght", "sequence_length"),
    _bad(
        "unknown key in a mapping",
        _with("hardware: {node: dgx-h100, node_count: 2}"),
        "unknown_field",
        "/hardware/node_count",
        "nodes",
    ),
    _bad("unknown technique", _with("options: {forbid: [zero4]}"), "unknown_name", "/options/forbid/0", "zero3"),
    _bad(
        "unknown GPU in an own node",
        _with("hardware: {node: {gpu: h200-sxn, gpus: 8, link: nvlink4}, nodes: 1}"),
        "unknown_name",
        "/hardware/node/gpu",
        "h200-sxm",
    ),
    _bad("unknown objective", _with("objective: speed"), "literal_error", "/objective", "step_time"),
    _bad(
        "a path where the server reads",
        _with("model: {hf_config: /etc/passwd}"),
        "not_a_config",
        "/model/hf_config",
        "command line",
    ),
)
SIZES = (
    _bad("zero nodes", _with("hardware: {node: dgx-h100, nodes: 0}"), "greater_than_equal", "/hardware/nodes", "1"),
    _bad("a negative batch", _with("global_batch: -1024"), "greater_than_equal", "/global_batch", "1"),
    _bad("true for a number", _with("hardware: {node: dgx-h100, nodes: true}"), "int_type", "/hardware/nodes", ""),
    _bad("zero tokens", _with("tokens: 0"), "zero", "/tokens", "zero"),
    _bad(
        "a wrong unit",
        _with("constraints: {max_step_time: 8 GB}"),
        "wrong_unit",
        "/constraints/max_step_time",
        "duration",
    ),
    _bad("no unit", _with("constraints: {max_step_time: '8'}"), "no_unit", "/constraints/max_step_time", "8"),
    _bad(
        "an unknown unit",
        _with("constraints: {max_step_time: 8 parsecs}"),
        "unknown_unit",
        "/constraints/max_step_time",
        "parsecs",
    ),
    _bad(
        "a batch that does not divide",
        _with("options: {fix: {dp: 3}}").replace("nodes: 2", "nodes: 3"),
        "does_not_divide",
        "/options/fix/dp",
        "does not divide",
    ),
    _bad(
        "a GPU count that does not divide",
        _with("options: {fix: {tp: 5}}"),
        "does_not_divide",
        "/options/fix/tp",
        "does not divide",
    ),
    _bad("too many nodes", _with("hardware: {node: dgx-h100, nodes: 1000000}"), "too_large", "/hardware/nodes", "most"),
    _bad("too long a sequence", _with("sequence_length: 99999999999"), "too_large", "/sequence_length", "most"),
    _bad("too large a batch", _with("global_batch: 99999999999"), "too_large", "/global_batch", "most"),
    _bad(
        "too large a head-room",
        _with("constraints: {memory_headroom: 1.5}"),
        "too_large",
        "/constraints/memory_headroom",
        "share",
    ),
    _bad("a name beyond its length", _with("name: " + "x" * 201), "string_too_long", "/name", "200"),
)
TYPES = (
    _bad("text for a number", _with("global_batch: many"), "int_parsing", "/global_batch", "whole number"),
    _bad("a list for a number", _with("global_batch: [1024]"), "int_type", "/global_batch", "whole number"),
    _bad(
        "half a node",
        _with("hardware: {node: dgx-h100, nodes: 1.5}"),
        "int_from_float",
        "/hardware/nodes",
        "whole number",
    ),
    _bad("nothing where a model belongs", _with("model:"), "wrong_type", "/model", ""),
    _bad("a number for a kind", _with("kind: 7"), "wrong_type", "/kind", "training"),
    _bad("no model", _without("model"), "missing", "/model", "missing"),
    _bad("no kind", _without("kind"), "missing", "/kind", "training"),
    _bad("empty document", b"", "empty", "", "field: value"),
    _bad("only a comment", b"# nothing\n", "empty", "", "field: value"),
    _bad("a list", b"- kind: training\n", "not_a_mapping", "", "list"),
    _bad("a word", b"training\n", "not_a_mapping", "", "text"),
    _bad("two documents", GOOD + "---\n" + GOOD, "several_documents", "", "one spec"),
)
HOSTILE = (
    _bad("billion laughs", LAUGHS + GOOD, "alias", "", "line 1"),
    _bad("an anchor", _with("name: &a plan"), "alias", "", "Write the value out"),
    _bad("a depth bomb", _with("options: " + "[" * 20_000), "too_deep", "", "32"),
    _bad("a Python object", _with("name: !!python/object/apply:os.system ['true']"), "tag", "", "Plain values"),
    _bad("NaN", _with("tokens: .nan"), "not_finite", "/tokens", "finite"),
    _bad("Infinity", _with("tokens: Infinity"), "not_finite", "/tokens", "finite"),
    _bad("1e400", _with("tokens: 1e400"), "not_finite", "/tokens", "finite"),
    _bad("200,000 digits", _with("seed: " + "9" * 200_000), "too_large", "/seed", "digits"),
    _bad("a key twice", GOOD + "global_batch: 1024\n", "duplicate_key", "/global_batch", "twice"),
    _bad("NUL", GOOD + 'name: "a\x00b"\n', "bad_character", "", "NUL"),
    _bad("NUL by escape", _with(r'name: "a\0b"'), "bad_character", "/name", "NUL"),
    _bad("half a surrogate pair", GOOD + "name: \ud800\n", "not_utf8", "", "UTF-8"),
    _bad("not UTF-8", b"kind: \xff\xfe\n", "not_utf8", "", "UTF-8"),
    _bad("5 MB", GOOD + "# " + "x" * 5_000_000, "too_large", "", "bytes"),
    _bad("broken syntax", _with("options: {fix: [1"), "syntax", "", "line"),
    _bad("a tab for indentation", "kind: training\nhardware:\n\tnodes: 2\n", "syntax", "", "line"),
)

FLEET = """\
kind: fleet
services:
- {name: chat, model: llama-3.1-8b, traffic: {rate: 4 /s, input: 512, output: 128}, slo: {ttft: 1 s}, demand: [0.5, 1]}
market:
- {gpu: l4, price: 0.70 USD/h, region: eu, zone: eu-a}
- {node: p5, price: 3 USD/h, region: eu, zone: eu-b, whole_nodes: true}
"""


def _fleet(before: str, after: str) -> str:
    """The good fleet with one part replaced."""
    assert before in FLEET
    return FLEET.replace(before, after)


def _measured(csv: str) -> str:
    """The good fleet with capacities."""
    return _fleet("model: llama-3.1-8b,", f'model: llama-3.1-8b, capacities: {{csv: "{csv}"}},')


FLEETS = (
    _bad("a negative price", _fleet("0.70 USD/h", "-0.70 USD/h"), "negative", "/market/0/price", "negative"),
    _bad("no price", _fleet("price: 0.70 USD/h", "term: spot"), "no_price", "/market/0/price", "gcp"),
    _bad("zero availability", _fleet("zone: eu-a", "zone: eu-a, available: 0"), "greater_than_equal",
         "/market/0/available", "1"),
    _bad("half a node", _fleet("zone: eu-b", "zone: eu-b, available: 4"), "no_unit_fits", "/market/1/available", "8"),
    _bad("a zone in two regions", _fleet("region: eu, zone: eu-b", "region: us, zone: eu-a"), "contradictory_zone",
         "/market/1/zone", "eu-west-1a"),
    _bad("series of unequal length", _fleet("price: 0.70 USD/h", "prices: [1, 2, 3]"), "unequal_series",
         "/market/0/prices", "3 hours"),
    _bad("hours beyond a week", _fleet("[0.5, 1]", str([1] * 169)), "too_long", "/services/0/demand", "168"),
    _bad("no demand", _fleet("[0.5, 1]", "[0, 0]"), "no_demand", "/services/0/demand", "multiples"),
    _bad("a GPU nobody offers", FLEET + "constraints: {available: [{gpu: l40, gpus: 8}]}\n", "unknown_name",
         "/constraints/available/0/gpu", "l4"),
    _bad("a site that is nowhere", FLEET + "sites: [{region: uk}]\n", "unknown_place", "/sites/0/region", "eu"),
    _bad("a table with a wrong line", FLEET + 'prices: {csv: "gpu,price\\nl4,-1\\n"}\n', "negative", "/prices/csv",
         "Line 2"),
    _bad("capacities without a column", _measured("gpu,input,requests_per_s\\nl4,512,3\\n"), "wrong_columns",
         "/services/0/capacities/csv", "no column output"),
    _bad("capacities with a unit", _measured("gpu,input,output,requests_per_s\\nl4,512,128,3 /s\\n"), "bad_row",
         "/services/0/capacities/csv", "bare number"),
    _bad("capacities of a GPU nobody knows", _measured("gpu,input,output,requests_per_s\\nl44,512,128,3\\n"),
         "unknown_name", "/services/0/capacities/csv", "Did you mean l4"),
    _bad("capacities twice", _measured("gpu,input,output,requests_per_s\\nl4,512,128,3\\nNVIDIA L4,512,128,4\\n"),
         "bad_row", "/services/0/capacities/csv", "line 2 too"),
    _bad("an empty table of prices", FLEET + 'prices: {csv: "  "}\n', "too_short", "/prices/csv", "empty"),
    _bad("a file where the server reads", FLEET + "prices: {csv: a, file: /etc/passwd}\n", "contradiction", "/prices",
         "command line"),
)  # fmt: skip

BAD_SPECS = (*NAMES, *SIZES, *TYPES, *HOSTILE, *FLEETS)
