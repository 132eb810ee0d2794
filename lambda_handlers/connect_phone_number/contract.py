"""Names that a template and the function must agree on: the construct writes them, the function reads them, or both.

Deployed resources depend on most of them, so they are changed only with a way from the old name to the new one.
"""

from typing import Final

RESOURCE_TYPE: Final = "Custom::ConnectPhoneNumber"
PROVIDER_RESOURCE_TYPE: Final = "Custom::ConnectPhoneNumberProvider"
"""The provider's own resource: its deletion is refused while numbers need the provider."""

DUE_INDEX: Final = "due"
"""The index of the ledger's table, by which the sweeper finds what is due."""

METRIC_NAMESPACE: Final = "ConnectPhoneNumber"
PROVIDER_DIMENSION: Final = "Provider"

LEDGER_TABLE_NAME: Final = "LEDGER_TABLE_NAME"
"""Environment variable: the name of the ledger's table."""
PROVIDER_ID: Final = "PROVIDER_ID"
"""Environment variable: the provider's name in the tags of its numbers."""
TARGET_ARNS: Final = "TARGET_ARNS"
"""Environment variable: the ARNs of the targets that the provider serves, with a space between; absent for all."""

TAG_PREFIX: Final = "cdk-connect-phone-number:"
"""Tag keys that begin so say who owns a number. They are the provider's alone."""
PROVIDER_TAG: Final = TAG_PREFIX + "provider"
CLAIM_TAG: Final = TAG_PREFIX + "claim"
STACK_TAG: Final = TAG_PREFIX + "stack"
RESOURCE_TAG: Final = TAG_PREFIX + "resource"
OWNERSHIP_TAGS: Final = (PROVIDER_TAG, CLAIM_TAG, STACK_TAG, RESOURCE_TAG)
