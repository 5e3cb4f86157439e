"""What Grafana reads at its start beside the dashboards: data sources, where dashboards lie, contact points.

The same definitions are pushed over HTTP. No file holds a secret: passwords come from Grafana's environment.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import yaml

from dashboards.grafana.tongue import Tongue

PASSWORD_VARIABLE: Final = "TOCSIN_GRAFANA_POSTGRES_PASSWORD"  # noqa: S105 - a name, no secret
"""Grafana's own environment holds the password of its database user under this name."""
CONTACT_POINT: Final = "Tocsin Alertmanager"

_HEADER: Final = (
    "# Made by `tocsin dashboards build`; docs/grafana.md. Do not edit: the next build overwrites it.\n"
)

_SQLITE: Final = """
# The embedded store instead of PostgreSQL: install the plugin (grafana cli plugins install
# frser-sqlite-datasource) and let Grafana's user read the file. The dashboards speak PostgreSQL's SQL; this
# source is for Explore and for panels of your own (docs/store.md has a query).
#
#   - uid: tocsin-sqlite
#     name: Tocsin store (SQLite)
#     type: frser-sqlite-datasource
#     access: proxy
#     jsonData:
#       path: /var/lib/tocsin/tocsin.db
"""


@dataclass(frozen=True)
class Addresses:
    """Where Grafana reaches the others; the defaults are those of `deploy/compose.yaml`."""

    postgres: str = "postgres:5432"
    """`host:port`."""
    database: str = "tocsin"
    user: str = "tocsin_grafana"
    """A role that may only read: `deploy/grafana/reader.sql` makes it."""
    sslmode: str = "disable"
    """`verify-full` wherever the network is not your own."""
    prometheus: str = "http://prometheus:9090"
    alertmanager: str = "http://alertmanager:9093"


def data_sources(addresses: Addresses, password: str) -> list[dict[str, Any]]:
    """The data sources that the dashboards name by uid; `password` is a secret or a `$VARIABLE`."""
    return [
        {
            "uid": "tocsin-postgres",
            "name": "Tocsin store",
            "type": "grafana-postgresql-datasource",
            "access": "proxy",
            "url": addresses.postgres,
            "user": addresses.user,
            "jsonData": {
                "database": addresses.database,
                "sslmode": addresses.sslmode,
                "postgresVersion": 1500,
                "maxOpenConns": 10,
                "timeInterval": "1m",
            },
            "secureJsonData": {"password": password},
        },
        {
            "uid": "tocsin-prometheus",
            "name": "Tocsin metrics",
            "type": "prometheus",
            "access": "proxy",
            "url": addresses.prometheus,
            "jsonData": {"httpMethod": "POST", "timeInterval": "15s"},
        },
        {
            "uid": "tocsin-alertmanager",
            "name": "Tocsin Alertmanager",
            "type": "alertmanager",
            "access": "proxy",
            "url": addresses.alertmanager,
            "jsonData": {"implementation": "prometheus", "handleGrafanaManagedAlerts": False},
        },
    ]


def contact_point(addresses: Addresses) -> dict[str, Any]:
    """Where alert rules that people make in Grafana ring: the Alertmanager that Tocsin's own alerts go to."""
    return {
        "uid": "tocsin-alertmanager",
        "type": "prometheus-alertmanager",
        "settings": {"url": addresses.alertmanager},
        "disableResolveMessage": False,
    }


def files(addresses: Addresses, tongues: Iterable[Tongue]) -> dict[str, str]:
    """Provisioning files by path, for Grafana's folder `provisioning`."""
    sources = data_sources(addresses, f"${PASSWORD_VARIABLE}")
    providers = [
        {
            "name": t.folder_uid,
            "orgId": 1,
            "folder": t.folder,
            "folderUid": t.folder_uid,
            "type": "file",
            "disableDeletion": False,
            "allowUiUpdates": False,
            "updateIntervalSeconds": 30,
            "options": {"path": f"/etc/grafana/dashboards/{t.language}"},
        }
        for t in tongues
    ]
    points = [{"orgId": 1, "name": CONTACT_POINT, "receivers": [contact_point(addresses)]}]
    return {
        "provisioning/datasources/tocsin.yaml": _yaml({"apiVersion": 1, "datasources": sources}) + _SQLITE,
        "provisioning/dashboards/tocsin.yaml": _yaml({"apiVersion": 1, "providers": providers}),
        "provisioning/alerting/tocsin.yaml": _yaml({"apiVersion": 1, "contactPoints": points}),
    }


def _yaml(value: object) -> str:
    text: str = yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=110)
    return _HEADER + text
