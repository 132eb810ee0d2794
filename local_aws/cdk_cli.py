"""Runs the CDK CLI, the same program that a user runs, against the local AWS."""

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .process_guard import REPOSITORY, GuardedProcess

_CDK: Final = REPOSITORY / "node_modules" / ".bin" / "cdk"


@dataclass(frozen=True)
class CdkResult:
    """The result of a run of the CLI.

    Attributes
    ----------
    exit_code : int
        0 if the run succeeded.
    output : str
        The output of the run; empty if it went to the terminal.
    """

    exit_code: int
    output: str


class CdkCli:
    """The CDK CLI for one app.

    Parameters
    ----------
    environment : Mapping[str, str]
        The complete environment of the CLI and the app.
    assembly : Path
        The folder for the cloud assembly that the CLI writes.
    app : str or None
        The command that runs the app, or the folder of an existing cloud assembly, in which case the
        app is not run again. Default ``None``: the app of cdk.json.
    show : bool
        Whether the output goes to the terminal instead of into the result. Default ``False``.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        assembly: Path,
        *,
        app: str | None = None,
        show: bool = False,
    ) -> None:
        tools = [str(Path(sys.executable).parent), str(REPOSITORY / "node_modules" / ".bin")]
        path = ":".join([*tools, environment.get("PATH", "")])
        self._environment = {
            **environment,
            "PATH": path,
            "PYTHONPATH": str(REPOSITORY),
            "CDK_DISABLE_CLI_TELEMETRY": "true",
        }
        self._assembly = assembly
        self._app = app
        self._show = show

    def bootstrap(self, account: str, region: str) -> CdkResult:
        """Prepare an account and Region for deployments."""
        # Run outside the repository: the CLI would first run the app that cdk.json names.
        return self._run(["bootstrap", f"aws://{account}/{region}"], folder=self._assembly)

    def deploy(self, *stacks: str, context: Mapping[str, str] | None = None) -> CdkResult:
        """Deploy the named stacks, or all stacks if none is named."""
        command = ["deploy", "--require-approval", "never", "--progress", "events"]
        return self._run([*command, *self._app_arguments(stacks, context)])

    def destroy(self, *stacks: str, context: Mapping[str, str] | None = None) -> CdkResult:
        """Destroy the named stacks, or all stacks if none is named."""
        return self._run(["destroy", "--force", *self._app_arguments(stacks, context)])

    def _app_arguments(self, stacks: Sequence[str], context: Mapping[str, str] | None) -> Iterator[str]:
        yield from stacks or ["--all"]
        if self._app is not None:
            yield from ("--app", self._app)
        yield from ("--output", str(self._assembly))
        for name, value in (context or {}).items():
            yield from ("--context", f"{name}={value}")

    def _run(self, arguments: Sequence[str], folder: Path = REPOSITORY) -> CdkResult:
        program = GuardedProcess(
            [str(_CDK), *arguments, "--no-notices", "--no-version-reporting", "--no-color"],
            self._environment,
            output=None if self._show else subprocess.PIPE,
            folder=folder,
        )
        try:
            output = "" if self._show else program.output.read()
            return CdkResult(program.wait(), output)
        finally:
            program.stop()
