"""The CloudFormation resource inside a ``PhoneNumber``, to which Aspects apply tags and policies."""

from collections.abc import Mapping, Sequence
from typing import Final
from weakref import WeakKeyDictionary

import jsii
from aws_cdk import CfnResource, ITaggableV2, RemovalPolicy, TagManager, TagType, Token
from constructs import Construct, Dependable, IDependable

from .function_code import contract, rules
from .properties import chosen_removal_policy

_ROOTS: Final[WeakKeyDictionary[IDependable, Sequence[CfnResource]]] = WeakKeyDictionary()
"""The resources that stand for a construct on which others depend. Each question is a call to another process."""


@jsii.implements(ITaggableV2)
class PhoneNumberResource(CfnResource):
    """A ``Custom::ConnectPhoneNumber`` that supports tags and removal policies as native resources do."""

    def __init__(self, scope: Construct, id: str, properties: Mapping[str, object]) -> None:
        # The CDK renders the tags under this name; by default it would be "tags".
        self._tags = TagManager(TagType.KEY_VALUE, contract.RESOURCE_TYPE, None, tag_property_name="Tags")
        super().__init__(scope, id, type=contract.RESOURCE_TYPE, properties=properties)
        self._owner = scope

    def depend_on(self, dependable: IDependable) -> None:
        """Have CloudFormation create ``dependable`` before this resource and delete it afterwards."""
        roots = _ROOTS.get(dependable)
        if roots is None:
            found = Dependable.of(dependable).dependency_roots
            roots = _ROOTS[dependable] = [each for each in found if isinstance(each, CfnResource)]
        for root in roots:
            self.add_resource_dependency(root)
        if not roots:
            self.node.add_dependency(dependable)

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
        """Set what happens to the number when CloudFormation deletes or replaces the resource.

        Only CloudFormation gets the policy. It sends no Delete for a resource that it retains, so the
        function does not need to know.

        Parameters
        ----------
        policy : aws_cdk.RemovalPolicy, optional
            ``DESTROY`` releases the number. ``RETAIN`` and ``RETAIN_ON_UPDATE_OR_DELETE`` leave it to
            the account, except when its own creation is rolled back.
        apply_to_update_replace_policy : bool, default True
            Apply the same policy to a number that an update replaces.
        default : aws_cdk.RemovalPolicy, default ``RemovalPolicy.DESTROY``
            The policy to apply if ``policy`` is not specified.

        Raises
        ------
        ValueError
            If it is not a policy, or ``SNAPSHOT``.
        """
        policy = chosen_removal_policy(self._owner, policy, default, "A phone number")
        # RETAIN alone would also keep an unused number whose creation is rolled back.
        super().apply_removal_policy(
            RemovalPolicy.DESTROY if policy is RemovalPolicy.DESTROY else RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
            apply_to_update_replace_policy=apply_to_update_replace_policy,
        )

    def problems(self) -> list[str]:
        """Return what is wrong with the tags, after all Aspects have added theirs."""
        tags = {
            key: "" if Token.is_unresolved(value) else value
            for key, value in self._tags.tag_values().items()
            if not Token.is_unresolved(key)
        }
        problem = rules.check_tags(tags)
        return [f"{self._owner.node.path}: tags {problem}"] if problem else []
