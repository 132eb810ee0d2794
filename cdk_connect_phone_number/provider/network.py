"""The part of a VPC in which the provider's function works, if it works in one."""

from collections.abc import Sequence
from typing import Final, cast

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from ..properties import refuse

_HTTPS: Final = 443


class ProviderNetwork(Construct):
    """The subnets and security groups of the function, with a security group of its own if none is given."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        vpc: ec2.IVpc,
        vpc_subnets: ec2.SubnetSelection | None,
        security_groups: Sequence[ec2.ISecurityGroup | ec2.SecurityGroup] | None,
    ) -> None:
        super().__init__(scope, id)
        self.vpc = vpc
        self.vpc_subnets = vpc_subnets
        self.security_groups = (
            [self._own_security_group()] if security_groups is None else list[ec2.ISecurityGroup](security_groups)
        )
        selected = vpc.select_subnets() if vpc_subnets is None else _select(vpc, vpc_subnets)
        self.subnet_ids: Sequence[str] = list(selected.subnet_ids)
        self.security_group_ids: Sequence[str] = [group.security_group_id for group in self.security_groups]

    def _own_security_group(self) -> ec2.ISecurityGroup:
        # Nobody connects to the function, and it connects to AWS's endpoints only.
        group = ec2.SecurityGroup(
            self,
            "SecurityGroup",
            vpc=self.vpc,
            description="Lets the phone number provider reach the endpoints of AWS",
            allow_all_outbound=False,
        )
        group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(_HTTPS), "The endpoints of AWS")
        return cast(ec2.ISecurityGroup, group)


def check_network(
    scope: Construct,
    *,
    vpc: ec2.IVpc | ec2.Vpc | None,
    vpc_subnets: ec2.SubnetSelection | None,
    security_groups: Sequence[ec2.ISecurityGroup | ec2.SecurityGroup] | None,
) -> None:
    """Refuse subnets and security groups that belong to no VPC, and an empty list of security groups.

    Raises
    ------
    ValueError
        With the construct's path, the property, and what to do.
    """
    for name, given in (("vpc_subnets", vpc_subnets), ("security_groups", security_groups)):
        if vpc is None and given is not None:
            refuse(scope, f"{name} needs vpc, the VPC that it belongs to. Give vpc too, or leave {name} out.")
    if security_groups is not None and not security_groups:
        refuse(
            scope,
            "security_groups is empty, and a function in a VPC has at least one. Name one, or leave security_groups "
            "out: then the provider creates one that allows HTTPS to the outside.",
        )


def _select(vpc: ec2.IVpc, selection: ec2.SubnetSelection) -> ec2.SelectedSubnets:
    return vpc.select_subnets(
        availability_zones=selection.availability_zones,
        one_per_az=selection.one_per_az,
        subnet_filters=selection.subnet_filters,
        subnet_group_name=selection.subnet_group_name,
        subnets=selection.subnets,
        subnet_type=selection.subnet_type,
    )
