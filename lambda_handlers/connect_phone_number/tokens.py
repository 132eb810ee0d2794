"""Client tokens: why repeating a call never does it twice.

Connect recognises a repeated request by its ``ClientToken`` and answers it without doing it again. That
helps only if *every* invocation carries the same token: the redelivered event, the second ``cdk destroy`` a
day later, the sweeper long after CloudFormation has given up. So a token here is a pure function (UUIDv5,
hence a lower-case UUID, the form that ClaimPhoneNumber demands) of facts that never change during the act
that it names:

* **claim**: the claim's id and the number that is asked for. The claim's id is itself derived from the stack's
  id, the logical id and a counter which the ledger raises when an *earlier* claim of the same resource is
  over. Two invocations of one claim for one number therefore agree; a later claim never does.
* **release**: the phone number's ARN and nothing else. Connect creates a new ARN each time a number is claimed, so
  an ARN is released at most once. The ARN alone is enough to compute the token, in any process, at any time,
  and without the ledger.
A change of a number's target or description sets a value and can be repeated at will. There a token that comes back
would do harm: Connect would answer from memory when a value has to be set again that another invocation has just
overwritten. Its token is one of the invocation, good for the retries of one call.

The ``RequestId`` is no ingredient: CloudFormation reuses it when a deployment is retried. No clock and no random
number is one either.
"""

from typing import Final
from uuid import UUID, uuid5

NAMESPACE: Final = UUID("6d0f7f6e-5b43-5f0c-9a55-3d3f7f1c2a90")
"""Fixed for ever: another value would change the token of releases that are under way."""


def claim_id(stack_id: str, logical_resource_id: str, generation: int) -> str:
    """Return the id of the ``generation``-th claim made for one resource of one stack."""
    return _derive("claim-id", stack_id, logical_resource_id, str(generation))


def claim_token(claim: str, phone_number: str) -> str:
    """Return the token of ClaimPhoneNumber (or ImportPhoneNumber) for one number on behalf of one claim."""
    return _derive("claim", claim, phone_number)


def release_token(phone_number_arn: str) -> str:
    """Return the token of ReleasePhoneNumber: ``uuid5(NAMESPACE, "release:" + phone_number_arn)``."""
    return _derive("release", phone_number_arn)


def change_token(phone_number_arn: str, worker: str, turn: int, value: str) -> str:
    """Return the token of one UpdatePhoneNumber or UpdatePhoneNumberMetadata call of one invocation."""
    return _derive("change", phone_number_arn, worker, str(turn), value)


def _derive(purpose: str, *parts: str) -> str:
    # Each part but the last comes from a vocabulary without ":", or from ARNs of fixed shape, so that no two
    # different lists of parts give the same name.
    return str(uuid5(NAMESPACE, ":".join((purpose, *parts))))
