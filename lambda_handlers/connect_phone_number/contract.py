"""Names that the template and the function must agree on.

The construct writes them, the function reads them, or both do.

Deployed resources depend on most of these names. A name may change only together with a migration from the old name to
the new one.
"""

from typing import Final

RESOURCE_TYPE: Final = "Custom::ConnectPhoneNumber"
POOL_RESOURCE_TYPE: Final = "Custom::ConnectPhoneNumberPool"
PROVIDER_RESOURCE_TYPE: Final = "Custom::ConnectPhoneNumberProvider"
"""The provider's own resource. Its deletion is refused while numbers need the provider."""

DUE_INDEX: Final = "due"
"""The index of the ledger's table that the sweeper uses to find what is due."""

PARTITION_KEY: Final = "pk"
SORT_KEY: Final = "sk"
DUE: Final = "due"
"""The index's partition key: what is due for a claim. Only claims that have something left to do have it."""
DUE_AT: Final = "due_at"
"""The index's sort key: when, in seconds since the epoch."""
EXPIRES_AT: Final = "expires_at"
"""When DynamoDB may remove an item, in seconds since the epoch."""

ACTION: Final = "action"
SWEEP: Final = "sweep"
"""The schedule's event is ``{ACTION: SWEEP}``."""

METRIC_NAMESPACE: Final = "ConnectPhoneNumber"
PROVIDER_DIMENSION: Final = "Provider"

LEDGER_TABLE_NAME: Final = "LEDGER_TABLE_NAME"
"""Environment variable: the name of the ledger's table."""
SETTLING_SECONDS: Final = "SETTLING_SECONDS"
"""Environment variable: how long a request's invocation waits before it asks CloudFormation. Absent on AWS."""
PROVIDER_ID: Final = "PROVIDER_ID"
"""Environment variable: the provider's name in the tags of its numbers."""
TARGET_ARNS: Final = "TARGET_ARNS"
"""Environment variable: the ARNs of the targets that the provider serves, separated by spaces. Absent if all."""
ALLOW_ADOPTION: Final = "ALLOW_ADOPTION"
"""Environment variable: ``false`` if the provider adopts no numbers. Absent otherwise."""
STACK_NAME_PREFIX: Final = "STACK_NAME_PREFIX"
"""Environment variable: what the names of the stacks begin with that the provider serves. Absent if all."""
BUDGET: Final = "BUDGET"
"""Environment variable: what the provider was told about the budget, as JSON. Absent if nothing."""
FAIL_ON: Final = "FAIL_ON"
"""Environment variable of a hook: the concerns that it refuses, separated by commas."""
KNOWN_PROVIDER: Final = "KNOWN_PROVIDER"
"""Environment variable of a hook: the service token of its provider. Absent if it has several."""

QUOTA_SERVICE: Final = "connect"
PHONE_NUMBERS_QUOTA: Final = "L-8F812903"
"""Service Quotas' code of the quota of phone numbers per instance.

https://docs.aws.amazon.com/connect/latest/adminguide/amazon-connect-service-limits.html
"""

TAG_PREFIX: Final = "cdk-connect-phone-number:"
"""Tag keys with this prefix say who owns a number. They are reserved for the provider."""
PROVIDER_TAG: Final = TAG_PREFIX + "provider"
CLAIM_TAG: Final = TAG_PREFIX + "claim"
STACK_TAG: Final = TAG_PREFIX + "stack"
RESOURCE_TAG: Final = TAG_PREFIX + "resource"
PARKED_TAG: Final = TAG_PREFIX + "parked-until"
"""Says of a parked number when it will be released."""
OWNERSHIP_TAGS: Final = (PROVIDER_TAG, CLAIM_TAG, STACK_TAG, RESOURCE_TAG)
