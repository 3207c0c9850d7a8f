"""What every test shares: LiteLLM off the network, and Hypothesis with the same examples on every machine."""

from __future__ import annotations

import os

from hypothesis import settings

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")

settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")
