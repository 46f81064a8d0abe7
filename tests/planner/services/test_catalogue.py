import pytest

from planner.models import Project
from planner.services import catalogue, projects
from planner.services.errors import Forbidden, Invalid, NotFound
from solvers import catalogue as shipped
from solvers.errors import SpecError
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return factories.project()


def own_gpu(**changes) -> dict:
    return {**shipped.document("gpus", "h100-sxm"), "name": "our-gpu", "title": "Our GPU", "aliases": [], **changes}


def save(project: Project, section: str, document: dict):
    return catalogue.save(project, section, document, user=project.created_by)


def test_a_record_is_found_again_and_replaced_by_its_name(project):
    save(project, "gpus", own_gpu(title="First"))
    save(project, "gpus", own_gpu(title="Second"))

    assert [(entry.name, entry.document["title"]) for entry in catalogue.entries(project, "gpus")] == [
        ("our-gpu", "Second")
    ]


def test_a_wrong_record_says_where(project):
    with pytest.raises(SpecError) as refused:
        save(project, "gpus", own_gpu(memory="80 parsecs"))

    assert [problem.at for problem in refused.value.problems] == ["/memory"]


@pytest.mark.parametrize("name", ["", "Our GPU", "../etc", None, 7])
def test_names_are_plain(project, name):
    with pytest.raises(Invalid):
        save(project, "gpus", own_gpu(name=name))


def test_names_of_the_project_are_replaced_by_their_records_at_any_depth(project):
    gpu = own_gpu()
    node = {**shipped.document("nodes", "dgx-h100"), "name": "our-node", "aliases": [], "gpu": "Our GPU"}
    save(project, "gpus", gpu)
    save(project, "nodes", node)

    resolved = catalogue.resolve(project, {"kind": "training", "hardware": {"node": "our_node", "nodes": 4}})

    assert resolved["hardware"]["node"] == {**node, "gpu": gpu}
    assert resolved["hardware"]["nodes"] == 4


def test_names_of_other_projects_and_fields_stay_as_they_are(project):
    save(project, "gpus", own_gpu())
    document = {"name": "our-gpu", "hardware": {"node": {"gpu": "our-gpu"}}}

    assert catalogue.resolve(factories.project(), document) == document
    assert catalogue.resolve(project, document)["name"] == "our-gpu"


def test_a_price_of_the_project_fills_in_where_the_spec_names_none(project):
    price = {"name": "dgx-h100", "price": "1.5 USD/h"}
    save(project, "prices", price)

    plain = catalogue.resolve(project, {"hardware": {"node": "DGX H100", "nodes": 1}})
    said = catalogue.resolve(project, {"hardware": {"node": "dgx-h100", "cost_usd_per_gpu_hour": 9}})

    assert plain["hardware"]["cost_usd_per_gpu_hour"] == "1.5 USD/h"
    assert said["hardware"]["cost_usd_per_gpu_hour"] == 9


def test_a_price_of_the_project_fills_in_for_each_island(project):
    save(project, "prices", {"name": "dgx-h100", "price": "1.5 USD/h"})
    islands = [{"name": "a", "node": "dgx-h100"}, {"name": "b", "node": "dgx-h100", "cost_usd_per_gpu_hour": 9}]

    resolved = catalogue.resolve(project, {"hardware": {"islands": islands, "between": "ethernet-25"}})

    assert [island["cost_usd_per_gpu_hour"] for island in resolved["hardware"]["islands"]] == ["1.5 USD/h", 9]


def test_viewers_change_nothing(project):
    viewer = factories.user()
    projects.add_member(project, viewer.username, "viewer", by=project.created_by)

    with pytest.raises(Forbidden):
        catalogue.save(project, "gpus", own_gpu(), user=viewer)


def test_a_deleted_record_is_gone(project):
    save(project, "gpus", own_gpu())

    catalogue.delete(project, "gpus", "our-gpu", user=project.created_by)

    assert catalogue.entries(project, "gpus") == []
    with pytest.raises(NotFound):
        catalogue.delete(project, "gpus", "our-gpu", user=project.created_by)


def test_an_unknown_section_is_refused(project):
    with pytest.raises(Invalid):
        catalogue.entries(project, "secrets")
