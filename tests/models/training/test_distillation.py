import gzip
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from models.errors import ModelError
from models.taxonomy import topic_ids
from models.text import text_key
from models.training.distillation import read_texts, teach, unlabelled_texts

TEXTS = ["profit doubled", "oil rose and then it fell again", "the ipo was priced"]


def test_texts_come_from_the_named_column_here_or_under_the_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOCSIN_DATA", str(tmp_path))
    with gzip.open(tmp_path / "a.csv.gz", "wt") as file:
        file.write("id,text,title\n1,A text,A title\n")
    assert list(read_texts("a.csv.gz")) == ["A text"], "under the data folder"
    assert list(read_texts(f"{tmp_path}/a.csv.gz:title")) == ["A title"]
    with pytest.raises(ModelError, match="no column 'body', only id, text, title"):
        list(read_texts("a.csv.gz:body"))
    with pytest.raises(ModelError, match=r"no file of texts b\.csv"):
        list(read_texts("b.csv"))


def test_known_texts_and_copies_are_left_out_and_the_sample_is_seeded() -> None:
    texts = [f"Story {i}" for i in range(50)] + ["STORY 3!", "", "Tested"]
    fresh = unlabelled_texts(texts, known=[text_key("tested")], rows=0, seed=1)
    assert len(fresh) == 50
    some = unlabelled_texts(texts, known=(), rows=10, seed=1)
    assert len(set(some)) == 10
    assert some == unlabelled_texts(texts, known=(), rows=10, seed=1)


def test_answers_are_kept_while_teachers_and_texts_are_the_same(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    cache = tmp_path / "new" / "teachers.safetensors"
    tone, topic = teach([tiny_checkpoint], TEXTS, topic_ids(), cache=cache)
    torch.testing.assert_close(tone.exp().sum(1), torch.ones(3))
    torch.testing.assert_close(topic.exp().sum(1), torch.ones(3))
    twice = teach([tiny_checkpoint, tiny_checkpoint], TEXTS, topic_ids())
    torch.testing.assert_close(twice[0], tone)

    kept = load_file(cache)
    from safetensors import safe_open

    with safe_open(cache, framework="pt") as file:
        metadata = file.metadata()
    save_file({**kept, "tone": torch.full((3, 3), 0.5)}, cache, metadata=metadata)
    assert torch.equal(teach([tiny_checkpoint], TEXTS, topic_ids(), cache=cache)[0], torch.full((3, 3), 0.5))
    again = teach([tiny_checkpoint], TEXTS[::-1], topic_ids(), cache=cache)[0]
    torch.testing.assert_close(again, tone.flip(0))


def test_a_teacher_of_other_topics_is_refused(tiny_checkpoint: Path, tmp_path: Path) -> None:
    (tmp_path / "teacher").mkdir()
    for file in tiny_checkpoint.iterdir():
        (tmp_path / "teacher" / file.name).write_bytes(file.read_bytes())
    (tmp_path / "teacher" / "training.json").write_text('{"topics": ["weather"]}')
    with pytest.raises(ModelError, match="tells other topics"):
        teach([tmp_path / "teacher"], TEXTS, topic_ids())
