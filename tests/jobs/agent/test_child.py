from jobs.agent import folder as files
from jobs.agent.child import Teller


def test_a_long_stage_is_whole_in_the_log_and_cut_to_what_the_server_takes(tmp_path, capsys):
    stage = "batch 1, queries 512, " * 20

    Teller(tmp_path, silent=False)(stage, 0.5)

    assert files.read(tmp_path, files.PROGRESS) == {"stage": stage[:100], "fraction": 0.5}
    assert capsys.readouterr().out == f" 50 %  {stage}\n"
