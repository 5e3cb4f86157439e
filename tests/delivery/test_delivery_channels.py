"""Each channel against a real receiver on loopback: what arrives, hostile headlines too, and what follows.

Slack, Teams, Telegram and PagerDuty have fixed addresses: there the request that Apprise made is looked at.
"""

from __future__ import annotations

import base64
import email
import email.policy
import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import requests
from aiosmtpd.controller import Controller
from markdown_it import MarkdownIt

from alerts.delivery import Delivered, Outcome, Refused, Retry
from alerts.delivery.channels.opening import RouteError, open_routes
from alerts.delivery.sparkline import Series, picture
from alerts.events import AlertEvent
from alerts.routes import RouteSettings
from alerts.settings import DeliverySettings
from tests.records import START, alert_event, evidence
from tests.servers import WebhookReceiver, free_port

NOW = datetime(2026, 1, 5, 12, 0, 0, 123000, tzinfo=UTC)
EVIL = (
    "</p><script>alert(1)</script><img src=x onerror=alert(1)>",
    "[Log in here](https://evil.example/login) ![x](https://evil.example/x.png) <https://evil.example>",
    "**bold** _it_ `code` ~~gone~~ # head | cell | <!channel> <@U1> <at id=all></at> @all @everyone @138",
    "go to evil.example or http://evil.example/x now\r\n\r\n- item\n> quote\n## head",
    "\u202egnp.exe \x1b[31mred\x00 &lt;b&gt; *|x|*",
)
EVIL_URLS = (
    "javascript:alert(1)",
    "https://news.example/a)[click](https://evil.example",
    'https://news.example/"onmouseover="alert(1)',
    "https://user:password@evil.example/",
    "https://news.example/<!channel>|x>",
)
PNG = picture(Series(counts=(1, 2, 9), start=START, step_minutes=60, expected=1.5, low=0, high=4, began=2))


def hostile() -> AlertEvent:
    stories = tuple(
        evidence(id=str(n), title=title, source=title[:40], author=title[:30], url=url)
        for n, (title, url) in enumerate(zip(EVIL, EVIL_URLS, strict=True))
    )
    return alert_event(evidence=stories, changed=EVIL[1], cause=EVIL[0])


def tell(
    channel: str,
    url: str,
    event: AlertEvent | None = None,
    *others: AlertEvent,
    secret: str = "",
    language: str = "en",
    png: bytes | None = None,
) -> Outcome:
    secrets = {"secret_env": "SECRET"} if secret else {}
    route = RouteSettings(name="desk", channel=channel, url_env="URL", language=language, **secrets)  # type: ignore[arg-type]
    settings = DeliverySettings(routes=(route,), timeout=5)
    with open_routes(settings, {"URL": url, "SECRET": secret}, lambda _: png) as senders:
        return senders["desk"].send((event or alert_event(), *others), NOW)


def links_of(markdown: str) -> set[str]:
    """Where a CommonMark reader would lead, bare addresses included, and that nothing but links is in it."""
    parsed = MarkdownIt("js-default", {"linkify": False}).parse(markdown)
    found = set()
    for block in parsed:
        assert block.type not in (
            "html_block",
            "blockquote_open",
            "fence",
            "code_block",
            "table_open",
            "hr",
        ), block
        for token in block.children or []:
            assert token.type not in ("html_inline", "image", "s_open", "em_open"), token
            if token.type == "link_open":
                found.add(str(token.attrs["href"]))
    return found


def assert_inert(text: str) -> None:
    """No dialect's trick is left in a text in Markdown or plain."""
    assert "<" not in text
    assert not re.search(r"@\w", text)
    assert not re.search(r"evil\.example", text)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\u202e]", text)


# DingTalk


@pytest.fixture
def robot(hook: WebhookReceiver) -> WebhookReceiver:
    hook.answer_body = b'{"errcode":0,"errmsg":"ok"}'
    return hook


def test_dingtalk_gets_a_signed_message(robot: WebhookReceiver) -> None:
    assert tell("dingtalk", f"{robot.url}?access_token=t0ken", secret="SECabc") == Delivered()
    [post] = robot.posts
    asked = parse_qs(urlsplit(post.path).query)
    stamp = asked["timestamp"][0]
    assert stamp == str(int(NOW.timestamp() * 1000))
    signed = hmac.new(b"SECabc", f"{stamp}\nSECabc".encode(), hashlib.sha256).digest()
    assert asked["sign"] == [base64.b64encode(signed).decode()]
    assert asked["access_token"] == ["t0ken"]
    body = post.json()
    assert body["msgtype"] == "markdown"
    assert "financials" in body["markdown"]["title"]
    assert links_of(body["markdown"]["text"]) == {"https://news.example/1"}


@pytest.mark.parametrize(
    ("channel", "answer", "outcome"),
    [
        ("dingtalk", {"errcode": 310000, "errmsg": "sign not match"}, Refused),
        ("dingtalk", {"errcode": 130101, "errmsg": "send too fast"}, Retry),
        ("feishu", {"code": 19021, "msg": "sign match fail"}, Refused),
        ("feishu", {"code": 11232, "msg": "frequency limited"}, Retry),
        ("feishu", {"StatusCode": 0, "StatusMessage": "success"}, Delivered),
        ("wecom", {"errcode": 93000, "errmsg": "invalid webhook url"}, Refused),
        ("wecom", {"errcode": 45009, "errmsg": "api freq out of limit"}, Retry),
        ("wecom", "<html>captive portal</html>", Retry),
    ],
)
def test_an_error_in_a_body_of_200_is_an_error(
    hook: WebhookReceiver, channel: str, answer: Any, outcome: type[Outcome]
) -> None:
    hook.answer_body = json.dumps(answer).encode()
    result = tell(channel, f"{hook.url}?key=s3cret")
    assert isinstance(result, outcome)
    if isinstance(result, Refused):
        assert str(next(iter(answer.values()))) in result.reason
        assert "s3cret" not in result.reason
    if isinstance(result, Retry) and isinstance(answer, dict):
        assert result.after == 60.0


@pytest.mark.parametrize("channel", ["dingtalk", "feishu", "wecom", "webhook"])
def test_a_robot_in_trouble_is_tried_again(hook: WebhookReceiver, channel: str) -> None:
    hook.answers, hook.answer_headers = [503, 429], {"Retry-After": "9"}
    assert [tell(channel, hook.url).after for _ in range(2)] == [9.0, 9.0]  # type: ignore[union-attr]
    gone = tell(channel, f"http://127.0.0.1:{free_port()}/x?key=s3cret")
    assert isinstance(gone, Retry)
    assert gone.unreachable
    assert "s3cret" not in gone.reason


# Feishu


def test_feishu_gets_a_signed_card(hook: WebhookReceiver) -> None:
    hook.answer_body = b'{"code":0,"msg":"success"}'
    assert (
        tell("feishu", hook.url, alert_event(severity="critical"), secret="abc", language="zh") == Delivered()
    )
    [post] = hook.posts
    body = post.json()
    stamp = body["timestamp"]
    assert stamp == str(int(NOW.timestamp()))
    key = f"{stamp}\nabc".encode()
    assert body["sign"] == base64.b64encode(hmac.new(key, b"", hashlib.sha256).digest()).decode()
    assert body["card"]["header"]["template"] == "red"
    assert "金融" in body["card"]["header"]["title"]["content"]
    assert "负面报道 42 条" in body["card"]["elements"][0]["text"]["content"]


def test_a_card_about_an_end_is_green(hook: WebhookReceiver) -> None:
    hook.answer_body = b'{"code":0}'
    tell("feishu", hook.url, alert_event(3, state="resolved"))
    assert hook.posts[0].json()["card"]["header"]["template"] == "green"


# WeCom


def test_wecom_gets_text_and_chart_within_its_size(robot: WebhookReceiver) -> None:
    many = [evidence(id=str(n), title="银行挤兑 " * 60, url=f"https://news.example/{n}") for n in range(9)]
    assert tell("wecom", robot.url, alert_event(evidence=tuple(many)), language="zh", png=PNG) == Delivered()
    text, image = (post.json() for post in robot.posts)
    content = text["markdown"]["content"]
    assert len(content.encode()) <= 4096
    assert "tocsin alerts show a1" in content, "what had to be cut is told"
    assert "tocsin alerts ack a1 --run live" in content
    assert base64.b64decode(image["image"]["base64"]) == PNG
    assert image["image"]["md5"] == hashlib.md5(PNG or b"").hexdigest()


def test_a_chart_that_fails_is_no_failure(robot: WebhookReceiver) -> None:
    robot.bodies = [b'{"errcode":0}', b'{"errcode":40009}']
    assert tell("wecom", robot.url, png=PNG) == Delivered()


# Webhook


def test_a_webhook_gets_text_events_and_one_key_for_every_try(hook: WebhookReceiver) -> None:
    hook.answers = [500]
    event, other = alert_event(), alert_event(id="b2", key="gold", severity="critical")
    tell("webhook", hook.url, event, other, secret="t0ken")
    assert tell("webhook", hook.url, event, other, secret="t0ken") == Delivered()
    first, second = hook.posts
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
    assert first.headers["Authorization"] == "Bearer t0ken"
    body = second.json()
    assert [each["id"] for each in body["events"]] == ["a1", "b2"]
    assert body["title"] == "2 alerts: gold, financials"
    assert body["severity"] == "critical"


# E-mail


class Inbox:
    """What a real SMTP server was given; it answers as told first."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.answers: list[str] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if self.answers:
            return self.answers.pop(0)
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 taken"


@pytest.fixture
def inbox() -> Iterator[tuple[Inbox, str]]:
    box = Inbox()
    port = free_port()
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    try:
        yield box, f"mailto://127.0.0.1:{port}?from=tocsin@desk.example&to=ann@desk.example"
    finally:
        server.stop()


class Tags(HTMLParser):
    """Tags and addresses of an HTML text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs


def test_a_mail_has_text_chart_and_no_foreign_markup(inbox: tuple[Inbox, str]) -> None:
    box, url = inbox
    assert tell("email", url, hostile(), png=PNG) == Delivered()
    [mail] = box.mails
    assert mail["To"] == "ann@desk.example"
    assert "42 negative stories" in mail["Subject"]
    html = mail.get_body(("html",))
    assert html is not None
    read = Tags(html.get_content())
    assert not read.tags & {"script", "img", "iframe", "style", "form"}
    assert not [name for name, _ in read.attributes if name.startswith("on")]
    hrefs = {value for name, value in read.attributes if name == "href" and value}
    assert all(urlsplit(href).hostname == "news.example" for href in hrefs), hrefs
    pictures = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert [part.get_payload(decode=True) for part in pictures] == [PNG]


def test_a_mail_server_that_is_full_is_tried_again(inbox: tuple[Inbox, str]) -> None:
    box, url = inbox
    box.answers = ["452 4.3.1 disk is full"]
    assert isinstance(tell("email", url), Retry)
    assert tell("email", url) == Delivered()
    assert len(box.mails) == 1


# What Apprise sends to addresses that are not ours


class Wire:
    """Keeps the requests that Apprise makes, and answers them as told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.requests: list[requests.PreparedRequest] = []
        self.status, self.body = 200, b"ok"

        def send(session: Any, request: requests.PreparedRequest, **_: Any) -> requests.Response:
            self.requests.append(request)
            response = requests.Response()
            response.status_code, response._content = self.status, self.body
            return response

        monkeypatch.setattr(requests.Session, "send", send)

    def json(self) -> Any:
        """Body of the only request."""
        [request] = self.requests
        assert request.body is not None
        return json.loads(request.body)


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    return Wire(monkeypatch)


SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#desk"
TEAMS = "workflows://prod-1.westus.logic.azure.com:443/643e69f83c8944/s3cretsignature/"
TELEGRAM = "tgram://123456789:abcdefg_hijklmnop/12315544/"
PAGER = "pagerduty://integrationkey@apikey0123456789"


def test_slack(wire: Wire) -> None:
    assert tell("slack", SLACK, hostile()) == Delivered()
    text = wire.json()["attachments"][0]["text"]
    links = re.findall(r"<([^|>]*)\|?[^>]*>", text)
    assert links
    assert all(urlsplit(link).hostname == "news.example" for link in links), links
    assert_inert(re.sub(r"<https://news\.example/[^|>]*\|", "", text).replace(">", ""))


def test_teams(wire: Wire) -> None:
    wire.status = 202
    assert tell("teams", TEAMS, hostile()) == Delivered()
    texts = re.findall(r'"text": "((?:[^"\\]|\\.)*)"', json.dumps(wire.json()))
    for text in texts:
        for href in links_of(json.loads(f'"{text}"')):
            assert urlsplit(href).hostname == "news.example"


def test_telegram(wire: Wire) -> None:
    wire.body = b'{"ok": true, "result": {}}'
    assert tell("telegram", TELEGRAM, hostile()) == Delivered()
    body = wire.json()
    read = Tags(body["text"]) if body["parse_mode"] == "HTML" else None
    if read is not None:
        assert read.tags <= {"b", "a", "code", "i", "strong"}
        hrefs = {value for name, value in read.attributes if name == "href"}
    else:
        # Its old Markdown writes bold with single stars: ours stand around whole lines.
        hrefs = links_of(re.sub(r"(?m)^\*(.*)\*$", r"\1", body["text"]))
    assert all(urlsplit(str(href)).hostname == "news.example" for href in hrefs)
    assert "s3cret" not in body["text"]


def test_pagerduty_opens_and_resolves_one_incident_an_alert(wire: Wire) -> None:
    wire.status = 202
    assert tell("pagerduty", PAGER, alert_event(severity="critical")) == Delivered()
    opened = wire.json()
    assert (opened["event_action"], opened["payload"]["severity"]) == ("trigger", "critical")
    wire.requests.clear()
    tell("pagerduty", PAGER, alert_event(2, state="resolved"))
    closed = wire.json()
    assert (closed["event_action"], closed["dedup_key"]) == ("resolve", opened["dedup_key"])


@pytest.mark.parametrize(("status", "outcome"), [(404, Refused), (403, Refused), (429, Retry), (500, Retry)])
def test_what_apprise_says_of_a_failure(wire: Wire, status: int, outcome: type[Outcome]) -> None:
    wire.status, wire.body = status, b"no: TIiajkdnlazkcOXrIdevi7FQ"
    result = tell("slack", SLACK)
    assert isinstance(result, outcome)
    assert str(status) in result.reason
    assert "TIiajkdnlazkcOXrIdevi7FQ" not in result.reason


# All at once


@pytest.mark.parametrize("channel", ["dingtalk", "wecom", "feishu"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_hostile_headline_stays_a_headline(robot: WebhookReceiver, channel: str, language: str) -> None:
    robot.answer_body = b'{"errcode":0,"code":0}'
    assert tell(channel, robot.url, hostile(), language=language) == Delivered()
    body = robot.posts[0].json()
    if channel == "feishu":
        text = body["card"]["elements"][0]["text"]["content"]
    else:
        text = body["markdown"]["text" if channel == "dingtalk" else "content"]
    for href in links_of(text):
        assert urlsplit(unquote(href)).hostname == "news.example"
    assert_inert(re.sub(r"\]\(https://news\.example/[^)\s]*\)", "]", text))


@pytest.mark.parametrize("channel", ["webhook"])
def test_plain_text_has_no_link_but_the_stories_own(hook: WebhookReceiver, channel: str) -> None:
    tell(channel, hook.url, hostile())
    text = hook.posts[0].json()["text"]
    found = re.findall(r"https?://\S+", text)
    assert all(urlsplit(address).hostname == "news.example" for address in found)


# Settings that cannot work


@pytest.mark.parametrize(
    ("channel", "url", "says"),
    [
        ("webhook", "", "set the environment variable URL"),
        ("webhook", "ftp://x.example/s3cret", "must hold an http"),
        ("dingtalk", "http://oapi.dingtalk.example/s3cret", "over https"),
        ("slack", "tgram://123456789:s3cret_hijklmnop/12315544/", "wants a URL that begins with slack://"),
        ("email", "s3cret", "Apprise cannot read it"),
    ],
)
def test_a_route_that_cannot_work_says_so_without_its_secret(channel: str, url: str, says: str) -> None:
    with pytest.raises(RouteError, match="route desk") as refused:
        tell(channel, url)
    assert says in str(refused.value)
    assert "s3cret" not in str(refused.value)
