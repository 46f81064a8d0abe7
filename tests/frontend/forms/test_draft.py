"""Either side of the form follows the other, and nothing that was written is lost."""

from urllib.parse import urlencode

from django.http import QueryDict

from frontend.forms import draft, names
from solvers import kinds

SMALL = """kind: training   # the question
model: llama-3.1-8b
hardware: {node: dgx-h100, nodes: 1}
sequence_length: 4096
global_batch: 64
"""


def from_form(query: str, written: str = SMALL) -> draft.Draft:
    """The draft after the form sent these fields."""
    return draft.from_form(QueryDict(query), written, kind="training", base=SMALL, start=names.start, check=kinds.parse)


def test_a_good_text_has_a_spec_and_says_how_many_candidates_it_means():
    found = draft.from_text(SMALL, kind="training", check=kinds.parse)

    assert (found.problems, found.readable, found.base) == ((), True, SMALL)
    assert found.spec == kinds.parse(found.document)
    assert found.size == kinds.get("training").search_size(found.spec)


def test_an_edit_in_the_form_changes_the_text_and_keeps_its_comment():
    found = from_form("has:/hardware/nodes=1&f:/hardware/nodes=2")

    assert found.written == SMALL.replace("nodes: 1}", "nodes: 2}")


def test_a_problem_stands_at_its_field_and_on_its_line():
    found = from_form("has:/model=1&f:/model=llama-3.1-8c")

    marks = [(line, problem.at, problem.code) for line, problem in found.marks]
    wrong = [bound.field.at for bound in found.bound if bound.wrong]
    assert (marks, wrong, found.spec, found.size) == ([(2, "/model", "unknown_name")], ["/model"], None, None)


def test_text_that_cannot_be_read_is_kept_beside_the_last_that_could():
    broken = SMALL + "tokens: [1,\n"

    found = draft.from_text(broken, kind="training", base=SMALL, check=kinds.parse)

    assert (found.written, found.base, found.readable) == (broken, SMALL, False)
    assert found.document == draft.from_text(SMALL, kind="training", check=kinds.parse).document


def test_an_edit_in_the_form_beside_unreadable_text_starts_from_the_last_readable_one():
    found = from_form("has:/global_batch=1&f:/global_batch=32", SMALL + "tokens: [1,\n")

    assert found.written == SMALL.replace("64", "32")


def test_ones_own_node_starts_as_the_catalogues_and_opens_its_fields():
    found = from_form("has:/hardware/node=1&f:/hardware/node=dgx-h100&own:/hardware/node=on")

    node = found.document["hardware"]["node"]
    assert (node["gpu"], node["gpus"], found.problems) == ("h100-sxm", 8, ())
    assert "source" not in node


def test_a_kind_nobody_knows_keeps_the_form_it_had():
    found = draft.from_text("kind: trainning\n", kind="training", check=kinds.parse)

    assert (found.kind, [problem.code for problem in found.problems]) == ("training", ["unknown_name"])


def test_every_example_of_every_kind_is_a_draft_without_problems():
    found = {
        (kind, stem): draft.from_text(preset, kind=kind, check=kinds.parse).problems
        for kind in kinds.names()
        for stem, preset in kinds.examples(kind).items()
    }

    assert found == dict.fromkeys(found, ())


ISLANDS = """kind: training
model: llama-3.1-8b
hardware:
  islands:
  - {name: ib, node: dgx-a100-80, nodes: 2}     # paid until May
  - {name: new, node: dgx-h100, nodes: 1}
  between: ethernet-25
sequence_length: 4096
global_batch: 64
"""


def test_islands_are_written_as_yaml_in_the_form_and_their_link_is_picked():
    found = draft.from_text(ISLANDS, kind="training", check=kinds.parse)

    hardware = next(bound for bound in found.bound if bound.field.at == "/hardware")
    assert [(child.field.at, child.field.widget) for child in hardware.children] == [
        ("/hardware/islands", "rows"),
        ("/hardware/between", "reference"),
    ]
    assert (hardware.children[0].text.splitlines()[0], hardware.children[1].text) == ("- name: ib", "ethernet-25")
    assert found.problems == ()


def test_a_form_beside_islands_loses_nothing_of_them():
    found = from_form("has:/global_batch=1&f:/global_batch=32", ISLANDS)

    assert found.written == ISLANDS.replace("64", "32")


def test_islands_that_are_edited_in_the_form_reach_the_text():
    rows = "- {name: ib, node: dgx-a100-80, nodes: 4}\n- {name: new, node: dgx-h100, nodes: 1}\n"
    found = from_form(urlencode({"has:/hardware/islands": "1", "f:/hardware/islands": rows}), ISLANDS)

    assert found.document["hardware"]["islands"][0]["nodes"] == 4
    assert found.problems == ()


def test_islands_that_are_half_written_are_kept_as_they_stand_and_refused():
    rows = "- {name: ib, node: "
    found = from_form(urlencode({"has:/hardware/islands": "1", "f:/hardware/islands": rows}), ISLANDS)

    assert found.document["hardware"]["islands"] == rows.strip()
    assert [(problem.at, problem.message) for problem in found.problems] == [
        ("/hardware/islands", "This field wants a list.")
    ]


FLEET = """kind: fleet
services: [{name: chat, model: llama-3.1-8b, traffic: {rate: 1, input: 100, output: 10}, slo: {ttft: 1 s}}]
market: [{gpu: l4}]
"""


def of_fleet(query: dict[str, str], written: str) -> draft.Draft:
    """A fleet's draft after the form sent these fields; what names of calibrations mean a project would know."""

    def check(document):
        return kinds.parse({key: value for key, value in document.items() if key != "calibration"})

    post = QueryDict(urlencode(query))
    return draft.from_form(post, written, kind="fleet", base=FLEET, start=names.start, check=check)


def calibration_of(found: draft.Draft):
    return next(bound for bound in found.bound if bound.field.at == "/calibration")


def test_several_calibrations_are_named_in_the_form_as_a_list():
    found = of_fleet({"has:/calibration": "1", "f:/calibration": "[our-h100, our-l4]"}, FLEET)

    shown = calibration_of(found)
    assert found.document["calibration"] == ["our-h100", "our-l4"]
    assert (shown.text, shown.own) == ('["our-h100", "our-l4"]', False)
    again = of_fleet({"has:/calibration": "1", "f:/calibration": shown.text}, found.written)
    assert again.written == found.written


def test_calibrations_that_are_written_out_stand_in_the_form_as_yaml():
    written = FLEET + "calibration:\n- {format: isoflop-calibration, name: h100}\n- our-l4\n"
    shown = calibration_of(draft.from_text(written, kind="fleet", check=kinds.parse))

    assert (shown.own, shown.children) == (True, ())
    fields = {"has:/calibration": "1", "own:/calibration": "1"}
    same = of_fleet({**fields, "f:/calibration": shown.text}, written)
    other = of_fleet({**fields, "f:/calibration": shown.text.replace("our-l4", "our-a100")}, written)
    assert same.document["calibration"] == [{"format": "isoflop-calibration", "name": "h100"}, "our-l4"]
    assert other.document["calibration"] == [{"format": "isoflop-calibration", "name": "h100"}, "our-a100"]
