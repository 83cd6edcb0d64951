"""Invitation codes: printed once, kept only as hashes; and the secret that signs cookies."""

import hashlib
import os
import secrets
from pathlib import Path

from hf_datasets.shared.errors import UserError

ALPHABET = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
"""Letters and digits that aren't mistaken for each other."""
GROUPS, GROUP = 4, 4
"""A code is 4 x 4 characters: 78 bits, which nobody guesses."""
SECRET_VARIABLE = "MTBENCHX_ANNOTATE_SECRET"
ORGANISER_VARIABLE = "MTBENCHX_ORGANISER_TOKEN"
SHORTEST_SECRET = 16


def new_code() -> str:
    """Return a code such as `K7PM-3XQD-...`."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))


def code_hash(code: str) -> str:
    """Return what the database keeps of a code, however it was typed."""
    plain = "".join(character for character in code.upper() if character.isalnum())
    return hashlib.sha256(f"mtbench-x invitation {plain}".encode("utf-8", "surrogatepass")).hexdigest()


def organiser_token() -> str | None:
    """Return the token of MTBENCHX_ORGANISER_TOKEN, which opens the organiser's page; None: there is no such page.

    Raises:
        UserError: It is too short.
    """
    given = os.environ.get(ORGANISER_VARIABLE) or None
    if given is not None and len(given) < SHORTEST_SECRET:
        raise UserError(f"{ORGANISER_VARIABLE} is shorter than {SHORTEST_SECRET} characters; use a longer token.")
    return given


def cookie_secret(beside: Path) -> str:
    """Return the secret of MTBENCHX_ANNOTATE_SECRET, or of a file beside the database, made once (mode 0600).

    Args:
        beside: The database.

    Raises:
        UserError: The variable's is too short, or the file can't be made or read.
    """
    given = os.environ.get(SECRET_VARIABLE)
    if given is not None:
        if len(given) < SHORTEST_SECRET:
            raise UserError(f"{SECRET_VARIABLE} is shorter than {SHORTEST_SECRET} characters; use a longer secret.")
        return given
    file = beside.with_name(beside.name + ".secret")
    try:
        with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="ascii") as new:
            new.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    except OSError as error:
        raise UserError(f"Can't write {file} ({error}); set {SECRET_VARIABLE} instead.") from error
    try:
        secret = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"Can't read {file} ({error}); set {SECRET_VARIABLE} instead.") from error
    if len(secret) < SHORTEST_SECRET:
        raise UserError(f"{file} doesn't hold a secret; delete it, and a new one is made.")
    return secret
