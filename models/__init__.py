"""Text in; topic and tone out.

Serving needs ONNX Runtime and tokenizers alone; what trains and exports needs the extra `train`.
"""

from models.errors import ModelError
from models.scores import Scores
from models.serving.classifier import Classifier
from models.taxonomy import TONES, Topic, load_topics, topic_ids
from models.text import model_input

__all__ = ["TONES", "Classifier", "ModelError", "Scores", "Topic", "load_topics", "model_input", "topic_ids"]
