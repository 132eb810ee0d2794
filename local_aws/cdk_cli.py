"""Runs the CDK CLI, the same program that a user runs, against the local AWS."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .process_guard import REPOSITORY, GuardedProcess

_TOOLS: Final = Path("node_modules", ".bin")
_NO_CDK: Final = 127


@dataclass(frozen=True)
class CdkResult:
    """The result of a run of the CLI.

    Attributes
    ----------
    exit_code : int
        0 if the run succeeded.
    output : str
        The output of the run.
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
    on_line : Callable[[str], None] or None
        Is called with each line of the output as soon as the CLI has written it. Default ``None``.
    folder : Path
        The folder of the app, in whose ``node_modules`` the CLI is; if not, it is looked for on the ``PATH``.
        Default: the repository, whose modules the app can then import.

    Attributes
    ----------
    assembly : Path
        The folder of the cloud assembly.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        assembly: Path,
        *,
        app: str | None = None,
        on_line: Callable[[str], None] | None = None,
        folder: Path = REPOSITORY,
    ) -> None:
        path = ":".join([str(Path(sys.executable).parent), str(folder / _TOOLS), environment.get("PATH", "")])
        self._environment = {**environment, "PATH": path, "CDK_DISABLE_CLI_TELEMETRY": "true"}
        if folder == REPOSITORY:
            self._environment["PYTHONPATH"] = str(REPOSITORY)
        self._cdk = shutil.which("cdk", path=path)
        self._folder = folder
        self.assembly = assembly
        self._app = app
        self._on_line = on_line

    def bootstrap(self, account: str, region: str) -> CdkResult:
        """Prepare an account and Region for deployments."""
        # Run outside the repository: the CLI would first run the app that cdk.json names.
        return self._run(["bootstrap", f"aws://{account}/{region}"], folder=self.assembly)

    def deploy(
        self, *stacks: str, context: Mapping[str, str] | None = None, require_approval: str = "never"
    ) -> CdkResult:
        """Deploy the named stacks, or all stacks if none is named."""
        command = ["deploy", "--require-approval", require_approval, "--progress", "events"]
        return self._run([*command, *self._app_arguments(stacks, context)])

    def diff(self, *stacks: str, fail_on: str) -> CdkResult:
        """Compare the named stacks with what is deployed, and fail on a kind of change."""
        return self._run(["diff", "--fail-on", fail_on, *self._app_arguments(stacks, None)])

    def destroy(self, *stacks: str, context: Mapping[str, str] | None = None) -> CdkResult:
        """Destroy the named stacks, or all stacks if none is named."""
        return self._run(["destroy", "--force", *self._app_arguments(stacks, context)])

    def _app_arguments(self, stacks: Sequence[str], context: Mapping[str, str] | None) -> Iterator[str]:
        yield from stacks or ["--all"]
        if self._app is not None:
            yield from ("--app", self._app)
        yield from ("--output", str(self.assembly))
        for name, value in (context or {}).items():
            yield from ("--context", f"{name}={value}")

    def _run(self, arguments: Sequence[str], folder: Path | None = None) -> CdkResult:
        if self._cdk is None:
            return CdkResult(
                _NO_CDK,
                f"The CDK CLI is not installed. In a folder with a package.json that names aws-cdk, run npm install; "
                f"{self._folder} has no {_TOOLS / 'cdk'}. For all folders: npm install -g aws-cdk@2",
            )
        program = GuardedProcess(
            [self._cdk, *arguments, "--no-notices", "--no-version-reporting", "--no-color"],
            self._environment,
            output=subprocess.PIPE,
            folder=folder or self._folder,
        )
        try:
            lines: list[str] = []
            for line in program.output:
                lines.append(line)
                if self._on_line is not None:
                    self._on_line(line.rstrip("\n"))
            return CdkResult(program.wait(), "".join(lines))
        finally:
            program.stop()
