"""GPU hours of a training: its arithmetic, by what a GPU does of it in a second."""

H100 = 989e12
"""Operations a second in bfloat16, without sparsity: NVIDIA's data sheet of the H100 SXM; the H200's are the same."""
MFU = 0.3
"""Model FLOPs utilization that is assumed where none is measured: between 0.25 and 0.45 is usual for 7B on H100s."""
ALL, ADAPTER = 6, 4
"""Operations of a parameter and token."""


def operations(linear: int, tokens: float, adapter: bool = False) -> float:
    """Return the floating-point operations of a training.

    Each parameter of a linear layer takes 2 for a token forwards and 4 backwards, 2 for the gradient of its input and
    2 for its own (Kaplan et al., arXiv 2001.08361, section 2.1); the latter aren't computed for a frozen base under
    LoRA. Attention's own, below 5 % up to 1,000 tokens a row in a 7B model, aren't counted, nor what activation
    checkpointing computes twice: model FLOPs utilization is without it (Chowdhery et al., arXiv 2204.02311,
    appendix B).

    Args:
        linear: Parameters of the linear layers.
        tokens: Tokens read in the whole training, padding included.
        adapter: Whether the base is frozen.
    """
    return (ADAPTER if adapter else ALL) * linear * tokens


def gpu_hours(work: float, mfu: float = MFU, peak: float = H100) -> float:
    """Return the hours of one GPU: work / (peak x mfu) / 3600.

    Args:
        work: Floating-point operations.
        mfu: The share of the peak that is reached, over 0, at most 1.
        peak: Operations of a GPU in a second.
    """
    return work / (peak * mfu) / 3600
