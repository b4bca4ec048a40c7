"""An export of a Mautic campaign as Mautic 7 writes it, made by hand for an invented maker of pumps."""

from typing import Any


def event(number: int, kind: str, type_: str, name: str, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "campaign_id": 7,
        "name": name,
        "description": "",
        "type": type_,
        "event_type": kind,
        "event_order": 1,
        "properties": {},
        "trigger_interval": 0,
        "trigger_interval_unit": "d",
        "trigger_mode": "immediate",
        "trigger_date": None,
        "trigger_hour": None,
        "triggerRestrictedStartHour": None,
        "triggerRestrictedStopHour": None,
        "triggerRestrictedDaysOfWeek": [],
        "triggerWindow": None,
        "decisionPath": "",
        "channel": "",
        "channel_id": 0,
        "parent_id": None,
        "uuid": f"00000000-0000-4000-8000-{number:012}",
    } | more


def after(amount: int, unit: str = "d") -> dict[str, Any]:
    return {"trigger_mode": "interval", "trigger_interval": amount, "trigger_interval_unit": unit}


def email(number: int, name: str, html: str, **more: Any) -> dict[str, Any]:
    return {
        "id": number,
        "translation_parent_id": None,
        "variant_parent_id": None,
        "is_published": True,
        "name": name,
        "subject": f"{name}, {{contactfield=firstname|friend}}",
        "preheader_text": None,
        "from_name": None,
        "plain_text": None,
        "custom_html": html,
        "utm_tags": {"utmSource": None},
        "lang": "en",
        "dynamic_content": [],
    } | more


PAGE = """<!DOCTYPE html><html><head><link rel="stylesheet" href="https://fonts.example/x.css"></head><body>
<p>Hello {contactfield=firstname|there} of {contactfield=company},</p>
<p><a href="https://www.example.com/pumps">The pump</a> {dynamiccontent="Season"}</p>
<p>{{ 7 * 7 }} {unsubscribe_text} {webview_text}</p></body></html>"""


def send(number: int, mail: int, **more: Any) -> dict[str, Any]:
    settings = {"email": mail, "email_type": "marketing"}
    return event(number, "action", "email.send", f"Send {mail}", channel="email", channel_id=mail) | {
        "properties": settings,
        **more,
    }


def export() -> list[dict[str, Any]]:
    """Welcome, then by the click: a tag and a second mail, or after three days a reminder; a question about
    the country, and one that only Mautic can ask."""
    yes, no = {"decisionPath": "yes"}, {"decisionPath": "no"}
    events = [
        send(1, 1),
        event(2, "decision", "email.click", "Clicks welcome", parent_id=1),
        event(3, "action", "lead.changetags", "Tag it", parent_id=2, **yes)
        | {"properties": {"add_tags": ["keen"], "remove_tags": []}},
        send(4, 2, parent_id=3, **after(2), triggerRestrictedDaysOfWeek=[1, 2], trigger_hour="09:30:00"),
        send(5, 3, parent_id=2, **no, **after(3)),
        event(6, "condition", "lead.field_value", "From Germany", parent_id=4)
        | {"properties": {"field": "country", "operator": "=", "value": "Germany"}},
        event(7, "action", "lead.changepoints", "Ten points", parent_id=6, **yes)
        | {"properties": {"points": 10}},
        event(8, "condition", "lead.device", "Has a phone", parent_id=5),
        send(9, 2, parent_id=8, **yes),
        event(10, "action", "campaign.jump_to_event", "Again", parent_id=8, **no)
        | {"properties": {"jumpToEvent": 1}},
    ]
    season = [{"tokenName": "Season", "content": "In winter too.", "filters": []}]
    emails = [
        email(1, "Welcome", PAGE, dynamic_content=season),
        email(2, "The pump", "<p>It pumps.</p>"),
        email(3, "Reminder", "", plain_text="Still there, {contactfield=firstname}?"),
        email(4, "Willkommen", "<p>Hallo {contactfield=firstname}</p>", translation_parent_id=1, lang="de"),
    ]
    return [
        {
            "campaign": [{"id": 7, "name": "Pumps & more", "canvas_settings": {}, "uuid": "x"}],
            "campaign_event": events,
            "email": emails,
            "lists": [{"id": 1, "name": "Newcomers", "alias": "newcomers", "filters": []}],
            "dependencies": [],
        }
    ]
