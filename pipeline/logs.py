"""How commands log: one line an event on stderr, libraries only when something is wrong."""

from __future__ import annotations

import logging

_CHATTY = ("aiokafka", "faust", "mode", "alembic", "httpx", "httpcore")


def set_up_logging(level: str, who: str = "") -> None:
    """Log to stderr at `level`; libraries that narrate their work are kept to warnings unless it is debug.

    `who` stands before each message, for several processes that log to one place.
    """
    speaker = f"{who} " if who else ""
    logging.basicConfig(
        level=level.upper(), format=f"%(asctime)s %(levelname)-7s {speaker}%(name)s: %(message)s", force=True
    )
    debug = level == "debug"
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.DEBUG if debug else logging.WARNING)
    # kafka-python reports each try to reach a broker as an error; ours says once which, and what to do.
    logging.getLogger("kafka").setLevel(logging.DEBUG if debug else logging.CRITICAL)
