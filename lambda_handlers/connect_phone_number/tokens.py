"""Client tokens, which ensure that a repeated call never takes effect twice.

Connect recognizes a repeated call by its ``ClientToken`` and answers it without performing it again. This helps only
if *every* invocation sends the same token: the redelivered event, the second ``cdk destroy`` a day later, and the
sweeper long after CloudFormation has given up. A token here is therefore a pure function of facts that never change
during the operation that it names. It is a UUIDv5 and hence a lowercase UUID, the form that ClaimPhoneNumber requires:

* **claim**: the claim's id and the requested number. The claim's id is itself derived from the stack's id, the logical
  id and a counter, which the ledger increments for each new claim of the resource. Two invocations of one claim for
  one number therefore agree. A later claim never uses the same token.
* **release**: the phone number's ARN and nothing else. Connect creates a new ARN each time a number is claimed, so
  an ARN is released at most once. The ARN alone is enough to compute the token, in any process, at any time, and
  without the ledger.

A change of a number's target or description sets a value and can be repeated at will. A repeated token would do harm
there. If another invocation has just overwritten a value, the value has to be set again, but Connect would answer from
memory. The token of such a change therefore belongs to one invocation and covers the retries of one call.

The ``RequestId`` is not part of a token, because CloudFormation reuses it when a deployment is retried. The tokens of
claims and releases contain no clock reading and no random number either.
"""

from typing import Final
from uuid import UUID, uuid5

NAMESPACE: Final = UUID("6d0f7f6e-5b43-5f0c-9a55-3d3f7f1c2a90")
"""Never change this value. Another value would change the tokens of releases that are in progress."""


def claim_id(stack_id: str, logical_resource_id: str, generation: int) -> str:
    """Return the id of the ``generation``-th claim of one resource of one stack."""
    return _derive("claim-id", stack_id, logical_resource_id, str(generation))


def pool_id(stack_id: str, logical_resource_id: str) -> str:
    """Return the id of a pool, which is the physical id of its resource."""
    return "pool-" + _derive("pool-id", stack_id, logical_resource_id)


def filling_id(pool: str, request_key: str, index: int) -> str:
    """Return the id of one of the claims with which a request lets a pool get numbers itself."""
    return _derive("filling-id", pool, request_key, str(index))


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
    # Each part except the last comes from a vocabulary without ":", or is an ARN of fixed shape. Two different lists of
    # parts therefore never give the same name.
    return str(uuid5(NAMESPACE, ":".join((purpose, *parts))))
