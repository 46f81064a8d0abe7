"""Runs on the new-plan page: what a table was taken for, and the columns that one chooses."""

import html
import re

from django.test import Client

from planner.models import Project, Run
from solvers import documents
from tests.solvers.scaling.made import thousands

TABLE = "size,seen,final,lr\n" + "".join(
    f"{size}e6,{ratio * size}e6,{1.8 + 90 / size**0.5 / (1 + ratio / 40):.6g},1e-3\n"
    for size in (20, 40, 80, 160)
    for ratio in (10, 20, 40)
)
MAP = {"tokens": "seen", "loss": "final"}
SPEC = {
    "kind": "scaling",
    "name": "From a table",
    "runs": {"csv": TABLE, "columns": MAP, "counts": "total", "loss_unit": "nats/token"},
    "target": {"flops": 1e20},
}

ASKED = documents.dump_yaml({"kind": "scaling", "target": {"flops": 1e21}})
UNITS = {
    "has:/runs/counts": "1", "f:/runs/counts": "total", "has:/runs/loss_unit": "1", "f:/runs/loss_unit": "nats/token",
}  # fmt: skip


def filled(csv: str) -> dict[str, str]:
    """The fields of a form whose table is given, lines ending as browsers send them."""
    return {"has:/runs/csv": "1", "f:/runs/csv": csv.replace("\n", "\r\n"), "own:/runs": "on", **UNITS}


def written(**runs: object) -> str:
    """The spec as YAML, with other words about its runs; None leaves one out."""
    said = {name: value for name, value in {**SPEC["runs"], **runs}.items() if value is not None}
    return documents.dump_yaml({**SPEC, "runs": said})


def check(browser: Client, project: Project, text: str, **post: str) -> dict[str, object]:
    """What the page's script is told."""
    response = browser.post(
        f"/p/{project.slug}/new/check", {"kind": "scaling", "changed": "text", "base": text, "text": text, **post}
    )
    assert response.status_code == 200
    answer: dict[str, object] = response.json()
    return answer


def panel(found: dict[str, object]) -> str:
    """The HTML of what the table was taken for."""
    tables = found["tables"]
    assert isinstance(tables, dict)
    assert list(tables) == ["field-runs-columns"]
    return str(tables["field-runs-columns"])


def selected(page: str) -> dict[str, str]:
    """The chosen column of each field that has one."""
    selects = re.findall(r'name="f:/runs/columns/(\w+)">(.*?)</select>', page, re.DOTALL)
    found = {field: re.search(r"<option selected>(.*?)</option>", options) for field, options in selects}
    return {field: html.unescape(one[1]) for field, one in found.items() if one}


def test_a_table_is_told_with_its_runs_conventions_and_columns(browser: Client, project: Project) -> None:
    page = panel(check(browser, project, written()))

    facts = dict(re.findall(r"<dt>(.*?)</dt>\s*<dd>\s*(.*?)\s*</dd>", page, re.DOTALL))
    assert (facts["Runs"], facts["N counts"]) == ("12, 12 of them for laws to be fitted to", "total (as you say)")
    assert (facts["N"], facts["D"]) == ("20M to 160M", "200M to 6.40B")
    assert selected(page) == MAP


def test_a_chosen_column_goes_into_the_text(browser: Client, project: Project) -> None:
    text = written(columns={"tokens": "seen"})
    shape = str(check(browser, project, text)["shape"])

    found = check(
        browser, project, text, changed="form", shape=shape,
        **{f"f:/runs/columns/{field}": MAP.get(field, "") for field in ("params", "tokens", "loss")},
    )  # fmt: skip

    assert documents.read(str(found["text"]))["runs"]["columns"] == MAP
    assert (found["problems"], found["form"]) == ([], None)
    assert selected(panel(found)) == MAP


def test_a_choice_that_is_taken_back_leaves_the_text_without_it(browser: Client, project: Project) -> None:
    found = check(
        browser, project, written(columns={"params": "size"}), changed="form", **{"f:/runs/columns/params": ""}
    )

    assert "columns" not in documents.read(str(found["text"]))["runs"]


def test_a_form_without_the_choice_keeps_what_the_text_says(browser: Client, project: Project) -> None:
    found = check(browser, project, written(), changed="form", **{"has:/name": "1", "f:/name": "Another"})

    read = documents.read(str(found["text"]))
    assert (read["name"], read["runs"]["columns"]) == ("Another", MAP)


def test_a_loss_that_nothing_tells_is_asked_for_at_the_columns(browser: Client, project: Project) -> None:
    found = check(browser, project, written(columns={"tokens": "seen"}))

    (problem,) = found["problems"]
    assert (problem["at"], problem["id"], problem["code"]) == (
        "/runs/columns", "field-runs-columns", "missing_column",
    )  # fmt: skip
    assert "12 rows with 4 columns" in panel(found)


def test_a_cell_that_is_no_number_is_told_at_the_table_with_its_line(browser: Client, project: Project) -> None:
    found = check(browser, project, written(csv=TABLE.replace("40e6,400", "forty,400", 1)))

    (problem,) = found["problems"]
    assert (problem["at"], problem["id"]) == ("/runs/csv", "field-runs-csv")
    assert problem["message"].startswith("Line 5, column 'size'")
    assert selected(panel(found)) == MAP


def test_names_of_columns_are_text_and_no_markup(browser: Client, project: Project) -> None:
    name = "<script>alert(1)</script>, a: b"
    text = written(csv=TABLE.replace("final", f'"{name}"', 1), columns={"tokens": "seen", "loss": name})

    found = check(browser, project, text, changed="form", **{"f:/runs/columns/loss": name})

    assert "<script>" not in panel(found)
    assert selected(panel(found))["loss"] == name
    assert documents.read(str(found["text"]))["runs"]["columns"]["loss"] == name
    assert found["problems"] == []


def test_a_wide_export_offers_its_columns_in_one_list(browser: Client, project: Project) -> None:
    more = [f"metric {number}" for number in range(120)]
    rows = TABLE.splitlines()
    csv = "\n".join([f"{rows[0]},{','.join(more)}", *(f"{row},{','.join('1' * 120)}" for row in rows[1:])])

    found = check(browser, project, written(csv=csv), changed="form", **{"f:/runs/columns/name": "metric 7"})

    page = panel(found)
    assert "<select" not in page
    assert html.unescape(page).count("metric 119</option>") == 1
    assert documents.read(str(found["text"]))["runs"]["columns"] == {**MAP, "name": "metric 7"}


def test_there_is_nothing_to_choose_before_there_is_a_table(browser: Client, project: Project) -> None:
    for csv in ("", "a,b\n1\n"):
        page = panel(check(browser, project, written(csv=csv)))

        assert "once there is a table" in page
        assert selected(page) == {}


def test_other_kinds_have_no_tables(browser: Client, project: Project) -> None:
    response = browser.post(f"/p/{project.slug}/new/check", {"kind": "training", "text": "kind: training\n"})

    assert response.json()["tables"] == {}


def test_without_its_script_the_page_checks_the_choice_and_submits_it(browser: Client, project: Project) -> None:
    text = written(columns={"tokens": "seen"})
    form = {"kind": "scaling", "text": text, "base": text, **{f"f:/runs/columns/{k}": v for k, v in MAP.items()}}

    checked = browser.post(f"/p/{project.slug}/new", {**form, "act": "check"})
    sent = browser.post(f"/p/{project.slug}/new", form)

    assert (checked.status_code, selected(checked.content.decode())) == (200, MAP)
    run = Run.objects.get()
    assert (sent.status_code, run.spec["runs"]["columns"]) == (302, MAP)


def test_as_many_runs_as_are_read_go_through_the_form(browser: Client, project: Project) -> None:
    table = thousands()

    found = check(browser, project, ASKED, changed="form", **filled(table))

    assert (found["readable"], found["problems"]) == (True, [])
    sent = {"kind": "scaling", "base": str(found["text"]), "text": str(found["text"]), **filled(table)}
    assert browser.post(f"/p/{project.slug}/new", sent).status_code == 302
    assert Run.objects.get(project=project).spec["runs"]["csv"].splitlines() == table.splitlines()


def test_a_spreadsheet_is_told_as_such(browser: Client, project: Project) -> None:
    found = check(browser, project, ASKED, changed="form", **filled("PK\x03\x04\x14\x00\x06\x00"))

    problems = found["problems"]
    assert isinstance(problems, list)
    assert [(one["code"], one["hint"]) for one in problems] == [
        ("spreadsheet", "Save the sheet as CSV (UTF-8), and give that file.")
    ]
