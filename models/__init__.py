"""Text in; topic and tone out.

Serving needs ONNX Runtime and tokenizers alone; what trains (`models.train`, `models.export`) needs the extra
`train`.
"""

from models.classifier import Classifier
from models.errors import ModelError
from models.scores import Scores
from models.taxonomy import TONES, Topic, load_topics, topic_ids
from models.text import model_input

__all__ = ["TONES", "Classifier", "ModelError", "Scores", "Topic", "load_topics", "model_input", "topic_ids"]
