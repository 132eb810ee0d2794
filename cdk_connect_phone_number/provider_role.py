"""The function's role, and the reasons of the wildcards in it for those who check templates."""

import json
from collections.abc import Iterator
from typing import Any, cast

import jsii
from aws_cdk import Acknowledgment, Stack, Validations
from aws_cdk import aws_iam as iam
from constructs import Construct, IValidation

from .provider_permissions import ProviderResources, policy_document, wildcards


@jsii.implements(IValidation)
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
        self._resources = resources
        self.node.add_validation(self)

    def validate(self) -> list[str]:
        """Acknowledge the wildcards, as only now references to other stacks look as they do in the template."""
        Validations.of(self).acknowledge(*_acknowledgments(Stack.of(self), self._resources))
        return []


def _acknowledgments(stack: Stack, resources: ProviderResources) -> Iterator[Acknowledgment]:
    for arn, reason in wildcards(stack, resources).items():
        finding = f"AwsSolutions::AwsSolutions-IAM5[Resource::{_as_cdk_nag_shows(stack, arn)}]"
        yield Acknowledgment(id=finding, reason=reason)


def _as_cdk_nag_shows(stack: Stack, arn: str) -> str:
    """Return ``arn`` with ``<name>`` for each reference, as in the ids of cdk-nag's findings."""
    return _flat(stack.resolve(arn))


def _flat(value: Any) -> str:
    match value:
        case str():
            return value
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(_flat(part) for part in parts)
        case {"Ref": name}:
            return f"<{name}>"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"<{name}.{attribute}>"
        case {"Fn::ImportValue": exported}:
            return _flat(exported)
        case _:
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
