"""Properties that cannot be used, each with what the person who deploys is told."""

REGION = "eu-west-1"
ID = "11111111-2222-3333-4444-555555555555"
OTHER_ID = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
CONNECT = "arn:aws:connect:eu-west-1:123456789012"
INSTANCE = f"{CONNECT}:instance/{ID}"
OTHER_INSTANCE = f"{CONNECT}:instance/{OTHER_ID}"
GROUP = f"{CONNECT}:traffic-distribution-group/{ID}"
FLOW = f"{INSTANCE}/contact-flow/{OTHER_ID}"
SOURCE = "arn:aws:sms-voice:eu-west-1:123456789012:phone-number/phone-1"
NUMBER = "+12065550100"
POOL = f"pool-{ID}"
PROPERTIES = (
    "Adopt, AllowReplacement, ContactFlowArn, CountryCode, Description, ParkingTargetArn, PhoneNumber, "
    "Pool, Prefix, ReleaseDelay, "
    "ReleaseProtection, ServiceTimeout, ServiceToken, SourcePhoneNumberArn, Tags, TargetArn, Type"
)


def tag_list(**tags: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


_TARGET_REMEDIATION = (
    "Use arn:aws:connect:<region>:<account>:instance/<id> or "
    "arn:aws:connect:<region>:<account>:traffic-distribution-group/<id>."
)
_FLOW_REMEDIATION = "Use arn:aws:connect:<region>:<account>:instance/<id>/contact-flow/<id>."
_SOURCE_REMEDIATION = "Use arn:aws:sms-voice:<region>:<account>:phone-number/<id>."
_PREFIX_REMEDIATION = "Begin with '+' and the country's calling code, for example '+1206'."
_NUMBER_REMEDIATION = "Write '+', the calling code and the number, digits only, for example '+12065550100'."
_TAGS_REMEDIATION = 'Write [{"Key": "team", "Value": "support"}].'
_TYPES = "DID, SHARED, SHORT_CODE, THIRD_PARTY_DID, THIRD_PARTY_TF, TOLL_FREE, UIFN"
_REMOVE = (
    "SourcePhoneNumberArn names the number to import, so CountryCode, Type, Prefix, PhoneNumber and Adopt do not go "
    "with it. Remove them."
)
_ELSEWHERE = (
    "A phone number is claimed and released only in the Region of its target: deploy the stack to us-east-1, or use a "
    "target in eu-west-1."
)
_IMPORT: dict[str, object] = {"CountryCode": None, "SourcePhoneNumberArn": SOURCE}
_ADOPT: dict[str, object] = {"CountryCode": None, "PhoneNumber": NUMBER, "Adopt": "true"}


def _target(value: str) -> str:
    return (
        "TargetArn must be the ARN of an Amazon Connect instance or traffic distribution group, but is "
        f"{value!r}. {_TARGET_REMEDIATION}"
    )


def _elsewhere(name: str, value: str) -> str:
    return f"{name} is in Region us-east-1, but this stack is in eu-west-1 ({value!r}). {_ELSEWHERE}"


BAD: list[tuple[str, dict[str, object], str]] = [
    # TargetArn
    (
        "no target",
        {"TargetArn": None},
        "TargetArn is missing. Give the ARN of the instance or traffic distribution group that the number is for.",
    ),
    (
        "empty target",
        {"TargetArn": ""},
        "TargetArn is missing. Give the ARN of the instance or traffic distribution group that the number is for.",
    ),
    ("target is no ARN", {"TargetArn": "nonsense"}, _target("nonsense")),
    ("target is an instance id", {"TargetArn": ID}, _target(ID)),
    ("target is a flow", {"TargetArn": FLOW}, _target(FLOW)),
    (
        "target is of another service",
        {"TargetArn": INSTANCE.replace(":connect:", ":lex:")},
        _target(INSTANCE.replace(":connect:", ":lex:")),
    ),
    (
        "target has a short account",
        {"TargetArn": INSTANCE.replace("012:", ":")},
        _target(INSTANCE.replace("012:", ":")),
    ),
    ("target without id", {"TargetArn": f"{CONNECT}:instance/"}, _target(f"{CONNECT}:instance/")),
    ("target and a blank", {"TargetArn": INSTANCE + " "}, _target(INSTANCE + " ")),
    ("target and a line break", {"TargetArn": INSTANCE + "\n"}, _target(INSTANCE + "\n")),
    (
        "instance elsewhere",
        {"TargetArn": INSTANCE.replace("eu-west-1", "us-east-1")},
        _elsewhere("TargetArn", INSTANCE.replace("eu-west-1", "us-east-1")),
    ),
    (
        "group elsewhere",
        {"TargetArn": GROUP.replace("eu-west-1", "us-east-1")},
        _elsewhere("TargetArn", GROUP.replace("eu-west-1", "us-east-1")),
    ),
    ("target is a list", {"TargetArn": ["a", "b"]}, 'TargetArn must be a string, but is ["a", "b"]. Give one value.'),
    # CountryCode
    (
        "no country",
        {"CountryCode": None},
        (
            "CountryCode is missing. Say where to search, for example 'US', or give SourcePhoneNumberArn, or "
            "PhoneNumber with Adopt."
        ),
    ),
    (
        "unknown country",
        {"CountryCode": "XX"},
        (
            "CountryCode must be a two-letter country code that Amazon Connect knows, but is 'XX'. "
            "Use for example 'US', 'GB' or 'DE'."
        ),
    ),
    (
        "country in small letters",
        {"CountryCode": "de"},
        "CountryCode must be a two-letter country code that Amazon Connect knows, but is 'de'. Did you mean 'DE'?",
    ),
    (
        "country of three letters",
        {"CountryCode": "USA"},
        ("CountryCode must be a two-letter country code that Amazon Connect knows, but is 'USA'. Did you mean 'US'?"),
    ),
    (
        "calling code as country",
        {"CountryCode": "+1"},
        (
            "CountryCode must be a two-letter country code that Amazon Connect knows, but is '+1'. "
            "Use for example 'US', 'GB' or 'DE'."
        ),
    ),
    ("country is a number", {"CountryCode": 1}, "CountryCode must be a string, but is 1. Give one value."),
    (
        "country for a chosen number",
        {"CountryCode": None, "PhoneNumber": NUMBER},
        (
            "CountryCode is missing. Say where to search, for example 'US', or give SourcePhoneNumberArn, or "
            "PhoneNumber with Adopt."
        ),
    ),
    # Type
    ("unknown type", {"Type": "MOBILE"}, f"Type must be one of {_TYPES}, but is 'MOBILE'."),
    ("type in small letters", {"Type": "did"}, f"Type must be one of {_TYPES}, but is 'did'. Did you mean 'DID'?"),
    (
        "type with a blank",
        {"Type": "TOLL FREE"},
        f"Type must be one of {_TYPES}, but is 'TOLL FREE'. Did you mean 'TOLL_FREE'?",
    ),
    (
        "type in one word",
        {"Type": "tollfree"},
        f"Type must be one of {_TYPES}, but is 'tollfree'. Did you mean 'TOLL_FREE'?",
    ),
    ("type is a map", {"Type": {"Ref": "T"}}, 'Type must be a string, but is {"Ref": "T"}. Give one value.'),
    # Prefix
    (
        "prefix without +",
        {"Prefix": "1206"},
        f"Prefix must be '+' and 1 to 11 digits, but is '1206'. {_PREFIX_REMEDIATION}",
    ),
    ("prefix of + alone", {"Prefix": "+"}, f"Prefix must be '+' and 1 to 11 digits, but is '+'. {_PREFIX_REMEDIATION}"),
    (
        "prefix of 12 digits",
        {"Prefix": "+120655501000"},
        f"Prefix must be '+' and 1 to 11 digits, but is '+120655501000'. {_PREFIX_REMEDIATION}",
    ),
    (
        "prefix with blanks",
        {"Prefix": "+1 206"},
        f"Prefix must be '+' and 1 to 11 digits, but is '+1 206'. {_PREFIX_REMEDIATION}",
    ),
    (
        "prefix with letters",
        {"Prefix": "+1FLOWERS"},
        f"Prefix must be '+' and 1 to 11 digits, but is '+1FLOWERS'. {_PREFIX_REMEDIATION}",
    ),
    (
        "prefix of another country",
        {"Prefix": "+4420"},
        (
            "Prefix must begin with '+1', the calling code of US, but is '+4420'. "
            "Use a value that begins with '+1', or another country."
        ),
    ),
    (
        "prefix shorter than the calling code",
        {"CountryCode": "DE", "Prefix": "+4"},
        (
            "Prefix must begin with '+49', the calling code of DE, but is '+4'. "
            "Use a value that begins with '+49', or another country."
        ),
    ),
    ("prefix is a list", {"Prefix": ["+1"]}, 'Prefix must be a string, but is ["+1"]. Give one value.'),
    # PhoneNumber
    (
        "number without +",
        {"PhoneNumber": "12065550100"},
        f"PhoneNumber must be a number in E.164 form, but is '12065550100'. {_NUMBER_REMEDIATION}",
    ),
    (
        "number with hyphens",
        {"PhoneNumber": "+1-206-555-0100"},
        f"PhoneNumber must be a number in E.164 form, but is '+1-206-555-0100'. {_NUMBER_REMEDIATION}",
    ),
    (
        "number that begins with 0",
        {"PhoneNumber": "+0206555010"},
        f"PhoneNumber must be a number in E.164 form, but is '+0206555010'. {_NUMBER_REMEDIATION}",
    ),
    (
        "number of 16 digits",
        {"PhoneNumber": "+1234567890123456"},
        f"PhoneNumber must be a number in E.164 form, but is '+1234567890123456'. {_NUMBER_REMEDIATION}",
    ),
    (
        "number of another country",
        {"CountryCode": "GB", "PhoneNumber": NUMBER},
        (
            "PhoneNumber must begin with '+44', the calling code of GB, but is '+12065550100'. "
            "Use a value that begins with '+44', or another country."
        ),
    ),
    (
        "number and prefix",
        {"PhoneNumber": NUMBER, "Prefix": "+1206"},
        "PhoneNumber names the one number to take, so Prefix does not go with it. Remove one of them.",
    ),
    # Adopt
    ("adopt nothing", {"Adopt": "true"}, "Adopt needs PhoneNumber: say which number of the account is to be adopted."),
    (
        "adopt by prefix",
        {"Adopt": "true", "Prefix": "+1206"},
        "Adopt needs PhoneNumber: say which number of the account is to be adopted.",
    ),
    (
        "adopt number and prefix",
        {**_ADOPT, "Prefix": "+1206"},
        "PhoneNumber names the one number to take, so Prefix does not go with it. Remove one of them.",
    ),
    ("adopt perhaps", {"Adopt": "yes"}, "Adopt must be true or false, but is 'yes'."),
    ("adopt is a map", {"Adopt": {"a": "b"}}, 'Adopt must be a string, but is {"a": "b"}. Give one value.'),
    (
        "adopt a number of another country",
        {**_ADOPT, "CountryCode": "GB"},
        (
            "PhoneNumber must begin with '+44', the calling code of GB, but is '+12065550100'. "
            "Use a value that begins with '+44', or another country."
        ),
    ),
    # SourcePhoneNumberArn
    (
        "source is no ARN",
        {**_IMPORT, "SourcePhoneNumberArn": "phone-1"},
        (
            f"SourcePhoneNumberArn must be the ARN of a phone number of AWS End User Messaging, but is 'phone-1'. "
            f"{_SOURCE_REMEDIATION}"
        ),
    ),
    (
        "source is a number of Connect",
        {**_IMPORT, "SourcePhoneNumberArn": f"{CONNECT}:phone-number/{ID}"},
        (
            "SourcePhoneNumberArn must be the ARN of a phone number of AWS End User Messaging, but is "
            f"'{CONNECT}:phone-number/{ID}'. {_SOURCE_REMEDIATION}"
        ),
    ),
    (
        "source elsewhere",
        {**_IMPORT, "SourcePhoneNumberArn": SOURCE.replace("eu-west-1", "us-east-1")},
        _elsewhere("SourcePhoneNumberArn", SOURCE.replace("eu-west-1", "us-east-1")),
    ),
    ("import with a country", {**_IMPORT, "CountryCode": "US"}, _REMOVE),
    ("import with a type", {**_IMPORT, "Type": "DID"}, _REMOVE),
    ("import with a prefix", {**_IMPORT, "Prefix": "+1206"}, _REMOVE),
    ("import with a number", {**_IMPORT, "PhoneNumber": NUMBER}, _REMOVE),
    ("import with adopt", {**_IMPORT, "Adopt": "true"}, _REMOVE),
    (
        "import into a group",
        {**_IMPORT, "TargetArn": GROUP},
        (
            f"TargetArn must be an instance where a number is imported, but is '{GROUP}'. Connect imports into "
            "instances only: import the number into one first, then move it by changing the target."
        ),
    ),
    # Description
    (
        "long description",
        {"Description": "x" * 501},
        f"Description may have at most 500 characters, but has 501 ('{'x' * 40}'…). Shorten it.",
    ),
    (
        "description is a list",
        {"Description": ["a", "b"]},
        'Description must be a string, but is ["a", "b"]. Give one value.',
    ),
    # ContactFlowArn
    (
        "flow is an id",
        {"ContactFlowArn": OTHER_ID},
        f"ContactFlowArn must be the ARN of a flow, but is '{OTHER_ID}'. {_FLOW_REMEDIATION}",
    ),
    (
        "flow is an instance",
        {"ContactFlowArn": INSTANCE},
        f"ContactFlowArn must be the ARN of a flow, but is '{INSTANCE}'. {_FLOW_REMEDIATION}",
    ),
    (
        "flow of another instance",
        {"ContactFlowArn": f"{CONNECT}:instance/{OTHER_ID}/contact-flow/{ID}"},
        (
            f"ContactFlowArn belongs to instance {OTHER_ID}, but the target is instance {ID} "
            f"('{CONNECT}:instance/{OTHER_ID}/contact-flow/{ID}'). Use a flow of the target's own instance."
        ),
    ),
    (
        "flow elsewhere",
        {"TargetArn": GROUP, "ContactFlowArn": FLOW.replace("eu-west-1", "us-east-1")},
        _elsewhere("ContactFlowArn", FLOW.replace("eu-west-1", "us-east-1")),
    ),
    # ReleaseDelay, Pool and ParkingTargetArn
    (
        "delay in words",
        {"ReleaseDelay": "a week"},
        (
            "ReleaseDelay must be a whole number of seconds from 0 to 31536000 (365 days), but is 'a week'. Seven days "
            "are 604800 seconds; 0 releases the number with its resource."
        ),
    ),
    (
        "pool by another name",
        {"Pool": "Ephemeral", "ReleaseDelay": "60"},
        "Pool must be the Ref of a Custom::ConnectPhoneNumberPool, but is 'Ephemeral'.",
    ),
    (
        "pool without a delay",
        {"Pool": POOL},
        (
            "Pool needs ReleaseDelay, the time for which a number is parked in the pool. Use the pool's attribute "
            "ReleaseAfter."
        ),
    ),
    (
        "parking target without a pool",
        {"ParkingTargetArn": INSTANCE},
        "ParkingTargetArn is for the numbers of a pool. Set Pool, or remove it.",
    ),
    # Tags
    (
        "tags as a map",
        {"Tags": {"team": "support"}},
        f'Tags must be a list of Key and Value, but is {{"team": "support"}}. {_TAGS_REMEDIATION}',
    ),
    (
        "tags as text",
        {"Tags": "team=support"},
        f'Tags must be a list of Key and Value, but is "team=support". {_TAGS_REMEDIATION}',
    ),
    (
        "tag without value",
        {"Tags": [{"Key": "team"}]},
        f'Tags must be a list of Key and Value, but is [{{"Key": "team"}}]. {_TAGS_REMEDIATION}',
    ),
    (
        "tag with more",
        {"Tags": [{"Key": "a", "Value": "b", "PropagateAtLaunch": "true"}]},
        (
            'Tags must be a list of Key and Value, but is [{"Key": "a", "Value": "b", "PropagateAtLaunch": "true"}]. '
            f"{_TAGS_REMEDIATION}"
        ),
    ),
    ("tag is text", {"Tags": ["team"]}, f'Tags must be a list of Key and Value, but is ["team"]. {_TAGS_REMEDIATION}'),
    (
        "tag value is a map",
        {"Tags": [{"Key": "team", "Value": {"a": "b"}}]},
        f'Tags must be a list of Key and Value, but is [{{"Key": "team", "Value": {{"a": "b"}}}}]. {_TAGS_REMEDIATION}',
    ),
    (
        "tag twice",
        {"Tags": [*tag_list(team="a"), *tag_list(team="b")]},
        "Tags have the key 'team' twice. Remove one of them.",
    ),
    (
        "47 tags",
        {"Tags": tag_list(**{f"key{index}": "" for index in range(47)})},
        (
            "Tags are limited to 46, but 47 were given: a phone number takes 50 tags, and 4 of them say who owns it. "
            "Remove 1."
        ),
    ),
    (
        "tag of AWS",
        {"Tags": [{"Key": "aws:cloudformation:stack-name", "Value": "x"}]},
        "Tags may not have the key 'aws:cloudformation:stack-name': keys that begin so are reserved. Use another key.",
    ),
    (
        "tag of the provider",
        {"Tags": [{"Key": "cdk-connect-phone-number:claim", "Value": "x"}]},
        "Tags may not have the key 'cdk-connect-phone-number:claim': keys that begin so are reserved. Use another key.",
    ),
    (
        "tag without key",
        {"Tags": [{"Key": "", "Value": "x"}]},
        (
            "Tags have the key '', but a key has 1 to 128 letters, digits, spaces and characters of . : / = + - @ _. "
            "Use another key."
        ),
    ),
    (
        "tag with a long key",
        {"Tags": [{"Key": "k" * 129, "Value": "x"}]},
        (
            f"Tags have the key '{'k' * 129}', but a key has 1 to 128 letters, digits, spaces and characters of "
            ". : / = + - @ _. Use another key."
        ),
    ),
    (
        "tag with a strange key",
        {"Tags": [{"Key": "te#am", "Value": "x"}]},
        (
            "Tags have the key 'te#am', but a key has 1 to 128 letters, digits, spaces and characters of . : / = + - "
            "@ _. Use another key."
        ),
    ),
    (
        "tag with a long value",
        {"Tags": tag_list(team="v" * 257)},
        "Tags have a value of 257 characters for 'team', but 256 are allowed. Shorten it.",
    ),
    # The rest
    (
        "protection perhaps",
        {"ReleaseProtection": "True"},
        "ReleaseProtection must be true or false, but is 'True'.",
    ),
    ("replacement perhaps", {"AllowReplacement": "1"}, "AllowReplacement must be true or false, but is '1'."),
    (
        "protection is a list",
        {"ReleaseProtection": ["true"]},
        'ReleaseProtection must be a string, but is ["true"]. Give one value.',
    ),
    (
        "removal policy as a property",
        {"RemovalPolicy": "retain"},
        f"RemovalPolicy is not a property of Custom::ConnectPhoneNumber. Remove it; the properties are {PROPERTIES}.",
    ),
    (
        "misspelt property",
        {"ContactFlow": FLOW},
        f"ContactFlow is not a property of Custom::ConnectPhoneNumber. Remove it; the properties are {PROPERTIES}.",
    ),
    (
        "property of another resource",
        {"InstanceId": ID, "Zone": "a"},
        f"InstanceId is not a property of Custom::ConnectPhoneNumber. Remove it; the properties are {PROPERTIES}.",
    ),
    (
        "long value is cut",
        {"Type": ["x" * 200]},
        f'Type must be a string, but is ["{"x" * 78}. Give one value.',
    ),
]
