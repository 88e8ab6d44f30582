"""Takes each guard and each mend away once, and asks of the test that is named for it to fail.

`make test-mutants` runs it. All mutants are in one build, each behind a switch: a copy of the tree
is edited as the tables beside this file say, and DOSEBOOK_MUTANT names the one that is on. First
every named test passes with none on; then each mutant's test must fail with it.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
TABLES = pathlib.Path(__file__).resolve().parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
# A build of its own: cargo takes a copy of a package for the package.
WORK = TARGET / "mutants"
BUILD_SECONDS = 1800
CONTROL_SECONDS = 900
# Of a test with a mutant on, where its entry does not say otherwise.
RUN_SECONDS = 90
# The server of all tests. One whose backends were stopped holds everybody up, and stays so where
# whoever stopped them was killed: the tests that do so have a server of their own.
SERVER = "DOSEBOOK_TEST_DATABASE_URL"
STOPS_BACKENDS = "stall::backend::"
# As the shell tells of a program that was killed.
KILLED = 128 + signal.SIGKILL
# Of what a test says when it fails.
WHY_CHARS_MAX = 200
SWITCH = '''
/// Whether this guard is taken away.
#[must_use]
pub fn mutant(name: &str) -> bool {
    static ON: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    ON.get_or_init(|| std::env::var("DOSEBOOK_MUTANT").ok()).as_deref() == Some(name)
}
'''


class Wrong(Exception):
    """What is wrong with the tables or the tree, in a sentence."""


def read_tables():
    mutants = []
    for path in sorted(TABLES.glob("*.toml")):
        with open(path, "rb") as file:
            mutants += tomllib.load(file).get("mutant", [])
    names = [mutant["name"] for mutant in mutants]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Wrong(f"two mutants are called {', '.join(twice)}")
    return mutants


def edits_of(mutants):
    """What is replaced where: by file, as (start, end, text), in order."""
    edits = {}
    for mutant in mutants:
        first = [mutant] if "file" in mutant else []
        for edit in first + mutant.get("also", []):
            path, find = edit["file"], edit["find"]
            text = (ROOT / path).read_text(encoding="utf-8")
            if text.count(find) != 1:
                raise Wrong(f"{mutant['name']}: {path} has {text.count(find)} of {find!r}, not one")
            start = text.index(find)
            switch = f'crate::mutant("{mutant["name"]}")'
            replaced = edit["replace"].replace("MUTANT", switch)
            edits.setdefault(path, []).append((start, start + len(find), replaced))
    for path, found in edits.items():
        found.sort()
        for (_, end, _), (start, _, _) in zip(found, found[1:]):
            if start < end:
                raise Wrong(f"{path}: two mutants edit the same text, at {start}")
    return edits


def edited(path, edits):
    text = (ROOT / path).read_text(encoding="utf-8")
    for start, end, replaced in reversed(edits):
        text = text[:start] + replaced + text[end:]
    return text + SWITCH if path == "src/lib.rs" else text


def copy_tree(edits):
    """Writes only what differs, so that the next build is a small one."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    out = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    names = out.split("\0")
    names = {name for name in names if name and (ROOT / name).is_file()}
    tree = WORK / "tree"
    for name in names:
        wanted = (ROOT / name).read_bytes()
        if name in edits or name == "src/lib.rs":
            wanted = edited(name, edits.get(name, [])).encode()
        path = tree / name
        if not path.is_file() or path.read_bytes() != wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(wanted)
            shutil.copymode(ROOT / name, path)
    for path in [path for path in tree.rglob("*") if path.is_file()]:
        if path.relative_to(tree).as_posix() not in names:
            path.unlink()
    return tree


def seed_build():
    """Links what was built of others' packages, which is the same for the copy."""
    built, build = TARGET / "debug", WORK / "target" / "debug"
    if build.exists() or not built.exists():
        return
    ours = re.compile(r"(lib)?(dosebook|it|tidy)[-_.]")
    leave = lambda _, names: [name for name in names if ours.match(name)]
    for part in ["deps", "build", ".fingerprint"]:
        if (built / part).exists():
            shutil.copytree(built / part, build / part, copy_function=os.link, ignore=leave)


def build(tree):
    """Builds the tests of the copy; answers with their programs."""
    seed_build()
    cargo = shlex.split(os.environ.get("CARGO", "cargo"))
    command = cargo + ["test", "--locked", "--no-run", "--lib", "--test", "it", "-p", "dosebook"]
    command += ["--target-dir", str(WORK / "target"), "--message-format", "json-render-diagnostics"]
    environment = {**os.environ, "CARGO_INCREMENTAL": "1"}
    built = subprocess.run(
        command, cwd=tree, env=environment, stdout=subprocess.PIPE, text=True, timeout=BUILD_SECONDS
    )
    if built.returncode != 0:
        raise Wrong("the mutants do not compile")
    programs = []
    for line in built.stdout.splitlines():
        message = json.loads(line)
        if message.get("executable") and message.get("profile", {}).get("test"):
            programs.append(message["executable"])
    return programs


def listed(programs):
    """Which program has which test."""
    found = {}
    for program in programs:
        command = [program, "--list", "--format", "terse"]
        out = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
        for line in out.splitlines():
            if line.endswith(": test"):
                found[line.removesuffix(": test")] = program
    return found


def run(command, seconds, log, variables, tree):
    """Runs to its end or its deadline, children included. Answers with the exit code, or None."""
    environment = {**os.environ, **variables, "RUST_BACKTRACE": "0"}
    if any(one.startswith(STOPS_BACKENDS) for one in command):
        environment.pop(SERVER, None)
        beside = [str(ROOT / "scripts/with-postgres"), "timeout", "-s", "KILL", str(seconds)]
        command = beside + command
        # It stops the server, whatever has become of that.
        seconds += 60
    with open(log, "w", encoding="utf-8") as out:
        process = subprocess.Popen(
            command,
            cwd=tree,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            code = process.wait(seconds)
            return None if code == KILLED else code
        except subprocess.TimeoutExpired:
            return None
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()


def said(log):
    return log.read_text(encoding="utf-8", errors="replace")


def control(tests, programs, tree):
    """Every test that is named passes where no mutant is on."""
    failed = []
    for program in sorted(set(programs[test] for test in tests)):
        own = sorted(test for test in tests if programs[test] == program)
        log = WORK / "log" / f"control-{pathlib.Path(program).name.split('-')[0]}"
        command = [program, "--exact", "--include-ignored", *own]
        code = run(command, CONTROL_SECONDS, log, {}, tree)
        passed = set(re.findall(r"^test (\S+)(?: - .*)? \.\.\. ok$", said(log), re.MULTILINE))
        failed += [test for test in own if test not in passed]
        if code != 0 and not failed:
            failed.append(f"{own[0]} or one beside it")
    return failed


def kill(mutant, programs, tree):
    """Runs the mutant's test with it on; says what came of it, and why."""
    began = time.monotonic()
    log = WORK / "log" / mutant["name"]
    command = [programs[mutant["test"]], "--exact", "--include-ignored", mutant["test"]]
    variables = {"DOSEBOOK_MUTANT": mutant["name"]}
    if "sql" in mutant:
        variables["DOSEBOOK_MUTANT_SQL"] = mutant["sql"]
    code = run(command, mutant.get("seconds", RUN_SECONDS), log, variables, tree)
    took = time.monotonic() - began
    if code is None:
        return ("killed" if mutant.get("hangs") else "SURVIVED"), "does not end", took
    if code == 0:
        return "SURVIVED", "passed", took
    if not re.search(r"^test result: FAILED\. 0 passed; 1 failed", said(log), re.MULTILINE):
        return "SURVIVED", f"ended with {code} and no result", took
    why = re.search(r"^thread .*panicked at (\S+?):\d+:\n(.*)", said(log), re.MULTILINE)
    return "killed", f"{why[1]}: {why[2][:WHY_CHARS_MAX]}" if why else "", took


def main():
    parse = argparse.ArgumentParser(description=__doc__)
    parse.add_argument("--only", default="", help="names of mutants, tests or faults, as a pattern")
    parse.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parse.add_argument("--why", action="store_true", help="print what each test said")
    parse.add_argument("--no-control", action="store_true", help="while writing entries")
    arguments = parse.parse_args()
    began = time.monotonic()
    mutants = read_tables()
    tree = copy_tree(edits_of(mutants))
    programs = listed(build(tree))
    shutil.rmtree(WORK / "log", ignore_errors=True)
    (WORK / "log").mkdir(parents=True)
    only = re.compile(arguments.only)
    of = lambda one: [one["name"], one["test"], one.get("fault", "")] + one.get("guards", [])
    mutants = [one for one in mutants if any(only.search(text) for text in of(one))]
    unknown = sorted({one["test"] for one in mutants} - set(programs))
    if unknown:
        raise Wrong(f"there is no test {', '.join(unknown)}")
    if not mutants:
        raise Wrong(f"no mutant is called {arguments.only!r}")
    tests = {one["test"] for one in mutants}
    print(f"{len(mutants)} mutants, {len(tests)} tests", flush=True)
    failed = [] if arguments.no_control else control(tests, programs, tree)
    for test in failed:
        print(f"with no mutant on this fails: {test}", flush=True)
    mutants = [one for one in mutants if one["test"] not in failed]
    survivors = []
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        runs = pool.map(lambda one: (one, *kill(one, programs, tree)), mutants)
        for mutant, outcome, why, took in runs:
            fault = mutant.get("fault") or "; ".join(mutant.get("guards", []))
            print(f"{outcome:8} {took:5.1f} s  {mutant['name']}: {fault} ({mutant['test']})")
            if outcome != "killed" or arguments.why:
                print(f"         {why}")
            sys.stdout.flush()
            if outcome != "killed":
                survivors.append(mutant["name"])
    took = time.monotonic() - began
    print(f"{len(mutants) - len(survivors)} killed, {len(survivors)} survived, in {took:.0f} s")
    if survivors:
        raise Wrong(f"these survive, see {WORK / 'log'}: {', '.join(survivors)}")
    if failed:
        raise Wrong(f"these fail with no mutant on, see {WORK / 'log'}: {', '.join(failed)}")


if __name__ == "__main__":
    try:
        main()
    except Wrong as wrong:
        sys.exit(str(wrong))
