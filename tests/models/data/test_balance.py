from models.data import Example, Reading, balance, overlaps
from models.taxonomy import TONES
from models.text import text_key


def reading(name: str, *rows: tuple[str, int, str]) -> Reading:
    examples = tuple(
        (
            Example(f"{name}-{i}", name, "tone", text, text_key(text), label, language="zh" if i else "en"),
            part,
        )
        for i, (text, label, part) in enumerate(rows)
    )
    return Reading(name, "tone", examples, (), len(rows))


def test_only_rows_that_can_be_used_count() -> None:
    found = balance(
        reading(
            "own",
            ("Bank fails", 0, "train"),
            ("bank fails!", 0, "train"),
            ("BANK FAILS", 2, "train"),
            ("Even", 0, "train"),
            ("even", 2, "train"),
            ("Profit is up", 2, "train"),
            ("bank: fails", 0, "test"),
            ("Orders grew", 2, "test"),
        ),
        TONES,
    )
    assert (found.rows, found.used) == (8, 3)
    assert [(one.name, one.rows) for one in found.classes] == [
        ("negative", 1),
        ("neutral", 0),
        ("positive", 2),
    ]
    assert sum(one.share for one in found.classes) == 1
    assert found.parts == {"train": 2, "test": 1}
    assert found.languages == {"zh": 2, "en": 1}
    assert found.characters[0.5] == 11
    assert found.characters[1.0] == 12
    assert found.warnings == ("fewer than 20 rows: negative, positive", "no rows: neutral")


def test_a_small_class_is_named() -> None:
    rows = [(f"gain {n}", 2, "") for n in range(970)] + [(f"loss {n}", 0, "") for n in range(30)]
    assert balance(reading("own", *rows), TONES).warnings[0] == "less than 5% of the rows: negative"


def test_a_reading_without_rows_is_all_noughts() -> None:
    found = balance(reading("own"), TONES)
    assert found.used == 0
    assert {one.share for one in found.classes} == {0}


def test_texts_that_two_sets_share_are_counted_once() -> None:
    a = reading("a", ("Bank fails", 0, ""), ("bank fails", 0, ""), ("Oil", 1, ""))
    b = reading("b", ("BANK fails.", 2, ""), ("Gold", 1, ""))
    assert overlaps([a, b, reading("c", ("Tin", 1, ""))]) == (("a", "b", 1),)
