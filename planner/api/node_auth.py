"""Who calls when a node calls: a credential `nd_...`, which opens the four verbs of its own leases and nothing else."""

from http import HTTPStatus
from typing import ClassVar

from django.http import HttpRequest

from planner.api.auth import CHALLENGE, spend
from planner.api.problem import refuse
from planner.models import Credential
from planner.services import credentials, logins


class NodeBearer:
    """`Authorization: Bearer nd_...`; tokens of people and sessions are strangers here."""

    openapi_security_schema: ClassVar[dict[str, str]] = {
        "type": "http",
        "scheme": "bearer",
        "description": "A node's credential: `nd_...`.",
    }

    def __call__(self, request: HttpRequest) -> Credential:
        """The credential with its node. Refusal: 401, 429."""
        scheme, _, plain = request.headers.get("Authorization", "").partition(" ")
        credential = credentials.authenticate(plain.strip()) if scheme.lower() == "bearer" else None
        if credential is None:
            spend(request, f"stranger {logins.address_of(request)}")
            hint = "The node was removed, or its credential has expired. Join again with a new token."
            message = "This is no node's credential."
            challenge = f'{CHALLENGE}, error="invalid_token"'
            raise refuse(HTTPStatus.UNAUTHORIZED, "unauthenticated", message, hint=hint, WWW_Authenticate=challenge)
        spend(request, f"node {credential.node_id}")
        return credential


def credential_of(request: HttpRequest) -> Credential:
    """Which node made this request; ninja has put it there once the authentication above agreed."""
    found: Credential = request.auth  # type: ignore[attr-defined]  # ninja adds it
    return found
