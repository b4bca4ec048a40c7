"""Ids that sort by time: UUID version 7 (RFC 9562, section 5.7), from given time and noise."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

NOISE_BYTES = 10
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def uuid7(millis: int, noise: bytes) -> UUID:
    """The id for `millis` since 1970 (UTC) and ten bytes of noise, 74 bits of which are used.

    Raises ValueError for a time before 1970 or after the year 10889, or for noise of another length.
    """
    if not 0 <= millis < 1 << 48 or len(noise) != NOISE_BYTES:
        raise ValueError("a UUIDv7 needs 48 bits of milliseconds and ten bytes of noise")
    bits = int.from_bytes(noise, "big")
    high = (bits >> 62) & 0xFFF
    low = bits & ((1 << 62) - 1)
    return UUID(int=millis << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)


def millis_of(moment: datetime) -> int:
    """Whole milliseconds since 1970 of an aware instant."""
    return (moment - _EPOCH) // _MILLISECOND


def time_of(number: UUID) -> datetime:
    """The instant, to the millisecond in UTC, that a UUIDv7 was made for."""
    return _EPOCH + timedelta(0, 0, 0, number.int >> 80)
