"""How Amazon Connect behaves with phone numbers: what the simulator plays, and what it does not play."""

from functools import partial
from typing import Final

from .manner import ASSUMED, Issue, Manner, NotPlayed, Service, Why, fault, scenario, setting, world
from .sources import (
    DELETING_GROUPS,
    DESCRIBE_PHONE_NUMBER,
    EVENTUAL_CONSISTENCY,
    GROUPS,
    IMPORT_PHONE_NUMBER,
    OWN_HANDLER,
    PHONE_NUMBER_STATUS,
    RELEASE_PHONE_NUMBER,
    RELEASING,
    UPDATE_PHONE_NUMBER,
    model,
)

_manner = partial(Manner, Service.CONNECT)
_not_played = partial(NotPlayed, Service.CONNECT)

_CALLS: Final = (
    _manner(
        "A call fails with InternalServiceException, and may be done all the same.",
        model("Connect", "InternalServiceException"),
        fault("connect", "InternalServiceException", "InternalServiceException, but done"),
    ),
    _manner(
        "One operation fails for half a minute, while the others work.",
        ASSUMED,
        scenario("S12 rolled back while * fails"),
    ),
    _manner(
        "A call gets no response, and may be done all the same.",
        ASSUMED,
        fault("connect", "no response, not done", "no response, but done"),
    ),
    _manner(
        "A call gets no response, and is done a minute later, when nobody waits for it any more.",
        ASSUMED,
        fault("connect", "no response, but done later"),
    ),
    _manner(
        "A claim or an import gets no response, and is done more than three minutes later.",
        ASSUMED,
        fault("connect", "no response, but done minutes later"),
    ),
    _manner(
        "Calls are refused with ThrottlingException, once or for a minute.",
        model("Connect", "ThrottlingException"),
        fault("connect", "ThrottlingException", "throttled for a minute"),
    ),
    _manner(
        "Each operation takes so many calls a second, and refuses the others with ThrottlingException.",
        ASSUMED,
        world("calls throttled"),
    ),
    _manner(
        "A call is refused with InvalidParameterException.",
        model("Connect", "InvalidParameterException"),
        fault("connect", "InvalidParameterException"),
    ),
)
_SHOWING: Final = (
    _manner(
        "Connect shows a number seconds after it has given it out, and in some cases only minutes after.",
        EVENTUAL_CONSISTENCY,
        world("numbers shown late", "numbers shown minutes late"),
    ),
    _manner(
        "Connect shows the description, the tags, the target and the flow of a number as they were minutes before.",
        EVENTUAL_CONSISTENCY,
        world("changes shown late", "changes shown minutes late"),
    ),
    _manner(
        "Connect still shows a number minutes after its release.",
        EVENTUAL_CONSISTENCY,
        world("released numbers shown minutes late"),
    ),
    _manner(
        "One number is not shown for a while, and the others are.",
        EVENTUAL_CONSISTENCY,
        fault("connect", "not shown for a while", "*; not shown for a while"),
    ),
    _manner(
        "A call fails with ResourceNotFoundException or InvalidRequestException because an earlier change has not "
        "arrived everywhere.",
        EVENTUAL_CONSISTENCY,
        fault("connect", "ResourceNotFoundException", "InvalidRequestException"),
    ),
)
_CLAIMING: Final = (
    _manner(
        "ClaimPhoneNumber answers 200 when it has accepted the claim, and the claim can end FAILED.",
        Issue("boto/boto3#4622"),
        scenario("S17 claim accepted, then FAILED"),
    ),
    _manner(
        "ClaimPhoneNumber answers 200, and Connect never shows the number.",
        Issue("boto/boto3#4622"),
        scenario("S20 number that Connect never shows"),
    ),
    _manner(
        "A claim stays IN_PROGRESS for minutes.",
        PHONE_NUMBER_STATUS,
        world("claims slow", "claims slow, *"),
    ),
    _manner(
        "Connect holds a number whose claim has failed for a day, and then takes it back.",
        PHONE_NUMBER_STATUS,
        setting("failed_hold_seconds"),
    ),
    _manner(
        "A claim ends FAILED where the target or the account has reached its limit.",
        PHONE_NUMBER_STATUS,
        setting("target_limit", "quota"),
    ),
    _manner(
        "Somebody else gets a number between the search and the claim.",
        Issue("hashicorp/terraform-provider-aws#45572"),
        scenario("S16 *"),
    ),
    _manner(
        "Creations at the same time find the same numbers, of which there may be few.",
        Issue("hashicorp/terraform-provider-aws#45572"),
        setting("inventory_limit"),
    ),
    _manner(
        "Connect says in other words that somebody else has the number.",
        ASSUMED,
        setting("not_available_message"),
    ),
    _manner(
        "Connect refuses a claim for a reason that holds for every number.",
        ASSUMED,
        scenario("S31 every claim refused for another reason"),
    ),
    _manner(
        "Connect refuses claims for months, because of the 200 percent of the quota.",
        RELEASE_PHONE_NUMBER,
        scenario("S31 claims refused for months, then created"),
    ),
    _manner(
        "A refused claim counts toward the 200 percent of the quota.",
        ASSUMED,
        world("refused claims count"),
    ),
    _manner(
        "ImportPhoneNumber takes a number over from another service of AWS.",
        IMPORT_PHONE_NUMBER,
        scenario("S1 an imported number"),
    ),
)
_TOKENS: Final = (
    _manner(
        "Connect remembers no client token.",
        ASSUMED,
        world("tokens forgotten", "*, tokens forgotten"),
    ),
    _manner(
        "Connect forgets all client tokens at one moment.",
        ASSUMED,
        fault("connect", "token forgotten", "*; token forgotten"),
    ),
    _manner(
        "A call is refused with IdempotencyException, as if its client token had been used otherwise.",
        model("Connect", "IdempotencyException"),
        fault("connect", "IdempotencyException"),
    ),
)
_RELEASING: Final = (
    _manner(
        "An instance is deleted under a number, and the number stays or is released with it.",
        ASSUMED,
        scenario("S9 instance deleted *"),
    ),
    _manner(
        "Connect refuses to release or to change a number because it is in use.",
        model("Connect", "ResourceInUseException"),
        fault("connect", "ResourceInUseException"),
    ),
    _manner(
        "ReleasePhoneNumber is not refused with ResourceInUseException while a claim or a move is IN_PROGRESS.",
        ASSUMED,
        world("releases never in use"),
    ),
    _manner(
        "Connect refuses releases for months, because of the 200 percent of the quota.",
        RELEASE_PHONE_NUMBER,
        scenario("S8 releases refused for months"),
    ),
    _manner(
        "A released number can be neither found nor claimed for 180 days; after that, anybody can claim it.",
        RELEASE_PHONE_NUMBER,
        scenario("S9 number claimed by somebody else since"),
    ),
    _manner(
        "A number that has a flow can be released.",
        RELEASING,
        scenario("S1 create with everything, delete"),
    ),
    _manner(
        "A number can be released only in the Region where it was claimed.",
        RELEASE_PHONE_NUMBER,
        scenario("S9 delete of a number of another Region"),
    ),
    _manner(
        "People release, move or tag a number in Connect, and CloudFormation does not know it.",
        ASSUMED,
        scenario("S9 number * by hand", "S9 number tagged *", "S9 number whose tags were taken off"),
    ),
)
_CHANGING: Final = (
    _manner(
        "UpdatePhoneNumber moves a number without its flow.",
        UPDATE_PHONE_NUMBER,
        scenario("S10 target*"),
    ),
    _manner(
        "A change of the description leaves a number IN_PROGRESS for a while.",
        PHONE_NUMBER_STATUS,
        world("descriptions slow"),
    ),
    _manner(
        "A move can end FAILED, and the number stays where it was.",
        PHONE_NUMBER_STATUS,
        scenario("S10 update fails, is rolled back"),
    ),
    _manner(
        "A traffic distribution group that is not ACTIVE yet is answered with ResourceNotFoundException.",
        GROUPS,
        scenario("S27 * that is not active yet"),
    ),
    _manner(
        "ListPhoneNumbersV2 without a target lists the numbers of traffic distribution groups, too.",
        ASSUMED,
        world("group numbers listed without their group"),
    ),
    _manner(
        "Associations of flows name numbers and flows by their ARNs.",
        Issue("hashicorp/terraform-provider-aws#43557"),
        setting("flow_association_resource_id", "flow_association_flow_id"),
    ),
    _manner(
        "Associations of flows name numbers and flows by their IDs.",
        ASSUMED,
        world("flows named by their ids"),
    ),
)

CONNECT: Final = (*_CALLS, *_SHOWING, *_CLAIMING, *_TOKENS, *_RELEASING, *_CHANGING)

CONNECT_NOT_PLAYED: Final = (
    _not_played(
        "ReleasePhoneNumber answers 200 when it has accepted the release, and the release fails later.",
        OWN_HANDLER,
        Why.CANNOT_HAPPEN,
        "AWS's own handler of AWS::Connect::PhoneNumber takes the response as the end of the number, as the function "
        "does. If it were not, the number would stay claimed and billed.",
    ),
    _not_played(
        "A call takes effect minutes after its timeout: a claim more than three minutes after it, any other call more "
        "than one minute.",
        ASSUMED,
        Why.CANNOT_BE_PREVENTED,
        "A claim is looked for until five minutes after the end of the invocation; a later one would leave a number "
        "that nobody knows. A late move or flow could replace a newer one. A release that arrives minutes later cannot "
        "be recalled where the stack was deleted without the number meanwhile.",
    ),
    _not_played(
        "A traffic distribution group is deleted under a number.",
        DELETING_GROUPS,
        Why.CANNOT_HAPPEN,
        "Connect refuses to delete a group that has numbers.",
    ),
    _not_played(
        "A traffic distribution group is neither ACTIVE nor being created.",
        GROUPS,
        Why.HARMLESS,
        "The function waits only for a group that is being created. In any other state the request fails with "
        "Connect's ResourceNotFoundException before anything is claimed, and can be tried again.",
    ),
    _not_played(
        "A number of a group is used from the group's other Region.",
        DESCRIBE_PHONE_NUMBER,
        Why.CANNOT_HAPPEN,
        "The function works on numbers of its own Region, and leaves the others alone (S9).",
    ),
    _not_played(
        "ListPhoneNumbers returns ARNs that cannot be tagged.",
        model("Connect", "ListPhoneNumbers"),
        Why.CANNOT_HAPPEN,
        "The function calls ListPhoneNumbersV2 only.",
    ),
)
