"""Amazon Connect phone numbers as AWS CDK constructs that live and die with their stack.

``PhoneNumber`` is one number. ``PhoneNumberProvider`` is the Lambda function behind it, with everything
that the function needs. One provider can serve a whole account and Region. A stack that names no
provider gets its own.
"""

from .phone_number import PhoneNumber, PhoneNumberType
from .phone_number_base import IPhoneNumber
from .phone_number_pool import IPhoneNumberPool, PhoneNumberPool
from .phone_number_provider import IPhoneNumberProvider, PhoneNumberProvider
from .provider.budget import PhoneNumberBudget
from .provider.monitoring import ProviderMetrics

__all__ = [
    "IPhoneNumber",
    "IPhoneNumberPool",
    "IPhoneNumberProvider",
    "PhoneNumber",
    "PhoneNumberBudget",
    "PhoneNumberPool",
    "PhoneNumberProvider",
    "PhoneNumberType",
    "ProviderMetrics",
]
