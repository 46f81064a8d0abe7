"""The composition root of addresses: the API's first, then the pages."""

from django.urls import include, path

urlpatterns = [
    path("", include("planner.api.urls")),
    path("", include("frontend.urls")),
]

handler400 = "frontend.views.errors.bad_request"
handler403 = "frontend.views.errors.forbidden"
handler404 = "frontend.views.errors.not_found"
handler500 = "frontend.views.errors.server_error"
