"""Plans side by side: what differs is marked, and so is the best of each line."""

from http import HTTPStatus

from django.http import Http404, HttpResponse
from django.shortcuts import render

from frontend.figures import comparison
from frontend.figures.theme import theme
from frontend.views.history import ids
from frontend.views.scope import InProject, in_project
from planner.models import Project, Run
from planner.services import comparison as side_by_side
from planner.services import history
from planner.services.errors import Invalid

FEWEST = 2


@in_project("viewer")
def page(request: InProject, project: Project) -> HttpResponse:
    """The table of two or more plans; with fewer, how to pick them."""
    asked = ids(request.GET.getlist("runs"))
    only = request.GET.get("only") == "differences"
    context = {"asked": asked, "only": only, "most": side_by_side.MOST}
    if len(asked) < FEWEST:
        return render(request, "compare/pick.html", context)
    try:
        compared = side_by_side.compare(_runs(project, asked))
    except Invalid as error:
        return render(
            request,
            "compare/pick.html",
            {**context, "problems": error.problems},
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
        )
    shown = {"comparison": compared, "charts": comparison.compared(_named(compared.runs))}
    return render(request, "compare/page.html", {**context, **shown})


@in_project("viewer")
def figure(request: InProject, project: Project) -> HttpResponse:
    """Where the time of each plan of one `kind` goes, as Plotly's JSON."""
    named = _named(_runs(project, ids(request.GET.getlist("runs"))))
    charts = [chart.kind for chart in comparison.compared(named)]
    kind = request.GET.get("kind", charts[0] if charts else "")
    if kind not in charts:
        raise Http404("none of these plans has a breakdown")
    drawn = comparison.figure(comparison.drawn(named, kind), theme(request.GET.get("theme", "light")))
    return HttpResponse(drawn.to_json(), content_type="application/json")


def _runs(project: Project, asked: tuple[str, ...]) -> list[Run]:
    return [history.run(project, run) for run in asked]


def _named(runs: list[Run]) -> comparison.Named:
    answered = [run for run in runs if hasattr(run, "result")]
    names = comparison.told_apart([(run.name, run.short_id) for run in answered])
    return [(name, run.result.document) for name, run in zip(names, answered, strict=True)]
