"""The ledger's table, with the keys and the index on which the function relies."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from constructs import Construct

from ..function_code import contract


class LedgerTable(dynamodb.Table):
    """The DynamoDB table that records who owns each number and which work is still to be done."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        encryption_key: kms.IKey | None,
        removal_policy: RemovalPolicy,
        deletion_protection: bool,
    ) -> None:
        super().__init__(
            scope,
            id,
            partition_key=_attribute(contract.PARTITION_KEY, dynamodb.AttributeType.STRING),
            sort_key=_attribute(contract.SORT_KEY, dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            time_to_live_attribute=contract.EXPIRES_AT,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            encryption=(
                dynamodb.TableEncryption.AWS_MANAGED
                if encryption_key is None
                else dynamodb.TableEncryption.CUSTOMER_MANAGED
            ),
            encryption_key=encryption_key,
            removal_policy=removal_policy,
            deletion_protection=deletion_protection,
        )
        self.add_global_secondary_index(
            index_name=contract.DUE_INDEX,
            partition_key=_attribute(contract.DUE, dynamodb.AttributeType.STRING),
            sort_key=_attribute(contract.DUE_AT, dynamodb.AttributeType.NUMBER),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )


def _attribute(name: str, type: dynamodb.AttributeType) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=type)
