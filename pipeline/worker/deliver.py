"""deliver: alert events into the outbox, and the outbox to whoever wants to hear of them."""

from __future__ import annotations
