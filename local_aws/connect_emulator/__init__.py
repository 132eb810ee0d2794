"""An emulator of Amazon Connect's phone numbers, in which claims and releases are free.

On AWS, every claim and every release uses up an allowance (200 % of the quota in 180 days), a released number is gone
for 180 days, and a claimed number costs money. This emulator has the same rules, a clock that can be moved past them,
and faults on demand. It takes its routes, its input checks, and its error codes from botocore's own service model.

In one process, in virtual time, with a stand-in for a boto3 client:

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

The next release takes effect, but its response is lost. The audit log records it:

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

``Settings`` lists what can be configured, ``ConnectEmulator`` what a test can do, and ``Faults.add`` what can go wrong.

Where Amazon Connect's behavior is not documented, the emulator assumes the worse case for the caller. If the behavior
matters, ``Settings`` can change it: how long client tokens are remembered; that a number cannot be released while a
claim or a move is in progress; that a claim counts toward the 200 % even if it ends FAILED; that a list without a
target leaves out the numbers of traffic distribution groups. A setting can make refused claims count toward the
200 %, as has been reported. IAM is not emulated.
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
