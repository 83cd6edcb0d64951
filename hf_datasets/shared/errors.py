"""The one error that a user is meant to read."""


class UserError(Exception):
    """A mistake or a fault outside the program, told in one sentence that names the way out.

    The command line prints the sentence and exits with 1; `lm_eval` shows it as the last line of its traceback.
    """
