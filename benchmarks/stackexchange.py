"""Makes a Posts.xml of any size, like a real one in schema, marks, lengths and scores; the text is word salad.

python benchmarks/stackexchange.py --questions 62000 --out coffee.stackexchange.com/Posts.xml
"""

import argparse
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from xml.sax.saxutils import quoteattr

from hf_datasets.records import ASSISTANT, USER, Message, Sample
from hf_datasets.shared import jsonl

HEAD, TAIL = '\ufeff<?xml version="1.0" encoding="utf-8"?>\n<posts>\n', "</posts>\n"
PARAGRAPHS = 20_000
"""Different paragraphs; posts are drawn from them."""
MINI = Path(__file__).parents[1] / "hf_datasets" / "benchmark" / "mini" / "questions.en.jsonl"


class Text:
    """Paragraphs, titles and posts."""

    def __init__(self, seed: int, paragraphs: int = PARAGRAPHS) -> None:
        self.random = random.Random(seed)
        turns = [turn for row in jsonl.read(MINI) for turn in row["turns"]]
        self.words = sorted(set(re.findall(r"[a-z]{2,}", " ".join(turns).lower())))
        self.pool = [self.words_of(self.random.randint(20, 90)) for _ in range(paragraphs)]

    def words_of(self, count: int) -> str:
        """Some words as a sentence."""
        return " ".join(self.random.choices(self.words, k=count)).capitalize() + "."

    def post(self, paragraphs: int) -> list[str]:
        """The paragraphs of a post."""
        return self.random.choices(self.pool, k=paragraphs)

    def html(self, paragraphs: list[str]) -> str:
        """A post as the site stores it: some links, lists, code, pictures."""
        parts = [f"<p>{escape(text)}</p>" for text in paragraphs]
        extra = self.random.random()
        if extra < 0.2:
            parts.append('<pre class="lang-py prettyprint-override"><code>if a &lt; b:\n    print("a")\n</code></pre>')
        elif extra < 0.4:
            parts.append("<ul>\n<li>one <em>point</em></li>\n<li>another <code>&lt;name&gt;</code></li>\n</ul>")
        elif extra < 0.5:
            parts.append('<p><a href="https://example.org/a"><img src="https://example.org/a.png" alt="a"></a></p>')
        return "\n\n".join(parts) + "\n"

    def changed(self, paragraphs: list[str], share: float = 0.05) -> list[str]:
        """The same post with some words replaced."""
        choose, words = self.random.random, self.words
        return [
            " ".join(self.random.choice(words) if choose() < share else word for word in text.split())
            for text in paragraphs
        ]


@dataclass(frozen=True)
class Made:
    """A question with its answers, as rows of Posts.xml."""

    rows: str
    """The rows, each on a line."""
    answer: list[str]
    """Paragraphs of the accepted answer."""


def lima_like(text: Text, count: int) -> tuple[list[list[str]], list[Sample]]:
    """Reference data: the paragraphs of some answers, and the samples made of them."""
    answers = [text.post(text.random.randint(2, 9)) for _ in range(count)]
    samples = [
        Sample(
            f"lima-{number}",
            "en",
            "stackexchange",
            "other",
            "",
            (Message(USER, f"Question {number}: {text.words_of(12)}"), Message(ASSISTANT, "\n\n".join(answer))),
        )
        for number, answer in enumerate(answers)
    ]
    return answers, samples


def threads(text: Text, count: int, copied: list[list[str]]) -> Iterator[Made]:
    """Questions with one eligible answer each; every hundredth nearly copies one of `copied` or its neighbour."""
    identifier = 0
    last: list[str] = []
    for number in range(count):
        question, identifier = identifier + 1, identifier + 3
        answer = text.post(min(12, max(1, round(text.random.lognormvariate(1.1, 0.7)))))
        if number % 100 == 50:
            answer = text.changed(text.random.choice(copied) if copied and number % 200 == 50 else last or answer)
        last = answer
        rows = [
            _row(
                question,
                1,
                text,
                text.post(text.random.randint(2, 4)),
                AcceptedAnswerId=question + 1,
                AnswerCount=2,
                Title=text.words_of(9),
                Tags="|coffee|beans|",
            ),
            _row(question + 1, 2, text, answer, ParentId=question, Score=text.random.randint(3, 40)),
            _row(question + 2, 2, text, text.post(1), ParentId=question, Score=text.random.randint(-2, 2)),
        ]
        yield Made("".join(rows), answer)


def _row(identifier: int, kind: int, text: Text, paragraphs: list[str], **more: object) -> str:
    year, month = text.random.randint(2010, 2023), text.random.randint(1, 12)
    values = {
        "Id": identifier,
        "PostTypeId": kind,
        "CreationDate": f"{year}-{month:02}-11T10:00:00.000",
        "Score": 5,
        "Body": text.html(paragraphs),
        "OwnerUserId": identifier % 997,
        "CommentCount": 0,
        **more,
    }
    written = " ".join(f"{name}={_attribute(str(value))}" for name, value in values.items())
    return f"  <row {written} />\n"


def _attribute(value: str) -> str:
    return quoteattr(value, {"\n": "&#xA;", '"': "&quot;"})


def write_dump(file: Path, text: Text, questions: int, copied: list[list[str]], bytes_at_least: int = 0) -> int:
    """Write a Posts.xml; with `bytes_at_least`, until it is that large. Returns the number of questions."""
    file.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with file.open("w", encoding="utf-8", newline="\n") as opened:
        opened.write(HEAD)
        for made in threads(text, questions, copied):
            opened.write(made.rows)
            count += 1
            if bytes_at_least and count % 1000 == 0 and file.stat().st_size >= bytes_at_least:
                break
        opened.write(TAIL)
    return count


def main() -> None:
    """Write one dump."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=62_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("coffee.stackexchange.com/Posts.xml"))
    options = parser.parse_args()
    text = Text(options.seed)
    print(write_dump(options.out, text, options.questions, lima_like(text, 100)[0]), options.out)


if __name__ == "__main__":
    main()
