"""Takes a dead worker out of its consumer group, so that its partitions need not wait for a time-out."""

from __future__ import annotations

import logging

from pipeline.kafka_client import kafka_python_options
from pipeline.settings import Settings
from pipeline.topics import run_prefix
from pipeline.worker.app import client_id

log = logging.getLogger(__name__)

_PATIENCE_MS = 3000


def leave_group(settings: Settings, pid: int) -> None:
    """Have the worker that ran here as `pid`, and is dead, leave the run's consumer group.

    The brokers would notice its silence after `worker.session_timeout`. A failure is logged and does no harm:
    that is then what happens.
    """
    from kafka import KafkaAdminClient
    from kafka.admin import MemberToRemove
    from kafka.errors import KafkaError

    group = run_prefix(settings).removesuffix(".")
    mine = client_id(settings, pid)
    try:
        admin = KafkaAdminClient(
            **kafka_python_options(settings.broker),
            bootstrap_timeout_ms=_PATIENCE_MS,
            request_timeout_ms=_PATIENCE_MS,
        )
        try:
            members = admin.describe_groups([group])[group]["members"]
            gone = [each["member_id"] for each in members if each["client_id"].startswith(mine)]
            if gone:
                admin.remove_group_members(group, [MemberToRemove(member_id=each) for each in gone])
                log.info("took %s out of group %s", ", ".join(gone), group)
        finally:
            admin.close()
    except (KafkaError, OSError, KeyError) as error:
        log.warning("the dead worker's partitions wait for the session to time out: %s", error)
