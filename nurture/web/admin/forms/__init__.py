"""Forms: the list of them, one with what came by it and how it gets onto a website, and the editor."""

from nurture.web.admin.forms.door import pages

__all__ = ["pages"]
