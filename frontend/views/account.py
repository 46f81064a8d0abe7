"""Signing in and out, and a person's own page."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from frontend.views.projects import memberships
from frontend.views.scope import signed_in


class SignIn(LoginView):
    """The sign-in page; someone already signed in goes on to the plans."""

    template_name = "account/sign_in.html"
    redirect_authenticated_user = True


class SignOut(LogoutView):
    """By POST only, and back to the sign-in page."""

    http_method_names = ("post", "options")


@signed_in
def page(request: HttpRequest) -> HttpResponse:
    """Who am I, what am I in, and a new password."""
    form = PasswordChangeForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        user = form.save()
        update_session_auth_hash(request, user)
        messages.success(request, "The password was changed. Other browsers are signed out.")
        return redirect("account")
    context = {"form": form, "roles": memberships(request.user)}
    return render(request, "account/page.html", context, status=422 if form.errors else 200)
