"""Shapes and addresses that well-known programs take, as their public documentation has them.

HubSpot: developers.hubspot.com, CRM API "Contacts", batch upsert by e-mail (so a retry makes no second one);
it refuses a contact without an address, so only leads with one go there.
Pipedrive: developers.pipedrive.com, API v2 "Persons", POST /api/v2/persons, token in `x-api-token`.
amoCRM: amocrm.ru/developers, leads API, POST /api/v4/leads/complex (lead, contact and company at once).
Bitrix24: apidocs.bitrix24.com, crm.item.add with entityTypeId 1 (lead), by an inbound webhook's address.
Slack: docs.slack.dev, "Sending messages using incoming webhooks", "Formatting message text" (& < > stand as
entities) and "Text object": 1 to 3000 characters; `verbatim` makes no links of what a lead has written.
Telegram: core.telegram.org/bots/api, sendMessage; without `parse_mode` a text is shown as it is, so nothing
in it is markup; 4096 characters at most, and what a message carries (webhooks/payload.py) stays below that.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

_HOT = ("lead.hot",)
_SHAPES = files("nurture.webhooks") / "shapes"


@dataclass(frozen=True)
class Preset:
    """One program: the address to fill in, and its headers with what to put there. `document` is where the
    program describes it; `again` whether a retry may make a second entry there; `filter` the condition on the
    message without which the program refuses it ({}: none)."""

    key: str
    name: str
    url: str
    document: str
    headers: Mapping[str, str] = field(default_factory=dict)
    types: tuple[str, ...] = _HOT
    again: bool = True
    filter: Mapping[str, Any] = field(default_factory=dict)

    @property
    def mapping(self) -> str:
        """The shape, from `shapes/<key>.json`."""
        return (_SHAPES / f"{self.key}.json").read_text("utf-8").strip()


PRESETS = (
    Preset(
        "hubspot",
        "HubSpot",
        "https://api.hubapi.com/crm/v3/objects/contacts/batch/upsert",
        "https://developers.hubspot.com/docs/api-reference/crm-contacts-v3/guide",
        {"Authorization": "Bearer YOUR_TOKEN"},
        again=False,
        filter={"field": "data.lead.email", "exists": True},
    ),
    Preset(
        "pipedrive",
        "Pipedrive",
        "https://YOUR-COMPANY.pipedrive.com/api/v2/persons",
        "https://developers.pipedrive.com/docs/api/v1/Persons",
        {"x-api-token": "YOUR_TOKEN"},
    ),
    Preset(
        "amocrm",
        "amoCRM",
        "https://YOUR-ACCOUNT.amocrm.ru/api/v4/leads/complex",
        "https://www.amocrm.ru/developers/content/crm_platform/leads-api",
        {"Authorization": "Bearer YOUR_TOKEN"},
    ),
    Preset(
        "bitrix24",
        "Bitrix24",
        "https://YOUR-PORTAL.bitrix24.com/rest/1/YOUR-CODE/crm.item.add.json",
        "https://apidocs.bitrix24.com/api-reference/crm/universal/crm-item-add.html",
    ),
    Preset(
        "slack",
        "Slack",
        "https://hooks.slack.com/services/YOUR-CODE",
        "https://api.slack.com/messaging/webhooks",
    ),
    Preset(
        "telegram",
        "Telegram",
        "https://api.telegram.org/botYOUR-TOKEN/sendMessage",
        "https://core.telegram.org/bots/api#sendmessage",
    ),
)
NAMED: Mapping[str, Preset] = {preset.key: preset for preset in PRESETS}
