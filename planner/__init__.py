"""The Django project, and the only app with tables."""
