"""The CloudFormation resource inside a ``PhoneNumber``, where Aspects put tags and policies."""

from collections.abc import Mapping
from typing import Final

import jsii
from aws_cdk import CfnResource, ITaggableV2, RemovalPolicy, TagManager, TagType, Token
from constructs import Construct, IValidation

from .lambda_handlers.connect_phone_number import rules
from .number_properties import refuse

RESOURCE_TYPE: Final = "Custom::ConnectPhoneNumber"


@jsii.implements(ITaggableV2, IValidation)
class NumberResource(CfnResource):
    """A ``Custom::ConnectPhoneNumber`` that takes tags and removal policies as others do."""

    def __init__(self, scope: Construct, id: str, properties: Mapping[str, object]) -> None:
        # The CDK renders the tags under this name; by default it would be "tags".
        self._tags = TagManager(TagType.KEY_VALUE, RESOURCE_TYPE, None, tag_property_name="Tags")
        super().__init__(scope, id, type=RESOURCE_TYPE, properties=properties)
        self._owner = scope
        self.node.add_validation(self)

    @property
    def cdk_tag_manager(self) -> TagManager:
        """The tags that ``Tags.of`` puts on the number."""
        return self._tags

    def apply_removal_policy(
        self,
        policy: RemovalPolicy | None = None,
        *,
        apply_to_update_replace_policy: bool | None = None,
        default: RemovalPolicy | None = None,
    ) -> None:
        """Say what becomes of the number when CloudFormation deletes the resource."""
        policy = policy or default or RemovalPolicy.DESTROY
        if policy is RemovalPolicy.SNAPSHOT:
            refuse(self._owner, f"removal_policy {rules.check_removal_policy('snapshot')}")
        retained = policy is not RemovalPolicy.DESTROY
        # RETAIN alone would also keep the number of a creation that is rolled back, which nobody
        # has ever used.
        super().apply_removal_policy(
            RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if retained else RemovalPolicy.DESTROY,
            apply_to_update_replace_policy=apply_to_update_replace_policy,
        )
        self.add_property_override("RemovalPolicy", "retain" if retained else "destroy")

    def validate(self) -> list[str]:
        """Check the tags when all Aspects have added theirs."""
        tags = {
            key: "" if Token.is_unresolved(value) else value
            for key, value in self._tags.tag_values().items()
            if not Token.is_unresolved(key)
        }
        problem = rules.check_tags(tags)
        return [f"{self._owner.node.path}: tags {problem}"] if problem else []
