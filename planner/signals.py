"""What Django tells us about sign-ins: each is audited, and a wrong password counts against its address."""

from typing import Any

from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from planner.services import audit, logins


@receiver(user_logged_in)
def signed_in(request: HttpRequest, user: User, **_: Any) -> None:
    audit.record(user, "account.signed_in", user.username, details={"address": logins.address_of(request)})


@receiver(user_logged_out)
def signed_out(user: User | None, **_: Any) -> None:
    if user is not None:
        audit.record(user, "account.signed_out", user.username)


@receiver(user_login_failed)
def sign_in_failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    if request is None:
        return
    address = logins.address_of(request)
    if not logins.wait_s(address):
        logins.failed(address)
        name = str(credentials.get("username", ""))[:150]
        audit.record(None, "account.sign_in_failed", name, details={"address": address})
