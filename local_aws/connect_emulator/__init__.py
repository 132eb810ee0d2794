"""An emulator of Amazon Connect's phone numbers: claim and release as often as you like.

On AWS every claim and every release uses up an allowance (200 % of the quota in 180 days), a released number is gone
for 180 days, and a claimed one costs money. This emulator has those rules, a clock that can be moved past them, and
faults on demand. It takes its routes, its checks of the input and its error codes from botocore's own service model.

In one process, in virtual time, with what looks like a boto3 client:

>>> from local_aws.connect_emulator import ConnectEmulator, EmulatedConnectClient, Settings
>>> emulator = ConnectEmulator(clock=lambda: 0.0, settings=Settings(quota=5))
>>> target_arn = emulator.add_instance("eu-west-2")
>>> connect = EmulatedConnectClient(emulator, "eu-west-2")
>>> found = connect.search_available_phone_numbers(
...     TargetArn=target_arn, PhoneNumberCountryCode="GB", PhoneNumberType="DID", PhoneNumberPrefix="+4420"
... )
>>> phone_number = found["AvailableNumbersList"][0]["PhoneNumber"]
>>> phone_number
'+442079460000'
>>> claimed = connect.claim_phone_number(TargetArn=target_arn, PhoneNumber=phone_number)
>>> def status() -> str:
...     described = connect.describe_phone_number(PhoneNumberId=claimed["PhoneNumberId"])
...     return described["ClaimedPhoneNumberSummary"]["PhoneNumberStatus"]["Status"]
>>> status()
'IN_PROGRESS'
>>> emulator.advance(2)
2.0
>>> status()
'CLAIMED'

The next release works, but nobody hears of it; the audit log knows:

>>> emulator.faults.add("ReleasePhoneNumber", "no_response")
>>> connect.release_phone_number(PhoneNumberId=claimed["PhoneNumberId"])
Traceback (most recent call last):
botocore.exceptions.ReadTimeoutError: Read timeout on endpoint URL: "https://connect.eu-west-2.amazonaws.com"
>>> release = emulator.audit[-1]
>>> release.operation, release.outcome, release.took_effect
('ReleasePhoneNumber', 'no_response', True)

Over HTTP, for boto3 and any other AWS SDK (or ``python -m local_aws.connect_emulator`` in a process of its own, with
the control API of ``control.py``):

>>> import boto3
>>> from local_aws.connect_emulator import EmulatorServer
>>> with EmulatorServer(emulator) as server:
...     over_http = boto3.client(
...         "connect",
...         endpoint_url=server.url,
...         region_name="eu-west-2",
...         aws_access_key_id="test",
...         aws_secret_access_key="test",
...     )
...     over_http.list_phone_numbers_v2(TargetArn=target_arn)["ListPhoneNumbersSummaryList"]
[]

``Settings`` says what can be different, ``ConnectEmulator`` what a test can do, ``Faults.add`` what can go wrong.

What Amazon Connect does but does not document is decided here for the worse for the caller, and can be changed in
``Settings`` where it matters: how long client tokens are remembered; that a number cannot be released while a claim
or a move is in progress; that a claim counts towards the 200 % also when it ends FAILED; that a list without a target
leaves out the numbers of traffic distribution groups. That a refused claim counts towards the 200 %, as has been
reported, can be set. IAM is not emulated.
"""

from .client import EmulatedConnectClient
from .errors import ServiceError
from .faults import FaultKind
from .server import EmulatorServer
from .service import ConnectEmulator
from .settings import Settings

__all__ = [
    "ConnectEmulator",
    "EmulatedConnectClient",
    "EmulatorServer",
    "FaultKind",
    "ServiceError",
    "Settings",
]
