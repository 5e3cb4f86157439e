"""Why a model gives a text its tone and its topic: which words speak for the answer, which against."""

from models.explain.api import explain
from models.explain.explanation import Explanation, HeadExplanation, Word

__all__ = ["Explanation", "HeadExplanation", "Word", "explain"]
