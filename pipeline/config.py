"""Reading settings from a file and the environment, and saying what is wrong with them and where.

Pure but for `read_toml`: texts and mappings in, values and messages out.
"""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, to_jsonable_python

from pipeline.errors import UsageError

Key = tuple[str, ...]
"""Path of a setting: `("broker", "servers")`."""

_PREFIX = "TOCSIN_"
_KEY = "[key]"
"""What pydantic puts behind the name of an entry where the name itself is wrong."""
NOT_SETTINGS = frozenset(
    {
        "TOCSIN_CONFIG",
        "TOCSIN_DATA",
        "TOCSIN_BROKER",
        "TOCSIN_CONSOLE_TOKEN",
        "TOCSIN_API_TOKEN",
        "TOCSIN_LLM_KEY",
    }
)
"""Variables of our prefix that are no settings: the settings file, the data sets and broker of tests, and
tokens and keys of single commands, which belong in no file."""


def fields(model: type[BaseModel], above: Key = ()) -> Iterator[tuple[Key, FieldInfo]]:
    """Every setting of a model and its sections, in the order of their definition."""
    for name, info in model.model_fields.items():
        section = info.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            yield from fields(section, (*above, name))
        else:
            yield (*above, name), info


def read_toml(path: Path) -> tuple[dict[str, Any], dict[Key, int]]:
    """A TOML file's values, and the line of each key; raises UsageError when it cannot be read."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The settings file {path} cannot be read: {error}") from error
    try:
        return tomllib.loads(text), key_lines(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"The settings file {path} is not valid TOML: {error}") from error


_TABLE = re.compile(r"^\s*\[\[?\s*([^\[\]#]+?)\s*\]\]?\s*(?:#.*)?$")
_ENTRY = re.compile(
    r"^\s*((?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'))*)\s*="
)


def key_lines(text: str) -> dict[Key, int]:
    """Line, counted from 1, on which each table and key of a TOML text stands.

    Keys inside inline tables and strings over several lines are not told apart; `line_of` then gives the line
    of the nearest key around them.
    """
    lines: dict[Key, int] = {}
    table: Key = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _TABLE.match(line):
            table = _split(header[1])
            lines.setdefault(table, number)
        elif entry := _ENTRY.match(line):
            lines.setdefault((*table, *_split(entry[1])), number)
    return lines


def line_of(lines: Mapping[Key, int], key: Key) -> int | None:
    """Line of a key, else of the nearest one around it; None when the file says nothing of it."""
    for length in range(len(key), 0, -1):
        if key[:length] in lines:
            return lines[key[:length]]
    return None


def read_environment(
    environ: Mapping[str, str], model: type[BaseModel]
) -> tuple[dict[str, Any], dict[Key, str]]:
    """Settings from `TOCSIN_*` variables (`TOCSIN_BROKER__SERVERS`), and the variable of each.

    Lists and tables are JSON; a list may also be comma-separated.

    Raises:
        UsageError: a variable names no setting, or its JSON cannot be read.
    """
    known = dict(fields(model))
    values: dict[str, Any] = {}
    origins: dict[Key, str] = {}
    for variable in sorted(environ):
        if not variable.upper().startswith(_PREFIX) or variable.upper() in NOT_SETTINGS:
            continue
        key = tuple(variable[len(_PREFIX) :].lower().split("__"))
        if key not in known:
            names = sorted([_variable(key) for key in known] + list(NOT_SETTINGS))
            raise UsageError(
                f"The environment variable {variable} is no setting of Tocsin."
                f"{_suggest(variable.upper(), names)} `tocsin settings` lists them all."
            )
        _put(values, key, _parse(variable, environ[variable], known[key].annotation))
        origins[key] = variable
    return values, origins


def environment(settings: BaseModel, environ: Mapping[str, str]) -> dict[str, str]:
    """Make the environment in which a child process reads these very settings, secrets included."""
    child = {
        name: value
        for name, value in environ.items()
        if not name.upper().startswith(_PREFIX) or name.upper() == "TOCSIN_DATA"
    }
    for key, _ in fields(type(settings)):
        value: Any = settings
        for name in key:
            value = getattr(value, name)
        if isinstance(value, SecretStr):
            value = value.get_secret_value()
        if value is not None:
            plain = isinstance(value, str | Path)
            child[_variable(key)] = str(value) if plain else json.dumps(value, default=to_jsonable_python)
    return child


def merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Two trees of settings as one; where both have a value, that of `above` counts."""
    merged = dict(below)
    for name, value in above.items():
        under = merged.get(name)
        merged[name] = merge(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return merged


def explain(
    errors: Sequence[ErrorDetails],
    model: type[BaseModel],
    path: Path | None,
    lines: Mapping[Key, int],
    variables: Mapping[Key, str],
) -> str:
    """Say of each wrong setting where it stands, what its key is and what is allowed; never its value."""

    def position(error: ErrorDetails) -> int:
        return line_of(lines, tuple(str(part) for part in error["loc"])) or 0

    return "\n".join(_explain(error, model, path, lines, variables) for error in sorted(errors, key=position))


def _explain(
    error: ErrorDetails,
    model: type[BaseModel],
    path: Path | None,
    lines: Mapping[Key, int],
    variables: Mapping[Key, str],
) -> str:
    key = tuple(str(part) for part in error["loc"])
    name = ".".join(part for part in key if not part.isdigit() and part != _KEY)
    variable = next(
        (variables[key[:length]] for length in range(len(key), 0, -1) if key[:length] in variables), None
    )
    line = line_of(lines, key)
    if variable is not None:
        where = variable
    elif path is not None and line is not None:
        where = f"{path}, line {line}"
    else:
        where = "settings"
    if error["type"] == "extra_forbidden":
        section = _section(model, key[:-1])
        names = [".".join((*key[:-1], other)) for other in section.model_fields] if section else []
        return f"{where}: there is no setting `{name}`.{_suggest(name, names)}{_allowed_keys(names)}"
    said = error["msg"].removeprefix("Value error, ").removeprefix("Input ")
    if error["type"] == "model_type":
        said = f"must be a section, [{name}], with settings of its own"
    elif error["type"] == "string_pattern_mismatch":
        # A name that is chosen freely, as a watchlist's, is described where its table is.
        described = dict(fields(model)).get(key[:-2] if key[-1] == _KEY else key)
        said = (
            f"does not fit. It is: {described.description}" if described and described.description else said
        )
    return f"{where}: `{name}`: {said}" if name else f"{where}: {said}"


def _section(model: type[BaseModel], key: Key) -> type[BaseModel] | None:
    for part in key:
        info = model.model_fields.get(part)
        if info is None or not (isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel)):
            return None
        model = info.annotation
    return model


def _suggest(name: str, names: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, names, n=1)
    return f" Did you mean `{close[0]}`?" if close else ""


def _allowed_keys(names: Sequence[str]) -> str:
    return f" Allowed here: {', '.join(names)}." if names else ""


def _variable(key: Key) -> str:
    return _PREFIX + "__".join(key).upper()


def _split(dotted: str) -> Key:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def _put(values: dict[str, Any], key: Key, value: Any) -> None:
    for part in key[:-1]:
        values = values.setdefault(part, {})
    values[key[-1]] = value


def _parse(variable: str, text: str, annotation: Any) -> Any:
    kinds = {get_origin(kind) or kind for kind in _alternatives(annotation)}
    if type(None) in kinds and not text:
        return None
    if not kinds & {list, tuple, dict, set, frozenset}:
        return text
    if dict not in kinds and not text.lstrip().startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise UsageError(
            f"The environment variable {variable} is not the JSON it must be: {error}"
        ) from error


def _alternatives(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)


def shown(value: Any, info: FieldInfo) -> Any:
    """A setting's value as it may be printed: secrets masked, of private URLs the host alone."""
    if isinstance(value, SecretStr):
        return "**********" if value.get_secret_value() else ""
    if isinstance(value, Path):
        return str(value)
    if not isinstance(value, str) or "://" not in value:
        return to_jsonable_python(value)
    if not info.repr and value.startswith("http"):
        return re.sub(r"(://)(?:[^/@]*@)?([^/?#]*).*", r"\1\2/…", value)
    return re.sub(r"(://[^/@:]*):[^/@]*@", r"\1:***@", value)
