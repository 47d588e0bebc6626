"""Moments as Keystone takes and shows them: ISO 8601, UTC when no offset is given."""

from __future__ import annotations

from datetime import UTC, datetime

from brume.cloud.errors import BadRequest


def read_moment(text: str) -> float:
    """Seconds since 1970; raises BadRequest."""
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise BadRequest(
            "Timestamp not in expected format. The server could not comply with the request since it is either "
            "malformed or otherwise incorrect. The client is assumed to be in error."
        ) from None


def check_moment(value: object) -> str | None:
    """The check of an attribute that is a moment or null."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not of type 'string'")
    read_moment(value)
    return value
