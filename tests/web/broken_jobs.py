"""A job that fails, for the pages and calls that show such."""


def breaks(address: str) -> None:
    """A job that fails and says too much."""
    raise ValueError(f"{address} cannot be read")
