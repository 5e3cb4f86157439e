"""Topics of a user's own that nobody has labelled examples of."""

from models.topics.described import THRESHOLD, DescribedTopics, Embed

__all__ = ["THRESHOLD", "DescribedTopics", "Embed"]
