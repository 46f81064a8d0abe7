from datetime import timedelta

import pytest
from django.db.models.functions import Now

from planner.models import Job, Node
from planner.services import hindrance, jobs, nodes
from tests import factories
from tests.nodes import job, join

pytestmark = pytest.mark.django_db


def test_what_keeps_a_job_from_a_node_is_said_until_one_can_take_it():
    project = factories.project()
    asked = job(project)

    def said() -> str:
        found = hindrance.of(jobs.one(project, asked.id))
        return found.code if found else ""

    none = said()
    join(project, name="bare", torch="")
    bare = said()
    fit = join(project, name="fit").node
    there = said()
    nodes.drain(fit, user=project.created_by)
    draining = said()
    Node.objects.update(last_seen=Now() - timedelta(minutes=2))
    offline = said()
    Job.objects.update(state="cancelled")

    assert [none, bare, there, draining, offline, said()] == ["no_node", "no_node_fits", "", "draining", "offline", ""]


def test_a_job_of_another_version_waits_and_its_page_stands():
    project = factories.project()
    join(project)
    asked = job(project)
    Job.objects.update(needs={"device": "cpu", "gpu": "", "gpus": 1, "node": ""})

    found = hindrance.of(jobs.one(project, asked.id))

    assert found is not None
    assert found.code == "no_node_fits"


def test_a_job_that_waits_for_a_clock_to_be_set_says_whose_and_by_how_much():
    project = factories.project()
    join(project, name="late", clock_off_s=-3600.0)
    asked = jobs.one(project, job(project).id)
    found = hindrance.of(asked)

    join(project, name="right")

    assert found is not None
    assert (found.code, found.message) == (
        "wrong_clock",
        "The clock is wrong of what could take it: that of late is 3,600 s behind the server's.",
    )
    assert hindrance.of(asked) is None
