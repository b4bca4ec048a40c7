"""The editors of a program's draft: outline, canvas, words, settings, YAML; the plan, and the versions."""

from nurture.web.admin.editor import canvas, mails, plan, settings, steps
from nurture.web.admin.editor.door import pages

__all__ = ["canvas", "mails", "pages", "plan", "settings", "steps"]
