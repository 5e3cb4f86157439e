"""Topic and tone of texts, from a model in the tree or in a folder; no torch needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from models.errors import ModelError
from models.scores import Scores, no_scores, to_scores
from models.serving.golden import check_golden, to_golden
from models.serving.manifest import Manifest, read_manifest
from models.serving.session import Logits, Session
from models.taxonomy import TONES
from models.text import MAX_CHARS

PRESETS = Path(__file__).parents[1] / "presets"


class Classifier:
    """Tells topic and tone of texts.

    A text's scores do not depend on the other texts of a call: scales are static, and every text is padded by
    its own length alone. One instance may be used from several threads at once.
    """

    def __init__(self, manifest: Manifest, tokenizer: Tokenizer, session: Session, batch_tokens: int) -> None:
        self.model: str = manifest.identity
        """Name and hash of the model, as in `tocsin-en-1@1a2b3c4d5e6f`."""
        self.topics: tuple[str, ...] = manifest.topics
        """Topic ids that `Scores.topic` points into."""
        self._manifest = manifest
        self._tokenizer = tokenizer
        self._session = session
        self._batch_tokens = batch_tokens

    @classmethod
    def load(cls, path: str | Path = "en", *, threads: int = 0, batch_tokens: int = 512) -> Classifier:
        """Load a preset by name or a model from a folder, and check it against its golden sentences.

        `threads` 0 takes every core; `batch_tokens` bounds the padded tokens that a thread runs at once (so
        few that what lies between the layers stays in the processor's cache). Raises ModelError when the
        model is missing, damaged, or does not answer as it should.
        """
        folder = model_folder(path)
        manifest = read_manifest(folder)
        if manifest.tones != TONES:
            raise ModelError(f"{folder}: the tones are {manifest.tones}, they must be {TONES}")
        try:
            tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # tokenizers raises bare Exception
            raise ModelError(f"{folder / 'tokenizer.json'} cannot be read: {error}") from error
        tokenizer.enable_truncation(manifest.max_length)
        tokenizer.no_padding()
        classifier = cls(manifest, tokenizer, Session(folder / "model.onnx", threads), batch_tokens)
        texts = [golden.text for golden in manifest.golden]
        if not texts:
            raise ModelError(f"{folder}: model.json has no golden sentences, so the model cannot be checked")
        check_golden(manifest.golden, to_golden(texts, classifier.topics, classifier.classify(texts)))
        return classifier

    def classify(self, texts: Sequence[str]) -> Scores:
        """Score texts as `models.text.model_input` makes them, in their order; no texts give no scores."""
        if not texts:
            return no_scores()
        tone, topic = self.logits(texts)
        temperature_tone, temperature_topic = self.temperatures
        return to_scores(tone, topic, temperature_tone=temperature_tone, temperature_topic=temperature_topic)

    @property
    def temperatures(self) -> tuple[float, float]:
        """What `classify` divides the logits of tone and of topic by, before they become probabilities."""
        return self._manifest.temperature_tone, self._manifest.temperature_topic

    @property
    def training(self) -> Mapping[str, Any]:
        """What `model.json` says of how the model was made: recipe, date, rows and epochs."""
        return self._manifest.training

    def logits(self, texts: Sequence[str]) -> tuple[Logits, Logits]:
        """Logits of every text, (n, 3) tones and (n, topics), before temperatures and rounding."""
        manifest = self._manifest
        if not texts:
            return np.zeros((0, len(manifest.tones)), np.float32), np.zeros(
                (0, len(manifest.topics)), np.float32
            )
        tone, topic = self._session.logits(
            self._ids(texts), pad_id=manifest.pad_id, batch_tokens=self._batch_tokens
        )
        if tone.shape[1] != len(manifest.tones) or topic.shape[1] != len(manifest.topics):
            raise ModelError(
                f"{manifest.name}: the graph has {tone.shape[1]} tones and {topic.shape[1]} topics, "
                f"model.json {len(manifest.tones)} and {len(manifest.topics)}: they do not belong together"
            )
        return tone, topic

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text that the model would read."""
        return [len(ids) for ids in self._ids(texts)]

    def _ids(self, texts: Sequence[str]) -> list[list[int]]:
        # Tokenising a megabyte to read its first 96 tokens would cost a second.
        cut = [text[:MAX_CHARS] for text in texts]
        return [encoding.ids for encoding in self._tokenizer.encode_batch_fast(cut)]


def model_folder(path: str | Path) -> Path:
    """Folder of a preset by name, or the folder that `path` is; ModelError where it is neither."""
    preset = PRESETS / str(path)
    if isinstance(path, str) and preset.parent == PRESETS and preset.is_dir():
        return preset
    if Path(path).is_dir():
        return Path(path)
    names = ", ".join(sorted(entry.name for entry in PRESETS.iterdir() if entry.is_dir()))
    raise ModelError(f"no model {str(path)!r}: it is neither a preset ({names}) nor a folder")
