"""Topic and tone of texts, from a model in the tree or in a folder; no torch needed."""

from __future__ import annotations

import os
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from models.errors import ModelError
from models.scores import Scores, no_scores, to_scores
from models.serving.backend import BackendName, Floats, Outputs
from models.serving.cache import ENTRIES, CacheInfo, LogitsCache, text_digest
from models.serving.golden import check_golden, to_golden
from models.serving.opening import PRESETS, Opened, model_folder, open_model
from models.serving.reading import MAX_WINDOWS, OVERLAP, LongTexts, Reader, Windows, pool
from models.serving.token_workers import TokenWorkers

__all__ = ["PRESETS", "Classifier", "model_folder"]

T = TypeVar("T")
Read = Callable[[Sequence[str]], Windows]

READERS = 2
"""Chunks of texts that are being tokenised while the model runs."""
FEW_CORES = 4
"""Beside a GPU, with more cores than this, processes of their own tokenise."""


class Classifier:
    """Tells topic and tone of texts.

    A text's scores do not depend on the other texts of a call, to the last bit. One instance may be used from
    several threads at once.
    """

    def __init__(self, opened: Opened, long_texts: LongTexts = "lead", cache: int = ENTRIES) -> None:
        manifest = opened.manifest
        deciding = dict(opened.deciding)
        if long_texts == "windows":
            deciding["long_texts"] = f"windows of {MAX_WINDOWS}, overlap {OVERLAP}, 1/n"
        self.model: str = manifest.identity_with(deciding)
        """Name and hash of all that decides the scores, as in `tocsin-en-1@1a2b3c4d5e6f`."""
        self.topics: tuple[str, ...] = manifest.topics
        """Topic ids that `Scores.topic` points into."""
        self.languages: tuple[str, ...] = manifest.languages
        """BCP 47 tags of the languages that the model was trained for."""
        self.arithmetic: str = opened.backend.arithmetic
        """What the scores are computed in and where: `onnx on cpu`, `bfloat16 on cuda`."""
        self._manifest = manifest
        self._backend = opened.backend
        self._reader = Reader(opened.tokenizer, manifest.max_length, long_texts)
        self.max_chars: int = self._reader.max_chars
        """Characters of a text that it looks at: the limit for `models.text.model_input`."""
        self._workers = _token_workers(self._reader, opened)
        if self._workers:
            weakref.finalize(self, self._workers.close)
        self._cache = LogitsCache(cache) if cache else None
        self._reading = ThreadPoolExecutor(READERS, thread_name_prefix="tokens")

    @classmethod
    def load(
        cls,
        path: str | Path = "en",
        *,
        backend: BackendName = "auto",
        device: str | None = None,
        threads: int = 0,
        batch_tokens: int | None = None,
        long_texts: LongTexts = "lead",
        cache: int = ENTRIES,
    ) -> Classifier:
        """Load a preset by name or a model from a folder, and check it against its golden sentences.

        `backend` is `onnx` (int8, CPU) or `torch` (bfloat16 on CUDA, float32 on the CPU; `device` says
        where); `auto` takes torch where there is a GPU, else onnx. `threads` 0 takes every core,
        `batch_tokens` None what the backend does best with. `long_texts` is `lead`, as much of a text's start
        as the model holds, or `windows`, all of it in pieces. `cache` texts are remembered with their scores,
        0 for none. The torch backend loads checkpoints of training, too, which have no golden sentences.
        Raises ModelError when the model is missing, damaged, or does not answer as it should.
        """
        opened = open_model(path, backend, device=device, threads=threads, batch_tokens=batch_tokens)
        classifier = cls(opened, long_texts, cache)
        classifier._check(opened)
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

    @property
    def cache(self) -> CacheInfo:
        """How often a text's scores were remembered; all 0 without a cache."""
        return self._cache.info() if self._cache else CacheInfo(0, 0, 0, 0)

    def logits(self, texts: Sequence[str]) -> tuple[Floats, Floats]:
        """Logits of every text, (n, 3) tones and (n, topics), before temperatures and rounding."""
        tones = len(self._manifest.tones)
        parts = [self._finish(prepared) for prepared in self._ahead(texts, self._prepare)]
        table = parts[0] if len(parts) == 1 else np.concatenate(parts)
        return table[:, :tones], table[:, tones:]

    def embed(self, texts: Sequence[str]) -> Floats:
        """Mean of the encoder's states over each text, (n, width), for comparing texts by meaning."""
        parts = [
            self._run(windows, pooled=True).pooled
            for windows in self._ahead(texts, lambda chunk, read: read(chunk))
        ]
        pooled = [part for part in parts if part is not None]
        if len(pooled) < len(parts):
            raise ModelError(
                f"{self._manifest.name} gives no embeddings: its graph has no output `pooled`. "
                "Export the model again"
            )
        return np.concatenate(pooled)

    def token_counts(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text that the model would read."""
        windows = self._reader.read(texts)
        counts: list[int] = np.add.reduceat(windows.ids.lengths, windows.firsts).tolist() if texts else []
        return counts

    def _ahead(self, texts: Sequence[str], prepare: Callable[[Sequence[str], Read], T]) -> Iterator[T]:
        """Prepare texts chunk by chunk, in other threads, while the model runs for the chunk before."""
        size = self._backend.chunk
        if len(texts) <= size:
            yield prepare(texts, self._reader.read)
            return
        read = self._workers.read if self._workers else self._reader.read
        ahead: deque[Future[T]] = deque()
        for start in range(0, len(texts), size):
            ahead.append(self._reading.submit(prepare, texts[start : start + size], read))
            if len(ahead) > READERS:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()

    def _prepare(self, texts: Sequence[str], read: Read) -> _Prepared:
        if self._cache is None:
            return _Prepared([], {}, [], read(texts))
        keys = [text_digest(self._reader.cut(text)) for text in texts]
        known = self._cache.get(keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        self._cache.count(len(texts) - len(missing), len(missing))
        return _Prepared(keys, known, list(missing), read(list(missing.values())))

    def _finish(self, prepared: _Prepared) -> Floats:
        """Tone and topic logits of a chunk's texts side by side."""
        outputs = self._run(prepared.windows)
        table = np.concatenate([outputs.tone, outputs.topic], axis=1)
        if self._cache is None:
            return table
        packed, width = table.tobytes(), table.shape[1] * table.itemsize
        fresh = {key: packed[i * width : (i + 1) * width] for i, key in enumerate(prepared.missing)}
        self._cache.put(fresh)
        rows = prepared.known | fresh
        joined = np.frombuffer(b"".join([rows[key] for key in prepared.keys]), np.float32)
        return joined.reshape(len(prepared.keys), table.shape[1])

    def _run(self, windows: Windows, *, pooled: bool = False) -> Outputs:
        return self._belonging(pool(windows, self._backend.logits(windows.ids, pooled=pooled)))

    def _belonging(self, outputs: Outputs) -> Outputs:
        manifest = self._manifest
        tones, topics = outputs.tone.shape[1], outputs.topic.shape[1]
        if (tones, topics) != (len(manifest.tones), len(manifest.topics)):
            raise ModelError(
                f"{manifest.name}: the graph has {tones} tones and {topics} topics, model.json "
                f"{len(manifest.tones)} and {len(manifest.topics)}: they do not belong together"
            )
        return outputs

    def _check(self, opened: Opened) -> None:
        golden = opened.manifest.golden
        if not golden and not opened.is_checkpoint:
            raise ModelError(
                f"{opened.folder}: model.json has no golden sentences, so the model cannot be checked"
            )
        texts = [each.text for each in golden]
        outputs = self._run(self._reader.read(texts))
        said = to_scores(
            outputs.tone,
            outputs.topic,
            temperature_tone=self.temperatures[0],
            temperature_topic=self.temperatures[1],
        )
        check_golden(golden, to_golden(texts, self.topics, said))


class _Prepared(NamedTuple):
    """A chunk of texts before the model has seen it."""

    keys: list[bytes]
    """Of every text, for the cache."""
    known: dict[bytes, bytes]
    """Rows that are remembered."""
    missing: list[bytes]
    """Keys of the texts that are not, each once."""
    windows: Windows
    """What is to be run: the missing texts, or without a cache all."""


def _token_workers(reader: Reader, opened: Opened) -> TokenWorkers | None:
    cores = os.cpu_count() or 1
    if not opened.backend.arithmetic.endswith("cuda") or cores <= FEW_CORES:
        return None
    return TokenWorkers(reader, opened.folder / "tokenizer.json", cores - FEW_CORES // 2)
