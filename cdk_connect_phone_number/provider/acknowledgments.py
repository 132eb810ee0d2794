"""Acknowledges what linters find in a provider and is meant to be so, where each linter looks for it.

cdk-nag 3 looks at the CDK's own acknowledgments, and the others at the metadata of the resource.
"""

from collections.abc import Mapping, Sequence
from typing import Final, cast

from aws_cdk import Acknowledgment, CfnResource, Validations
from constructs import Construct

REDUNDANT_DEPENDENCY: Final = "W3005"
"""The CDK says a dependency between constructs for each of their resources, also where a reference implies it."""


def acknowledge(
    construct: Construct,
    *,
    cdk_nag: Mapping[str, str] | None = None,
    cdk_nag_2: Mapping[str, str] | None = None,
    checkov: Mapping[str, str] | None = None,
    cfn_lint: Sequence[str] = (),
) -> None:
    """Acknowledge findings on the resource of a construct.

    Parameters
    ----------
    construct
        The resource, or a construct with one resource of its own.
    cdk_nag
        Rules of cdk-nag's ``AwsSolutions`` in all versions, with the reasons.
    cdk_nag_2
        Rules of cdk-nag 2 only, with the reasons.
    checkov
        Checks of checkov, with the reasons.
    cfn_lint
        Rules of cfn-lint, which takes no reasons.
    """
    # A resource has no child.
    resource = cast(CfnResource, construct.node.default_child or construct)
    for rule, reason in (cdk_nag or {}).items():
        Validations.of(construct).acknowledge(Acknowledgment(id=f"AwsSolutions::{rule}", reason=reason))
    # https://github.com/cdklabs/cdk-nag/blob/v2.38.1/README.md
    if rules := {**(cdk_nag or {}), **(cdk_nag_2 or {})}:
        suppressed = [{"id": rule, "reason": reason} for rule, reason in rules.items()]
        resource.add_metadata("cdk_nag", {"rules_to_suppress": suppressed})
    # https://www.checkov.io/2.Basics/Suppressing%20and%20Skipping%20Policies.html
    if checkov:
        checks = [{"id": check, "comment": reason} for check, reason in checkov.items()]
        resource.add_metadata("checkov", {"skip": checks})
    # https://github.com/aws-cloudformation/cfn-lint#resource-based-metadata
    if cfn_lint:
        resource.add_metadata("cfn-lint", {"config": {"ignore_checks": list(cfn_lint)}})
