import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk.assertions import Match, Template
from constructs import Construct

from cdk_connect_phone_number import IPhoneNumberProvider, PhoneNumber, PhoneNumberProvider

INSTANCE = "arn:aws:connect:us-east-1:000000000000:instance/11111111-2222-3333-4444-555555555555"
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:provider"


def test_everything_can_be_removed_with_the_provider(stack: cdk.Stack) -> None:
    PhoneNumberProvider(
        stack,
        "Provider",
        ledger_removal_policy=cdk.RemovalPolicy.DESTROY,
        log_removal_policy=cdk.RemovalPolicy.DESTROY,
    )

    resources = Template.from_stack(stack).to_json()["Resources"].values()

    assert {resource.get("DeletionPolicy", "Delete") for resource in resources} == {"Delete"}


def test_the_ledger_can_be_protected_from_deletion(stack: cdk.Stack) -> None:
    PhoneNumberProvider(stack, "Provider", ledger_deletion_protection=True)

    Template.from_stack(stack).has_resource_properties("AWS::DynamoDB::Table", {"DeletionProtectionEnabled": True})


def test_logs_and_memory_can_be_chosen(stack: cdk.Stack) -> None:
    PhoneNumberProvider(stack, "Provider", log_retention=logs.RetentionDays.ONE_WEEK, memory_size=512, tracing=True)

    template = Template.from_stack(stack)

    template.has_resource_properties("AWS::Logs::LogGroup", {"RetentionInDays": 7})
    template.has_resource_properties("AWS::Lambda::Function", {"MemorySize": 512, "TracingConfig": {"Mode": "Active"}})


def test_a_key_encrypts_table_queue_and_logs(stack: cdk.Stack) -> None:
    key = kms.Key(stack, "Key")

    PhoneNumberProvider(stack, "Provider", encryption_key=key)

    template = Template.from_stack(stack)
    arn = stack.resolve(key.key_arn)
    template.has_resource_properties("AWS::DynamoDB::Table", {"SSESpecification": {"KMSMasterKeyId": arn}})
    template.has_resource_properties("AWS::SQS::Queue", {"KmsMasterKeyId": arn})
    template.has_resource_properties("AWS::Logs::LogGroup", {"KmsKeyId": arn})
    template.has_resource_properties(
        "AWS::KMS::Key",
        {
            "KeyPolicy": {
                "Statement": Match.array_with(
                    [
                        Match.object_like(
                            {
                                "Principal": {"Service": "logs.amazonaws.com"},
                                "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": Match.any_value()}},
                            }
                        )
                    ]
                )
            }
        },
    )


def test_a_permissions_boundary_is_taken_as_property_and_from_an_aspect(stack: cdk.Stack) -> None:
    boundary = iam.ManagedPolicy.from_managed_policy_name(stack, "Boundary", "boundary")
    PhoneNumberProvider(stack, "One", permissions_boundary=boundary)
    iam.PermissionsBoundary.of(PhoneNumberProvider(stack, "Two")).apply(boundary)

    template = Template.from_stack(stack)

    template.all_resources_properties(
        "AWS::IAM::Role", {"PermissionsBoundary": stack.resolve(boundary.managed_policy_arn)}
    )


def test_two_providers_of_one_stack_have_different_ids(stack: cdk.Stack) -> None:
    ids = [str(stack.resolve(PhoneNumberProvider(stack, name).provider_id)) for name in ("One", "Two")]

    assert ids[0] != ids[1]


def test_the_id_does_not_hang_on_the_stage_that_the_stack_is_in() -> None:
    def provider_id(scope: Construct) -> object:
        stack = cdk.Stack(scope, "Stack")
        return stack.resolve(PhoneNumberProvider(stack, "Provider").provider_id)

    app = cdk.App()

    assert provider_id(app) == provider_id(cdk.Stage(app, "Stage"))


def test_get_or_create_makes_one_provider_per_stack(stack: cdk.Stack) -> None:
    made = PhoneNumberProvider.get_or_create(stack)

    assert PhoneNumberProvider.get_or_create(Construct(stack, "Somewhere")) is made


def test_get_or_create_refuses_where_the_id_is_taken(stack: cdk.Stack) -> None:
    Construct(stack, "PhoneNumberProvider")

    with pytest.raises(ValueError, match=r"^Stack/Number: ") as refused:
        PhoneNumber(stack, "Number", target_arn=INSTANCE, country_code="US")

    assert str(refused.value) == (
        "Stack/Number: the stack's provider needs the id 'PhoneNumberProvider', but Stack/PhoneNumberProvider has it. "
        "Rename that construct, or give the number a provider."
    )


@pytest.mark.parametrize("token", [FUNCTION, f"{FUNCTION}:live", f"{FUNCTION}:$LATEST"])
def test_knows_its_service_token_and_makes_nothing(stack: cdk.Stack, token: str) -> None:
    provider = PhoneNumberProvider.from_service_token(stack, "Provider", token)

    assert isinstance(provider, IPhoneNumberProvider)
    assert provider.service_token == token
    assert Template.from_stack(stack).find_resources("*") == {}


@pytest.mark.parametrize("token", ["", "provider", "arn:aws:sns:us-east-1:000000000000:topic", f"{FUNCTION}:"])
def test_refuses_what_is_no_function(stack: cdk.Stack, token: str) -> None:
    with pytest.raises(ValueError, match=r"^Stack/Provider: ") as refused:
        PhoneNumberProvider.from_service_token(stack, "Provider", token)

    assert str(refused.value) == (
        f"Stack/Provider: service_token must be the ARN of a provider's function, but is {token!r}. "
        "Use the provider's service_token, or from_ssm_parameter with the name under which it is published."
    )


def test_is_found_through_the_ssm_parameter_that_publishes_it(stack: cdk.Stack) -> None:
    provider = PhoneNumberProvider.from_ssm_parameter(stack, "Provider", "/phone-numbers/service-token")
    PhoneNumber(stack, "Number", target_arn=INSTANCE, country_code="US", provider=provider)

    template = Template.from_stack(stack).to_json()

    (number,) = template["Resources"].values()
    parameter = template["Parameters"][number["Properties"]["ServiceToken"]["Ref"]]
    assert parameter == {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/phone-numbers/service-token"}
