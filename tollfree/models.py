"""``tollfree models build | train | clusters``: the embedding model for serving, and the heads on its vectors.

`build` exports once, so that serving starts fast. The export needs PyTorch and takes some ten
seconds; what it leaves needs neither. An installation without PyTorch serves with the lexical
embedder, and `doctor` says so. `train` fits the heads anew; nothing of the data is kept.
"""

import argparse
import json
import sys
from pathlib import Path

from kernel.errors import SettingsInvalid
from tollfree.settings import MODEL_NAME, store_settings

_OWN_PROMPTS = Path(__file__).parents[1] / "tests" / "scenarios" / "prompts"


def run(asked: argparse.Namespace) -> int:
    """Export the model unless it is there, or train the heads; returns the exit code."""
    if asked.action == "train":
        return train(asked)
    if asked.action == "clusters":
        from tollfree import clusters

        return clusters.run(asked)
    from language import model_files

    settings = store_settings()
    folder = (Path(asked.out) / MODEL_NAME) if asked.out else settings.model_folder
    if model_files.is_present(folder) and not asked.force:
        try:
            model_files.verified(folder)
        except model_files.ModelUnusable as problem:
            sys.stderr.write(f"! {problem}\n")
        else:
            _embed_samples(folder)
            sys.stderr.write(f"✓ {MODEL_NAME} is ready in {folder}\n")
            return 0
    build(folder)
    _embed_samples(folder)
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


def _embed_samples(folder: Path) -> None:
    """Make the vectors of the sample ads that are not there yet."""
    from language.embedder import load_embedder
    from tollfree import sample_vectors

    _show("embedding the sample ads", 0.0)
    made = sample_vectors.make(folder, load_embedder(folder))
    _show(f"{made} sample ads embedded", 1.0)


def train(asked: argparse.Namespace) -> int:
    """Fit both heads on the sets under `--data`, write them with their cards, print the figures."""
    data = Path(asked.data)
    if not data.is_dir():
        raise SettingsInvalid(f"There is no folder {data} to train on.", param="--data")
    prompts = Path(asked.prompts) if asked.prompts else _OWN_PROMPTS
    if not any(prompts.glob("*.toml")):
        raise SettingsInvalid(
            f"There are no prompts in {prompts}. Name their folder with --prompts.",
            param="--prompts",
        )
    from adserver.intent.cleaning import prose
    from language.embedder import load_embedder
    from language.train import train as fit

    embedder = load_embedder(store_settings().model_folder)
    out = Path(asked.out) if asked.out else None
    sys.stdout.write(json.dumps(fit(data, prompts, embedder, prose, out), indent=1) + "\n")
    return 0


def _show(step: str, done: float) -> None:
    sys.stderr.write(f"  {MODEL_NAME}: {step} ({done:.0%})\n")
    sys.stderr.flush()
