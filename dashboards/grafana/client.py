"""Grafana over HTTP, by way of grafana-api: what can go wrong comes back as a message that says what to do.

The legacy API under `/api`, which Grafana 8 to 13 serve; everything is addressed by uid.
https://grafana.com/docs/grafana/latest/developer-resources/api-reference/http-api/
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote, urlsplit

import requests
from grafana_api.grafana_api import GrafanaException
from grafana_api.grafana_face import GrafanaFace

from alerts.settings import is_loopback
from dashboards.grafana.plan import Change, Found, Wanted
from dashboards.text import printable
from pipeline.errors import TocsinError, UsageError

TOKEN_VARIABLE: Final = "TOCSIN_GRAFANA_TOKEN"  # noqa: S105 - a name, no secret
_MESSAGE: Final = "Pushed by tocsin dashboards push"

_CONFLICTS: Final = {
    "version-mismatch": "somebody changed it in the meantime; run again to see what changed",
    "name-exists": "the folder has another dashboard of this title; rename or delete that one",
    "plugin-dashboard": "a dashboard with this uid belongs to a plugin; delete that one",
}


class GrafanaError(TocsinError):
    """Grafana did not do what was asked."""


class UnknownOutcomeError(GrafanaError):
    """No answer came: the change may be there or not."""


class Grafana:
    """One Grafana server; every method raises GrafanaError, whose message holds no token."""

    def __init__(self, url: str, token: str, *, timeout: float = 10.0) -> None:
        """`timeout` is seconds to connect, and again to answer. UsageError where `url` cannot be used."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"--url {printable(url)}: an address such as https://grafana.example:3000")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise UsageError(
                "--url: an address alone, without user, password or query; "
                f"the token goes into {TOKEN_VARIABLE}"
            )
        if parts.scheme == "http" and not is_loopback(url):
            raise UsageError(
                "--url: https, or the token could be read on its way (http only to this machine)"
            )
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        prefix = parts.path.strip("/")
        self.url = f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "") + f"/{prefix}"
        face = GrafanaFace(
            auth=token,
            host=host,
            port=parts.port,
            url_path_prefix=f"{prefix}/" if prefix else "",
            protocol=parts.scheme,
            timeout=timeout,
        )
        # A redirected POST would arrive as a GET, and the token at another address.
        face.api.s.max_redirects = 0
        # No ~/.netrc, and no proxy on the way to this machine itself.
        face.api.s.trust_env = not is_loopback(url)
        face.api.s.hooks["response"].append(_tell_errors_apart)
        self._face = face
        self._timeout = timeout

    def check(self) -> None:
        """Fail at once where the address is not Grafana's, or the token is none."""
        answer = self._call("look at the folders", self._face.folder.get_all_folders)
        if not isinstance(answer, list):
            raise GrafanaError(f"{self.url} answered, but not as Grafana does: is this its address?")

    def find(self, wanted: Wanted) -> Found | None:
        """What Grafana has under that uid."""
        what = f"read {wanted.name}"
        uid = quote(wanted.uid, safe="")
        if wanted.kind == "dashboard":
            told = self._call(what, lambda: self._face.dashboard.get_dashboard(uid), missing=True)
            return None if told is None else _dashboard(told)
        if wanted.kind == "folder":
            told = self._call(what, lambda: self._face.folder.get_folder(uid), missing=True)
        elif wanted.kind == "data source":
            told = self._call(what, lambda: self._face.api.GET(f"/datasources/uid/{uid}"), missing=True)
        else:
            every = self._call(what, lambda: self._face.api.GET("/v1/provisioning/contact-points"))
            told = next((each for each in every if each.get("uid") == wanted.uid), None)
        return None if told is None else Found(told, provisioned=bool(told.get("readOnly")))

    def apply(self, change: Change) -> None:
        """Make it so; nothing to do for `keep`."""
        if change.action == "keep":
            return
        wanted, found = change.wanted, change.found
        what = f"{change.action} {wanted.name}"
        if found is not None and found.provisioned:
            raise GrafanaError(
                f"cannot {what}: it comes out of a file on Grafana's disk (provisioning); change it there"
            )
        self._call(what, self._save(wanted, found), writes=True)

    def _save(self, wanted: Wanted, found: Found | None) -> Callable[[], Any]:
        content, api = dict(wanted.content), self._face.api
        uid = quote(wanted.uid, safe="")
        if wanted.kind == "dashboard":
            content["id"] = None
            content.pop("version", None)
            if found is not None:
                content |= {"id": found.content.get("id"), "version": found.version}
            body = {"dashboard": content, "folderUid": wanted.folder, "message": _MESSAGE, "overwrite": False}
            return lambda: self._face.dashboard.update_dashboard(body)
        if wanted.kind == "folder":
            if found is None:
                return lambda: self._face.folder.create_folder(wanted.title, wanted.uid)
            return lambda: self._face.folder.update_folder(
                wanted.uid, wanted.title, version=found.content.get("version")
            )
        if wanted.kind == "data source":
            if found is None:
                return lambda: self._face.datasource.create_datasource(content)
            content["version"] = found.content.get("version")
            return lambda: api.PUT(f"/datasources/uid/{uid}", json=content)
        # Without provenance, people may edit it in Grafana.
        headers = {"X-Disable-Provenance": "true"}
        if found is None:
            return lambda: api.POST("/v1/provisioning/contact-points", json=content, headers=headers)
        return lambda: api.PUT(f"/v1/provisioning/contact-points/{uid}", json=content, headers=headers)

    def _call(
        self, what: str, call: Callable[[], Any], *, missing: bool = False, writes: bool = False
    ) -> Any:
        """What `call` returns, or None for a 404 where `missing` may be."""
        try:
            return call()
        except GrafanaException as error:
            if error.status_code == 404 and missing:
                return None
            raise GrafanaError(self._refused(what, error)) from None
        except requests.Timeout:
            message = f"cannot {what}: Grafana did not answer within {self._timeout:g} s"
            if writes:
                raise UnknownOutcomeError(f"{message}; it may have done it: run again, to compare") from None
            raise GrafanaError(f"{message}; try again, or give it longer with --timeout") from None
        except requests.TooManyRedirects:
            raise GrafanaError(
                f"{self.url} sends elsewhere (a redirect): give --url the address it ends at"
            ) from None
        except requests.exceptions.SSLError:
            raise GrafanaError(
                f"cannot {what}: the certificate of {self.url} does not hold (REQUESTS_CA_BUNDLE names a CA)"
            ) from None
        except requests.exceptions.JSONDecodeError:
            raise GrafanaError(
                f"{self.url} answered, but not as Grafana does: is this its address?"
            ) from None
        except requests.RequestException as error:
            outcome = UnknownOutcomeError if writes else GrafanaError
            raise outcome(f"cannot {what}: no connection to {self.url} ({type(error).__name__})") from None

    def _refused(self, what: str, error: Any) -> str:
        status, body = int(error.status_code), error.response
        said = body.get("message", "") if isinstance(body, dict) else ""
        kind = body.get("status", "") if isinstance(body, dict) else ""
        detail = f" Grafana says: {printable(str(said), 200)}" if said else ""
        if status == 401:
            advice = f"the token in {TOKEN_VARIABLE} is wrong, expired or revoked"
        elif status == 403:
            advice = (
                "the token may not do this: dashboards and folders need the role Editor, "
                "data sources and contact points Admin"
            )
        elif status == 404:
            advice = (
                f"nothing is there: is {self.url} the whole address, with any path that stands before /api?"
            )
        elif status in (409, 412):
            advice = _CONFLICTS.get(
                str(kind), "it is in conflict with what Grafana has; run again to compare"
            )
        elif status == 429:
            advice = "Grafana asks for a pause; try again later"
        elif status >= 500:
            advice = "Grafana failed; its own log says why. Try again"
        else:
            advice = "Grafana does not take it"
        return f"cannot {what} ({status}): {advice}.{detail}"


def _tell_errors_apart(response: Any, **_: Any) -> None:
    """Stop at an error without JSON, such as a proxy's page, on which grafana-api itself stumbles."""
    if response.status_code < 400:
        return
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise GrafanaException(response.status_code, {}, "")


def _dashboard(told: Any) -> Found:
    meta = told.get("meta", {})
    content = told.get("dashboard", {})
    return Found(
        content,
        folder=meta.get("folderUid", ""),
        version=content.get("version", meta.get("version")),
        provisioned=bool(meta.get("provisioned")),
    )
