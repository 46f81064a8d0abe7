"""Progress that writes to the run, and hears on the same occasion whether to go on."""

import threading
import time

import structlog
from django.conf import settings
from django.db import Error, connection

from jobs.supervise import Heed, Verdict
from planner.services import claims
from planner.services.claims import Claim
from solvers.documents import Document

log = structlog.get_logger(__name__)


def watcher(claim: Claim, stopping: threading.Event) -> Heed:
    """What a solve calls about each second: it writes news, renews the lease in time, and says whether to go on.

    While the database does not answer, the solve goes on until the lease must have run out: then another worker may
    have the run, and this one gives up.
    """
    renewed = time.monotonic()

    def heed(news: Document | None) -> Verdict:
        nonlocal renewed
        if stopping.is_set():
            return Verdict.RELEASE
        now = time.monotonic()
        try:
            due = news is not None or now >= renewed + settings.RENEW_S
            renewal = claims.renew(claim, progress=news) if due else claims.look(claim)
        except Error:
            log.warning("database_away", exc_info=True)
            connection.close()
            return Verdict.ABANDON if now >= renewed + settings.LEASE_S else Verdict.GO
        if not renewal.held:
            return Verdict.ABANDON
        renewed = now if due else renewed
        return Verdict.CANCEL if renewal.cancel else Verdict.GO

    return heed
