"""Rate limit: so many messages an hour, and no more."""

from __future__ import annotations

from alerts.delivery.batch import HOUR, Batch, Facts, Held


class RateLimit:
    """Holds the messages that are over a route's limit until its oldest message is an hour old."""

    def apply(self, batch: Batch, facts: Facts) -> Batch:
        """Let as many groups through as the last hour leaves room for, those that waited longest first."""
        limit = batch.route.max_per_hour
        sent = list(facts.sent)
        for group in batch.groups:
            if len(sent) >= limit:
                until = sent[len(sent) - limit] + HOUR
                batch = batch.decide(group, Held(f"{limit} messages went out within an hour", until))
            else:
                sent.append(facts.now)
        return batch
