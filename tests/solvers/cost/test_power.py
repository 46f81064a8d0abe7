from solvers import catalogue
from solvers.cost.power import COMPUTING, NODE_OVER_GPUS, Draw, draw_of, rated_w


def test_a_node_computing_stays_between_what_was_measured_on_average_and_at_most():
    dgx = catalogue.get("nodes", "dgx-h100")

    draw = draw_of(dgx)

    assert draw == Draw(computing_w=0.76 * 10_200, waiting_w=0.5 * 0.76 * 10_200, idle_w=0.2 * 0.76 * 10_200)
    assert draw.computing_w < 8_400 == round(COMPUTING.high * 10_200)


def test_a_step_draws_for_computing_and_for_waiting():
    assert Draw(computing_w=100.0, waiting_w=40.0, idle_w=10.0).energy_j(busy_s=3.0, step_s=5.0) == 380.0


def test_a_node_that_nobody_rated_is_rated_by_its_gpus_and_one_of_unknown_gpus_not_at_all():
    dgx = catalogue.get("nodes", "dgx-h100")
    unrated = dgx.model_copy(update={"power_w": None})
    unknown = unrated.model_copy(update={"gpu": dgx.gpu.model_copy(update={"power_w": None})})

    assert rated_w(unrated) == 8 * 700.0 * NODE_OVER_GPUS
    assert (rated_w(unknown), draw_of(unknown)) == (None, None)


def test_every_node_of_the_catalogue_has_a_power():
    assert [name for name in catalogue.names("nodes") if rated_w(catalogue.get("nodes", name)) is None] == []
