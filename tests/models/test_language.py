from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.data import read_set
from models.language import LANGUAGES, UNDETERMINED, detect

SAID = {
    "en": ["Lender halts withdrawals as depositors queue", "SHARES OF THE RETAILER FALL 12% AFTER HOURS"],
    "zh": ["央行宣布降准，沪指大涨", "國債殖利率創新高", "特斯拉TSLA盘前跌5%", "a股三大指数收跌"],
    "ja": ["日銀は金融政策の維持を決めた", "トヨタの株価が急落"],
    "ko": ["은행이 연간 전망을 상향했다", "삼성전자 실적 발표"],
    "de": ["Die Bank hebt ihre Prognose für das Gesamtjahr an", "Aktie bricht nach Gewinnwarnung ein"],
    "fr": ["La banque relève ses prévisions pour l'année", "L'action chute après un avertissement"],
    "es": ["El banco eleva sus previsiones para el año", "Las acciones caen tras los resultados"],
    "it": ["La banca alza le stime per l'anno", "Il titolo crolla dopo i conti"],
    "pt": ["O banco elevou as suas previsões para o ano", "As ações caíram depois dos resultados"],
    "nl": ["De bank verhoogt haar verwachting voor dit jaar"],
    "ru": ["Банк повысил прогноз на год"],
    "uk": ["Банк підвищив прогноз на рік"],
    "ar": ["رفع البنك توقعاته للعام"],
    "el": ["Η τράπεζα αύξησε τις προβλέψεις της"],
    "hi": ["बैंक ने साल के लिए अपना अनुमान बढ़ाया"],
    "th": ["ธนาคารปรับเพิ่มคาดการณ์ทั้งปี"],
}


@pytest.mark.parametrize(("language", "text"), [(tag, text) for tag, texts in SAID.items() for text in texts])
def test_headlines_are_told_apart(language: str, text: str) -> None:
    assert detect(text) == language


@pytest.mark.parametrize(
    "text", ["", "   ", "+3.5 %", "📉📉🚀", "$TSLA $AAPL", "https://example.org/news", "。。。"]
)
def test_what_has_no_words_has_no_language(text: str) -> None:
    assert detect(text) == UNDETERMINED


def test_a_few_borrowed_words_do_not_change_the_language() -> None:
    assert detect("Shares of the chipmaker 台积电 rose after strong results in Taipei") == "en"
    assert detect("苹果发布 iPhone 与 MacBook Pro 新品，股价上涨") == "zh"


def test_two_common_words_settle_english_without_a_model() -> None:
    for text in (
        "Shares of Soitec: the results are in",
        "Net sales FELL from EUR 3.9 mn",
        "$AB beats and raises",
    ):
        assert detect(text) == "en"
    for text in ("Die Shares von Siemens fallen nach Zahlen", "La société publie ses résultats"):
        assert detect(text) != "en"


def test_tickers_and_links_say_nothing() -> None:
    assert detect("$SIE $ALV $BMW profits fall short of estimates https://beispiel.de/aktien") == "en"


@given(st.text(max_size=300))
def test_any_text_has_one_answer_also_beside_others(text: str) -> None:
    once = detect(text)
    assert once in (*LANGUAGES, UNDETERMINED)
    with ThreadPoolExecutor(2) as threads:
        assert set(threads.map(detect, [text] * 3)) == {once}


def test_a_megabyte_is_told_by_its_start() -> None:
    assert detect("The bank said it would cut its forecast. " * 25_000) == "en"


@pytest.mark.data
@pytest.mark.parametrize(("name", "language", "least"), [("fpb", "en", 0.99), ("zh_news", "zh", 0.999)])
def test_most_of_a_sets_texts_are_told_right(data: Path, name: str, language: str, least: float) -> None:
    texts = [example.text for example, _ in read_set(data, name)][:1500]
    assert sum(detect(text) == language for text in texts) >= least * len(texts)
