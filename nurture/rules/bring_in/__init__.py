"""Programs of other tools as programs of ours: an export of a Mautic campaign, a plain table of days.

Pure: what a file says goes in, the plain form of a program, its mails and the sentences about everything that
could not be carried over come out.
"""

from nurture.rules.bring_in.day_plan import from_days
from nurture.rules.bring_in.mautic import from_mautic
from nurture.rules.bring_in.values import Brought, MailWords

__all__ = ["Brought", "MailWords", "from_days", "from_mautic"]
