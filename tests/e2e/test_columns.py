"""Runs from a file: picked, recognised, their columns chosen, and the spec beside it follows."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.e2e.conftest import PHONE, Person, overflow, small_targets, violations

TABLE = "size,seen,final,lr\n" + "".join(
    f"{size}e6,{ratio * size}e6,{1.8 + 90 / size**0.5 / (1 + ratio / 40):.6g},1e-3\n"
    for size in (20, 40, 80, 160)
    for ratio in (10, 20, 40)
)
QUESTION = "kind: scaling\nname: From a file   # ours\ntarget:\n  flops: 1e20\n"


def open_form(page: Page, person: Person) -> None:
    """The form of a scaling plan without runs."""
    page.goto(f"{person.home}new?kind=scaling")
    with page.expect_response("**/new/check"):
        page.get_by_label("Spec as YAML").fill(QUESTION)
    expect(page.get_by_label("Name", exact=True)).to_have_value("From a file")


def pick(page: Page, path: Path) -> None:
    """Choose the file, once its group is open."""
    if not page.locator("#field-runs").evaluate("group => group.open"):
        page.locator("#field-runs > summary").click()
    page.locator("#field-runs [data-upload]").set_input_files(path)


def test_a_file_of_runs_is_recognised_and_its_columns_are_chosen(
    signed_in: Page, person: Person, tmp_path: Path
) -> None:
    page, file = signed_in, tmp_path / "runs.csv"
    file.write_text(TABLE)
    open_form(page, person)
    pick(page, file)

    columns = page.locator("#field-runs-columns")
    expect(columns).to_contain_text("12 rows with 4 columns")
    expect(page.locator("#field-runs-columns-error")).to_contain_text("No column is known to be the loss")
    columns.get_by_label("Tokens D").select_option("seen")
    columns.get_by_label("Loss", exact=True).focus()
    columns.get_by_label("Loss", exact=True).select_option("final")

    expect(columns).to_contain_text("12, 12 of them for laws to be fitted to")
    expect(columns.get_by_label("Loss", exact=True)).to_be_focused()
    expect(page.get_by_label("Spec as YAML")).to_have_value(
        QUESTION
        + "runs:\n  csv: |-\n"
        + "".join(f"    {line}\n" for line in TABLE.splitlines())
        + "  columns: {tokens: seen, loss: final}\n"
    )
    expect(page.locator("#verdict")).to_contain_text("Ready")
    columns.get_by_text("More columns").click()
    expect(columns.get_by_label("Peak learning rate")).to_have_value("")
    assert violations(page) == []
    page.set_viewport_size(PHONE)
    assert (overflow(page), small_targets(page)) == ([], [])


def test_a_file_that_is_too_large_is_refused_and_nothing_is_lost(
    signed_in: Page, person: Person, tmp_path: Path
) -> None:
    page, file = signed_in, tmp_path / "runs.csv"
    file.write_text("size,seen,final\n" + "1e8,2e9,3.1\n" * 400_000)
    open_form(page, person)

    pick(page, file)

    expect(page.locator("#verdict")).to_contain_text("runs.csv is too large for a spec: 4 MB at the most.")
    expect(page.get_by_label("Spec as YAML")).to_have_value(QUESTION)


def test_a_spreadsheet_is_refused_with_how_to_save_it(signed_in: Page, person: Person, tmp_path: Path) -> None:
    page, file = signed_in, tmp_path / "runs.csv"
    file.write_bytes(b"PK\x03\x04\x14\x00\x06\x00")
    open_form(page, person)

    pick(page, file)

    expect(page.locator("#verdict")).to_contain_text(
        "runs.csv is a spreadsheet. Save its sheet as CSV (UTF-8), and choose that file."
    )
    expect(page.get_by_label("Spec as YAML")).to_have_value(QUESTION)


def test_columns_of_another_table_are_forgotten_with_it(signed_in: Page, person: Person, tmp_path: Path) -> None:
    page, first, second = signed_in, tmp_path / "first.csv", tmp_path / "second.csv"
    first.write_text(TABLE)
    second.write_text(TABLE.replace("size,seen,final,lr", "params,seen,loss,lr"))
    open_form(page, person)
    pick(page, first)
    columns = page.locator("#field-runs-columns")
    columns.get_by_label("Tokens D").select_option("seen")
    columns.get_by_label("Loss", exact=True).select_option("final")
    expect(page.locator("#verdict")).to_contain_text("Ready")

    pick(page, second)

    expect(page.get_by_label("Spec as YAML")).to_have_value(re.compile(r"\n  columns: \{tokens: seen\}\n$"))
    expect(page.locator("#verdict")).to_contain_text("Ready")
    expect(columns.get_by_label("Tokens D")).to_have_value("seen")
    expect(columns.get_by_label("Loss", exact=True)).to_have_value("")
