"""What a job says while it runs: kept for each lease, up to a limit, and shown without what could act on a terminal."""

import re
import unicodedata
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import F, Value
from django.db.models.functions import Concat, Length, Substr

from planner.models import Job, Lease, Node
from planner.services import leases

# Characters of one lease's log.
MOST = 1024 * 1024
CUT = "\n[The log is cut here: no more than 1 MiB is kept.]\n"
HARMLESS = "\n\t"


@dataclass(frozen=True)
class Log:
    """A piece of the latest lease's log from `offset` on; `length` is where the next piece begins."""

    fence: int
    offset: int
    length: int
    text: str


def append(node: Node, job_id: UUID, *, fence: int, offset: int, text: str) -> int:
    """Writes `text` at `offset` (in characters) and returns where the next text goes.

    What is there already is not written twice, and what would leave a gap is not written: the answer then says from
    where to send again. Refused as `leases.renew` refuses.
    """
    length = _append(node, job_id, fence, offset, text)
    if length is None:
        raise leases.refusal(node, job_id, fence=fence, verb="log")
    return length


def read(job: Job, *, offset: int = 0) -> Log:
    """What was said from `offset` on, fit to be shown."""
    said = Lease.objects.filter(job=job).order_by("-fence").annotate(length=Length("log"))
    lease = said.annotate(rest=Substr("log", offset + 1)).values("fence", "length", "rest").first()
    if lease is None:
        return Log(fence=0, offset=0, length=0, text="")
    return Log(fence=lease["fence"], offset=offset, length=lease["length"], text=shown(lease["rest"]))


def shown(text: str) -> str:
    """The text with control characters, and those that turn the direction of writing, written as escapes."""
    return re.sub(r"[^\x20-\x7e]", lambda match: _shown(match[0]), text.replace("\r\n", "\n"))


def _shown(character: str) -> str:
    if character in HARMLESS or unicodedata.category(character) not in {"Cc", "Cf", "Zl", "Zp"}:
        return character
    return character.encode("unicode_escape").decode()


@transaction.atomic
def _append(node: Node, job_id: UUID, fence: int, offset: int, text: str) -> int | None:
    held = Lease.objects.filter(job=job_id, node=node, fence=fence, ended=None)
    lease = held.select_for_update().annotate(length=Length("log")).values("id", "length").first()
    if lease is None:
        return None
    length: int = lease["length"]
    if length > MOST:
        return max(length, offset + len(text))
    fresh = text[length - offset :] if offset <= length else ""
    if length + len(fresh) > MOST:
        fresh = fresh[: MOST - length] + CUT
    if fresh:
        Lease.objects.filter(id=lease["id"]).update(log=Concat(F("log"), Value(fresh)))
    return length + len(fresh)
