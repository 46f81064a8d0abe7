"""Small bars."""

from frontend.templatetags import bars


def test_interval_bar_draws_the_interval_around_the_value_on_a_track_of_a_quarter_either_side() -> None:
    drawn = bars.interval_bar(9.0, 10.0, 11.0)

    assert drawn == (
        '<svg class="bar rng" height="10" aria-hidden="true"><rect class="track" y="3" width="100%" height="4" rx="2"/>'
        '<rect class="span" x="30.0%" y="3" width="40.0%" height="4" rx="2"/><rect class="at" x="50%" width="2" height="10"/></svg>'
    )
