"""Which commit of a repository on the Hugging Face hub is used: the one of the first load, or else the newest."""

from pathlib import Path


def commit_of(repository: str, known: str | None) -> str:
    """The commit to load a model from.

    transformers has said it in the model's configuration, but no longer does in every version; the hub's cache always
    does, in the path of a file.

    Args:
        repository: owner/name.
        known: the commit of the first load; None before it.
    """
    from huggingface_hub import hf_hub_download  # noqa: PLC0415 - only to be imported once the pipes are safe

    return Path(hf_hub_download(repository, "config.json", revision=known)).parent.name
