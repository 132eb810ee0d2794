"""How AWS Lambda, DynamoDB, S3, and IAM behave: what the simulator plays, and what it does not play."""

from functools import partial
from typing import Final

from .manner import ASSUMED, Issue, Manner, NotPlayed, Service, Why, fault, interleaving, option, scenario, world
from .sources import (
    ASYNCHRONOUS,
    DESTINATIONS,
    ENVIRONMENT,
    ERROR_PRACTICES,
    INDEXES,
    PRESIGNED_URLS,
    QUEUES,
    QUOTA,
    TIME_TO_LIVE,
    TRANSACTIONS,
    model,
)

_lambda = partial(Manner, Service.LAMBDA)
_dynamodb = partial(Manner, Service.DYNAMODB)
_s3 = partial(Manner, Service.S3)
_iam = partial(Manner, Service.IAM)
_lambda_not_played = partial(NotPlayed, Service.LAMBDA)
_dynamodb_not_played = partial(NotPlayed, Service.DYNAMODB)
_s3_not_played = partial(NotPlayed, Service.S3)
_quotas = partial(Manner, Service.QUOTAS)
_quotas_not_played = partial(NotPlayed, Service.QUOTAS)
_iam_not_played = partial(NotPlayed, Service.IAM)

LAMBDA: Final = (
    _lambda(
        "Lambda loses an event without an invocation at it.",
        ASYNCHRONOUS,
        scenario("S4 create lost", "S8 delete lost, *", "S13 every Delete of a cleanup lost"),
    ),
    _lambda(
        "The function may not run, because its reserved concurrency is 0: events wait, and reach the queue when they "
        "are too old.",
        DESTINATIONS,
        scenario("* no concurrency for hours, *"),
    ),
    _lambda(
        "An event whose invocations have failed does not reach the on-failure queue, or the function may not read the "
        "queue.",
        DESTINATIONS,
        scenario("* its message lost"),
    ),
    _lambda(
        "A message is older than the queue's retention period, and is dropped.",
        QUEUES,
        scenario("* its message lost"),
    ),
    _lambda(
        "Loop detection stops a function that its own queue calls again and again. Whether Lambda counts that as a "
        "loop is not known.",
        Issue("boto/boto3#3899"),
        scenario("* its message lost"),
    ),
    _lambda(
        "Lambda can deliver an event again although the first delivery has succeeded.",
        ASYNCHRONOUS,
        scenario("S2 *", "S6 delete twice, *"),
    ),
    _lambda(
        "Two deliveries of one event can run at the same time, and their calls follow each other in any order.",
        ASYNCHRONOUS,
        interleaving("create, same create", "delete, same delete"),
    ),
    _lambda(
        "A duplicate of an event can be delivered long after, when later requests are done.",
        ASYNCHRONOUS,
        scenario("S10 update delivered again after the next one", "S14 late duplicate *", "S15 *"),
    ),
    _lambda(
        "A later event can overtake an earlier one.",
        ASSUMED,
        scenario("S14 undoing that begins after the retry"),
    ),
    _lambda(
        "Lambda delivers an event for the first time after CloudFormation has stopped waiting for it.",
        ASYNCHRONOUS,
        scenario("S4 create and its cancellation, both delivered after the timeout", "S8 delete delivered after *"),
    ),
    _lambda(
        "After an invocation has failed, Lambda delivers the event again, after one minute and after two more.",
        ASYNCHRONOUS,
        scenario("S3 create dies, *", "S7 delete dies, *"),
    ),
    _lambda(
        "When all invocations have failed, Lambda sends the event to the on-failure destination.",
        DESTINATIONS,
        scenario("S3 create dies at every invocation *", "S7 delete dies at every invocation *"),
    ),
    _lambda(
        "The queue delivers a message again, after its visibility timeout, if the invocation at it has failed.",
        QUEUES,
        fault("ledger", "death before"),
    ),
    _lambda(
        "An invocation can stand still at any call until Lambda ends it at the function's timeout.",
        ASYNCHRONOUS,
        scenario("S4 canceled at step *, create dies, is delivered again later"),
    ),
    _lambda(
        "A process can end right before or right after any call, even after it has answered, and the event is "
        "delivered again.",
        Issue("aws-containers/ecs-workshop-blue-green-deployments#3"),
        fault("*", "death before", "death after"),
    ),
    _lambda(
        "Any call can take a quarter of a minute longer.",
        ASSUMED,
        fault("*", "late"),
    ),
    _lambda(
        "The schedule calls the function every five minutes, whether or not anything is due.",
        ASSUMED,
        option("sweeps_always"),
    ),
    _lambda(
        "A new version of the function goes on with events and ledger items of the version before.",
        ASSUMED,
        scenario("S30 *"),
    ),
    _lambda(
        "The clocks of two hosts of the function differ by a minute.",
        ASSUMED,
        world("clocks a minute apart"),
    ),
)

DYNAMODB: Final = (
    _dynamodb(
        "The table is restored to a point in time.",
        model("DynamoDB", "RestoreTableToPointInTime"),
        scenario("S28 ledger restored to before a creation, *", "S35 ledger restored *"),
    ),
    _dynamodb(
        "DynamoDB refuses every write of the function, as invalid or because a right is missing.",
        TRANSACTIONS,
        scenario("S28 ledger refuses every write *"),
    ),
    _dynamodb(
        "A read of several items can see one before and another after a transaction.",
        TRANSACTIONS,
        scenario("S26 *"),
    ),
    _dynamodb(
        "A transaction can be done although its response is lost, and its repetition then fails on its condition.",
        TRANSACTIONS,
        fault("ledger", "no response, but done"),
    ),
    _dynamodb(
        "A transaction can be completed after the caller has got an error.",
        model("DynamoDB", "TransactionInProgressException"),
        fault("ledger", "no response, but done later"),
    ),
    _dynamodb(
        "A transaction is canceled because a condition does not hold or another transaction has the item.",
        TRANSACTIONS,
        fault("ledger", "failed condition"),
    ),
    _dynamodb(
        "Reads and writes are throttled, once or for a minute.",
        TRANSACTIONS,
        fault("ledger", "throttled", "throttled for a minute"),
    ),
    _dynamodb(
        "An item whose time to live has passed is still returned until DynamoDB deletes it, days later.",
        TIME_TO_LIVE,
        world("items expire late"),
    ),
    _dynamodb(
        "A global secondary index follows the table seconds later, and one item sooner than another.",
        INDEXES,
        world("the index late"),
    ),
    _dynamodb(
        "A global secondary index is an hour behind, and two for some items.",
        INDEXES,
        world("the index an hour or two late"),
    ),
)

S3: Final = (
    _s3(
        "CloudFormation reads the second of two responses.",
        PRESIGNED_URLS,
        scenario("S20 somebody's response replaces that of the function"),
    ),
    _s3(
        "S3 answers an upload with 5xx, once or for a while, and may have stored the object all the same.",
        ERROR_PRACTICES,
        fault("response", "HTTP 500", "HTTP 500, but done", "HTTP 500 for a minute"),
    ),
    _s3(
        "S3 answers with 400 RequestTimeout when an upload is too slow, and a repetition succeeds.",
        Issue("aws/aws-sdk-go#411"),
        fault("response", "HTTP 400", "HTTP 400, but done"),
    ),
    _s3(
        "S3 answers with 403 once, and a repetition succeeds.",
        ASSUMED,
        fault("response", "HTTP 403"),
    ),
    _s3(
        "S3 answers with 403 from the moment when the URL has expired.",
        PRESIGNED_URLS,
        scenario("S20 response 403 for good"),
    ),
    _s3(
        "S3 answers an upload with 409.",
        ASSUMED,
        fault("response", "HTTP 409"),
    ),
    _s3(
        "An upload gets no response, and may have stored the object all the same.",
        Issue("aws/aws-cdk#38428"),
        fault("response", "timeout, not done", "timeout, but done"),
    ),
)

IAM: Final = (
    _iam(
        "The function is never allowed to read from CloudFormation's API.",
        ASSUMED,
        scenario("S23 *; never allowed to read CloudFormation*", "S22 replacement not heard, *"),
    ),
    _iam(
        "The function loses the right to use its ledger.",
        Issue("aws/aws-cdk#9840"),
        scenario("S28 ledger refuses everything *"),
    ),
    _iam(
        "A change of a role or a policy takes effect minutes later, so a call is denied that will be allowed.",
        Issue("aws/aws-cdk#29871"),
        scenario("S8 AccessDeniedException for * s, *", "S13 cleanup denied *", "S23 adoption rollback denied, *"),
    ),
    _iam(
        "The function's role lacks the right to one operation only.",
        ASSUMED,
        fault("connect", "AccessDeniedException"),
    ),
)

LAMBDA_NOT_PLAYED: Final = (
    _lambda_not_played(
        "An invocation stands still between its last look at the ledger and its call of Connect.",
        ENVIRONMENT,
        Why.CANNOT_BE_PREVENTED,
        "A release, or a change that gives an adopted number back, could hit a number that was retained, or adopted "
        "by another stack, within that pause: Connect knows no condition for a call. The looks are made right before "
        "each call, so that the pause would have to be one of the process itself.",
    ),
    _lambda_not_played(
        "The queue delivers a message beside a running invocation at it.",
        QUEUES,
        Why.HARMLESS,
        "They are two invocations at one event, as those of a duplicate (S2, S6), whose calls are played in every "
        "order.",
    ),
    _lambda_not_played(
        "A process is frozen between two invocations and goes on later.",
        ENVIRONMENT,
        Why.HARMLESS,
        "The function keeps only its clients from one invocation to the next, and leaves nothing running.",
    ),
    _lambda_not_played(
        "The initialization of a process is cut off and done again.",
        ENVIRONMENT,
        Why.HARMLESS,
        "It costs time only: nothing is called before the first event.",
    ),
    _lambda_not_played(
        "Two versions of the function work on one request at the same moment.",
        ASSUMED,
        Why.CANNOT_HAPPEN,
        "There is no earlier version yet. Two versions will meet in the ledger only, where each write depends on the "
        "version of the item that was read. The scenarios change the form of the items between two steps (S30), and a "
        "recorded ledger is kept, which each later version has to read.",
    ),
    _lambda_not_played(
        "An event becomes older than its maximum age between two invocations.",
        ASYNCHRONOUS,
        Why.CANNOT_HAPPEN,
        "Three invocations of 13 minutes and their pauses take 42 minutes, and the maximum age is an hour.",
    ),
)

DYNAMODB_NOT_PLAYED: Final = (
    _dynamodb_not_played(
        "An item or a transaction is too large.",
        model("DynamoDB", "TransactWriteItems"),
        Why.CANNOT_HAPPEN,
        "A claim names at most 30 rejected candidates and the calls in flight, and a decision writes "
        "the claims of one resource.",
    ),
    _dynamodb_not_played(
        "The function reads an item whose time to live has passed.",
        TIME_TO_LIVE,
        Why.HARMLESS,
        "A request's entry expires after 14 days, and Lambda and the queue deliver the request for less than two; a "
        "closed claim expires after 200 days. No scenario reads an item after its date, not even where items expire "
        "late.",
    ),
    _dynamodb_not_played(
        "Time to live is switched off.",
        TIME_TO_LIVE,
        Why.HARMLESS,
        "The table would grow.",
    ),
    _dynamodb_not_played(
        "Two Regions of a global table do not exclude each other in transactions.",
        TRANSACTIONS,
        Why.CANNOT_HAPPEN,
        "The ledger is a table of one Region.",
    ),
)

S3_NOT_PLAYED: Final = (
    _s3_not_played(
        "S3 redirects an upload to another address (307).",
        PRESIGNED_URLS,
        Why.CANNOT_HAPPEN,
        "S3 redirects requests to a bucket that is new, for a day at most. CloudFormation's buckets exist.",
    ),
    _s3_not_played(
        "An upload whose client has given up arrives later and replaces a newer object.",
        ASSUMED,
        Why.HARMLESS,
        "All responses to one request are the same, but for a FAILED that is sent while the ledger cannot be reached.",
    ),
    _s3_not_played(
        "A ResponseURL ends before two hours, with the credentials that have signed it.",
        PRESIGNED_URLS,
        Why.HARMLESS,
        "The 403 is the same as that after two hours, which is played (S20): CloudFormation waits until the timeout.",
    ),
    _s3_not_played(
        "An upload begins before the end of the URL and has to reconnect after it.",
        PRESIGNED_URLS,
        Why.HARMLESS,
        "The upload is refused with 403, which is played.",
    ),
)

QUOTAS: Final = (
    _quotas(
        "Service Quotas tells how many phone numbers an instance may have.",
        QUOTA,
        option("tells_quota"),
    ),
    _quotas(
        "Service Quotas does not tell: it is denied or throttled, or does not know the instance.",
        ASSUMED,
        fault("quotas", "not told"),
    ),
)

QUOTAS_NOT_PLAYED: Final = (
    _quotas_not_played(
        "The quota is raised or lowered.",
        QUOTA,
        Why.HARMLESS,
        "It is asked for again every day. Until then, the function refuses or permits a claim by the quota of the day "
        "before.",
    ),
)

IAM_NOT_PLAYED: Final = (
    _iam_not_played(
        "The function loses the right to write its log.",
        Issue("aws/aws-cdk#9840"),
        Why.HARMLESS,
        "Nothing depends on the log but people, metrics and alarms.",
    ),
    _iam_not_played(
        "A condition on the tags of a phone number is evaluated on tags that are not up to date.",
        ASSUMED,
        Why.HARMLESS,
        "The calls are denied for a while, which is played (S8): the function tries for 20 seconds, then the Delete "
        "fails, and the scheduled run tries again.",
    ),
)
