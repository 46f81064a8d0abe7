"""Work in the background: the Celery app, the supervised child that solves, and the sweeper. It owns no table."""
