"""The documents that describe how AWS behaves."""

from typing import Final

from .manner import Document

_AWS: Final = "https://docs.aws.amazon.com"
_CLOUDFORMATION: Final = f"{_AWS}/AWSCloudFormation/latest/UserGuide"
_CONNECT: Final = f"{_AWS}/connect/latest"
_DYNAMODB: Final = f"{_AWS}/amazondynamodb/latest/developerguide"
_LAMBDA: Final = f"{_AWS}/lambda/latest/dg"
_S3: Final = f"{_AWS}/AmazonS3/latest"
_MODELS: Final = {
    "CloudFormation": "cloudformation/2010-05-15",
    "Connect": "connect/2017-08-08",
    "DynamoDB": "dynamodb/2012-08-10",
}


def model(service: str, part: str) -> Document:
    """Return botocore's model of a service: the operations, errors, and texts that AWS publishes for its SDKs."""
    url = f"https://github.com/boto/botocore/blob/develop/botocore/data/{_MODELS[service]}/service-2.json"
    return Document(f"botocore's model of {service}: {part}", url)


CUSTOM_RESOURCE: Final = Document(
    "AWS::CloudFormation::CustomResource", f"{_CLOUDFORMATION}/aws-resource-cfn-customresource.html"
)
CUSTOM_RESOURCE_REFERENCE: Final = Document(
    "CloudFormation custom resource request and response reference", f"{_CLOUDFORMATION}/crpg-ref.html"
)
CDK_CUSTOM_RESOURCES: Final = Document(
    "AWS CDK Custom Resources", f"{_AWS}/cdk/api/v2/docs/aws-cdk-lib.custom_resources-readme.html"
)
REPLACED_AND_ROLLED_BACK: Final = Document(
    "Updating custom resources causes them to be deleted?",
    "https://newbedev.com/updating-custom-resources-causes-them-to-be-deleted",
)
TROUBLESHOOTING: Final = Document("Troubleshooting CloudFormation", f"{_CLOUDFORMATION}/troubleshooting.html")
FAILURE_OPTIONS: Final = Document(
    "Choose how to handle failures when provisioning resources", f"{_CLOUDFORMATION}/stack-failure-options.html"
)
CONTINUE_ROLLBACK: Final = Document(
    "Continue rolling back an update", f"{_CLOUDFORMATION}/using-cfn-updating-stacks-continueupdaterollback.html"
)
CANCEL_UPDATE: Final = Document("Cancel a stack update", f"{_CLOUDFORMATION}/using-cfn--stack-update-cancel.html")
DELETION_POLICY: Final = Document("DeletionPolicy attribute", f"{_CLOUDFORMATION}/aws-attribute-deletionpolicy.html")
UPDATE_REPLACE_POLICY: Final = Document(
    "UpdateReplacePolicy attribute", f"{_CLOUDFORMATION}/aws-attribute-updatereplacepolicy.html"
)
STACK_REFACTORING: Final = Document("Stack refactoring", f"{_CLOUDFORMATION}/stack-refactoring.html")
IMPORT: Final = Document("Resource type support", f"{_CLOUDFORMATION}/resource-import-supported-resources.html")
EXPRESS_MODE: Final = Document(
    "Deploy AWS CloudFormation stacks faster with express mode", f"{_CLOUDFORMATION}/cloudformation-express-mode.html"
)
STACK_POLICIES: Final = Document(
    "Prevent updates to stack resources", f"{_CLOUDFORMATION}/protect-stack-resources.html"
)
NESTED_ROLL_BACKS: Final = Document(
    "CloudFormation custom resources: avoiding the two hour exception timeout",
    "https://operatingops.org/2018/10/13/cloudformation-custom-resources-avoiding-the-two-hour-exception-timeout/",
)

ASYNCHRONOUS: Final = Document(
    "How Lambda handles errors and retries with asynchronous invocation",
    f"{_LAMBDA}/invocation-async-error-handling.html",
)
DESTINATIONS: Final = Document(
    "Capturing records of Lambda asynchronous invocations", f"{_LAMBDA}/invocation-async-retain-records.html"
)
QUOTA: Final = Document(
    "GetServiceQuota", "https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html"
)
QUEUES: Final = Document(
    "Creating and configuring an Amazon SQS event source mapping", f"{_LAMBDA}/services-sqs-configure.html"
)
ENVIRONMENT: Final = Document(
    "Understanding the Lambda execution environment lifecycle", f"{_LAMBDA}/lambda-runtime-environment.html"
)

TRANSACTIONS: Final = Document("Amazon DynamoDB Transactions: How it works", f"{_DYNAMODB}/transaction-apis.html")
TIME_TO_LIVE: Final = Document("Using time to live (TTL) in DynamoDB", f"{_DYNAMODB}/howitworks-ttl.html")
INDEXES: Final = Document("Using Global Secondary Indexes in DynamoDB", f"{_DYNAMODB}/GSI.html")

PRESIGNED_URLS: Final = Document(
    "Download and upload objects with presigned URLs", f"{_S3}/userguide/using-presigned-url.html"
)
ERROR_PRACTICES: Final = Document("Amazon S3 error best practices", f"{_S3}/userguide/ErrorBestPractices.html")
ERROR_RESPONSES: Final = Document("Error responses", f"{_S3}/API/ErrorResponses.html")

EVENTUAL_CONSISTENCY: Final = Document(
    "Amazon Connect eventual consistency", f"{_CONNECT}/devguide/eventual-consistency.html"
)
RELEASE_PHONE_NUMBER: Final = Document("ReleasePhoneNumber", f"{_CONNECT}/APIReference/API_ReleasePhoneNumber.html")
IMPORT_PHONE_NUMBER: Final = Document("ImportPhoneNumber", f"{_CONNECT}/APIReference/API_ImportPhoneNumber.html")
UPDATE_PHONE_NUMBER: Final = Document("UpdatePhoneNumber", f"{_CONNECT}/APIReference/API_UpdatePhoneNumber.html")
DESCRIBE_PHONE_NUMBER: Final = Document("DescribePhoneNumber", f"{_CONNECT}/APIReference/API_DescribePhoneNumber.html")
PHONE_NUMBER_STATUS: Final = Document("PhoneNumberStatus", f"{_CONNECT}/APIReference/API_PhoneNumberStatus.html")
OWN_HANDLER: Final = Document(
    "DeleteHandler of AWS::Connect::PhoneNumber",
    "https://github.com/aws-cloudformation/aws-cloudformation-resource-providers-connect/blob/main/"
    "aws-connect-phonenumber/src/main/java/software/amazon/connect/phonenumber/DeleteHandler.java",
)
RELEASING: Final = Document(
    "Release a phone number from Amazon Connect back to inventory", f"{_CONNECT}/adminguide/release-phone-number.html"
)
GROUPS: Final = Document(
    "Claim phone numbers to traffic distribution groups",
    f"{_CONNECT}/adminguide/claim-phone-numbers-traffic-distribution-groups.html",
)
DELETING_GROUPS: Final = Document(
    "Delete traffic distribution groups", f"{_CONNECT}/adminguide/delete-traffic-distribution-groups.html"
)
