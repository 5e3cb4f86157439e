import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from models.data import load_corpus
from models.errors import ModelError
from models.text import text_key
from models.topics import open_embed
from models.topics.fit import base_vectors, gather_texts, run
from models.topics.sentence_map import FILE

TEXTS = ["oil rose", "the ipo was priced today", "a splendid win"] * 4


def quiet() -> Console:
    return Console(file=io.StringIO())


def test_a_base_reads_every_text_alone(tiny_base: Path) -> None:
    together = base_vectors(str(tiny_base), "", TEXTS, quiet())
    alone = [base_vectors(str(tiny_base), "", [text], quiet())[0] for text in TEXTS]
    np.testing.assert_allclose(together, np.stack(alone), atol=1e-5)
    assert not np.allclose(together, base_vectors(str(tiny_base), "sales: ", TEXTS, quiet()), atol=1e-3)


@pytest.mark.data
def test_a_served_model_gets_a_map_of_its_own(
    data: Path, tiny_served: Path, tiny_base: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_served, folder)
    assert run(str(folder), str(tiny_base), "", (), 40, quiet()) == folder / FILE
    mapped = open_embed(folder)(TEXTS)
    assert mapped.shape == base_vectors(str(tiny_base), "", TEXTS, quiet()).shape


@pytest.mark.data
def test_no_test_text_is_read(data: Path) -> None:
    tested = {example.key for test in load_corpus(data, ()).tests.values() for example in test}
    texts = gather_texts(("en", "zh"), ["zh/finfe.csv.gz"], 300, seed=1)
    assert len(texts) == 900
    assert not tested & {text_key(text) for text in texts}


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="neither a preset"):
        run(str(tmp_path / "none"), "", "", (), 10, quiet())
