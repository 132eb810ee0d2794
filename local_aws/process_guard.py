"""Runs a program so that no process of it outlives its owner.

A server that starts processes of its own (MiniStack: one for each Lambda function) leaves them behind when it is
killed, and the server's owner cannot clean up after a SIGKILL of its own. Therefore, each program runs below a guard:
``python -m local_aws.process_guard`` holds the reading end of a pipe whose writing end only its owner has. When the
pipe closes, for whatever reason, or the program ends, the guard ends all remaining processes. On Linux, the guard is
the "subreaper" of its descendants: orphans become its children, wherever they have moved to. On other systems, it ends
the program's process group.

``GuardedProcess`` is the owner's side.
"""

import argparse
import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import IO, Final

REPOSITORY: Final = Path(__file__).resolve().parent.parent

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_CHILD_SUBREAPER: Final = 36
_GRACE_SECONDS: Final = 3.0
_ON_LINUX: Final = sys.platform == "linux"


class GuardedProcess:
    """A program that ends with its owner.

    Parameters
    ----------
    command : Sequence[str]
        The program and its arguments.
    environment : Mapping[str, str]
        The program's complete environment.
    output : IO[str] or int or None
        Where its output and its errors go, as for ``subprocess.Popen``. Default ``None``: where this process's go.
    folder : Path
        The program's working directory. Default: the repository.
    remove : Path or None
        A folder to remove after the program has ended. Default ``None``.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        output: IO[str] | int | None = None,
        folder: Path = REPOSITORY,
        remove: Path | None = None,
    ) -> None:
        lifeline, self._owner_end = os.pipe()
        guard = [sys.executable, "-m", "local_aws.process_guard", "--lifeline", str(lifeline)]
        if remove is not None:
            guard += ["--remove", str(remove)]
        try:
            self._process = subprocess.Popen(
                [*guard, "--folder", str(folder), "--", *command],
                cwd=REPOSITORY,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=None if output is None else subprocess.STDOUT,
                text=True,
                pass_fds=(lifeline,),
                # Ctrl-C goes to the owner, who then ends its programs in order.
                start_new_session=True,
            )
        except BaseException:
            os.close(self._owner_end)
            raise
        finally:
            os.close(lifeline)

    @property
    def output(self) -> IO[str]:
        """The program's output, if ``output`` was ``subprocess.PIPE``."""
        if self._process.stdout is None:
            raise ValueError("the output was not piped")
        return self._process.stdout

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code once the program has ended.

        Raises
        ------
        subprocess.TimeoutExpired
            If the program has not ended after ``timeout`` seconds.
        """
        return self._process.wait(timeout)

    def exit_code(self) -> int | None:
        """Return the exit code, or ``None`` while the program runs."""
        return self._process.poll()

    def stop(self) -> None:
        """End the program and all processes that it has started. Return when they are gone."""
        if self._owner_end >= 0:
            os.close(self._owner_end)
            self._owner_end = -1
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


def end_with(parent: int) -> None:
    """Make this process receive SIGTERM when its parent dies (on Linux; on other systems, nothing happens).

    Parameters
    ----------
    parent : int
        The parent's process id. If the parent is already dead, the signal comes at once.
    """
    if _ON_LINUX:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)


class _Guard:
    def __init__(self, command: Sequence[str], folder: Path) -> None:
        if _ON_LINUX:
            _prctl(_PR_SET_CHILD_SUBREAPER, 1)
        self._stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        self._program = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            # In case the guard itself is killed. The guard has no other thread yet.
            preexec_fn=_end_with_guard,
        )

    def run(self, lifeline: int) -> int:
        threading.Thread(target=self._watch, args=(lifeline,), daemon=True).start()
        code = self._program.wait()
        self._end_the_rest()
        return code if code >= 0 else 128 - code

    def _watch(self, lifeline: int) -> None:
        os.read(lifeline, 1)
        self._stop()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        threading.Thread(target=self._stop, daemon=True).start()

    def _stop(self) -> None:
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._signal_group(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._program.wait(_GRACE_SECONDS)
        self._signal_group(signal.SIGKILL)

    def _signal_group(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._program.pid, number)

    def _end_the_rest(self) -> None:
        self._signal_group(signal.SIGTERM)
        deadline = time.monotonic() + _GRACE_SECONDS
        while _has_children():
            number = signal.SIGTERM if time.monotonic() < deadline else signal.SIGKILL
            for child in _children():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, number)
            time.sleep(0.02)
        self._signal_group(signal.SIGKILL)


def _has_children() -> bool:
    # Reap the children that have ended. The program itself was already waited for.
    with contextlib.suppress(ChildProcessError):
        while True:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return True
    return False


def _children() -> list[int]:
    if not _ON_LINUX:
        return []
    children: list[int] = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        with contextlib.suppress(OSError):
            # The name is in parentheses and may contain anything. After it come the state and the parent.
            if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == os.getpid():
                children.append(int(entry.name))
    return children


def _end_with_guard() -> None:
    if _ON_LINUX:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def main() -> int:
    """Guard the program that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m local_aws.process_guard")
    parser.add_argument("--lifeline", type=int, required=True, help="file descriptor of the pipe")
    parser.add_argument("--folder", type=Path, required=True, help="working directory")
    parser.add_argument("--remove", type=Path, help="a folder to remove at the end")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    try:
        return _Guard(options.command, options.folder).run(options.lifeline)
    except OSError as error:
        print(f"cannot run {options.command[0]}: {error}", file=sys.stderr)
        return 127
    finally:
        if options.remove is not None:
            shutil.rmtree(options.remove, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
