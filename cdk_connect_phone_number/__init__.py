"""Amazon Connect phone numbers as AWS CDK constructs that live and die with their stack.

``PhoneNumber`` is one number. ``PhoneNumberProvider`` is the Lambda function behind it, with all
that the function needs; one serves a whole account and Region, and a stack that names none gets its
own.
"""

from .phone_number import PhoneNumber, PhoneNumberType
from .phone_number_base import IPhoneNumber
from .phone_number_provider import IPhoneNumberProvider, PhoneNumberProvider
from .provider.monitoring import ProviderMetrics

__all__ = [
    "IPhoneNumber",
    "IPhoneNumberProvider",
    "PhoneNumber",
    "PhoneNumberProvider",
    "PhoneNumberType",
    "ProviderMetrics",
]
