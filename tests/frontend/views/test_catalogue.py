"""The catalogue's pages."""

import html

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from planner.models import Project
from planner.services import catalogue as own
from planner.services import runs
from solvers import catalogue
from tests import plans

POD = {
    "name": "our-pod",
    "title": "Our pod",
    "gpu": "h100-sxm",
    "gpus": 8,
    "link": "nvlink4",
    "nic": "ib-ndr-400",
    "nics": 8,
}
CONFIG = """{
  "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 2048, "intermediate_size": 8192,
  "num_attention_heads": 32, "num_key_value_heads": 8, "num_hidden_layers": 16, "vocab_size": 128256,
  "max_position_embeddings": 131072, "tie_word_embeddings": true, "torch_dtype": "bfloat16"
}"""


def text(browser: Client, project: Project, path: str) -> str:
    response = browser.get(f"/p/{project.slug}/catalogue{path}")
    assert response.status_code == 200
    return html.unescape(response.content.decode())


@pytest.mark.parametrize("section", list(catalogue.SECTIONS))
def test_a_section_lists_every_record(browser: Client, project: Project, section: str) -> None:
    page = text(browser, project, f"?section={section}")

    assert [name for name in catalogue.names(section) if f"/catalogue/{section}/{name}" not in page] == []


def test_search_finds_aliases(browser: Client, project: Project) -> None:
    page = text(browser, project, "?section=models&search=GPT-1T")

    assert "/catalogue/models/megatron-gpt-1t" in page
    assert "/catalogue/models/llama-3.1-70b" not in page


def test_a_record_shows_its_numbers_sources_and_trust(browser: Client, project: Project) -> None:
    page = text(browser, project, "/gpus/h100-sxm")

    document = catalogue.document("gpus", "h100-sxm")
    assert f"<span>{document['memory']}</span>" in page
    assert [source["title"] for source in document["source"] if source["title"] not in page] == []
    assert f">{document['trust']}</span>" in page


def test_a_source_that_is_no_address_of_the_web_is_no_link(browser: Client, project: Project, ada: User) -> None:
    own.save(project, "nodes", POD | {"source": {"title": "Contract", "address": "javascript:alert(1)"}}, user=ada)

    page = text(browser, project, "/nodes/our-pod")

    assert 'href="javascript:' not in page
    assert "<b>Contract</b>" in page


def test_a_node_of_our_own_is_added_through_the_form_and_used_by_a_spec(
    browser: Client, project: Project, ada: User
) -> None:
    fields = {
        "/name": "our-pod",
        "/gpu": "h100-sxm",
        "/gpus": "4",
        "/link": "nvlink4",
        "/cost_usd_per_gpu_hour": "1.90 USD/h",
    }
    sent = {f"f:{at}": value for at, value in fields.items()} | {f"has:{at}": "1" for at in fields}

    response = browser.post(
        f"/p/{project.slug}/catalogue/nodes/new?as=form", sent | {"source-title": "Contract of May"}
    )

    assert response["Location"] == f"/p/{project.slug}/catalogue/nodes/our-pod"
    assert own.entry(project, "nodes", "our-pod").document == {
        "name": "our-pod",
        "gpu": "h100-sxm",
        "gpus": 4,
        "link": "nvlink4",
        "cost_usd_per_gpu_hour": "1.90 USD/h",
        "source": {"title": "Contract of May"},
    }
    spec = runs.check(project, plans.spec(hardware={"node": "our-pod", "nodes": 1}))
    assert spec.hardware.node.gpus == 4


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        (
            {"/name": "our-pod", "/gpu": "h200-sxn", "/gpus": "8", "/link": "nvlink4"},
            "There is no GPU called 'h200-sxn'. Did you mean h200-sxm?",
        ),
        ({"/name": "Our pod!", "/gpu": "h100-sxm", "/gpus": "8", "/link": "nvlink4"}, "A name has small letters"),
        ({"/name": "our-pod", "/gpu": "h100-sxm", "/gpus": "0", "/link": "nvlink4"}, "greater than or equal to 1"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    browser: Client, project: Project, fields: dict[str, str], said: str
) -> None:
    sent = {f"f:{at}": value for at, value in fields.items()} | {f"has:{at}": "1" for at in fields}

    response = browser.post(f"/p/{project.slug}/catalogue/nodes/new?as=form", sent)

    page = html.unescape(response.content.decode())
    assert response.status_code == 422
    assert page.count('class="error"') + page.count("aria-invalid") >= 1
    assert said.split(".", maxsplit=1)[0] in page
    assert own.entries(project, "nodes") == []


def test_a_hugging_face_config_becomes_a_model_that_specs_can_name(browser: Client, project: Project) -> None:
    response = browser.post(f"/p/{project.slug}/catalogue/models/new?as=text", {"name": "our-1b", "text": CONFIG})

    assert response["Location"] == f"/p/{project.slug}/catalogue/models/our-1b"
    spec = runs.check(project, plans.spec(model="our-1b"))
    assert (spec.model.layers, spec.model.hidden, spec.model.kv_heads) == (16, 2048, 8)
    assert "Parameters" in text(browser, project, "/models/our-1b")


@pytest.mark.parametrize("written", ["{", "a: &x 1\nb: *x", "just words", "x" * 2_000_000, ""])
def test_text_that_is_no_record_is_refused_and_kept(browser: Client, project: Project, written: str) -> None:
    response = browser.post(f"/p/{project.slug}/catalogue/models/new?as=text", {"name": "our-1b", "text": written})

    assert response.status_code == 422
    assert 'class="note bad"' in response.content.decode()
    assert own.entries(project, "models") == []


def test_a_price_of_our_own_is_what_a_spec_without_one_costs(browser: Client, project: Project) -> None:
    written = "name: dgx-h100\nprice: 1.25 USD/h\nprovider: Ours\n"

    browser.post(f"/p/{project.slug}/catalogue/prices/new?as=text", {"text": written})

    spec = runs.check(project, plans.spec())
    assert spec.hardware.cost_usd_per_gpu_hour == 1.25


def test_a_price_list_shows_what_each_machine_costs_where(browser: Client, project: Project) -> None:
    page = text(browser, project, "/prices/aws-on-demand")

    assert "p5.48xlarge" in page
    assert "us-east-1 $6.88/h" in page
    assert "market: [{gpu: a10g, provider: aws, term: on_demand}]" in page


def test_price_lists_are_found_by_the_gpus_on_them(browser: Client, project: Project) -> None:
    page = text(browser, project, "?section=prices&search=mi355x")

    assert "/catalogue/prices/oci-on-demand" in page
    assert "/catalogue/prices/aws-on-demand" not in page


def test_a_record_of_our_own_is_renamed_and_deleted(browser: Client, project: Project, ada: User) -> None:
    own.save(project, "nodes", POD, user=ada)

    browser.post(
        f"/p/{project.slug}/catalogue/nodes/our-pod/edit?as=text",
        {"text": "name: our-pod\ngpu: h100-sxm\nlink: nvlink4", "name": "pod-2"},
    )
    assert [entry.name for entry in own.entries(project, "nodes")] == ["pod-2"]

    browser.post(f"/p/{project.slug}/catalogue/nodes/pod-2/delete")
    assert own.entries(project, "nodes") == []


def test_a_record_that_ships_with_isoflop_cannot_be_edited(browser: Client, project: Project) -> None:
    assert browser.get(f"/p/{project.slug}/catalogue/gpus/h100-sxm/edit").status_code == 404


@pytest.mark.parametrize("path", ["?section=cats", "/cats/tom", "/gpus/nothing", "/cats/new"])
def test_what_does_not_exist_is_404(browser: Client, project: Project, path: str) -> None:
    assert browser.get(f"/p/{project.slug}/catalogue{path}").status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_queries_for_one_and_for_three_own_records(
    browser: Client, project: Project, ada: User, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        own.save(project, "nodes", POD | {"name": f"pod-{number}"}, user=ada)
    text(browser, project, "?section=nodes")

    with django_assert_num_queries(QUERIES):
        text(browser, project, "?section=nodes")


QUERIES = 7
