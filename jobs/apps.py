"""The app `jobs`, there for its management commands."""

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "jobs"
