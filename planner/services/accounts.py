"""Accounts of people."""

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from planner.services import audit
from planner.services.errors import Invalid, invalid
from solvers.errors import Problem


@transaction.atomic
def create(name: str, password: str) -> User:
    """A new account that can sign in; Invalid says what is wrong with the name or the password."""
    user = User(username=name)
    try:
        user.clean_fields(exclude=["password"])
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(*(Problem("account", message, "", "Choose another one.") for message in error.messages)) from None
    if User.objects.filter(username=name).exists():
        raise invalid("account", f"There is a user called '{name}' already.", at="/name")
    user.set_password(password)
    user.save()
    audit.record(None, "account.created", name)
    return user
