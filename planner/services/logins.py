"""Wrong passwords from one address close the door for an hour."""

from datetime import timedelta
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils import timezone

from planner.models import LoginFailure

WINDOW = timedelta(hours=1)


class ThrottledBackend(ModelBackend):
    """Django's own backend, which does not even look at the password while the address has to wait."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User | None:
        if request is not None and wait_s(address_of(request)):
            raise PermissionDenied
        return super().authenticate(request, username=username, password=password, **kwargs)


def address_of(request: HttpRequest) -> str:
    """The client's address: the nearest one that none of our own proxies has written."""
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",") if hop.strip()]
    trusted = settings.TRUSTED_PROXIES
    address = hops[-trusted] if trusted and len(hops) >= trusted else request.META.get("REMOTE_ADDR", "")
    try:
        return str(ip_address(address))
    except ValueError:
        return "0.0.0.0"  # noqa: S104 -- not bound to: one bucket for callers on a Unix socket


def wait_s(address: str) -> int:
    """Seconds until this address may try again, 0 if it may now."""
    most = settings.LOGIN_FAILURES_PER_HOUR
    recent = LoginFailure.objects.filter(address=address, at__gt=Now() - WINDOW).order_by("-at")
    latest = list(recent.values_list("at", flat=True)[:most])
    return max(1, int((latest[-1] + WINDOW - timezone.now()).total_seconds())) if len(latest) >= most else 0


def failed(address: str) -> None:
    """Remembers a wrong password."""
    LoginFailure.objects.create(address=address)


def forget_old() -> int:
    """Deletes what no longer counts."""
    return LoginFailure.objects.filter(at__lt=Now() - WINDOW).delete()[0]
