"""Enrolments: a lead inside a chain. State belongs to the run, never to the lead alone."""

from nurture.store.enrollments.settling import Settled, settle_sends, wake_left_by_sales, wake_waiting
from nurture.store.enrollments.table import Enrollment

__all__ = ["Enrollment", "Settled", "settle_sends", "wake_left_by_sales", "wake_waiting"]
