"""People, projects and a client that is signed in."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from planner.models import Project
from planner.services import projects

PASSWORD = "a long enough password 7"


@pytest.fixture
def ada(db: None) -> User:
    """The owner."""
    return User.objects.create_user("ada", password=PASSWORD)


@pytest.fixture
def project(ada: User) -> Project:
    """Ada's."""
    return projects.create(ada, "Search LM")


@pytest.fixture
def browser(client: Client, ada: User) -> Client:
    """Ada, signed in."""
    client.force_login(ada)
    return client


@pytest.fixture(autouse=True)
def _quick(settings: Settings) -> None:
    """Files under their own names, so that none need collecting; passwords hashed lightly."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    backend = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": backend}
    settings.WHITENOISE_AUTOREFRESH = True
