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


def offer(project, **said):
    (resolved,) = catalogue.resolve(project, {"market": [said]})["market"]
    return resolved.get("price"), resolved.get("price_from")


def test_a_price_of_the_project_fills_in_an_offer_of_that_gpu_or_node(project):
    save(project, "prices", {"name": "h100-sxm", "price": "1.9 USD/h"})
    save(project, "prices", {"name": "pods", "node": "dgx-h100", "price": "1.5 USD/h"})

    assert offer(project, gpu="H100") == (1.9, "the project's price h100-sxm")
    assert offer(project, node="p5") == (1.9, "the project's price h100-sxm")
    assert offer(project, node="DGX H100") == (1.5, "the project's price pods")
    assert offer(project, gpu="l4") == (None, None)


def test_an_offer_with_its_own_price_keeps_it(project):
    save(project, "prices", {"name": "h100-sxm", "price": "1.9 USD/h"})

    assert offer(project, gpu="h100-sxm", price="4 USD/h") == ("4 USD/h", None)
    assert offer(project, gpu="h100-sxm", prices=[1, 2]) == (None, None)


def test_an_offer_takes_the_price_of_its_provider_region_and_term(project):
    for name, said in {
        "plain": {},
        "deal": {"provider": "aws"},
        "deal-west": {"provider": "aws", "region": "us-west-2"},
        "deal-spot": {"provider": "aws", "term": "spot"},
    }.items():
        save(project, "prices", {"name": name, "gpu": "l4", "price": len(name), **said})

    assert offer(project, gpu="l4")[1] == "the project's price plain"
    assert offer(project, gpu="l4", provider="gcp")[1] == "the project's price plain"
    assert offer(project, gpu="l4", provider="AWS", region="eu-west-1")[1] == "the project's price deal"
    assert offer(project, gpu="l4", provider="aws", region="us-west-2")[1] == "the project's price deal-west"
    assert offer(project, gpu="l4", provider="aws", term="spot")[1] == "the project's price deal-spot"
    assert offer(project, gpu="l4", provider="gcp", term="spot") == (None, None)


def test_a_price_list_of_the_project_says_what_its_machines_cost(project):
    machines = [
        {"name": "big.8", "gpu": "h100-sxm", "gpus": 8, "prices": {"north": 16, "south": 24}},
        {"gpu": "l4", "prices": {"any": "0.2 USD/h"}},
    ]
    save(project, "prices", {"name": "our-cloud", "provider": "ours", "term": "on_demand", "instances": machines})

    assert offer(project, gpu="h100-sxm", provider="ours", region="south")[0] == 3.0
    assert offer(project, instance="big.8", region="north")[0] == 2.0
    assert offer(project, gpu="l4", region="elsewhere")[0] == 0.2
    assert offer(project, gpu="h100-sxm", provider="ours", region="elsewhere") == (None, None)


def test_the_price_and_the_limit_of_a_gpu_of_our_own_keep_its_name(project):
    save(project, "gpus", own_gpu())
    save(project, "prices", {"name": "what-it-costs", "gpu": "our-gpu", "price": 1})
    limits = {"available": [{"gpu": "our-gpu", "gpus": 4}]}

    resolved = catalogue.resolve(project, {"market": [{"gpu": "our-gpu"}], "constraints": limits})

    assert resolved["constraints"] == limits
    assert (resolved["market"][0]["price"], resolved["market"][0]["gpu"]["name"]) == (1.0, "our-gpu")


def test_a_price_list_does_not_price_equal_nodes(project):
    save(project, "prices", {"name": "dgx-h100", "instances": [{"gpu": "h100-sxm", "prices": {"any": 1}}]})

    assert catalogue.resolve(project, {"hardware": {"node": "dgx-h100"}}) == {"hardware": {"node": "dgx-h100"}}
