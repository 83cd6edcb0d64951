"""Languages as rows name them: two-letter codes, three-letter ones with or without a script, English names."""

import re

STUDY = ("en", "de", "fr", "it", "es")
"""The study's languages, in its order."""
_CODE = re.compile(r"[a-z]{2,3}([-_][a-z0-9]+)*", re.IGNORECASE)
_TABLE = """
af:Afrikaans:afr ar:Arabic:ara,arb az:Azerbaijani:aze,azj bg:Bulgarian:bul bn:Bengali:ben ca:Catalan:cat
cs:Czech:ces,cze da:Danish:dan de:German:deu,ger el:Greek:ell,gre en:English:eng es:Spanish:spa et:Estonian:est
eu:Basque:eus fa:Persian:fas,per,pes fi:Finnish:fin fr:French:fra,fre ga:Irish:gle gl:Galician:glg gu:Gujarati:guj
he:Hebrew:heb hi:Hindi:hin hr:Croatian:hrv hu:Hungarian:hun hy:Armenian:hye id:Indonesian:ind is:Icelandic:isl
it:Italian:ita ja:Japanese:jpn ka:Georgian:kat kk:Kazakh:kaz km:Khmer:khm ko:Korean:kor lt:Lithuanian:lit
lv:Latvian:lav,lvs mk:Macedonian:mkd ml:Malayalam:mal mn:Mongolian:mon,khk mr:Marathi:mar mt:Maltese:mlt
my:Burmese:mya nb::nob ne:Nepali:nep,npi nl:Dutch:nld,dut no:Norwegian:nor pl:Polish:pol ps:Pashto:pbt,pus
pt:Portuguese:por ro:Romanian:ron,rum ru:Russian:rus si:Sinhala:sin sk:Slovak:slk sl:Slovenian:slv sq:Albanian:sqi
sr:Serbian:srp sv:Swedish:swe sw:Swahili:swa,swh ta:Tamil:tam te:Telugu:tel th:Thai:tha tl:Tagalog:tgl
tr:Turkish:tur uk:Ukrainian:ukr ur:Urdu:urd vi:Vietnamese:vie xh:Xhosa:xho zh:Chinese:cmn,zho,chi
"""
"""Two-letter code, English name, three-letter codes."""
_ROWS = [entry.split(":") for entry in _TABLE.split()]
NAMES = {code: name for code, name, _ in _ROWS if name}
"""Two-letter code -> English name."""
_SHORT = {word: code for code, name, longer in _ROWS for word in (*longer.split(","), name.lower()) if word}


def is_code(word: str) -> bool:
    """Tell whether a word is a code such as `de`, `deu` or `pt-BR`; of three letters, only one that is known here."""
    first = word.lower().replace("_", "-").partition("-")[0]
    return bool(_CODE.fullmatch(word)) and (len(first) == len("de") or first in _SHORT)


def language_code(word: str) -> str | None:
    """Return the lower-case code of a language, its two-letter one where there is one; None if that names none.

    Args:
        word: `de`, `pt_BR`, `deu`, `deu_Latn`, `German` ...
    """
    word = word.strip().lower()
    if word in _SHORT:
        return _SHORT[word]
    if not _CODE.fullmatch(word):
        return None
    first, *rest = word.replace("_", "-").split("-")
    if first in _SHORT and all(
        len(part) == len("latn") for part in rest
    ):  # a script says nothing that the code doesn't
        return _SHORT[first]
    return "-".join([_SHORT.get(first, first), *rest])
