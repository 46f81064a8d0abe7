"""Addresses of the pages. Everything of a project stands under /p/<slug>/."""

from django.urls import include, path

from frontend.views import account, catalogue, compare, forecasts, history, new, projects, runs, tokens

in_project = [
    path("", history.page, name="plans"),
    path("compare", compare.page, name="compare"),
    path("compare/figure.json", compare.figure, name="compare-figure"),
    path("forecasts", forecasts.page, name="forecasts"),
    path("forecasts/figure.json", forecasts.intervals, name="forecasts-figure"),
    path("forecasts/<uuid:forecast>", forecasts.forecast, name="forecast"),
    path("forecasts/<uuid:forecast>/outcome", forecasts.record, name="forecast-outcome"),
    path("forecasts/<uuid:forecast>/statement.json", forecasts.statement, name="forecast-statement"),
    path("forecasts/<uuid:forecast>/figures/<slug:name>.json", forecasts.figure, name="forecast-figure"),
    path("catalogue", catalogue.page, name="catalogue"),
    path("catalogue/<slug:section>/new", catalogue.new, name="catalogue-new"),
    path("catalogue/<slug:section>/<str:name>", catalogue.entry, name="catalogue-entry"),
    path("catalogue/<slug:section>/<str:name>/edit", catalogue.edit, name="catalogue-edit"),
    path("catalogue/<slug:section>/<str:name>/delete", catalogue.delete, name="catalogue-delete"),
    path("members", projects.members, name="members"),
    path("members/add", projects.add_member, name="member-add"),
    path("members/<int:member>/role", projects.set_role, name="member-role"),
    path("members/<int:member>/remove", projects.remove_member, name="member-remove"),
    path("tokens", tokens.page, name="tokens"),
    path("tokens/new", tokens.new, name="token-new"),
    path("tokens/<uuid:token>/revoke", tokens.revoke, name="token-revoke"),
    path("new", new.page, name="plan-new"),
    path("new/check", new.check, name="plan-check"),
    path("runs/<uuid:run>", runs.page, name="run"),
    path("runs/<uuid:run>/live", runs.live, name="run-live"),
    path("runs/<uuid:run>/cancel", runs.cancel, name="run-cancel"),
    path("runs/<uuid:run>/again", runs.again, name="run-again"),
    path("runs/<uuid:run>/freeze", forecasts.freeze, name="forecast-freeze"),
    path("runs/<uuid:run>/tags", runs.tags, name="run-tags"),
    path("runs/<uuid:run>/token", runs.token, name="run-token"),
    path("runs/<uuid:run>/pick/<slug:key>", runs.pick, name="run-pick"),
    path("runs/<uuid:run>/figures/<slug:name>.json", runs.figure, name="run-figure"),
    path("runs/<uuid:run>/spec.yaml", runs.spec, name="run-spec"),
    path("runs/<uuid:run>/result.json", runs.download, {"form": "json"}, name="run-json"),
    path("runs/<uuid:run>/exports/<slug:form>", runs.export, name="run-export"),
    path("runs/<uuid:run>/result.yaml", runs.download, {"form": "yaml"}, name="run-yaml"),
]

urlpatterns = [
    path("", projects.home, name="home"),
    path("sign-in", account.SignIn.as_view(), name="sign-in"),
    path("sign-out", account.SignOut.as_view(), name="sign-out"),
    path("account", account.page, name="account"),
    path("projects", projects.page, name="projects"),
    path("projects/new", projects.new, name="project-new"),
    path("p/<slug:slug>/", include(in_project)),
]
