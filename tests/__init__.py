"""The tests. No network: what is read at import must be set before anything imports it."""

import os

os.environ.setdefault("HF_HUB_OFFLINE", "1")
