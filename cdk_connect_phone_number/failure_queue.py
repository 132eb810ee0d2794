"""The queue of events at which every attempt of the function failed, so that they are still answered."""

from aws_cdk import Acknowledgment, Duration, Validations
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from .provider_function import FUNCTION_TIMEOUT


class FailureQueue(sqs.Queue):
    """Lambda puts events here when it gives them up, and the function itself takes them out."""

    def __init__(self, scope: Construct, id: str, *, encryption_key: kms.IKey | None) -> None:
        super().__init__(
            scope,
            id,
            encryption=(sqs.QueueEncryption.SQS_MANAGED if encryption_key is None else sqs.QueueEncryption.KMS),
            encryption_master_key=encryption_key,
            enforce_ssl=True,
            visibility_timeout=FUNCTION_TIMEOUT,
            # CloudFormation waits at most an hour, but the ledger has to hear of a Delete, however long it was down.
            retention_period=Duration.days(14),
        )
        Validations.of(self).acknowledge(
            Acknowledgment(
                id="AwsSolutions::AwsSolutions-SQS3",
                reason="This queue is itself where failed events go. What it loses after a day, "
                "the sweeper finishes from the ledger.",
            )
        )
