"""StackExchange sites and the licences of their posts."""

import re
from datetime import date
from pathlib import Path

from hf_datasets.curate.dumps import POSTS
from hf_datasets.shared.errors import UserError

RENAMED = {
    "health": "medicalsciences",
    "programmers": "softwareengineering",
    "cogsci": "psychology",
    "beer": "alcohol",
    "moderators": "communitybuilding",
}
"""Former name of a site -> today's; the paper names `health`."""
OWN_DOMAINS = {
    "stackoverflow": "stackoverflow.com",
    "superuser": "superuser.com",
    "serverfault": "serverfault.com",
    "askubuntu": "askubuntu.com",
    "stackapps": "stackapps.com",
    "mathoverflow": "mathoverflow.net",
}
"""Sites that aren't below stackexchange.com (their language and meta editions aren't either)."""
_FILE = re.compile(r"(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:com|net))(?:[-_.]?posts)?(?:\.7z|\.xml)?", re.IGNORECASE)
_LICENSE = re.compile(r"CC[ -]BY-SA[ -](\d\.\d)", re.IGNORECASE)
_VERSIONS = ((date(2011, 4, 7), "2.5"), (date(2018, 5, 1), "3.0"), (date.max, "4.0"))
"""Last day -> version of CC BY-SA that posts of that day are under."""


def host(site: str) -> str:
    """Return a site's host name of today, e.g. `medicalsciences.stackexchange.com`.

    Args:
        site: `health`, `coffee.stackexchange.com`, `stackoverflow`, `es.stackoverflow`, `coffee.meta` ...

    Raises:
        UserError: That can't be a site's name.
    """
    name = site.strip().lower().removeprefix("https://").rstrip("/")
    if not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)*", name):
        raise UserError(f"{site!r} can't be a site's name; write it as in coffee.stackexchange.com.")
    for short, domain in OWN_DOMAINS.items():
        if name.split(".")[-1] == short:
            return name.removesuffix(short) + domain
        if name == domain or name.endswith(f".{domain}"):
            return name
    first, *others = name.removesuffix(".stackexchange.com").split(".")
    return ".".join([RENAMED.get(first, first), *others, "stackexchange.com"])


def short_name(host_name: str) -> str:
    """Return what stands in ids: the host without the domains, e.g. `coffee` or `es.stackoverflow`."""
    return host_name.removesuffix(".stackexchange.com").removesuffix(".com").removesuffix(".net")


def host_of_file(file: Path) -> str:
    """Return the host of a dump by its file's name, or by the folder's that a Posts.xml lies in.

    Raises:
        UserError: Neither tells.
    """
    folder = file.resolve().parent.name
    for name in [file.name] if file.name.lower() != POSTS.lower() else [folder]:
        if found := _FILE.fullmatch(name):
            return host(found["host"])
    raise UserError(f"{file}: its name doesn't tell the site; add --site, e.g. --site coffee.")


def license_of(content_license: str, created: str) -> str:
    """Return the licence of one post as an SPDX identifier, or `other`.

    Args:
        content_license: The attribute ContentLicense, as in `CC BY-SA 4.0`; it wins. Empty in dumps before 2020.
        created: The attribute CreationDate, as in `2015-01-27T20:33:23.170`.

    Raises:
        ValueError: There is neither a licence nor a date.
    """
    if content_license.strip():
        found = _LICENSE.fullmatch(content_license.strip())
        return f"CC-BY-SA-{found[1]}" if found else "other"
    day = date.fromisoformat(created[:10])
    return f"CC-BY-SA-{next(version for last, version in _VERSIONS if day <= last)}"
