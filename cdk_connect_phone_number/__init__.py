"""Amazon Connect phone numbers as AWS CDK constructs that live and die with their stack.

``PhoneNumber`` is one number. ``PhoneNumberProvider`` is the Lambda function behind it, with all
that the function needs; one serves a whole account and Region, and a stack that names none gets its
own.
"""

from .phone_number import PhoneNumber
from .phone_number_interface import IPhoneNumber
from .phone_number_provider import PhoneNumberProvider
from .phone_number_type import PhoneNumberType
from .provider_interface import IPhoneNumberProvider
from .provider_metrics import ProviderMetrics

__all__ = [
    "IPhoneNumber",
    "IPhoneNumberProvider",
    "PhoneNumber",
    "PhoneNumberProvider",
    "PhoneNumberType",
    "ProviderMetrics",
]
