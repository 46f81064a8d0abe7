"""The new-plan page, with and without its script."""

import html
import json
import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from planner.models import Project, Role, Run
from planner.services import projects
from solvers import documents, kinds
from tests import plans

TEXT = documents.dump_yaml(plans.spec()) + "# mine\n"


def check(browser: Client, project: Project, **post: str) -> dict[str, object]:
    """What the page's script is told about this form."""
    response = browser.post(
        f"/p/{project.slug}/new/check", {"kind": "training", "changed": "text", "base": TEXT, "text": TEXT, **post}
    )
    assert response.status_code == 200
    answer: dict[str, object] = response.json()
    return answer


def written(page: str) -> str:
    """The text in the page's editor."""
    found = re.search(r'<textarea class="code" id="text".*?>\n(.*?)</textarea>', page, re.DOTALL)
    return html.unescape(found[1]) if found else ""


def test_the_form_opens_on_the_first_example_and_offers_all(browser: Client, project: Project) -> None:
    presets = kinds.examples("training")

    page = browser.get(f"/p/{project.slug}/new").content.decode()

    assert written(page) == next(iter(presets.values()))
    assert re.findall(r"example=([\w.-]+)", page) == list(presets)
    assert '<option value="llama-3.1-70b">' in page


def test_a_run_is_opened_as_it_was_written_with_changes_put_in(browser: Client, project: Project, ada: User) -> None:
    run = plans.queued(project, ada)
    Run.objects.filter(id=run.id).update(spec_text=TEXT)

    page = browser.get(
        f"/p/{project.slug}/new", {"from": run.id, "set": ["/hardware/nodes=3", "/seed=null", "nonsense"]}
    )

    assert written(page.content.decode()) == TEXT.replace("nodes: 1", "nodes: 3")


def test_another_projects_run_cannot_be_opened(browser: Client, project: Project) -> None:
    other = User.objects.create_user("eve")
    run = plans.queued(projects.create(other, "Elsewhere"), other)

    assert browser.get(f"/p/{project.slug}/new", {"from": run.id}).status_code == 404


def test_a_good_text_is_ready_and_says_how_much_will_be_searched(browser: Client, project: Project) -> None:
    found = check(browser, project)

    assert (found["text"], found["problems"], found["readable"]) == (TEXT, [], True)
    assert re.search(r"Ready\.</b> The search will look at [\d,]+ candidates", str(found["verdict"]))


def test_a_change_in_the_form_comes_back_as_text_and_the_form_stays(browser: Client, project: Project) -> None:
    shape = str(check(browser, project)["shape"])

    found = check(browser, project, changed="form", shape=shape, **{"has:/global_batch": "1", "f:/global_batch": "128"})

    assert (found["text"], found["form"]) == (TEXT.replace("64", "128"), None)


def test_other_inputs_come_with_a_new_form(browser: Client, project: Project) -> None:
    shape = str(check(browser, project)["shape"])

    found = check(
        browser, project, changed="form", shape=shape,
        **{"has:/hardware/node": "1", "f:/hardware/node": "dgx-h100", "own:/hardware/node": "on"},
    )  # fmt: skip

    gpus = re.search(r'name="f:/hardware/node/gpus"\s+value="(\d+)"', str(found["form"]))
    assert gpus is not None
    assert gpus[1] == "8"


def test_a_problem_says_its_field_and_its_line(browser: Client, project: Project) -> None:
    (problem,) = check(browser, project, text=TEXT.replace("dgx-h100", "dgx-h10"))["problems"]

    line = TEXT.splitlines().index("  node: dgx-h100") + 1
    assert (problem["line"], problem["id"], problem["at"]) == (line, "field-hardware-node", "/hardware/node")
    assert problem["message"] == "There is no node called 'dgx-h10'."


def test_unreadable_text_keeps_the_last_readable_form(browser: Client, project: Project) -> None:
    found = check(browser, project, text=TEXT + "x: [")

    assert (found["readable"], found["base"], found["text"], found["form"]) == (False, TEXT, TEXT + "x: [", None)


@pytest.mark.parametrize(
    "text", ["", "[]", "&a 1", "{" * 200, "kind: " + "x" * 300, "\x00", "kind: training\nmodel: [1]\nhardware: 7\n"]
)
def test_no_text_is_too_odd_to_be_checked(browser: Client, project: Project, text: str) -> None:
    found = check(browser, project, text=text)

    assert len(found["problems"]) > 0


def test_an_answered_spec_says_so_beside_the_button(browser: Client, project: Project, ada: User) -> None:
    run = plans.solved(project, ada)

    verdict = str(check(browser, project)["verdict"])

    assert f"/p/{project.slug}/runs/{run.id}" in verdict
    assert 'name="fresh"' in verdict


def test_a_submitted_form_makes_a_run_and_leads_to_it(browser: Client, project: Project) -> None:
    response = browser.post(f"/p/{project.slug}/new", {"kind": "training", "text": TEXT, "base": TEXT})

    run = Run.objects.get()
    assert (response.status_code, response["Location"]) == (302, f"/p/{project.slug}/runs/{run.id}")
    assert (run.spec, run.spec_text, run.source) == (documents.read(TEXT), TEXT, "web")


def test_without_script_the_side_that_was_changed_wins(browser: Client, project: Project) -> None:
    fields = {"has:/global_batch": "1", "f:/global_batch": "128"}
    form = {"kind": "training", "text": TEXT.replace("\n", "\r\n"), "base": TEXT, **fields}

    browser.post(f"/p/{project.slug}/new", form)
    browser.post(f"/p/{project.slug}/new", form | {"text": TEXT.replace("64", "256")})

    assert [run.spec["global_batch"] for run in Run.objects.order_by("created")] == [128, 256]


def test_the_same_spec_again_leads_to_its_answer_unless_it_is_wanted_fresh(
    browser: Client, project: Project, ada: User
) -> None:
    run = plans.solved(project, ada)
    form = {"kind": "training", "text": TEXT, "base": TEXT}

    cached = browser.post(f"/p/{project.slug}/new", form)
    browser.post(f"/p/{project.slug}/new", form | {"fresh": "on"})

    assert cached["Location"] == f"/p/{project.slug}/runs/{run.id}?cached=1"
    assert Run.objects.count() == 2


def test_a_wrong_spec_comes_back_whole_with_what_to_mend(browser: Client, project: Project) -> None:
    text = TEXT.replace("global_batch: 64", "global_batch: -1")

    response = browser.post(f"/p/{project.slug}/new", {"kind": "training", "text": text, "base": TEXT})

    page = response.content.decode()
    assert (response.status_code, written(page), Run.objects.count()) == (422, text, 0)
    assert "1 thing to mend" in page


def test_check_without_script_only_checks(browser: Client, project: Project) -> None:
    response = browser.post(f"/p/{project.slug}/new", {"kind": "training", "text": TEXT, "base": TEXT, "act": "check"})

    assert (response.status_code, Run.objects.count()) == (200, 0)


def test_a_viewer_sees_the_form_and_cannot_submit(client: Client, project: Project, ada: User) -> None:
    viewer = User.objects.create_user("vera")
    projects.add_member(project, "vera", Role.VIEWER, by=ada)
    client.force_login(viewer)

    page = client.get(f"/p/{project.slug}/new").content.decode()
    refused = client.post(f"/p/{project.slug}/new", {"kind": "training", "text": TEXT, "base": TEXT})

    assert 'id="solve"' not in page
    assert (refused.status_code, Run.objects.count()) == (403, 0)


def test_the_projects_own_entries_come_first_in_the_lists(browser: Client, project: Project, ada: User) -> None:
    from planner.services import catalogue  # noqa: PLC0415 -- only here

    catalogue.save(project, "models", plans.MODEL, user=ada)

    page = browser.get(f"/p/{project.slug}/new").content.decode()

    models = re.search(r'<datalist id="list-models">(.*?)</datalist>', page, re.DOTALL)
    assert models is not None
    assert re.findall(r'value="([^"]*)"', models[1])[0] == "small-1b"


def test_hostile_text_stays_text(browser: Client, project: Project) -> None:
    hostile = "</textarea><script>alert(1)</script>"
    text = TEXT.replace("Small model on one node", json.dumps(hostile))

    response = browser.post(f"/p/{project.slug}/new", {"kind": "training", "text": text, "base": text, "act": "check"})

    assert hostile not in response.content.decode()
