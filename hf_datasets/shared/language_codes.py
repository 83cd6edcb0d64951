"""Languages as rows name them: two-letter codes, three-letter ones with or without a script, English names."""

import re

_CODE = re.compile(r"[a-z]{2,3}([-_][a-z0-9]+)*", re.IGNORECASE)
_THREE = """
afr:af ara:ar arb:ar aze:az azj:az ben:bn bul:bg cat:ca ces:cs cze:cs cmn:zh dan:da deu:de ger:de ell:el gre:el eng:en
est:et eus:eu fas:fa per:fa pes:fa fin:fi fra:fr fre:fr gle:ga glg:gl guj:gu heb:he hin:hi hrv:hr hun:hu hye:hy ind:id
isl:is ita:it jpn:ja kat:ka kaz:kk khm:km kor:ko lit:lt lav:lv lvs:lv mal:ml mar:mr mkd:mk mlt:mt mon:mn khk:mn mya:my
nep:ne npi:ne nld:nl dut:nl nob:nb nor:no pbt:ps pol:pl por:pt pus:ps ron:ro rum:ro rus:ru sin:si slk:sk slv:sl spa:es
sqi:sq srp:sr swe:sv swa:sw swh:sw tam:ta tel:te tgl:tl tha:th tur:tr ukr:uk urd:ur vie:vi xho:xh zho:zh chi:zh
"""
_NAMES = """
afrikaans:af arabic:ar azerbaijani:az bengali:bn bulgarian:bg catalan:ca chinese:zh croatian:hr czech:cs danish:da
dutch:nl english:en estonian:et finnish:fi french:fr galician:gl georgian:ka german:de greek:el gujarati:gu hebrew:he
hindi:hi hungarian:hu indonesian:id irish:ga italian:it japanese:ja kazakh:kk khmer:km korean:ko latvian:lv
lithuanian:lt macedonian:mk malayalam:ml maltese:mt marathi:mr mongolian:mn nepali:ne norwegian:no pashto:ps persian:fa
polish:pl portuguese:pt romanian:ro russian:ru serbian:sr slovak:sk slovenian:sl spanish:es swahili:sw swedish:sv
tagalog:tl tamil:ta telugu:te thai:th turkish:tr ukrainian:uk urdu:ur vietnamese:vi xhosa:xh
"""
_SHORT = dict(pair.split(":") for pair in (*_THREE.split(), *_NAMES.split()))


def language_code(said: str) -> str | None:
    """Return the lower-case code of a language, its two-letter one where there is one; None if that names none.

    Args:
        said: `de`, `pt_BR`, `deu`, `deu_Latn`, `German` ...
    """
    word = said.strip().lower()
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
