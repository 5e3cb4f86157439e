"""What the console says, in English and Chinese: one file a language, and which one a reader gets."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from html import escape
from pathlib import Path

from alerts.titles import UNTITLED, Watchlists, watchlist_title
from models.taxonomy import load_topics

LANGUAGES = ("en", "zh")
TAGS = {"en": "en", "zh": "zh-CN"}
"""What each is called in HTML."""
_FOLDER = Path(__file__).with_name("text")


@cache
def words(lang: str) -> Mapping[str, str]:
    """Every sentence of the console by its name; `{n}` in one stands for a value."""
    return tomllib.loads((_FOLDER / f"{lang}.toml").read_text(encoding="utf-8"))


@cache
def topic_names(lang: str) -> Mapping[str, str]:
    """Names of the built-in topics and of `overall`, by id."""
    names = {topic.id: topic.name_zh if lang == "zh" else topic.name_en for topic in load_topics()}
    return {**names, "overall": words(lang)["overall"]}


def topic_name(lang: str, key: str, watchlists: Watchlists = UNTITLED) -> str:
    """What a key is called: a watchlist by its title, a topic of somebody's own taxonomy by its id."""
    title = watchlist_title(key, lang, watchlists)
    if title is not None:
        return title
    return topic_names(lang).get(key) or key.replace("_", " ")


def language(chosen: str | None, accepted: str | None) -> str:
    """The language that a reader chose, else the first that the browser accepts and we have."""
    if chosen in LANGUAGES:
        return str(chosen)
    for part in (accepted or "").split(","):
        code = part.split(";")[0].strip().lower()[:2]
        if code in LANGUAGES:
            return code
    return LANGUAGES[0]


def login_page(lang: str, problem: str = "") -> str:
    """The page that asks for the token, whole: it needs no script and no other file."""
    said = words(lang)
    alert = f'<p role="alert" class="bad">{escape(said[problem])}</p>' if problem else ""
    return (
        f'<!doctype html><html lang="{TAGS[lang]}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(said['login'])} · Tocsin</title><style>{_STYLE}</style></head><body><main>"
        f"<h1>Tocsin</h1><form method='post' action='/login'>{alert}"
        f"<label for='token'>{escape(said['login_token'])}</label>"
        "<input id='token' name='token' type='password' autocomplete='current-password' required autofocus>"
        f"<button>{escape(said['login'])}</button></form></main></body></html>"
    )


_STYLE = (
    ":root{color-scheme:light dark}body{margin:0;min-height:100vh;display:grid;place-items:center;"
    "font:16px/1.5 system-ui,'Noto Sans CJK SC',sans-serif;background:light-dark(#f4f6f9,#0e131a);"
    "color:light-dark(#16202e,#e6ebf2)}main{width:min(22rem,90vw)}h1{letter-spacing:.02em}"
    "form{display:grid;gap:.6rem}input,button{font:inherit;padding:.6rem .8rem;border-radius:.5rem;"
    "border:1px solid light-dark(#8793a3,#5b6878);background:light-dark(#fff,#151c26);color:inherit}"
    "button{background:#1f5fbf;border-color:#1f5fbf;color:#fff;cursor:pointer}"
    ".bad{margin:0;color:light-dark(#a4232b,#ff9c94)}"
)
