"""What a node shows with each call: random, kept as a hash, renewed each week, gone with the node."""

from datetime import timedelta

from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from planner.models import Credential, Node, NodeState
from planner.services import secret_words

PREFIX = "nd_"
LIVES = timedelta(days=30)
ROTATES_AFTER = timedelta(days=7)
# A node that did not get the answer with its new credential is given another, but not with every call.
AGAIN_AFTER = timedelta(hours=1)


def issue(node: Node) -> str:
    """A new credential's plain text, which exists nowhere else."""
    plain = secret_words.make(PREFIX)
    Credential.objects.create(node=node, digest=secret_words.digest(plain), expires=Now() + LIVES)
    return plain


def authenticate(plain: str) -> Credential | None:
    """The credential with its node and project, if both are alive. Using it ends the older ones of its node."""
    if not plain.startswith(PREFIX):
        return None
    older = Credential.objects.filter(node=OuterRef("node"), issued__lt=OuterRef("issued"))
    alive = Credential.objects.filter(digest=secret_words.digest(plain), expires__gt=Now())
    found = alive.exclude(node__state=NodeState.REMOVED).annotate(replaces=Exists(older))
    credential = found.select_related("node__project").first()
    if credential is None:
        return None
    if credential.replaces:
        Credential.objects.filter(node=credential.node_id, issued__lt=credential.issued).delete()
    Node.objects.filter(pk=credential.node_id).update(last_seen=Now())
    return credential


def rotate(credential: Credential) -> str:
    """The plain text of the credential that is to replace this one, "" while it is young."""
    due = Credential.objects.filter(pk=credential.pk, issued__lt=Now() - ROTATES_AFTER).exists()
    if not due:
        return ""
    lately = Credential.objects.filter(node=credential.node_id, issued__gt=Now() - AGAIN_AFTER).exists()
    return "" if lately else issue(credential.node)


def revoke(node: Node) -> None:
    """Ends all of the node's credentials at once."""
    Credential.objects.filter(node=node).delete()


def forget_old() -> int:
    """Deletes the credentials that have had their time."""
    return Credential.objects.filter(expires__lt=Now()).delete()[0]
