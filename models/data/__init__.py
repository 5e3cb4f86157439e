"""Labelled texts for training and measuring."""

from models.data.catalogue import SETS, LabelledSet
from models.data.examples import Corpus, Example, Task
from models.data.sets import TONE_LABELS, data_folder, find_set, load_corpus, read_set
from models.data.splits import TESTS, settle, split, stratified_share

__all__ = [
    "SETS",
    "TESTS",
    "TONE_LABELS",
    "Corpus",
    "Example",
    "LabelledSet",
    "Task",
    "data_folder",
    "find_set",
    "load_corpus",
    "read_set",
    "settle",
    "split",
    "stratified_share",
]
