import subprocess
import sys
from pathlib import Path

import pytest

from local_aws import source_patches
from local_aws.source_patches import Hunk, PatchError, PatchingFinder, hunks_of

SOURCE = "def greeting():\n    return 'hello'\n\n\ndef farewell():\n    return 'goodbye'\n"
PATCH = """Subject: [PATCH] be polite

A description, in which @@ means nothing.

diff --git a/polite/words.py b/polite/words.py
index 1111111..2222222 100644
--- a/polite/words.py
+++ b/polite/words.py
@@ -1,2 +1,3 @@
 def greeting():
-    return 'hello'
+    name = 'world'
+    return f'hello {name}'
@@ -6,1 +7,1 @@ def farewell():
-    return 'goodbye'
+    return 'see you'
diff --git a/tests/test_words.py b/tests/test_words.py
index 1111111..2222222 100644
--- a/tests/test_words.py
+++ b/tests/test_words.py
@@ -1,1 +1,1 @@
-old
+new
"""
PROGRAM = "import sys; from polite.words import farewell, greeting; print(greeting(), farewell(), *sys.argv[1:])\n"


def run(folder: Path, source: str) -> subprocess.CompletedProcess[str]:
    """Run a program that imports the patched module, twice, as the first run could leave a compiled file behind."""
    (folder / "patches").mkdir()
    (folder / "patches" / "0001-be-polite.patch").write_text(PATCH)
    (folder / "polite").mkdir()
    (folder / "polite" / "__init__.py").touch()
    (folder / "polite" / "words.py").write_text(source)
    (folder / "program.py").write_text(PROGRAM)
    command = [sys.executable, source_patches.__file__, "patches", "program.py", "an", "argument"]
    environment = {"PYTHONPATH": str(folder)}
    subprocess.run([sys.executable, "program.py"], cwd=folder, env=environment, capture_output=True, check=False)
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_the_program_imports_the_module_as_patched(tmp_path: Path) -> None:
    done = run(tmp_path, SOURCE)

    assert (done.returncode, done.stdout) == (0, "hello world see you an argument\n"), done.stderr
    assert (tmp_path / "polite" / "words.py").read_text() == SOURCE


@pytest.mark.parametrize(("source", "times"), [(SOURCE.replace("hello", "hi"), 0), (SOURCE * 2, 2)])
def test_a_patch_that_does_not_fit_stops_the_program(source: str, times: int, tmp_path: Path) -> None:
    done = run(tmp_path, source)

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(
        f"a patch of patches does not fit: these lines occur {times} times instead of once:\n"
    )
    assert "def greeting():" in done.stderr


def test_the_tests_of_a_patch_are_left_out() -> None:
    assert list(hunks_of([PATCH])) == ["polite.words"]


def test_patches_of_one_module_apply_in_their_order() -> None:
    second = PATCH.replace("goodbye", "see you", 1).replace("+    return 'see you'", "+    return 'take care'")
    second = second[: second.index("@@ -1,2")] + second[second.index("@@ -6,1") :]
    source = SOURCE
    for hunk in hunks_of([PATCH, second])["polite.words"]:
        source = hunk.applied_to(source)

    assert "take care" in source


def test_a_hunk_says_which_lines_are_missing() -> None:
    with pytest.raises(PatchError, match="occur 0 times instead of once:\n    return 'hello'"):
        Hunk("-    return 'hello'\n+    return 'hi'\n").applied_to("nothing of it")


def test_other_modules_are_found_as_usual() -> None:
    finder = PatchingFinder({"polite.words": [Hunk("-a\n+b\n")], "no_such_module": [Hunk("-a\n+b\n")]})

    assert finder.find_spec("json", None) is None
    assert finder.find_spec("no_such_module", None) is None
