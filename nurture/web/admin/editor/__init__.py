"""The editors of a program's draft: outline, words, settings, YAML; the plan, and the versions."""

from nurture.web.admin.editor import mails, plan, settings, steps
from nurture.web.admin.editor.door import pages

__all__ = ["mails", "pages", "plan", "settings", "steps"]
