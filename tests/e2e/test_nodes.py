"""From a bare machine to a calibrated plan, as a person goes: attach, first job, plan, validate, before and after."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from planner.models import Job, JobState, Measurement, Validation
from planner.services import jobs
from solvers.calibration.own.document import Own
from solvers.training.own.scores import score
from tests.e2e.conftest import PHONE, Person, Site, overflow, small_targets, violations

ISOFLOP = (sys.executable, "-c", "from planner.cli import main; main()")
SPEC = """kind: training
name: A small plan
model: {{architectures: [LlamaForCausalLM], model_type: llama, hidden_size: 256, num_hidden_layers: 4, num_attention_heads: 4, num_key_value_heads: 4, intermediate_size: 768, vocab_size: 2048}}
hardware: {{node: {node}, nodes: 1}}
sequence_length: 256
global_batch: 8
"""  # noqa: E501 -- a line of YAML
# Steps that no validation measures: other widths, depths and lengths.
OTHERS = (
    {
        "model": {"hidden": 384, "layers": 3, "heads": 6, "kv_heads": 6, "ffn": 1024, "vocabulary": 1024},
        "micro_batch": 2,
    },
    {
        "model": {"hidden": 320, "layers": 5, "heads": 5, "kv_heads": 5, "ffn": 864, "vocabulary": 4096},
        "micro_batch": 1,
    },
)
MEASURED_LIMIT_S = 180.0


class Machine:
    """A machine to attach: its agent's state, log and process."""

    def __init__(self, place: Path) -> None:
        self.state, self.log = place / "node.json", place / "agent.log"
        self.agent: subprocess.Popen[bytes] | None = None

    def join(self, line: str) -> None:
        words = line.split()
        assert words[:3] == ["isoflop", "node", "join"]
        subprocess.run([*ISOFLOP, *words[1:], "--name", "bench", "--state", str(self.state)], check=True, timeout=60)

    def run(self) -> None:
        with self.log.open("wb") as log:
            command = [*ISOFLOP, "node", "run", "--state", str(self.state)]
            self.agent = subprocess.Popen(command, stdout=log, stderr=log)

    def stop(self) -> None:
        if self.agent is not None:
            self.agent.terminate()
            self.agent.wait(60)


@pytest.fixture
def machine(tmp_path):
    found = Machine(tmp_path)
    yield found
    found.stop()


def attach(page: Page, person: Person, machine: Machine) -> None:
    """By the two lines that the page shows."""
    page.goto(f"{person.home}nodes")
    page.get_by_role("button", name="Attach a node").first.click()
    first, second = page.locator("#join-lines").inner_text().splitlines()
    assert second == "isoflop node run"
    machine.join(first)
    machine.run()


def wait_for_jobs(person: Person, count: int) -> None:
    deadline = time.monotonic() + MEASURED_LIMIT_S
    while Measurement.objects.filter(project=person.project).count() < count:
        failed = Job.objects.filter(project=person.project, state__in=[JobState.FAILED, JobState.CRASHED])
        assert not failed.exists(), [job.problems for job in failed]
        assert time.monotonic() < deadline
        time.sleep(0.2)


def ask_for(person: Person, others) -> list[Job]:
    common = {"device": "cpu", "threads": 1, "precision": "bf16", "sequence_length": 128, "micro_batches": 1}
    return [
        jobs.submit(person.project, user=person.user, recipe="training_step", params={**common, **other})
        for other in others
    ]


def test_a_bare_machine_becomes_a_node_whose_plan_is_validated_and_calibrated(
    signed_in: Page, person: Person, solving: Site, machine: Machine
) -> None:
    page = signed_in
    started = time.monotonic()
    attach(page, person, machine)
    wait_for_jobs(person, 1)
    joined_s = time.monotonic() - started

    page.goto(f"{person.home}nodes")
    page.get_by_role("link", name="bench").click()
    page.get_by_role("button", name="Add to the catalogue").click()
    page.get_by_role("link", name="Plan on this node").click()
    with page.expect_response("**/new/check"):
        page.get_by_label("Spec as YAML").fill(SPEC.format(node="bench"))
    page.get_by_role("button", name="Find the plan").click()
    expect(page.locator(".badge.solved")).to_be_visible(timeout=60_000)

    page.get_by_text("Validate on a node").click()
    page.get_by_label("Minutes of the device").fill("1")
    page.get_by_role("button", name="Validate", exact=True).click()
    expect(page.locator("#validation[data-state=done]")).to_be_visible(timeout=240_000)

    validation = Validation.objects.get(project=person.project)
    assert validation.after.result.document["provenance"]["calibration"].startswith("own-")
    expect(page.get_by_role("heading", name="What the plan promises, before and after")).to_be_visible()
    assert violations(page) == []

    before = Measurement.objects.filter(project=person.project).count()
    asked = ask_for(person, OTHERS)
    wait_for_jobs(person, before + len(asked))
    documents = [measurement.document for measurement in Measurement.objects.filter(job__in=asked)]
    errors = score(Own.model_validate(validation.calibration.document), documents)["errors"]
    print(  # noqa: T201 -- figures that are asked for
        f"joined with a first job done in {joined_s:.1f} s; steps of shapes that were not measured: "
        f"{100 * errors['published']['mean']:.0f} % before, {100 * errors['own']['mean']:.1f} % after"
    )
    assert joined_s <= 60
    assert errors["own"]["mean"] < errors["published"]["mean"]


@pytest.mark.parametrize("where", ["nodes", "jobs", "measurements", "calibrations"])
def test_pages_without_anything_say_what_to_do(signed_in: Page, person: Person, where: str) -> None:
    page = signed_in
    page.goto(f"{person.home}{where}")

    assert violations(page) == []
    page.set_viewport_size(PHONE)
    assert overflow(page) == []
    assert small_targets(page) == []
