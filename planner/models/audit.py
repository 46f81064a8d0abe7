"""Who did what."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from planner.models.fields import DocumentField
from planner.models.project import Project


class AuditEntry(models.Model):
    """One act. A trigger refuses every UPDATE and DELETE."""

    at = models.DateTimeField(db_default=Now(), editable=False, db_index=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", null=True)
    actor_name = models.CharField(max_length=150)
    action = models.CharField(max_length=60)
    target = models.CharField(max_length=200)
    project = models.ForeignKey(Project, models.PROTECT, related_name="+", null=True)
    details = DocumentField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["project", "-at"], name="audit_by_project")]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.action} {self.target}"


class LoginFailure(models.Model):
    """A wrong password from an address; many of them close the door for a while."""

    address = models.GenericIPAddressField()
    at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [models.Index(fields=["address", "at"], name="login_by_address")]

    def __str__(self) -> str:
        return self.address
