"""``tollfree models build``: export the embedding model once, so that serving starts fast.

The export needs PyTorch and takes some ten seconds; what it leaves needs neither. An installation
without PyTorch serves with the lexical embedder, and `doctor` says so.
"""

import argparse
import sys
from pathlib import Path

from kernel.errors import SettingsInvalid
from tollfree.settings import MODEL_NAME, store_settings


def run(asked: argparse.Namespace) -> int:
    """Export the model unless it is there; returns the exit code."""
    from language import model_files

    settings = store_settings()
    folder = (Path(asked.out) / MODEL_NAME) if asked.out else settings.model_folder
    if model_files.is_present(folder) and not asked.force:
        try:
            model_files.verified(folder)
        except model_files.ModelUnusable as problem:
            sys.stderr.write(f"! {problem}\n")
        else:
            sys.stderr.write(f"✓ {MODEL_NAME} is ready in {folder}\n")
            return 0
    build(folder)
    return 0


def build(folder: Path) -> None:
    """Export into `folder`, with a progress line. Raises SettingsInvalid."""
    from language.export import export_model

    try:
        export_model(folder, _show)
    except ImportError as missing:
        raise SettingsInvalid(
            f"The package {missing.name} is missing, which exporting the model needs. "
            "Run: make install"
        ) from None
    except OSError as error:
        raise SettingsInvalid(
            f"The model cannot be written to {folder} ({error.strerror}). "
            "Name another folder with TOLLFREE_MODELS.",
            param="TOLLFREE_MODELS",
        ) from None


def _show(step: str, done: float) -> None:
    sys.stderr.write(f"  {MODEL_NAME}: {step} ({done:.0%})\n")
    sys.stderr.flush()
