"""Wrong results: each sum is drawn and computed here, right and with a slip, and shown in every language's words.

Doses: 1 the working is right and the result absurd; 2 a step that is wrong in kind or size; 3 one small slip. What
follows a slip is computed from it, so that only the slip itself is wrong.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import count

from mtbenchx_tasks.meta_evaluation.exam.chance import Chance
from mtbenchx_tasks.meta_evaluation.exam.forms import WOMEN, number
from mtbenchx_tasks.meta_evaluation.exam.lures import framed, lured, prose
from mtbenchx_tasks.meta_evaluation.exam.slots import Pair, Slot
from mtbenchx_tasks.meta_evaluation.exam.texts import read

Shown = Mapping[str, int | str]
"""What the gaps of a text show; `result` is the last number."""
RIGHT, ABSURD, GROSS, SLIGHT = 0, 1, 2, 3
"""The doses; 0 is the right answer."""
TENFOLD = 10


def wrong_result(slot: Slot, language: str) -> Pair:
    """Make an answer whose result is wrong; every second item comes with a reference answer."""
    name, category, work = SUMS[slot.number % len(SUMS)]
    text = read(language, "sums")[name]
    right, wrong = (_written(work(slot.chance, dose), language) for dose in (RIGHT, slot.dose))
    question = "\n\n".join(part for part in (text["question"].format(**right), right.get("code", "")) if part)
    better = prose([sentence.format(**right) for sentence in text["answer"]])
    faulty = lured([sentence.format(**wrong) for sentence in framed(text["answer"], text, slot)], slot, language)
    reference = () if slot.number % 2 else (text["reference"].format(**right),)
    return Pair(category, (question,), (better,), (faulty,), reference)


def shop(chance: Chance, dose: int) -> Shown:
    """Two prices, a sum, a discount; the gross slip adds the discount."""
    n, m = chance.one("n", (20, 40, 60)), chance.one("m", (20, 40))
    p, q, d = chance.number("p", 3, 9), chance.number("q", 2, 6), chance.one("d", (10, 15, 20, 25))
    books, pens = n * p - 20 * (dose == SLIGHT), m * q
    total = books + pens
    off = total * d // 100
    result = total + off if dose == GROSS else total - off
    shown: Shown = {"n": n, "m": m, "p": p, "q": q, "d": d, "books": books, "pens": pens, "total": total, "off": off}
    return {**shown, "sign": "+" if dose == GROSS else "−", "result": _absurd(result, dose)}


def journey(chance: Chance, dose: int) -> Shown:
    """Two stretches at two speeds; the gross slip takes the mean of the speeds."""
    t1, t2 = chance.order("hours", (2, 3))
    v1, v2 = chance.order("speeds", (60, 80, 100, 120, 140))[:2]
    d1, d2, t = v1 * t1, v2 * t2, t1 + t2
    d = d1 + d2 - 20 * (dose == SLIGHT)
    expression, result = (f"({v1} + {v2}) @ 2", (v1 + v2) // 2) if dose == GROSS else (f"{d} @ {t}", d // t)
    shown: Shown = {"t1": t1, "t2": t2, "v1": v1, "v2": v2, "d1": d1, "d2": d2, "t": t, "d": d}
    return {**shown, "expression": expression, "result": _absurd(result, dose)}


def tiles(chance: Chance, dose: int) -> Shown:
    """An area, slabs, packs rounded up; the gross slip takes two slabs instead of four for a square metre."""
    length, width, k = chance.one("tiles", _TILES)
    area, per = length * width, 2 if dose == GROSS else 4
    slabs = area * per - 20 * (dose == SLIGHT)
    full, rest = divmod(slabs, k)
    shown: Shown = {
        "l": length,
        "w": width,
        "k": k,
        "area": area,
        "per": per,
        "slabs": slabs,
        "full": full,
        "rest": rest,
    }
    return {**shown, "held": full * k, "result": _absurd(full + 1, dose)}


_TILES = [
    (length, width, k)
    for length in range(6, 13)
    for width in (3, 4, 5)
    for k in (10, 20)
    if all(slabs // k >= 4 and slabs % k >= 2 for slabs in (4 * length * width, 2 * length * width))  # noqa: PLR2004
]
"""Length, width, slabs in a pack: several packs, and several slabs are missing, however many a square metre takes."""


def queue(chance: Chance, dose: int) -> Shown:
    """People before and behind; the slight slip forgets the one in between, the gross one adds those who leave."""
    a, b, c, d = (chance.number(*draw) for draw in (("a", 6, 12), ("b", 4, 9), ("c", 2, 4), ("d", 5, 9)))
    first, n = (f"{a} + {b}", a + b) if dose == SLIGHT else (f"{a} + 1 + {b}", a + 1 + b)
    sign, result = ("+", n + c + d) if dose == GROSS else ("−", n - c + d)
    shown: Shown = {
        "a": a,
        "b": b,
        "c": c,
        "d": d,
        "first": first,
        "n": n,
        "sign": sign,
        "ahead": a - c,
        "place": a - c + 1,
    }
    return {**shown, "her": chance.one("her", WOMEN), "result": _absurd(result, dose)}


def chess(chance: Chance, dose: int) -> Shown:
    """Everyone against everyone; the slight slip is in the product, the gross one in its half."""
    n, k = chance.one("chess", ((8, 4), (8, 7), (9, 4), (9, 6), (10, 5), (10, 9), (12, 6), (12, 11), (13, 6), (16, 10)))
    product = n * (n - 1) + 2 * k * (dose == SLIGHT)
    games = product // 2 + 3 * k * (dose == GROSS)
    shown: Shown = {"n": n, "k": k, "others": n - 1, "product": product, "games": games}
    return {**shown, "result": _absurd(games // k, dose)}


def loop(chance: Chance, dose: int) -> Shown:
    """A loop that adds; the slight slip takes the range's end for a part of it, the gross one adds wrongly."""
    start, step, m, passes = chance.one("loop", _LOOPS)
    end = start + step * passes
    values = range(start, end + (dose == SLIGHT), step)
    added = sum(value for value in values if value % m) + TENFOLD * 2 * (dose == GROSS)
    code = _LOOP.format(start=start, end=end, step=step, m=m)
    shown: Shown = {"m": m, "values": _listed(values), "skipped": _listed(value for value in values if value % m == 0)}
    sums = " + ".join(str(value) for value in values if value % m)
    return {**shown, "code": code, "sum": sums, "added": added, "result": _absurd(added, dose)}


_LOOP = """```python
total = 0
for i in range({start}, {end}, {step}):
    if i % {m} == 0:
        continue
    total += i
print(total)
```"""
_LOOPS = [
    (start, step, m, passes)
    for start in range(1, 6)
    for step in (2, 3, 4)
    for m in (3, 4, 5)
    for passes in (6, 7)
    if (start + step * passes) % m and sum((start + step * i) % m == 0 for i in range(passes)) == 2  # noqa: PLR2004
]
"""Start, step, divisor, passes: two values are skipped, and the range's end would not be."""


def letters(chance: Chance, dose: int) -> Shown:
    """Letters by their index, turned round; the slight slip counts from 1, the gross one doesn't turn them round."""
    words, k = next(drawn for drawn in (_words(chance, at) for at in count()) if _telling(*drawn))
    index = k - (dose == SLIGHT)
    taken = [word[index] for word in words]
    joined = "".join(taken)
    result = {ABSURD: words[0], GROSS: joined}.get(dose, joined[::-1])
    code = _LETTERS.format(words=", ".join(f'"{word}"' for word in words), k=k)
    return {"k": k, "letters": ", ".join(taken), "joined": joined, "code": code, "result": result}


_LETTERS = """```python
result = ""
for word in [{words}]:
    result += word[{k}]
print(result[::-1])
```"""
_WORDS = ("mango", "lemon", "melon", "papaya", "olive", "banana", "cherry", "tomato", "pepper", "garlic")


def _words(chance: Chance, at: int) -> tuple[list[str], int]:
    return chance.order(f"words {at}", _WORDS)[:5], chance.number(f"k {at}", 1, 3)


def _telling(words: list[str], k: int) -> bool:
    """Whether every slip changes what is printed."""
    right, early = "".join(word[k] for word in words)[::-1], "".join(word[k - 1] for word in words)[::-1]
    return len({right, right[::-1], early}) == len((right, right[::-1], early))


def _listed(values: Iterable[int]) -> str:
    return ", ".join(map(str, values))


def _absurd(result: int, dose: int) -> int:
    return result * TENFOLD if dose == ABSURD else result


def _written(shown: Shown, language: str) -> dict[str, str]:
    """Return the values as a language writes them."""
    divided = str(read(language, "phrases")["divided"])
    return {
        name: number(value, language) if isinstance(value, int) else value.replace("@", divided)
        for name, value in shown.items()
    }


SUMS: tuple[tuple[str, str, Callable[[Chance, int], Shown]], ...] = (
    ("shop", "math", shop),
    ("queue", "reasoning", queue),
    ("loop", "coding", loop),
    ("journey", "math", journey),
    ("chess", "reasoning", chess),
    ("letters", "coding", letters),
    ("tiles", "math", tiles),
)
"""Name of the texts, category, and the work itself: draws and dose -> what is shown."""
