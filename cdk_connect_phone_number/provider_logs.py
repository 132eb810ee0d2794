"""The function's log group, with leave for CloudWatch Logs to use the key where there is one."""

from typing import cast

from aws_cdk import ArnFormat, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct


class ProviderLogs(logs.LogGroup):
    """The only log group that the function may write to."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        retention: logs.RetentionDays,
        removal_policy: RemovalPolicy,
        encryption_key: kms.IKey | None,
    ) -> None:
        super().__init__(
            scope,
            id,
            retention=retention,
            removal_policy=removal_policy,
            encryption_key=encryption_key,
        )
        if encryption_key is not None:
            encryption_key.add_to_resource_policy(_allow_logs(Stack.of(self)))


def _allow_logs(stack: Stack) -> iam.PolicyStatement:
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    log_groups = stack.format_arn(
        service="logs",
        resource="log-group",
        resource_name="*",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    return iam.PolicyStatement(
        principals=[cast(iam.IPrincipal, iam.ServicePrincipal("logs.amazonaws.com"))],
        actions=[
            "kms:Decrypt*",
            "kms:Describe*",
            "kms:Encrypt*",
            "kms:GenerateDataKey*",
            "kms:ReEncrypt*",
        ],
        resources=["*"],
        conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": log_groups}},
    )
