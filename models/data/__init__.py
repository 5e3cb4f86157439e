"""Labelled texts for training and measuring."""

from models.data.examples import Corpus, Example, Task
from models.data.sets import FILES, TONE_LABELS, TOPIC_LABELS, data_folder, load_corpus, read_set
from models.data.splits import settle, split, stratified_share

__all__ = [
    "FILES",
    "TONE_LABELS",
    "TOPIC_LABELS",
    "Corpus",
    "Example",
    "Task",
    "data_folder",
    "load_corpus",
    "read_set",
    "settle",
    "split",
    "stratified_share",
]
