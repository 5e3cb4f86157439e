"""Both languages say everything, and the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import dashboards.console
from dashboards.console.words import LANGUAGES, language, login_page, topic_name, words

FOLDER = Path(dashboards.console.__file__).parent
SLOT = re.compile(r"\{(\w+)\}")


def test_chinese_says_what_english_says() -> None:
    english, chinese = words("en"), words("zh")
    # Chinese does not tell one from many.
    assert {name for name in english if not name.endswith("_1") or name in chinese} == set(chinese)
    for name, text in chinese.items():
        assert set(SLOT.findall(text)) == set(SLOT.findall(english[name])), name
        assert english[name] and text


def test_every_word_that_a_component_asks_for_is_there() -> None:
    asked = set()
    for file in FOLDER.glob("parts/*.js"):
        asked |= set(re.findall(r"""\bt\(["'](\w+)["'][,)]""", file.read_text("utf-8")))
    assert asked and asked <= set(words("en")), asked - set(words("en"))


def test_every_word_that_python_asks_for_is_there() -> None:
    asked = set()
    for file in FOLDER.rglob("*.py"):
        asked |= set(re.findall(r"""\bsay\("(\w+)"[,)]""", file.read_text("utf-8")))
    assert asked and asked <= set(words("en")), asked - set(words("en"))


@pytest.mark.parametrize(
    ("chosen", "accepted", "lang"),
    [
        ("zh", "en", "zh"),
        (None, "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("fr", "fr-FR,en;q=0.8", "en"),
        (None, None, "en"),
        ("<b>", "*", "en"),
    ],
)
def test_a_reader_gets_what_was_chosen_else_what_the_browser_reads(
    chosen: str | None, accepted: str | None, lang: str
) -> None:
    assert language(chosen, accepted) == lang


def test_topics_have_names_and_those_of_another_taxonomy_their_ids() -> None:
    for lang in LANGUAGES:
        assert topic_name(lang, "fed_central_banks") not in ("", "fed_central_banks")
        assert topic_name(lang, "own_topic") == "own topic"


def test_the_login_page_says_what_was_wrong() -> None:
    assert "role" not in login_page("en")
    assert words("en")["login_wrong"] in login_page("en", "login_wrong")
