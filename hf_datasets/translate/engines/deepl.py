"""DeepL, through its official client.

The client reads no environment, retries silently and times out after ten seconds, which bills long texts twice; so key,
server and limits are set here. With `tag_handling="xml"` DeepL leaves our placeholders alone and doesn't bill tags.
"""

import logging
import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from hf_datasets.endpoints.address import public_url, read_address
from hf_datasets.shared.errors import UserError
from hf_datasets.translate.engines.engine import (
    EngineAnswer,
    Fragment,
    FragmentRequest,
    LanguagePair,
    QuotaError,
    TooLargeError,
    UnavailableError,
)
from hf_datasets.translate.glossary import Glossary
from hf_datasets.translate.protect.placeholders import TAG

KEY_VARIABLE, SERVER_VARIABLE = "DEEPL_AUTH_KEY", "DEEPL_SERVER_URL"
TIMEOUT_SECONDS = 60.0
RETRIES = 4
"""After 1, 1.6, 2.6 and 4.1 s with jitter; on 429, 5xx and broken connections."""
VARIANTS = {"EN": "EN-US", "PT": "PT-PT"}
"""Targets that DeepL wants a variant of: MT-Bench is American, the study European."""
OFFICIAL, FREE = "https://api.deepl.com", "https://api-free.deepl.com"
FREE_KEY = ":fx"
"""Ends the keys of free accounts, which have a server of their own."""
AUTHORITIES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
"""Variables that name a file of certificate authorities; the first one that is set counts."""
CAUSES = {
    "CERTIFICATE_VERIFY_FAILED": "its certificate isn't trusted; SSL_CERT_FILE may name an authority of your own",
    "NameResolutionError": "its name is not known here",
    "Connection refused": "the connection is refused",
    "timed out": "no answer in time",
}
"""What a client's error holds -> what it means."""
log = logging.getLogger("lm_eval.mtbenchx")
OPTIONS = {
    "tag_handling": "xml",
    "ignore_tags": [TAG],
    "split_sentences": "1",
    "preserve_formatting": True,
    "outline_detection": False,
}
BAD_REQUEST, FORBIDDEN, TOO_LARGE, TOO_MANY, SERVER_ERROR = 400, 403, 413, 429, 500


class DeepL:
    """DeepL as an engine, with DeepL's default model; threads may share it.

    Args:
        glossary: Terms with a fixed translation.
        style: Id of a style rule of the account; "": none.
    """

    name = "deepl"
    most_texts = 50
    most_bytes = 100 * 1024
    concurrency = 4

    def __init__(self, glossary: Glossary | None = None, style: str = "") -> None:
        self.glossary, self.style = glossary, style
        self._glossary_id = ""

    @property
    def endpoint(self) -> str:
        """The server as it may be written down: the one that is named, else that of the key's kind of account."""
        return public_url(
            _variable(SERVER_VARIABLE) or (FREE if _variable(KEY_VARIABLE).endswith(FREE_KEY) else OFFICIAL)
        )

    @property
    def has_key(self) -> bool:
        """Tell whether the environment holds a key."""
        return bool(_variable(KEY_VARIABLE))

    @cached_property
    def _client(self) -> Any:
        if not self.has_key:
            raise UserError(
                f"DeepL needs a key: set {KEY_VARIABLE}; --dry-run needs none, and --engine openai:MODEL is another."
            )
        try:
            import deepl
        except ImportError as error:
            raise UserError("DeepL needs its client: pip install 'mtbench-x[translate]'.") from error
        deepl.http_client.min_connection_timeout = TIMEOUT_SECONDS
        deepl.http_client.max_network_retries = RETRIES
        return deepl.DeepLClient(
            _variable(KEY_VARIABLE), server_url=_server(), verify_ssl=_authorities(), send_platform_info=False
        )

    def pair(self, source: str, target: str, formality: str) -> LanguagePair:
        """Choose DeepL's codes; with a key, DeepL says which it has.

        Raises:
            UserError: DeepL doesn't have a language; the message lists what it has.
        """
        code = VARIANTS.get(target.upper(), target.upper())
        if self.has_key:
            known = {str(language.code).upper() for language in self._ask("get_target_languages")}
            sources = {str(language.code).upper() for language in self._ask("get_source_languages")}
            _check_language("to", code, known)
            _check_language("from", source.upper(), sources)
        return LanguagePair(source.lower(), code, formality)

    def prepare(self, pair: LanguagePair) -> None:
        """Have the account keep the terms of a glossary; one that it has already is taken.

        Raises:
            UserError: DeepL refuses the glossary.
        """
        if self.glossary is None:
            return
        name, (source, target) = f"mtbenchx-{self.glossary.name[:12]}", _glossary_languages(pair)
        known = (
            {}
            if self.glossary.identifier
            else {
                (each.name, each.source_lang.lower(), each.target_lang.lower()): each.glossary_id
                for each in self._ask("list_glossaries")
            }
        )
        found = self.glossary.identifier or known.get((name, source, target))
        if found is None:
            made = self._ask("create_glossary", name, source, target, dict(self.glossary.terms))
            found = made.glossary_id
        self._glossary_id = str(found)

    @property
    def _choices(self) -> dict[str, str]:
        """What the user chose besides languages and tone, as it determines translations."""
        chosen = {"glossary": self.glossary.name if self.glossary else "", "style": self.style}
        return {name: value for name, value in chosen.items() if value}

    def request(self, fragment: Fragment, pair: LanguagePair) -> FragmentRequest:
        """Return what identifies this translation; whichever server passes it on, it is DeepL's."""
        content = {
            "engine": self.name,
            "model": None,
            "source": pair.source,
            "target": pair.target,
            "formality": pair.formality,
            "context": fragment.context,
            "text": fragment.markup,
            "options": OPTIONS,
            **self._choices,
        }
        return FragmentRequest(fragment, content)

    def translate(self, fragments: Sequence[Fragment], pair: LanguagePair) -> list[EngineAnswer]:
        """Translate fragments that share one context (see Engine)."""
        results = self._ask(
            "translate_text",
            [fragment.markup for fragment in fragments],
            source_lang=pair.source.upper(),
            target_lang=pair.target,
            formality=pair.formality,
            context=fragments[0].context or None,
            **({"glossary": self._glossary_id} if self._glossary_id else {}),
            **({"style_rule": self.style} if self.style else {}),
            **OPTIONS,
        )
        if len(results) != len(fragments):
            raise UnavailableError(f"DeepL answered {len(results)} texts to {len(fragments)}; run it again.")
        return [
            EngineAnswer(
                result.text,
                result.billed_characters,
                {"detected": str(result.detected_source_lang), "model": result.model_type_used},
            )
            for result in results
        ]

    def quota(self) -> tuple[int, int] | None:
        """Return (characters used, characters allowed) in this billing period; None if DeepL names no limit."""
        count = self._ask("get_usage").character
        return None if count.count is None or count.limit is None else (count.count, count.limit)

    def _ask(self, method: str, *arguments: Any, **options: Any) -> Any:
        """Call the client; whatever it raises becomes one sentence."""
        client = self._client
        import deepl

        try:
            return getattr(client, method)(*arguments, **options)
        except deepl.exceptions.QuotaExceededException:
            raise QuotaError(
                f"DeepL's quota of this billing period is used up (456); add credit, or take another key in "
                f"{KEY_VARIABLE}."
            ) from None
        except deepl.exceptions.DeepLException as error:
            raise self._explained(error) from None
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise UnavailableError(
                f"{self.endpoint} doesn't speak DeepL's protocol ({type(error).__name__}); check {SERVER_VARIABLE}."
            ) from None

    def _explained(self, error: Any) -> UserError:
        status, text = error.http_status_code, self._redacted(str(error))
        if status == FORBIDDEN:
            return UserError(f"DeepL refused the key in {KEY_VARIABLE} (403); set that variable to a valid key.")
        if status == TOO_LARGE:
            return TooLargeError("DeepL refuses a request for its size (413).")
        if status == BAD_REQUEST:
            return UserError(f"DeepL refuses the request (400): {text[:300]}")
        if status == TOO_MANY:
            return UnavailableError(f"DeepL has too much to do (429, {RETRIES} retries); try again later.")
        if status is None or status >= SERVER_ERROR:
            cause = next((said for name, said in CAUSES.items() if name in text), text[:160])
            return UnavailableError(
                f"DeepL can't be reached at {self.endpoint} ({status or cause}, {RETRIES} retries); try again later."
            )
        return UserError(f"DeepL answers {status} at {self.endpoint}: {text[:300]}")

    def _redacted(self, text: str) -> str:
        key = _variable(KEY_VARIABLE)
        return text.replace(key, "***") if key else text


def _variable(name: str) -> str:
    return os.environ.get(name, "").strip()


def _server() -> str | None:
    """Return the server that is named, None if DeepL's own is meant; a key in clear text is warned of."""
    named = _variable(SERVER_VARIABLE)
    if not named:
        return None
    try:
        address = read_address(named)
    except UserError:
        raise UserError(f"{SERVER_VARIABLE} is no URL of a server; it looks like {OFFICIAL}.") from None
    if not address.is_safe:
        log.warning("The key goes to %s in clear text; use https, or a tunnel to this machine.", address.base)
    return named


def _authorities() -> str | None:
    """Return the file of certificate authorities that the environment names; None: those of the client."""
    name = next((name for name in AUTHORITIES if _variable(name)), "")
    if not name:
        return None
    if not Path(_variable(name)).exists():
        raise UserError(f"{name} names {_variable(name)}, which isn't there; correct it, or unset it.")
    return _variable(name)


def _glossary_languages(pair: LanguagePair) -> tuple[str, str]:
    """Return both languages without their variants, which glossaries don't have."""
    return pair.source, pair.target.partition("-")[0].lower()


def _check_language(direction: str, code: str, known: set[str]) -> None:
    if code in known:
        return
    variants = sorted(name for name in known if name.split("-")[0] == code.split("-", maxsplit=1)[0])
    rest = f"it has {', '.join(variants or sorted(known))}"
    raise UserError(f"DeepL doesn't translate {direction} {code!r}; {rest}.")
