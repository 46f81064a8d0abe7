"""Which of our processes are alive."""

from django.db import models
from django.db.models.functions import Now

from planner.models.fields import DocumentField


class Heartbeat(models.Model):
    """The last sign of life of one process: a worker, a dispatcher or a sweeper."""

    component = models.CharField(max_length=20)
    instance = models.CharField(max_length=200)
    seen = models.DateTimeField(db_default=Now())
    details = DocumentField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["component", "instance"], name="heartbeat_once")]

    def __str__(self) -> str:
        return f"{self.component} {self.instance}"
