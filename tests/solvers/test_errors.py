"""The error tree: what people read."""

import pickle

from solvers.errors import IsoflopError, LimitExceeded, Problem, SpecError, UnknownName, nearest, unknown


def test_an_unknown_name_offers_the_nearest() -> None:
    error = unknown("GPU", "h200-sxn", ["h100-sxm", "h200-sxm", "l4"], at="/hardware/gpu")

    hint = "Did you mean h200-sxm?"
    assert error.problems == (Problem("unknown_name", "There is no GPU called 'h200-sxn'.", "/hardware/gpu", hint),)
    assert isinstance(error, SpecError)


def test_a_name_like_no_other_lists_what_there_is() -> None:
    assert nearest("zzz", ["b", "a"]) == "Known: a, b."
    assert nearest("zzz", [f"name-{n}" for n in range(10)]).endswith("name-7 and 2 more.")


def test_names_that_begin_alike_come_first_and_far_ones_are_left_out() -> None:
    assert nearest("h1000", ["a100-80", "h100-pcie", "h100-sxm", "h800"]) == "Did you mean h100-sxm, h100-pcie or h800?"
    assert nearest("trainig", ["fleet", "scaling", "serving", "training"]) == "Did you mean training?"
    assert nearest("gpt3", ["gpt3-175b", "gpt3-20b", "gpt3-5b"]) == "Did you mean gpt3-5b, gpt3-20b or gpt3-175b?"


def test_an_endless_name_is_cut() -> None:
    assert len(unknown("model", "x" * 10_000, ["a"]).problems[0].message) < 200


def test_errors_travel_between_processes_with_their_problems() -> None:
    error = LimitExceeded(Problem("time_limit", "Too slow.", "", "Allow more time."), Problem("second", "Two."))

    back = pickle.loads(pickle.dumps(error))

    assert (type(back), back.problems) == (LimitExceeded, error.problems)


def test_the_text_of_an_error_is_its_messages() -> None:
    assert str(IsoflopError(Problem("a", "One."), Problem("b", "Two."))) == "One.; Two."
    assert UnknownName().problems == ()
