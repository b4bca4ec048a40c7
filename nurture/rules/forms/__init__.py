"""What a form asks for, what a person may type into it, and who is let in by it."""

from nurture.rules.forms.answers import Asked, Typed, asked, read_typed
from nurture.rules.forms.reading import read_spec
from nurture.rules.forms.values import FormConsent, FormField, FormSpec

__all__ = ["Asked", "FormConsent", "FormField", "FormSpec", "Typed", "asked", "read_spec", "read_typed"]
