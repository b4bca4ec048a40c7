"""Who may send for a domain, as receivers read it (SPF, RFC 7208)."""

from nurture.net.spf.check import Result, check_host
from nurture.net.spf.terms import BadRecord, Term, of_domain, parse
from nurture.net.spf.walk import Walk, walk

__all__ = ["BadRecord", "Result", "Term", "Walk", "check_host", "of_domain", "parse", "walk"]
