from frontend.figures import dots
from frontend.figures.theme import theme
from solvers.accuracy.document import Group, Groups

LIGHT = theme("light")
OF = Groups(
    held_out="a model",
    axis="Mean error of the step time",
    groups=(
        Group(name="a", rows=3, error=0.01, baseline=0.4),
        Group(name="b <c>", rows=4, error=0.3, baseline=0.2),
    ),
)


def test_each_group_has_its_error_beside_the_guess_the_worst_on_top():
    joins, guesses, errors = dots.figure(OF, LIGHT).data

    assert [trace.name for trace in (joins, guesses, errors)] == ["Between", "Guess", "Here"]
    assert (tuple(joins.x), tuple(joins.y)) == ((30.0, 20.0, None, 1.0, 40.0, None), (0, 0, None, 1, 1, None))
    assert (tuple(guesses.x), tuple(errors.x), tuple(errors.y)) == ((20.0, 40.0), (30.0, 1.0), (0, 1))
    assert list(errors.hovertext) == ["<b>b &lt;c&gt;</b><br>here: 30.0 %", "<b>a</b><br>here: 1.0 %"]


def test_names_stand_above_their_dots_and_the_axis_says_what_it_is():
    layout = dots.figure(OF, LIGHT).layout

    assert [note.text for note in layout.annotations] == ["b &lt;c&gt;", "a"]
    assert layout.xaxis.title.text == "Mean error of the step time"
    assert layout.height == dots.height(OF)


def test_the_title_counts_the_groups_that_are_nearer_than_the_guess():
    assert dots.title(OF) == "Nearer than the guess for 1 of 2 groups"
    assert dots.title(OF.model_copy(update={"groups": OF.groups[:1] * 2})) == "Nearer than the guess for all 2 groups"
