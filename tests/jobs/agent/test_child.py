import os
import subprocess
import sys

import pytest

from jobs.agent import folder as files
from jobs.agent.child import Teller
from jobs.agent.command import KEEPER, command
from jobs.agent.offers import Limits, Offer
from tests.jobs.agent import signing


def test_a_long_stage_is_whole_in_the_log_and_cut_to_what_the_server_takes(tmp_path, capsys):
    stage = "batch 1, queries 512, " * 20

    Teller(tmp_path, silent=False)(stage, 0.5)

    assert files.read(tmp_path, files.PROGRESS) == {"stage": stage[:100], "fraction": 0.5}
    assert capsys.readouterr().out == f" 50 %  {stage}\n"


def test_a_disk_that_is_full_for_a_while_costs_progress_and_no_job(tmp_path):
    Teller(tmp_path / "nowhere", silent=False)("half", 0.5)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("keeper", "measures"), [("the test", True), ("a process that is gone", False)])
def test_a_process_whose_keeper_was_killed_while_it_started_measures_nothing(tmp_path, keeper, measures):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    files.request(
        tmp_path,
        Offer(signing.JOB, 1, "memory_copy", 1, signing.COPY, 1, Limits(60.0, 2**33)),
        lease_s=60.0,
        watch="pipe",
    )
    number = os.getpid() if keeper == "the test" else gone.pid

    done = subprocess.run(command(tmp_path, processes=1), env={**os.environ, KEEPER: str(number)}, check=False)

    assert done.returncode == (0 if measures else 1)
    assert (files.read(tmp_path, files.OUTCOME) is not None) == measures
