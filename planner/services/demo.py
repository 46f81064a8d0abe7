"""What a first visitor finds: a project whose runs are the example specs of every kind, solved by the real worker."""

from django.contrib.auth.models import User

from planner.models import Project, Run, Source
from planner.services import accounts, projects, runs
from solvers import documents, kinds

USER = "demo"
PROJECT = "Demo"


def prepare(password: str) -> tuple[User, Project]:
    """The demo's user and project, made if they are missing; a password that was changed stays changed."""
    user = User.objects.filter(username=USER).first() or accounts.create(USER, password)
    project = projects.for_user(user).filter(name=PROJECT, created_by=user).first() or projects.create(user, PROJECT)
    return user, project


def submit_examples(user: User, project: Project) -> list[Run]:
    """Queues each example that the project has no run of yet."""
    known = set(Run.objects.filter(project=project, source=Source.DEMO).values_list("spec_text", flat=True))
    texts = [text for kind in kinds.names() for text in kinds.examples(kind).values()]
    return [_submit(project, text, user=user) for text in texts if text not in known]


def _submit(project: Project, text: str, *, user: User) -> Run:
    return runs.submit(project, documents.read(text), user=user, source=Source.DEMO, text=text, fresh=True).run
