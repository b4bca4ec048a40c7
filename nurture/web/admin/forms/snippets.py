"""How a form gets onto a website: its address, a line of script, and plain HTML for who wants no script."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import escape

from nurture.rules.forms import Asked, FormSpec
from nurture.rules.forms.trap import BAIT
from nurture.rules.words import ENGLISH, _, nearest, speaking


@dataclass(frozen=True, slots=True)
class Snippets:
    """What is copied; `policy` is what a strict Content-Security-Policy of that website has to allow."""

    link: str
    script: str
    html: str
    policy: str


def of(base_url: str, key: str, spec: FormSpec, questions: Sequence[Asked]) -> Snippets:
    """The ways onto a website, the public address being `base_url`."""
    link = f"{base_url}/f/{key}"
    return Snippets(
        link=link,
        script=f'<script async src="{link}.js"></script>',
        html=_html(link, spec, questions),
        policy=f"script-src {base_url}; connect-src {base_url}; form-action {base_url}",
    )


def _html(link: str, spec: FormSpec, questions: Sequence[Asked]) -> str:
    with speaking(nearest(spec.language) or ENGLISH):
        lines = [f'<form action="{link}" method="post">']
        lines += [line for one in questions for line in _question(one)]
        for one in spec.consents:
            must = " required" if one.required else ""
            box = f'<input type="checkbox" name="consent.{escape(one.purpose)}" value="yes"{must}>'
            lines.append(f"  <p><label>{box} {escape(one.wording)}</label></p>")
        lines.append(
            f'  <p style="position:absolute;left:-9999px" aria-hidden="true">'
            f'<input name="{BAIT}" tabindex="-1" autocomplete="off"></p>'
        )
        lines.append(f'  <p><button type="submit">{escape(spec.button or _("Send"))}</button></p>')
    return "\n".join([*lines, "</form>"])


def _question(one: Asked) -> list[str]:
    name, label = escape(one.field.field), escape(one.field.label)
    must = " required" if one.field.required else ""
    if one.kind == "yes_no":
        return [f'  <p><label><input type="checkbox" name="{name}" value="yes"{must}> {label}</label></p>']
    if one.choices:
        words = {"yes": _("Yes"), "partly": _("Partly"), "no": _("No")} if one.kind == "bant" else {}
        options = "".join(
            f'<option value="{escape(choice)}">{escape(words.get(choice, choice))}</option>'
            for choice in one.choices
        )
        field = f'<select name="{name}"{must}><option value=""></option>{options}</select>'
    elif one.kind == "lines":
        field = f'<textarea name="{name}" rows="4"{must}></textarea>'
    else:
        kind = {"email": "email", "phone": "tel", "day": "date"}.get(one.kind, "text")
        field = f'<input type="{kind}" name="{name}"{must}>'
    return [f"  <p><label>{label}<br>{field}</label></p>"]
