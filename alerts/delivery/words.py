"""The words of notifications, in English and Chinese; every placeholder takes text that may be hostile."""

from __future__ import annotations

from typing import Literal

from alerts.titles import Watchlists, watchlist_title

Language = Literal["en", "zh"]

WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "replay": "[replay {run}] ",
        "test": "[test] ",
        "surge": "{severity}: {topic}, {observed} negative stories where {expected} are normal",
        "silence": "{severity}: {topic}, silent since {since}",
        "over": "over: {topic}, {observed} negative stories at its height, {expected} normal",
        "heard": "over: {topic}, heard again at {until}",
        "several": "{count} alerts: {topics}",
        "more_topics": "{topics} and {more} more",
        "firing": "Rings since {since} ({severity}).",
        "resolved": "Rang from {since} to {until} ({severity}); it is over.",
        "counts": "{observed} negative stories in {minutes} min; normal {expected}{interval}.",
        "interval": " ({low} to {high} in 95 of 100 normal weeks)",
        "share": " {share} of all stories negative; normal {usual}.",
        "surprise": "Surprise {surprise} (rings from {threshold}): one chance in 10^{surprise}.",
        "copies": "{documents} documents tell these {observed} stories.",
        "capped": "{capped} stories left out: one source or author alone had too many.",
        "cause": "Why: {cause}.",
        "more_news": "more news than usual",
        "worse_news": "worse news than usual",
        "more_and_worse_news": "more news and worse news than usual",
        "other_mix": "other topics than usual, darker ones",
        "parts": "Of the excess: {tone} worse tone, {news} more news, {mix} change of mix.",
        "covers": "With it surge: {topics}.",
        "changed": "Changed: {changed}",
        "escalated": "Changed: severity rose to {severity}.",
        "updated": "Changed: it has grown.",
        "confirmed": "Changed: its minutes are final.",
        "provisional": "Provisional: late documents may still change the figures.",
        "evidence": "What moved it:",
        "told": "told {copies} times",
        "weight": "weight {weight}",
        "more_stories": "and {count} more",
        "budget": "Budget: {budget} false alarms a week for this topic{realised}.",
        "budget_watchlist": "Budget: {budget} false alarms a week for this watchlist{realised}.",
        "realised": "; {realised} so far",
        "silence_why": "No document for {minutes} min where {expected} are normal; last heard {since}.",
        "seen": "Seen it: {command}",
        "mute": "Mute it: {command}",
        "judge": "Judge it: {command}",
        "read": "Read it: {command}",
        "cut": "… cut here; the whole of it: {command}",
        "watch": "watch",
        "warning": "warning",
        "critical": "CRITICAL",
        "overall": "all topics",
        "feed": "feed {name}",
    },
    "zh": {
        "replay": "[回放 {run}] ",
        "test": "[测试] ",
        "surge": "{severity}：{topic}，负面报道 {observed} 条，正常为 {expected} 条",
        "silence": "{severity}：{topic}自 {since} 起无消息",
        "over": "已结束：{topic}，最高时负面报道 {observed} 条，正常为 {expected} 条",
        "heard": "已恢复：{topic}，{until} 重新收到消息",
        "several": "{count} 个告警：{topics}",
        "more_topics": "{topics}等（另有 {more} 个）",
        "firing": "自 {since} 起告警（{severity}）。",
        "resolved": "告警时段 {since} 至 {until}（{severity}），现已结束。",
        "counts": "{minutes} 分钟内负面报道 {observed} 条；正常为 {expected} 条{interval}。",
        "interval": "（正常情况下 95% 在 {low} 至 {high} 条之间）",
        "share": "负面占比 {share}；正常为 {usual}。",
        "surprise": "意外度 {surprise}（达到 {threshold} 即告警），即偶然发生的概率为 10^-{surprise}。",
        "copies": "这 {observed} 条报道共有 {documents} 篇文稿。",
        "capped": "另有 {capped} 条未计入：同一来源或作者数量过多。",
        "cause": "原因：{cause}。",
        "more_news": "报道数量高于平常",
        "worse_news": "报道语气比平常更负面",
        "more_and_worse_news": "报道更多，语气也更负面",
        "other_mix": "话题构成变化，偏负面的话题增多",
        "parts": "超出部分的构成：语气变差 {tone}，报道增多 {news}，构成变化 {mix}。",
        "covers": "同时激增的话题：{topics}。",
        "changed": "变化：{changed}",
        "escalated": "变化：级别升至{severity}。",
        "updated": "变化：势头继续增强。",
        "confirmed": "变化：数据已最终确认。",
        "provisional": "暂定：迟到的文稿仍可能改变数字。",
        "evidence": "主要报道：",
        "told": "共 {copies} 篇",
        "weight": "贡献 {weight}",
        "more_stories": "另有 {count} 条",
        "budget": "预算：该话题每周误报 {budget} 次{realised}。",
        "budget_watchlist": "预算：该自选列表每周误报 {budget} 次{realised}。",
        "realised": "；目前 {realised} 次",
        "silence_why": "已有 {minutes} 分钟没有文稿，正常为 {expected} 篇；最后一次为 {since}。",
        "seen": "确认：{command}",
        "mute": "静音：{command}",
        "judge": "评价：{command}",
        "read": "查看：{command}",
        "cut": "……已截断；完整内容：{command}",
        "watch": "关注",
        "warning": "警告",
        "critical": "严重",
        "overall": "全部话题",
        "feed": "信源 {name}",
    },
}

_TOPICS_ZH = {
    "analyst_update": "分析师评级",
    "fed_central_banks": "央行",
    "company_product_news": "公司与产品",
    "treasuries_corporate_debt": "国债与公司债",
    "dividend": "股息",
    "earnings": "业绩",
    "energy_oil": "能源与石油",
    "financials": "金融",
    "currencies": "外汇",
    "general_news_opinion": "综合新闻与评论",
    "gold_metals_materials": "黄金、金属与原材料",
    "ipo": "首次公开募股",
    "legal_regulation": "法律与监管",
    "ma_investments": "并购与投资",
    "macro": "宏观经济",
    "markets": "市场",
    "politics": "政治",
    "personnel_change": "人事变动",
    "stock_commentary": "个股评论",
    "stock_movement": "股价异动",
}


def say(language: Language, phrase: str, **values: object) -> str:
    """A phrase in a language, its placeholders filled in; the values are not read as placeholders."""
    return WORDS[language][phrase].format(**values)


def topic_name(language: Language, key: str, watchlists: Watchlists) -> str:
    """What a key is called: `financials` → financials or 金融, `feed/wire` → feed wire."""
    title = watchlist_title(key, language, watchlists)
    if title is not None:
        return title
    if key == "overall":
        return WORDS[language]["overall"]
    if key.startswith("feed/"):
        return say(language, "feed", name=key.removeprefix("feed/"))
    if language == "zh" and key in _TOPICS_ZH:
        return _TOPICS_ZH[key]
    return key.replace("_", " ")
