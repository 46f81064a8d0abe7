"""What of a plan stands in a comparison."""

from types import SimpleNamespace

from planner.services.comparison import compare
from solvers.documents import digest
from tests.frontend.figures.fleet import sample
from tests.frontend.figures.serving import sample as serving


def run(document):
    return SimpleNamespace(spec={"kind": document["kind"]}, state="solved", result=SimpleNamespace(document=document))


def test_fleets_are_compared_by_what_they_buy_and_run_and_not_by_each_weight_of_their_routers():
    dear = sample.solved()
    dear["plan"]["offers"][0]["gpus"] = {"least": 2, "most": 8}
    dear["estimates"]["saving_share"]["value"] = 0.1

    rows = {row.label: row for row in compare([run(sample.solved()), run(dear)]).rows}

    assert rows[f"gpus.{sample.SPOT}"].values == (6, 8)
    assert rows[f"replicas.chat-{sample.SPOT}-x1"].values == (2, 2)
    assert rows["attained.search"].values == (0.96, 0.96)
    assert rows["saving_share"].best_index == 0
    assert not [label for label in rows if label.startswith("routing")]


def test_other_plans_keep_how_they_route():
    rows = {row.label: row for row in compare([run(serving.solved()), run(sample.solved())]).rows}

    assert rows["routing"].values == ("least_work", None)
    assert rows["gpus"].values == (8, None)


def test_an_own_calibration_is_one_line_of_the_question():
    learned = {"format": "isoflop-calibration", "name": "bench-box", "coefficients": [{"name": "a", "value": 1.0}]}
    before, after = run(serving.solved()), run(serving.solved())
    after.spec = {**after.spec, "calibration": learned}

    asked = {row.label: row.values for row in compare([before, after]).rows if row.group == "Question"}

    assert asked == {"kind": ("serving", "serving"), "calibration": (None, f"bench-box {digest(learned)[:12]}")}


def test_own_calibrations_of_several_devices_are_one_line_too():
    learned = [{"format": "isoflop-calibration", "name": name, "coefficients": []} for name in ("h100", "l4")]
    before, after = run(sample.solved()), run(sample.solved())
    before.spec, after.spec = ({**after.spec, "calibration": one} for one in ("published", learned))

    asked = {row.label: row.values for row in compare([before, after]).rows if row.group == "Question"}

    named = ", ".join(f"{one['name']} {digest(one)[:12]}" for one in learned)
    assert asked["calibration"] == ("published", named)


def test_of_plans_on_different_calibrations_none_is_the_best():
    before, after, other = sample.solved(), sample.solved(), serving.solved()
    after["provenance"]["calibration"] = "own-serving-bench"
    after["estimates"]["saving_share"]["value"] = 0.1

    unlike, alike = compare([run(before), run(after)]), compare([run(before), run(other)])

    assert (unlike.alike, alike.alike) == (False, True)
    assert {row.best_index for row in unlike.rows} == {None}
    assert [row.label for row in unlike.rows if row.differs] == ["saving_share", "calibration"]
