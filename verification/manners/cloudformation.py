"""How AWS CloudFormation behaves with custom resources: what the simulator plays, and what it does not play."""

from functools import partial
from typing import Final

from .manner import ASSUMED, Issue, Manner, NotPlayed, Service, Why, fault, interleaving, option, scenario, world
from .sources import (
    CANCEL_UPDATE,
    CDK_CUSTOM_RESOURCES,
    CONTINUE_ROLLBACK,
    CUSTOM_RESOURCE,
    CUSTOM_RESOURCE_REFERENCE,
    DELETION_POLICY,
    EXPRESS_MODE,
    FAILURE_OPTIONS,
    IMPORT,
    NESTED_ROLL_BACKS,
    PRESIGNED_URLS,
    REPLACED_AND_ROLLED_BACK,
    STACK_POLICIES,
    STACK_REFACTORING,
    TROUBLESHOOTING,
    model,
)

_manner = partial(Manner, Service.CLOUDFORMATION)
_not_played = partial(NotPlayed, Service.CLOUDFORMATION)

_REQUESTS: Final = (
    _manner(
        "When another resource of the stack fails, CloudFormation stops waiting for a running Create and sends a "
        "Delete with a physical ID that it has made up.",
        Issue("aws-cloudformation/cloudformation-coverage-roadmap#1814"),
        scenario("S4 canceled at step *", "S4 canceled before it starts, *"),
    ),
    _manner(
        "The Delete of a canceled creation runs beside the Create, and their calls follow each other in any order.",
        Issue("aws/aws-cdk#36951"),
        interleaving("create, delete with invented id"),
    ),
    _manner(
        "A failed Create is followed by a Delete with the physical ID of the FAILED response.",
        Issue("aws/aws-cdk#5525"),
        scenario("S5 *"),
    ),
    _manner(
        "CloudFormation uses a RequestId again when a deployment is retried with rollback disabled.",
        Issue("aws/aws-cdk#35957"),
        scenario("S14 *, same RequestId"),
    ),
    _manner(
        "An Update that is answered with another physical ID is a replacement, and a Delete with the old physical ID "
        "follows.",
        CUSTOM_RESOURCE_REFERENCE,
        scenario("S11 replacement*"),
    ),
    _manner(
        "A failed Update is followed by an Update with the properties swapped.",
        Issue("aws/aws-cdk#17040"),
        scenario("S10 update fails, is rolled back"),
    ),
    _manner(
        "Property values arrive as strings.",
        CDK_CUSTOM_RESOURCES,
        scenario("S19 protected, then not"),
    ),
    _manner(
        "CloudFormation waits for a response for ServiceTimeout seconds, and then counts the request as failed.",
        CUSTOM_RESOURCE,
        scenario("S6 two deletes of two destroys"),
    ),
    _manner(
        "A ResponseURL need not say when it was signed.",
        ASSUMED,
        option("signs_time"),
    ),
    _manner(
        "Somebody answers in the function's place with the ResponseURL from the log, as AWS advises for a stack that "
        "hangs.",
        Issue("aws-samples/aws-control-tower-automate-account-creation#8"),
        scenario("S20 somebody else answers a create"),
    ),
    _manner(
        "Somebody answers a Delete with SUCCESS while it is failing.",
        Issue("aws-samples/aws-control-tower-automate-account-creation#8"),
        scenario("S20 somebody else answers a delete that fails"),
    ),
    _manner(
        "Somebody answers a request with the ARN of another resource's number.",
        PRESIGNED_URLS,
        scenario("S20 somebody else answers with the number of another resource"),
    ),
    _manner(
        "CloudFormation itself sends one Create as two requests, and listens to the second one.",
        Issue("aws-cloudformation/cloudformation-coverage-roadmap#2075"),
        scenario("S14 one Create as two requests, the second counts"),
    ),
    _manner(
        "CloudFormation itself sends one Create as two requests, and listens to the first one.",
        Issue("aws-cloudformation/cloudformation-coverage-roadmap#2075"),
        scenario("S14 one Create as two requests, the first counts"),
    ),
    _manner(
        "CloudFormation sends one Update as two requests, and listens to one of them.",
        ASSUMED,
        scenario("S14 one Update as two requests, *", "S14 one replacement as two requests, *"),
    ),
    _manner(
        "Express mode ends an operation early and repeats parts of it. The documents contradict each other on whether "
        "it also disables rollback.",
        EXPRESS_MODE,
        scenario("S14 one Update as two requests, *", "S14 one replacement as two requests, *", "S25 *"),
    ),
    _manner(
        "A function that is deleted before its custom resource gets no Delete.",
        Issue("aws/aws-cdk#9840"),
        scenario("S21 provider destroyed *"),
    ),
)
_ROLL_BACKS: Final = (
    _manner(
        "The rollback of a replacement sends an Update with the properties swapped, and then the Delete of the new "
        "physical ID.",
        Issue("aws/aws-cdk#29581"),
        scenario("S12 rolled back after it has succeeded"),
    ),
    _manner(
        "The rollback of a replacement sends the Delete of the new physical ID alone.",
        REPLACED_AND_ROLLED_BACK,
        scenario("S22 replaced, Delete of the new number alone"),
    ),
    _manner(
        "The rollback of a replacement sends the Delete of the new physical ID before the Update.",
        ASSUMED,
        scenario("S22 replaced, Delete of the new number, then *"),
    ),
    _manner(
        "CloudFormation cancels a running Update and rolls back without telling the function.",
        CANCEL_UPDATE,
        scenario("S12 canceled at step *"),
    ),
    _manner(
        "A canceled Update whose response CloudFormation has not taken is followed by no request.",
        ASSUMED,
        scenario("S22 replacement answered, but not heard; nothing is sent"),
    ),
    _manner(
        "CloudFormation can watch alarms for up to three hours after an update, and still roll it back.",
        model("CloudFormation", "RollbackConfiguration, MonitoringTimeInMinutes"),
        scenario("S22 replaced, Delete of the new number alone, hours later"),
    ),
    _manner(
        "A tree of nested stacks can be stuck for days before CloudFormation deletes what it no longer needs.",
        TROUBLESHOOTING,
        scenario("S22 replaced, Delete of the new number alone, days later"),
    ),
    _manner(
        "ContinueUpdateRollback can skip a resource, which then keeps its new physical ID and gets no request.",
        CONTINUE_ROLLBACK,
        scenario("S22 replaced, the rollback fails, the stack is deleted"),
    ),
    _manner(
        "`cdk rollback --orphan` skips a resource, which keeps its new physical ID, and the stack is updated after "
        "that.",
        Issue("aws/aws-cdk#31407"),
        scenario("S22 replaced, the rollback skips the number, then updated"),
    ),
    _manner(
        "A policy retains the new copy when a replacement is rolled back.",
        ASSUMED,
        scenario("S22 replaced, rolled back, the new number retained by a policy"),
    ),
    _manner(
        "With rollback disabled, CloudFormation refuses a replacement after the function has answered SUCCESS.",
        Issue("aws/aws-cdk#30546"),
        scenario("S22 replaced, then refused: the new number stays, the stack is deleted"),
    ),
    _manner(
        "With rollback disabled, a stopped creation or update stays as it is, and the stack can be updated again or "
        "deleted.",
        FAILURE_OPTIONS,
        scenario("S25 *"),
    ),
    _manner(
        "With rollback disabled, a Delete is sent weeks later, at the start of the next operation.",
        FAILURE_OPTIONS,
        scenario("S25 update stopped, the stack deleted weeks later"),
    ),
    _manner(
        "A stack that failed with rollback disabled can be rolled back later, which deletes what never was stable.",
        model("CloudFormation", "RollbackStack"),
        scenario("S23 adopted, changed with rollback off, rolled back then"),
    ),
    _manner(
        "A stack that is deleted because its own creation or that of its root has failed is DELETE_IN_PROGRESS, which "
        "does not say ROLLBACK.",
        model("CloudFormation", "CreateStack, OnFailure"),
        scenario("S23 adopted, deleted on failure", "S23 adopted in a nested stack, deleted by its root's rollback"),
    ),
)
_DELETING: Final = (
    _manner(
        "A provider is removed or renamed by an update of its stack: the cleanup drops the refused deletion, and goes "
        "on to the function.",
        TROUBLESHOOTING,
        scenario("S21 provider removed by an update, deployed again"),
    ),
    _manner(
        "In the cleanup of an update, CloudFormation tries three times to delete a resource, and then abandons it.",
        TROUBLESHOOTING,
        scenario("S13 *"),
    ),
    _manner(
        "The three Deletes of a cleanup have the same RequestId.",
        ASSUMED,
        scenario("S13 cleanup denied, its Deletes with one RequestId"),
    ),
    _manner(
        "The three Deletes of a cleanup have the same ResponseURL.",
        ASSUMED,
        scenario("S13 cleanup denied, its Deletes with one ResponseURL"),
    ),
    _manner(
        "A Delete that fails while the stack is deleted leaves the stack DELETE_FAILED, and the next try to delete "
        "the stack sends a new Delete.",
        TROUBLESHOOTING,
        scenario("S8 *, destroyed again"),
    ),
    _manner(
        "A stack that is DELETE_FAILED can be deleted without a resource, which then gets no further Delete.",
        model("CloudFormation", "DeleteStack, RetainResources"),
        scenario("S8 delete denied, then the stack deleted without the number"),
    ),
    _manner(
        "FORCE_DELETE_STACK leaves behind what cannot be deleted, and calls it DELETE_SKIPPED.",
        model("CloudFormation", "DeleteStack, DeletionMode"),
        scenario("S8 delete denied, then the stack deleted without the number"),
    ),
    _manner(
        "A stack is deleted without a nested stack of it that is DELETE_FAILED.",
        model("CloudFormation", "DeleteStack, RetainResources"),
        scenario("S8 delete denied in a nested stack, its root deleted without the nested stack"),
    ),
    _manner(
        "A stack that is deleted without a resource says so of the resource only at the end.",
        ASSUMED,
        scenario("S8 delete denied, swept while the stack is deleted without the number"),
    ),
    _manner(
        "Two resources of a stack have one physical ID, and nothing orders their Deletes.",
        FAILURE_OPTIONS,
        scenario("S19 renamed, stopped with rollback off, deleted: *"),
    ),
    _manner(
        "What DeletionPolicy or UpdateReplacePolicy retains gets no request.",
        DELETION_POLICY,
        scenario("S24 *"),
    ),
    _manner(
        "Stack refactoring gives a resource another logical ID or another stack without a request.",
        STACK_REFACTORING,
        scenario("S29 *"),
    ),
    _manner(
        "A stack can hold a resource of which the function has seen no Create, for example after an import.",
        IMPORT,
        scenario("S9 delete of a number that never was ours"),
    ),
)
_READ_API: Final = (
    _manner(
        "CloudFormation forgets a deleted stack after 90 days.",
        Issue("boto/boto3#2352"),
        scenario(
            "S22 replacement not heard, *, CloudFormation not readable for 95 days",
            "* the stack forgotten",
            "S8 * forgotten, *",
        ),
    ),
    _manner(
        "A root stack that was deleted without a nested stack is forgotten, and the nested stack still names it.",
        ASSUMED,
        scenario("S8 *, the root deleted without the number and forgotten"),
    ),
    _manner(
        "A deployment stands still for months, because it has failed and rollback is off, and is then rolled back.",
        FAILURE_OPTIONS,
        scenario("S19 rename rolled back after * days"),
    ),
    _manner(
        "A retained resource has the status DELETE_SKIPPED.",
        Issue("DataDog/cloudformation-template#178"),
        scenario("S24 retained by the end of its stack"),
    ),
    _manner(
        "DescribeStackResource does not know a resource that was removed from its stack.",
        Issue("localstack/localstack#13269"),
        option("forgets_removed_resources"),
    ),
    _manner(
        "DescribeStackResource still knows a resource that was removed from its stack.",
        ASSUMED,
        world("removed resources remembered"),
    ),
    _manner(
        "CloudFormation's API does not answer, once or for a minute.",
        ASSUMED,
        fault("stacks", "unknown", "unknown for a minute"),
    ),
    _manner(
        "CloudFormation's API answers none of the questions that a request asks.",
        ASSUMED,
        scenario("*CloudFormation silent"),
    ),
    _manner(
        "CloudFormation's API answers no question for hours, because it is throttled or the right is missing.",
        ASSUMED,
        scenario("*CloudFormation silent for hours"),
    ),
    _manner(
        "CloudFormation's read API describes the operation before the present one.",
        Issue("aws/aws-cdk-cli#1802"),
        world("stacks shown late"),
    ),
    _manner(
        "CloudFormation enters the physical ID of a replacement in its books only when the whole update is done.",
        ASSUMED,
        world("replacements entered late"),
    ),
)

CLOUDFORMATION: Final = (*_REQUESTS, *_ROLL_BACKS, *_DELETING, *_READ_API)

CLOUDFORMATION_NOT_PLAYED: Final = (
    _not_played(
        "CloudFormation's read API does not show yet that a stack is being deleted without a number, and the scheduled "
        "run repeats the release of that number.",
        Issue("aws/aws-cdk-cli#1802"),
        Why.CANNOT_BE_PREVENTED,
        "Whatever was last asked may be outdated when the number is released. Within these seconds, the number is "
        "released as if the stack had been deleted without it a moment later. Requests wait for half a minute before "
        "they ask, which is played; a scheduled run has no such moment to count from.",
    ),
    _not_played(
        "DescribeStackResources tells only the first hundred resources of the stack that has a physical ID.",
        model("CloudFormation", "DescribeStackResources"),
        Why.HARMLESS,
        "For such a stack, the function reads the pages of ListStackResources. The simulator stands in for the result.",
    ),
    _not_played(
        "DescribeStackEvents answers in pages.",
        model("CloudFormation", "DescribeStackEvents"),
        Why.HARMLESS,
        "The function reads the pages with the paginator of boto3; the simulator stands in for the responses only.",
    ),
    _not_played(
        "CloudFormation counts a response that arrives after the timeout.",
        ASSUMED,
        Why.HARMLESS,
        "The function stores its response before it sends it, and each later invocation sends the "
        "same one. Only a FAILED that is sent after the ledger's table was lost, or its permission, can differ.",
    ),
    _not_played(
        "CloudFormation refuses a response of more than 4,096 bytes.",
        CUSTOM_RESOURCE_REFERENCE,
        Why.CANNOT_HAPPEN,
        "The function shortens the reason until the response fits.",
    ),
    _not_played(
        "A StackSet deletes an instance whose creation fails, with nested stacks in it.",
        model("CloudFormation", "CreateStack, OnFailure"),
        Why.HARMLESS,
        "The function sees the same statuses as for a stack with OnFailure=DELETE and for a nested stack (S23).",
    ),
    _not_played(
        "The rollback of nested stacks is tried three times, and nested stacks that cannot be deleted are orphaned.",
        NESTED_ROLL_BACKS,
        Why.HARMLESS,
        "The requests are those of a cleanup that is tried three times and then abandoned (S13).",
    ),
    _not_played(
        "RetainExceptOnCreate deletes what the failed operation has created, and retains the rest.",
        DELETION_POLICY,
        Why.HARMLESS,
        "The function gets a Delete, as in S19, or no request, as in S24.",
    ),
    _not_played(
        "The ServiceToken of a resource changes.",
        Issue("aws-cloudformation/cloudformation-coverage-roadmap#802"),
        Why.CANNOT_HAPPEN,
        "CloudFormation refuses the change, so a resource stays with the function that has created it.",
    ),
    _not_played(
        "The role that CloudFormation uses for a stack is gone.",
        model("CloudFormation", "CreateStack, RoleARN"),
        Why.HARMLESS,
        "CloudFormation sends nothing until it has a role again, and then sends the Delete.",
    ),
    _not_played(
        "A stack policy refuses an update.",
        STACK_POLICIES,
        Why.HARMLESS,
        "The function gets no request.",
    ),
    _not_played(
        "Termination protection refuses the deletion of a stack.",
        TROUBLESHOOTING,
        Why.HARMLESS,
        "The function gets no request.",
    ),
)
