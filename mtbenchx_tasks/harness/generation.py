"""The generation of lm_eval that is installed: 0.4, or 0.5 with its scorers."""

from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING

from hf_datasets.shared.errors import UserError
from mtbenchx_tasks.harness import one_sentence

if TYPE_CHECKING:
    from mtbenchx_tasks.harness.lm_eval_04 import JudgedTask
else:
    try:
        if find_spec("lm_eval.scorers") is None:
            from mtbenchx_tasks.harness.lm_eval_04 import JudgedTask
        else:
            from mtbenchx_tasks.harness.lm_eval_05 import JudgedTask
    except ImportError as error:
        one_sentence.install()
        raise UserError(
            f"lm_eval {version('lm_eval')} isn't one that this release works with ({error}); "
            "pip install --upgrade mtbench-x, or else pip install 'lm-eval[api,hf]<0.5'."
        ) from error

__all__ = ["JudgedTask"]
