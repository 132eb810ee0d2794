"""The types of phone numbers, for editors to complete and type checkers to check."""

from enum import StrEnum


class PhoneNumberType(StrEnum):
    """A type of phone number that Amazon Connect knows.

    Which types exist in which country:
    https://docs.aws.amazon.com/connect/latest/adminguide/connect-tfn-overview.html
    """

    DID = "DID"
    """Direct inward dialing: a number of a place, also called a local number."""

    TOLL_FREE = "TOLL_FREE"
    """A number whose callers pay nothing."""

    UIFN = "UIFN"
    """Universal international freephone: one toll-free number for several countries."""

    SHARED = "SHARED"
    """A number whose cost caller and owner share."""

    SHORT_CODE = "SHORT_CODE"
    """A short number for messages."""

    THIRD_PARTY_DID = "THIRD_PARTY_DID"
    """A local number of another carrier."""

    THIRD_PARTY_TF = "THIRD_PARTY_TF"
    """A toll-free number of another carrier."""
