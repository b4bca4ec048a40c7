"""A form that asks for consent."""

from typing import Any

WORDS = "Yes, send me articles. I can leave with one click."

PLAN: dict[str, Any] = {
    "title": "Stock check",
    "fields": [
        {"field": "email", "label": "E-mail", "required": True},
        {"field": "first_name", "label": "First name"},
        {"field": "phone", "label": "Phone"},
        {"field": "company", "label": "Company"},
        {"field": "message", "label": "Anything else?"},
        {"field": "bant.budget", "label": "Is there a budget?"},
    ],
    "consents": [{"purpose": "marketing", "wording": WORDS, "required": True}],
    "tags": ["stock"],
}
