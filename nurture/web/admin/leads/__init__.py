"""Leads: the list with its filters and views, changes of many at once, and the card of one."""

from nurture.web.admin.leads import card, changing, consenting, editing, exporting, judging, listing, views
from nurture.web.admin.leads.part import pages

__all__ = ["card", "changing", "consenting", "editing", "exporting", "judging", "listing", "pages", "views"]
