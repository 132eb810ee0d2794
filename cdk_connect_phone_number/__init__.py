"""Amazon Connect phone numbers as AWS CDK constructs that live and die with their stack.

``PhoneNumber`` is one number. ``PhoneNumberProvider`` is the Lambda function behind it, with everything
that the function needs. One provider can serve a whole account and Region. A stack that names no
provider gets its own.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .phone_number import PhoneNumber, PhoneNumberType
    from .phone_number_base import IPhoneNumber
    from .phone_number_dashboard import PhoneNumberDashboard
    from .phone_number_hook import PhoneNumberHook
    from .phone_number_pool import IPhoneNumberPool, PhoneNumberPool
    from .phone_number_provider import IPhoneNumberProvider, PhoneNumberProvider
    from .plan_validation import PhoneNumberPlanValidation
    from .provider.budget import PhoneNumberBudget
    from .provider.monitoring import ProviderMetrics

__all__ = [
    "IPhoneNumber",
    "IPhoneNumberPool",
    "IPhoneNumberProvider",
    "PhoneNumber",
    "PhoneNumberBudget",
    "PhoneNumberDashboard",
    "PhoneNumberHook",
    "PhoneNumberPlanValidation",
    "PhoneNumberPool",
    "PhoneNumberProvider",
    "PhoneNumberType",
    "ProviderMetrics",
]

# The constructs are imported when they are first used: aws-cdk-lib starts Node, which takes seconds, and the operators'
# command in ``cli`` needs none of it. https://peps.python.org/pep-0562/
_MODULES = {
    "IPhoneNumber": "phone_number_base",
    "IPhoneNumberPool": "phone_number_pool",
    "IPhoneNumberProvider": "phone_number_provider",
    "PhoneNumber": "phone_number",
    "PhoneNumberBudget": "provider.budget",
    "PhoneNumberDashboard": "phone_number_dashboard",
    "PhoneNumberHook": "phone_number_hook",
    "PhoneNumberPlanValidation": "plan_validation",
    "PhoneNumberPool": "phone_number_pool",
    "PhoneNumberProvider": "phone_number_provider",
    "PhoneNumberType": "phone_number",
    "ProviderMetrics": "provider.monitoring",
}


if not TYPE_CHECKING:  # A type checker would take any name for one that exists.

    def __getattr__(name: str) -> Any:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
