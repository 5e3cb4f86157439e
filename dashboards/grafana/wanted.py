"""Everything that a push brings to Grafana, in the order in which it must be there."""

from __future__ import annotations

from collections.abc import Iterable

from dashboards.grafana.files import dashboards
from dashboards.grafana.plan import Wanted
from dashboards.grafana.provisioning import CONTACT_POINT, Addresses, contact_point, data_sources
from dashboards.grafana.tongue import Tongue


def wanted(tongues: Iterable[Tongue], sources: Addresses | None = None, password: str = "") -> list[Wanted]:
    """Folders and dashboards; before them, where `sources` is given, data sources and the contact point."""
    made: list[Wanted] = []
    if sources is not None:
        for source in data_sources(sources, password):
            if not password:
                source = {name: value for name, value in source.items() if name != "secureJsonData"}
            made.append(Wanted("data source", source["uid"], source["name"], source))
        point = {"name": CONTACT_POINT, **contact_point(sources)}
        made.append(Wanted("contact point", point["uid"], CONTACT_POINT, point))
    for t in tongues:
        made.append(Wanted("folder", t.folder_uid, t.folder, {"uid": t.folder_uid, "title": t.folder}))
        made += [
            Wanted("dashboard", board["uid"], board["title"], board, t.folder_uid) for board in dashboards(t)
        ]
    return made
