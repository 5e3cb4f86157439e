"""Settings of detection and delivery; `pipeline.settings` reads them as `[detector]` and `[delivery]`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class DetectorSettings(BaseModel):
    """How a surge is told from the ordinary."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DeliverySettings(BaseModel):
    """Where alerts go; an empty URL switches that receiver off."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    alertmanager_url: str = ""
    webhook_url: str = ""
