from solvers.scaling import halves


def test_half_of_an_interval_is_a_share_of_its_middle() -> None:
    assert halves.half({"value": 2.0, "low": 1.75, "high": 2.75}) == 0.25


def test_an_interval_around_a_value_has_that_half() -> None:
    found = halves.around(2.0, 0.25)

    assert found == {"value": 2.0, "low": 1.5, "high": 2.5}
    assert halves.half(found) == 0.25


def test_halves_are_told_in_two_digits() -> None:
    shares = (0.0191, 0.5, 0.994, 0.9951, 1.0, 1.5)

    assert [halves.said(share) for share in shares] == ["1.9 %", "50 %", "99 %", "100 %", "100 %", "150 %"]
