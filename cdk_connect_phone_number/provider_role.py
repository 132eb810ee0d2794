"""The function's role, and the reasons of the wildcards in it for those who check templates."""

from collections.abc import Iterator
from typing import cast

from aws_cdk import Acknowledgment, Stack, Validations
from aws_cdk import aws_iam as iam
from constructs import Construct

from .provider_permissions import ProviderResources, policy_document, wildcards


class ProviderRole(iam.Role):
    """The role of the provider's function: it may do what ``provider_permissions`` says."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        resources: ProviderResources,
        permissions_boundary: iam.IManagedPolicy | None,
    ) -> None:
        stack = Stack.of(scope)
        super().__init__(
            scope,
            id,
            description="Lets the phone number provider work on its own numbers, and on no others",
            assumed_by=cast(iam.IPrincipal, iam.ServicePrincipal("lambda.amazonaws.com")),
            permissions_boundary=permissions_boundary,
            # Inline, so that the permissions last as long as the role does.
            inline_policies={"PhoneNumbers": policy_document(stack, resources)},
        )
        Validations.of(self).acknowledge(*_acknowledgments(stack, resources))


def _acknowledgments(stack: Stack, resources: ProviderResources) -> Iterator[Acknowledgment]:
    for arn, reason in wildcards(stack, resources).items():
        finding = f"AwsSolutions::AwsSolutions-IAM5[Resource::{_as_cdk_nag_shows(stack, arn)}]"
        yield Acknowledgment(id=finding, reason=reason)


def _as_cdk_nag_shows(stack: Stack, arn: str) -> str:
    """Return ``arn`` with ``<name>`` for each reference, as in the ids of cdk-nag's findings."""
    resolved: object = stack.resolve(arn)
    if isinstance(resolved, str):
        return resolved
    parts = cast(dict[str, tuple[str, list[str | dict[str, str]]]], resolved)["Fn::Join"][1]
    return "".join(part if isinstance(part, str) else f"<{part['Ref']}>" for part in parts)
