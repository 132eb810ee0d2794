"""What the CDK CLI and ``connect-phone-numbers plan`` show before a deployment that loses a number.

``python -m docs.tools.gates --write`` runs them against a local AWS and writes their output to ``docs/pipelines.md``.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import aws_cdk as cdk

from cdk_connect_phone_number import PhoneNumber, PhoneNumberProvider
from local_aws.cdk_cli import CdkCli, CdkResult
from local_aws.launcher import ACCOUNT, INSTANCE_ID, REGION, LocalAws

from .pages import ROOT

PAGE: Final = ROOT / "docs" / "pipelines.md"
_BEGIN: Final = "<!-- what the gates show: python -m docs.tools.gates --write -->\n"
_END: Final = "<!-- end of what the gates show -->\n"
_STACK: Final = "SupportLine"
_NUMBER: Final = "+12065550100"
_TARGET: Final = f"arn:aws:connect:{REGION}:{ACCOUNT}:instance/{INSTANCE_ID}"
_CHANGES: Final[Mapping[str, Mapping[str, Any] | None]] = {
    "The description of the number changes": {"country_code": "US", "allow_replacement": True, "description": "Sales"},
    "The country of the number changes, and `allow_replacement` is on": {
        "country_code": "GB",
        "allow_replacement": True,
    },
    "The number is removed from the code": None,
}
"""What a deployment does, with the number's properties then."""
_NOISE: Final = (
    re.compile(r"^.*/program\.js:.*\n", re.MULTILINE),
    re.compile(r"^(?:start|success): .*\n", re.MULTILINE),
    re.compile(r"^.*Synthesis time: .*\n", re.MULTILINE),
    # Which of several empty lines are there depends on the timing.
    re.compile(r"\n(?=\n\n)"),
)
_UUID: Final = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")


def shown(local_aws: LocalAws, folder: Path) -> str:
    """Deploy a number with its own provider, and return what is shown before each change, in Markdown.

    Parameters
    ----------
    local_aws
        A local AWS that is bootstrapped.
    folder
        An empty folder for cloud assemblies.
    """
    first = _assembly(folder / "deployed", {"country_code": "US", "allow_replacement": True})
    deployed = CdkCli(local_aws.environment, first, app=str(first)).deploy(_STACK)
    if deployed.exit_code != 0:
        raise RuntimeError(deployed.output)
    client = local_aws.session().client("cloudformation", endpoint_url=local_aws.endpoint_url)
    (output,) = client.describe_stacks(StackName=_STACK)["Stacks"][0].get("Outputs", [])
    number = str(output.get("OutputValue"))
    parts: list[str] = []
    for index, (change, properties) in enumerate(_CHANGES.items()):
        assembly = _assembly(folder / str(index), properties)
        parts += [f"### {change}", ""]
        for command, run in _commands(local_aws, assembly).items():
            result = run()
            text = _clean(result.output, number, assembly)
            parts += [f"`{command}` ends with exit code {result.exit_code}:", "", "```text", text, "```", ""]
    return "\n".join(parts)


def with_shown(page: str, text: str) -> str:
    """Return the page with ``text`` between its two marks.

    Raises
    ------
    ValueError
        The page does not have both marks once.
    """
    if page.count(_BEGIN) != 1 or page.count(_END) != 1:
        raise ValueError(f"{PAGE} must have each of these lines once: {_BEGIN.strip()} {_END.strip()}")
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}\n{text.strip()}\n\n{_END}{after}"


def _assembly(folder: Path, properties: Mapping[str, Any] | None) -> Path:
    """Synthesize the stack, with a number that has these properties or without one."""
    app = cdk.App(outdir=str(folder), context={"aws:cdk:enable-path-metadata": True})
    stack = cdk.Stack(app, _STACK, env=cdk.Environment(account=ACCOUNT, region=REGION))
    provider = PhoneNumberProvider(stack, "Provider")
    if properties is not None:
        number = PhoneNumber(stack, "Line", provider=provider, target_arn=_TARGET, **properties)
        cdk.CfnOutput(stack, "PhoneNumber", value=number.phone_number)
    app.synth()
    return folder


def _commands(local_aws: LocalAws, assembly: Path) -> Mapping[str, Callable[[], CdkResult]]:
    cli = CdkCli(local_aws.environment, assembly, app=str(assembly))
    return {
        "cdk diff --fail-on destructive": lambda: cli.diff(_STACK, fail_on="destructive"),
        "cdk deploy --require-approval any-change": lambda: cli.deploy(_STACK, require_approval="any-change"),
        "connect-phone-numbers plan --fail-on release,replace": lambda: _plan(local_aws, assembly),
    }


def _plan(local_aws: LocalAws, assembly: Path) -> CdkResult:
    command = [sys.executable, "-m", "cdk_connect_phone_number", "plan", "--app", str(assembly)]
    done = subprocess.run(  # noqa: S603 - our own program
        [*command, "--fail-on", "release,replace"],
        cwd=ROOT,
        env={**local_aws.environment, "COLUMNS": "110", "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return CdkResult(done.returncode, done.stdout)


def _clean(output: str, number: str, assembly: Path) -> str:
    """Return an output without what differs from run to run."""
    text = output.replace(number, _NUMBER).replace(str(assembly), "cdk.out")
    for noise in _NOISE:
        text = noise.sub("", text)
    text = _UUID.sub("11111111-2222-3333-4444-555555555555", text)
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", required=True, help="Write docs/pipelines.md.")
    parser.parse_args()
    with LocalAws() as local_aws, tempfile.TemporaryDirectory() as folder:
        bootstrapped = CdkCli(local_aws.environment, Path(folder)).bootstrap(ACCOUNT, REGION)
        if bootstrapped.exit_code != 0:
            raise RuntimeError(bootstrapped.output)
        PAGE.write_text(with_shown(PAGE.read_text(), shown(local_aws, Path(folder))))


if __name__ == "__main__":
    main()
