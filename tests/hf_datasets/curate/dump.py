"""Small dumps in the schema, with the marks, of real ones."""

from pathlib import Path
from xml.sax.saxutils import quoteattr

HOST = "coffee.stackexchange.com"
PROSE = (
    "The water should be just below boiling when it meets the ground beans, because hotter water takes out bitter "
    "substances and colder water leaves the sour ones alone. Grind a little finer if the cup tastes thin. "
)
HEAD = '<?xml version="1.0" encoding="utf-8"?>\n<posts>\n'


def row(**values: object) -> str:
    """One row, its line breaks written as `&#xA;`; a value of None leaves the attribute out."""
    written = " ".join(
        f"{name}={quoteattr(str(value), {chr(10): '&#xA;', chr(34): '&quot;'})}"
        for name, value in values.items()
        if value is not None
    )
    return f"  <row {written} />\n"


def question(identifier: int, **values: object) -> str:
    """A question that passes."""
    usual = {
        "Id": identifier,
        "PostTypeId": 1,
        "CreationDate": "2015-01-27T20:33:23.170",
        "Score": 4,
        "ViewCount": 90,
        "Body": f"<p>{ask(identifier)}</p>\n",
        "OwnerUserId": 7,
        "Title": title(identifier),
        "Tags": "<water><temperature>",
        "AnswerCount": 1,
        "CommentCount": 0,
    }
    return row(**{**usual, **values})


def answer(identifier: int, parent: int, **values: object) -> str:
    """An answer that passes: 1,200 to 4,096 characters, five votes, and like no other."""
    usual = {
        "Id": identifier,
        "PostTypeId": 2,
        "ParentId": parent,
        "CreationDate": "2015-01-28T10:00:00.000",
        "Score": 5,
        "Body": f"<p>{text(identifier)}</p>\n",
        "OwnerUserId": 12,
        "CommentCount": 0,
    }
    return row(**{**usual, **values})


def title(seed: int) -> str:
    """A question's title, different for every seed."""
    return f"How hot is the water{seed} of the pot{seed} when it{seed} meets the{seed} beans?"


def ask(seed: int) -> str:
    """A question, different for every seed."""
    return f"Should I{seed} wait until{seed} the kettle{seed} has cooled{seed} down a{seed} little?"


def text(seed: int, length: int = 1500) -> str:
    """English of at least that many characters, different for every seed."""
    words = PROSE.split()
    spun = [
        f"{word} {words[(position * 7 + seed * 13) % len(words)]}{seed}" for position, word in enumerate(words * 40)
    ]
    whole = " ".join(spun)
    return whole[: whole.index(" ", length)]


def posts(*rows: str, bom: bool = True) -> bytes:
    """A whole Posts.xml."""
    return (("\ufeff" if bom else "") + HEAD + "".join(rows) + "</posts>\n").encode()


def write(folder: Path, *rows: str, name: str = HOST) -> Path:
    """A Posts.xml in a folder named by its site."""
    file = folder / name / "Posts.xml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(posts(*rows))
    return file
