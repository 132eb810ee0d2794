"""The program of ``make acceptance``, run on the local AWS: its logic is tested, though never on a real one."""

import json
import subprocess
import sys
from pathlib import Path

from local_aws.launcher import ACCOUNT, REGION, LocalAws
from local_aws.process_guard import REPOSITORY

from .number_stack import INSTANCE_ARN


def test_the_whole_lifecycle_takes_one_claim_and_one_release(local_aws: LocalAws, tmp_path: Path) -> None:
    record = tmp_path / "record.json"
    used_before, _ = local_aws.connect.call("POST", "allowance", region=REGION)
    answers = [INSTANCE_ARN, "", "", "100", "0", f"claim and release one number in {ACCOUNT}"]

    done = subprocess.run(
        # CloudFormation's events tell the provider that the adoption is complete: no sweep has to be waited for.
        [sys.executable, "-m", "acceptance", "--no-wait", "--record", str(record)],
        cwd=REPOSITORY,
        env={**local_aws.environment, "ACCEPTANCE_ON_REAL_AWS": "yes"},
        input="\n".join([*answers, ""]),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Nothing is left" in done.stdout
    assert "cleanup" not in done.stdout
    used_after, _ = local_aws.connect.call("POST", "allowance", region=REGION)
    assert used_after - used_before == 2
    cloudformation = local_aws.session().client("cloudformation", endpoint_url=local_aws.endpoint_url)
    names = [stack["StackName"] for stack in cloudformation.describe_stacks()["Stacks"]]
    assert [name for name in names if name.startswith("PhoneNumberAcceptance-")] == []
    recorded = json.loads(record.read_text())
    assert not recorded["is_of_aws"]
    assert recorded["outcome"] == "All was as expected."
    assert ACCOUNT not in record.read_text()
