"""The same comparisons by `mtbenchx compare` and by JudgeArena 0.1.0, where a Python that it runs on is found.

    python benchmarks/judgearena.py [--python python3.12] [--latency 1.0]

Each compares two models' answers to the mini benchmark's questions in both orders, at an endpoint on loopback.
JudgeArena's release has no MT-Bench and shows one answer at a time, so it gets each turn as a question of its own, by
its `annotate_battles`; prompts differ, so only time, CPU and requests compare. It needs Python 3.12 and gets an
environment of its own under .cache/bench at the first call; without such a Python nothing is measured, which is said.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import CACHE, MTBENCHX, Cost, endpoint, print_table, run
from probe import answered

from hf_datasets.benchmark.questions import questions

RELEASE = "judgearena==0.1.0"
NEEDED = "import sys; sys.exit(sys.version_info < (3, 12))"
THEIRS = """
import json, sys
from langchain_openai import ChatOpenAI
from judgearena.evaluate import annotate_battles
asked, url = json.load(open(sys.argv[1], encoding="utf-8")), sys.argv[2]
judge = ChatOpenAI(model="gpt-4", base_url=url, api_key="none", temperature=0, max_tokens=2048)
done = annotate_battles(judge, *zip(*asked), use_tqdm=True)
assert len(done) == len(asked)
"""


def main() -> None:
    """Compare by both, or say why not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", help="an interpreter of Python 3.12 or later; default: what is found")
    parser.add_argument("--latency", type=float, default=1.0, help="seconds")
    parser.add_argument("--small", action="store_true", help="install nothing: to see that the script runs")
    options = parser.parse_args()
    base = interpreter(options.python)
    if base is None:
        print(f"{RELEASE} needs Python 3.12 or later; none is here (name one by --python): not run.")
        return
    if options.small:
        print(f"{RELEASE} can be installed here; the small form doesn't: not run.")
        return
    python = environment(base)
    if python is None:
        print(f"{RELEASE} can't be installed here: not run.")
        return
    rows = []
    with tempfile.TemporaryDirectory() as name:
        for who, compare in (("mtbenchx", ours), ("JudgeArena", theirs)):
            with endpoint(options.latency, text="The first is better. [[A]]") as judge:
                cost = compare(Path(name), judge.url, python)
                asked = str(judge.stats()["requests"])
            rows.append([who, asked, f"{cost.wall:.1f}", f"{cost.cpu:.1f}", f"{cost.memory:.0f}"])
    print_table((f"both orders, {options.latency:g} s a judgment", "requests", "wall s", "CPU s", "peak MiB"), rows)


def interpreter(told: str | None) -> str | None:
    """Return a Python that JudgeArena runs on: the one that is told, this one, or one that is found."""
    names = [told] if told else [sys.executable, "python3.12", "python3.13", "python3.14"]
    found = [path for path in map(shutil.which, names) if path]
    return next((path for path in found if works(path, "-c", NEEDED)), None)


def works(*command: str) -> bool:
    """Tell whether a command ends well."""
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def environment(base: str) -> Path | None:
    """Return the Python of JudgeArena's environment, made at the first call; None: it can't be made here."""
    folder = CACHE / "judgearena"
    python = folder / "bin" / "python"
    if not (folder / "ready").is_file():
        made = works(base, "-m", "venv", "--clear", str(folder))
        if not made or not works(str(python), "-m", "pip", "install", "--quiet", RELEASE):
            return None
        (folder / "ready").touch()
    return python


def ours(folder: Path, url: str, _python: Path) -> Cost:
    """Compare by the command."""
    settings = {"model": "gpt-4", "base_url": url, "concurrency": 64, "ledger": str(folder / "ledger.sqlite")}
    files = [answered(folder, model) for model in ("one", "other")]
    command = [*MTBENCHX, "compare", *files, "--language", "en", "--benchmark", "mini"]
    return run([*command, "--judge", json.dumps(settings)], folder, {"OPENAI_API_KEY": "none"})


def theirs(folder: Path, url: str, python: Path) -> Cost:
    """Compare by JudgeArena's function, in a process of its own."""
    turns = [turn for question in questions("mini", "en") for turn in question.turns]
    both = [(turn, f"one says {turn}.", f"other says {turn}.") for turn in turns]
    asked = [*both, *((turn, second, first) for turn, first, second in both)]
    (folder / "asked.json").write_text(json.dumps(asked), encoding="utf-8")
    return run([python, "-c", THEIRS, folder / "asked.json", url], folder, {"JUDGEARENA_DATA": str(folder)})


if __name__ == "__main__":
    main()
