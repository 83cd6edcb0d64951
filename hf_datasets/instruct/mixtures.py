"""Which sample of which language goes where: the configs of a parallel data set, as pure functions.

Everything follows from ids, languages and a seed. Ids are put in order by a hash of seed and id, which is the same on
every machine and in every version of Python, whatever order the rows came in.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from hf_datasets.shared.errors import UserError

SAMPLED = "sampled"
SEED = 42
_NUMBER = re.compile(r"(\d+)")
_CODE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")


@dataclass(frozen=True)
class Mixture:
    """One config of a parallel data set."""

    name: str
    """`EN`, `ENDEFRITES`, `sampled` ..."""
    languages: tuple[str, ...]
    """Lower-case codes, in the order of the name."""
    sampled: bool = False
    """Every id once, in one of the languages, instead of every id in every language."""
    prefix: str = ""
    """What the names of its family begin with."""

    def stem(self, language: str) -> str:
        """Return the name of the config of one of its languages, which its files begin with."""
        return self.prefix + language.upper()


def family(languages: Sequence[str], prefix: str = "") -> tuple[Mixture, ...]:
    """Return the configs over some languages, named as in the paper.

    Each language; with two or more, all together under their joined codes, and `sampled`; with three or more and
    English among them, both again without English (`DEFRITES`, `DEFRITES_sampled`).

    Args:
        languages: Lower-case codes, in the order that the names shall have.
        prefix: What each name begins with.
    """
    found = [Mixture(prefix + code.upper(), (code,), prefix=prefix) for code in languages]
    if len(languages) > 1:
        found += _both(prefix + _joined(languages), prefix + SAMPLED, tuple(languages), prefix)
    others = tuple(code for code in languages if code != "en")
    if 1 < len(others) < len(languages):
        name = prefix + _joined(others)
        found += _both(name, f"{name}_{SAMPLED}", others, prefix)
    return tuple(found)


def parse_languages(text: str) -> tuple[str, ...]:
    """Read `EN,PT` or `pt-BR`.

    Raises:
        UserError: One isn't a language code, or stands there twice.
    """
    codes = [code.strip().lower().replace("_", "-") for code in text.split(",") if code.strip()]
    wrong = [code for code in codes if not _CODE.fullmatch(code)]
    if wrong or not codes:
        raise UserError(f"{wrong[0] if wrong else text!r} is not a language code; write them like EN,DE,PT-BR.")
    if len(set(codes)) < len(codes):
        raise UserError(f"A language stands twice in {text!r}; name each once.")
    return tuple(codes)


def share(ids: Iterable[str], languages: Collection[str], seed: int = SEED) -> dict[str, str]:
    """Give every id one language, in equal shares (they differ by at most 1).

    Args:
        ids: Unique, in any order.
        languages: In any order.
        seed: Another seed, another sharing.

    Returns:
        Id -> language.
    """
    dealt = sorted(languages, key=lambda code: _draw(seed, "language", code))
    return {sample: dealt[at % len(dealt)] for at, sample in enumerate(_shuffled(ids, seed, SAMPLED))}


def held_out(ids: Iterable[str], count: int, seed: int = SEED) -> frozenset[str]:
    """Choose the ids of the validation set, the same for every language.

    Args:
        ids: Unique, in any order.
        count: How many.
        seed: Another seed, another choice.
    """
    return frozenset(_shuffled(ids, seed, "validation")[:count])


def select(mixture: Mixture, ids: Collection[str], seed: int = SEED) -> dict[str, frozenset[str]]:
    """Return which ids a config takes from each of its languages.

    Args:
        mixture: The config.
        ids: The ids of a split, the same in every language.
        seed: Of the sharing.
    """
    if not mixture.sampled:
        return dict.fromkeys(mixture.languages, frozenset(ids))
    shares = share(ids, mixture.languages, seed)
    return {code: frozenset(i for i, got in shares.items() if got == code) for code in mixture.languages}


def natural(identifier: str) -> tuple[Sequence[str | int], str]:
    """Return the sort key that puts `alpaca-9` before `alpaca-10`."""
    pieces: list[str | int] = [*_NUMBER.split(identifier)]
    for at in range(1, len(pieces), 2):
        pieces[at] = int(pieces[at])
    return pieces, identifier


def overlap(splits: Mapping[str, Collection[str]]) -> list[str]:
    """Return the ids that stand in more than one split, sorted."""
    seen: set[str] = set()
    twice: set[str] = set()
    for ids in splits.values():
        twice |= seen & set(ids)
        seen |= set(ids)
    return sorted(twice, key=natural)


def _joined(languages: Iterable[str]) -> str:
    return "".join(code.upper() for code in languages)


def _both(joined: str, sampled: str, languages: tuple[str, ...], prefix: str) -> list[Mixture]:
    return [Mixture(joined, languages, prefix=prefix), Mixture(sampled, languages, sampled=True, prefix=prefix)]


def _shuffled(ids: Iterable[str], seed: int, purpose: str) -> list[str]:
    return sorted(ids, key=lambda identifier: (_draw(seed, purpose, identifier), identifier))


def _draw(seed: int, purpose: str, identifier: str) -> bytes:
    return hashlib.sha256(f"{seed}/{purpose}/{identifier}".encode("utf-8", "surrogatepass")).digest()
