"""Labelled texts for training and measuring."""

from models.data.balance import Balance, ClassCount, balance, overlaps
from models.data.catalogue import SETS, LabelledSet
from models.data.examples import Corpus, Example, Task
from models.data.own import OwnSet, read_own
from models.data.reading import Dropped, Reading
from models.data.sets import TONE_LABELS, data_folder, find_set, load_corpus, read_public, read_set
from models.data.splits import TESTS, HoldOut, settle, split, stratified_share

__all__ = [
    "SETS",
    "TESTS",
    "TONE_LABELS",
    "Balance",
    "ClassCount",
    "Corpus",
    "Dropped",
    "Example",
    "HoldOut",
    "LabelledSet",
    "OwnSet",
    "Reading",
    "Task",
    "balance",
    "data_folder",
    "find_set",
    "load_corpus",
    "overlaps",
    "read_own",
    "read_public",
    "read_set",
    "settle",
    "split",
    "stratified_share",
]
