"""Topics of a user's own that nobody has labelled examples of."""

from models.topics.described import THRESHOLD, DescribedTopics, Embed
from models.topics.embedding import open_embed

__all__ = ["THRESHOLD", "DescribedTopics", "Embed", "open_embed"]
