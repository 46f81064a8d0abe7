"""Signing in and out, and a person's own page."""

from math import ceil
from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpResponse
from django.shortcuts import redirect, render

from frontend.views.projects import memberships
from frontend.views.scope import SignedIn, signed_in
from planner.services import logins


class SignIn(LoginView):
    """The sign-in page; someone already signed in goes on to the plans."""

    template_name = "account/sign_in.html"
    redirect_authenticated_user = True

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        """Says how long to wait where this address has tried too often."""
        wait_s = logins.wait_s(logins.address_of(self.request)) if self.request.method == "POST" else 0
        return super().get_context_data(wait_minutes=ceil(wait_s / 60), **context)


class SignOut(LogoutView):
    """By POST only, and back to the sign-in page."""

    http_method_names = ("post", "options")


@signed_in
def page(request: SignedIn) -> HttpResponse:
    """Who am I, what am I in, and a new password."""
    form = PasswordChangeForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = form.save()
        update_session_auth_hash(request, user)
        messages.success(request, "The password was changed. Other browsers are signed out.")
        return redirect("account")
    context = {"form": form, "roles": memberships(request.user)}
    return render(request, "account/page.html", context, status=422 if form.errors else 200)
