"""What people see: pages, forms, figures. This app owns no table."""

from django.apps import AppConfig


class FrontendConfig(AppConfig):
    """Pages of the planner."""

    name = "frontend"
    verbose_name = "Pages"
