"""The register of forecasts in the page: frozen, listed, scored, and for whom."""

import hashlib
import html
import re
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from planner.models import Forecast, Outcome, Project, Role
from planner.services import forecasts, projects
from tests import factories, plans

pytestmark = pytest.mark.usefixtures("trial_kind")


@pytest.fixture
def forecast(project: Project, ada: User) -> Forecast:
    return factories.forecast(project, owner=ada)


def shown(browser: Client, address: str, status: int = 200) -> str:
    """The page's text on one line."""
    response = browser.get(address)
    assert response.status_code == status
    return plain(response.content.decode())


def plain(page: str) -> str:
    return " ".join(html.unescape(page).replace("\u00a0", " ").replace("\u2060", "").split())


def at(forecast: Forecast, more: str = "") -> str:
    return f"/p/{forecast.project.slug}/forecasts/{forecast.id}{more}"


def test_an_empty_register_says_how_it_is_filled(browser: Client, project: Project) -> None:
    page = shown(browser, f"/p/{project.slug}/forecasts")

    assert "No forecasts yet" in page
    assert f'href="/p/{project.slug}/">Look at the plans' in page


def test_the_list_shows_each_forecast_and_what_came_of_it(browser: Client, project: Project, ada: User) -> None:
    for seed, (name, loss) in enumerate((("one", 2.05), ("two", 2.4), ("three", 2.0), ("four", 0))):
        made = factories.forecast(project, owner=ada, name=name, seed=seed)
        tokens = 2e11 if name == "three" else None
        _ = loss and forecasts.record(made, user=ada, loss=loss, tokens=tokens)

    page = shown(browser, f"/p/{project.slug}/forecasts")

    rows = re.findall(r'<a href="/p/[^"]*/forecasts/[^"]*">(\w+)</a>.*?<span class="badge (\w+)"[^>]*>([^<]*)<', page)
    assert sorted(rows) == [
        ("four", "run", "awaited"),
        ("one", "good", "inside"),
        ("three", "warn", "does not count"),
        ("two", "bad", "outside"),
    ]
    assert "1 of 2 outcomes fell inside the interval (50 %), where 80 % was promised." in page
    assert "<b>1</b> of 4" in page


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_queries_for_one_and_for_three_rows(
    browser: Client, project: Project, ada: User, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for seed in range(count):
        made = factories.forecast(project, owner=ada, seed=seed)
        forecasts.record(made, user=ada, loss=2.0)
        forecasts.record(made, user=ada, loss=2.1, reason="a slip")
    browser.get(f"/p/{project.slug}/forecasts")

    with django_assert_num_queries(9):
        browser.get(f"/p/{project.slug}/forecasts")


def test_pages_follow_one_another(browser: Client, project: Project, ada: User, monkeypatch) -> None:
    made = {str(factories.forecast(project, owner=ada, seed=seed).id) for seed in range(3)}
    whole = forecasts.page
    monkeypatch.setattr(forecasts, "page", lambda project, cursor="": whole(project, cursor=cursor, limit=2))

    first = shown(browser, f"/p/{project.slug}/forecasts")
    following = re.search(r'href="([^"]*)" rel="next"', first)
    assert following is not None
    second = shown(browser, f"/p/{project.slug}/forecasts{following[1]}")

    seen = [set(re.findall(r'<a href="/p/[^"]*/forecasts/([^"]*)">The big run', page)) for page in (first, second)]
    assert ([len(ids) for ids in seen], seen[0] | seen[1]) == ([2, 1], made)


def test_a_cursor_of_another_list_is_refused_in_words(browser: Client, project: Project) -> None:
    assert "does not belong to this list" in shown(browser, f"/p/{project.slug}/forecasts?cursor=rubbish", 400)


def test_a_button_freezes_an_answer_and_is_then_the_way_to_it(browser: Client, project: Project, ada: User) -> None:
    run = plans.solved(project, ada)
    says_nothing = shown(browser, f"/p/{project.slug}/runs/{run.id}")
    trial = factories.solved(project, owner=ada)

    response = browser.post(f"/p/{project.slug}/runs/{trial.id}/freeze")

    made = Forecast.objects.get()
    assert (made.run, response.status_code, response["Location"]) == (trial, 302, at(made))
    assert "Freeze this forecast" not in says_nothing
    again = browser.post(f"/p/{project.slug}/runs/{trial.id}/freeze", follow=True)
    assert "frozen already" in plain(again.content.decode())
    assert again.redirect_chain == [(at(made), 302)]


def test_a_scaling_plan_is_frozen_with_its_curve_and_its_laws(browser: Client, project: Project, ada: User) -> None:
    run = plans.foretold(project, ada)
    before = shown(browser, f"/p/{project.slug}/runs/{run.id}")

    browser.post(f"/p/{project.slug}/runs/{run.id}/freeze")

    made = Forecast.objects.get()
    after, page = shown(browser, f"/p/{project.slug}/runs/{run.id}"), shown(browser, at(made))
    assert ("Freeze this forecast" in before, "Freeze this forecast" in after) == (True, False)
    assert f'href="{at(made)}">Frozen forecast' in after
    result = run.result.document
    assert (made.document["loss"], made.document["level"]) == (result["estimates"]["loss"], 0.9)
    assert all(law["title"] in page for law in result["plan"]["laws"])
    fan = browser.get(at(made, "/figures/fan.json")).json()
    assert [trace["name"] for trace in fan["data"]] == ["Low", "Interval", "Forecast", "Frozen"]


def test_an_answer_that_says_nothing_cannot_be_frozen(browser: Client, project: Project, ada: User) -> None:
    run = plans.solved(project, ada)

    page = plain(browser.post(f"/p/{project.slug}/runs/{run.id}/freeze", follow=True).content.decode())

    assert "does not say what loss will be measured" in page
    assert not Forecast.objects.exists()


def test_one_forecast_shows_what_was_frozen_and_its_digest(browser: Client, forecast: Forecast) -> None:
    page = shown(browser, at(forecast))

    assert (
        "1B parameters on 100B tokens reach a loss of <b>2.000 nats/token</b>, with 80 % from 1.900 to 2.100." in page
    )
    assert "The outcome is awaited." in page
    assert f'<pre id="digest" tabindex="0">{forecast.digest}</pre>' in page
    assert forecasts.frozen_at(forecast) in page
    assert forecast.document["result_digest"] in page


def test_the_file_has_the_digest(browser: Client, forecast: Forecast) -> None:
    response = browser.get(at(forecast, "/statement.json"))

    assert hashlib.sha256(response.content).hexdigest() == forecast.digest
    assert response["Content-Disposition"] == f'attachment; filename="forecast-{forecast.short_id}.json"'


def test_an_outcome_is_recorded_as_it_is_written(browser: Client, forecast: Forecast) -> None:
    sent = {"loss": "2.2", "params": "1.001B", "tokens": "1e11", "measured_at": "", "note": "step 90,000"}

    browser.post(at(forecast, "/outcome"), sent)

    found = Outcome.objects.get()
    assert (found.loss, found.params, found.tokens, found.note) == (2.2, pytest.approx(1.001e9), 1e11, "step 90,000")
    page = shown(browser, at(forecast))
    assert "Measured was 2.200: outside the interval, 10.00 % above the forecast." in page
    assert "Correct the outcome" in page


def test_a_correction_stands_beside_what_it_corrects(browser: Client, forecast: Forecast) -> None:
    browser.post(at(forecast, "/outcome"), {"loss": "2.2"})

    refused = browser.post(at(forecast, "/outcome"), {"loss": "2.0"})
    browser.post(at(forecast, "/outcome"), {"loss": "2.0", "reason": "of the wrong set"})

    assert refused.status_code == 422
    assert "has its outcome already" in plain(refused.content.decode())
    page = shown(browser, at(forecast))
    assert ("Correction: of the wrong set" in page, "2.200" in page, "Measured was 2.000: inside" in page) == (
        True,
    ) * 3


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"loss": ""}, "Say what was measured."),
        ({"loss": "low"}, "'low' is no number."),
        ({"loss": "nan"}, "A loss is above nought and finite."),
        ({"loss": "2", "params": "many"}, "'many' is not a count."),
        ({"loss": "2", "tokens": "-1"}, "1.4T"),
        ({"loss": "2", "measured_at": "noon"}, "'noon' is no time."),
        ({"loss": "2", "measured_at": "2999-01-01T00:00"}, "That time is yet to come."),
        ({"loss": "2", "note": "x" * 2001}, "A note has at most 2,000 characters."),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_stays(
    browser: Client, forecast: Forecast, sent: dict[str, str], said: str
) -> None:
    response = browser.post(at(forecast, "/outcome"), {"note": "kept", **sent})

    page = plain(response.content.decode())
    wrong = re.findall(r'<div class="field bad">.*?</div>', page)
    assert (response.status_code, len(wrong), said in wrong[0]) == (422, 1, True), wrong
    assert 'value="kept"' in page or "note" in sent
    assert not Outcome.objects.exists()


def test_what_is_recorded_of_another_run_does_not_count_and_is_told_so(browser: Client, forecast: Forecast) -> None:
    browser.post(at(forecast, "/outcome"), {"loss": "2.0", "tokens": "200B"})

    page = shown(browser, at(forecast))

    assert "This outcome does not count in the register's calibration." in page
    assert "200B tokens" in page


def test_a_viewer_reads_and_writes_nothing(client: Client, project: Project, ada: User, forecast: Forecast) -> None:
    grace = User.objects.create_user("grace")
    projects.add_member(project, "grace", Role.VIEWER, by=ada)
    client.force_login(grace)
    run = factories.solved(project, owner=ada, seed=5)

    pages = [shown(client, f"/p/{project.slug}/forecasts"), shown(client, at(forecast))]
    posts = [
        client.post(at(forecast, "/outcome"), {"loss": "2"}),
        client.post(f"/p/{project.slug}/runs/{run.id}/freeze"),
    ]

    assert ["Record the outcome" in page for page in pages] == [False, False]
    assert "An editor or owner of the project can record the outcome." in pages[1]
    assert [response.status_code for response in posts] == [403, 403]
    assert (Outcome.objects.count(), Forecast.objects.count()) == (0, 1)


def test_another_projects_register_is_not_there(client: Client, project: Project, forecast: Forecast) -> None:
    stranger = User.objects.create_user("linus")
    theirs = projects.create(stranger, "Theirs")
    client.force_login(stranger)

    addresses = [
        f"/p/{project.slug}/forecasts",
        at(forecast),
        f"/p/{theirs.slug}/forecasts/{forecast.id}",
        f"/p/{theirs.slug}/forecasts/{forecast.id}/statement.json",
        f"/p/{theirs.slug}/forecasts/{forecast.id}/figures/placed.json",
        f"/p/{theirs.slug}/forecasts/{uuid4()}",
    ]

    assert [client.get(address).status_code for address in addresses] == [404] * 6


def test_figures_are_sent_as_plotlys_json(browser: Client, project: Project, forecast: Forecast) -> None:
    browser.post(at(forecast, "/outcome"), {"loss": "2.2"})

    placed = browser.get(at(forecast, "/figures/placed.json?theme=dark")).json()
    listed = browser.get(f"/p/{project.slug}/forecasts/figure.json").json()

    assert [trace["name"] for trace in placed["data"]] == ["Interval", "Forecast", "Measured"]
    assert [trace["name"] for trace in listed["data"]] == ["Interval", "Measured"]
    assert browser.get(at(forecast, "/figures/fan.json")).status_code == 404
