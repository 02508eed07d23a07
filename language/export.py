"""Make the model that serves from the model of record.

Owns the one way from sentence-transformers to a folder that `OnnxEmbedder` loads: pooling and
normalising go into the graph, weights become int8, and vectors of the original are stored beside
it as the self-test. Where int8 disagrees with the original on this machine, fp32 is kept. The
folder appears whole or not at all.
"""

import json
import logging
import shutil
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any, Final

import numpy as np

from language import model_files
from language.embedder import ModelDrifted, OnnxEmbedder
from language.reference import ReferenceModel, load_reference

Progress = Callable[[str, float], None]

_OPSET: Final = 17
_TRACED: Final = "traced.onnx"
# Outliers pass through these feed-forward layers: in int8 the worst text of the self-test falls
# from cosine 0.985 to 0.966, for five megabytes and no measurable time.
_KEPT_FP32: Final = (0, 1, 2)
_ABANDONED_AFTER_S: Final = 3_600


def export_model(out: Path, progress: Progress) -> None:
    """Export to the folder `out`, replacing what is there; `progress` hears a step and 0-1.

    Takes 10-30 seconds and about a gigabyte of memory while it runs.
    """
    progress("loading the sentence-transformers model", 0.0)
    reference = load_reference()
    with _workshop(out) as folder:
        progress("tracing the network", 0.4)
        _trace(reference, folder / _TRACED)
        _copy_tokenizer(reference, folder)
        progress("computing the self-test", 0.6)
        _write_self_test(reference, folder)
        progress("quantising to int8", 0.7)
        _seal_the_best(reference, folder)
        progress("checking the result", 0.95)
        OnnxEmbedder(folder)
        _put_in_place(folder, out)
    progress("done", 1.0)


@contextmanager
def _workshop(out: Path) -> Iterator[Path]:
    """A folder beside `out`, on the same disk, gone afterwards unless it was moved into place."""
    out.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{out.name}.part-"
    for left in out.parent.glob(f"{prefix}*"):
        # What a killed run left behind; a younger one may belong to a run that is still going.
        if time.time() - left.stat().st_mtime > _ABANDONED_AFTER_S:
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=out.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _put_in_place(folder: Path, out: Path) -> None:
    (folder / _TRACED).unlink(missing_ok=True)
    folder.chmod(0o755)
    if out.exists():
        # A folder cannot be renamed over a full one. Between these two steps nothing is at `out`,
        # which a reader sees as "not exported yet", never as half a model.
        out.rename(folder.parent / f"{folder.name}-old")
    folder.rename(out)
    shutil.rmtree(folder.parent / f"{folder.name}-old", ignore_errors=True)


def _trace(reference: ReferenceModel, path: Path) -> None:
    import torch

    network = reference.sentence_model[0].model
    sample = reference.sentence_model.tokenizer(["a few words to trace"], return_tensors="pt")
    with torch.no_grad(), _quiet():
        torch.onnx.export(
            _pooled(network).eval(),
            (sample["input_ids"], sample["attention_mask"]),
            str(path),
            input_names=["input_ids", "attention_mask"],
            output_names=["vector"],
            dynamic_axes={
                "input_ids": {0: "batch", 1: "tokens"},
                "attention_mask": {0: "batch", 1: "tokens"},
                "vector": {0: "batch"},
            },
            opset_version=_OPSET,
            # The newer exporter writes a larger graph that quantises worse; this one still works.
            dynamo=False,
        )


def _pooled(network: Any) -> Any:
    """The network with mean pooling over real tokens and length one, as sentence-transformers does."""
    import torch

    class Pooled(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            states = self.network(
                input_ids=input_ids,
                attention_mask=attention_mask,
                token_type_ids=torch.zeros_like(input_ids),
            ).last_hidden_state
            weights = attention_mask.unsqueeze(-1).to(states.dtype)
            mean = (states * weights).sum(1) / weights.sum(1).clamp(min=1e-9)
            return torch.nn.functional.normalize(mean, dim=1)

    return Pooled()


def _copy_tokenizer(reference: ReferenceModel, folder: Path) -> None:
    shutil.copyfile(reference.folder / "tokenizer.json", folder / model_files.TOKENIZER)


def _write_self_test(reference: ReferenceModel, folder: Path) -> None:
    source = resources.files("language") / "models" / "self_test_texts.json"
    texts = json.loads(source.read_text(encoding="utf-8"))
    (folder / model_files.SELF_TEST_TEXTS).write_text(json.dumps(texts), encoding="utf-8")
    np.save(folder / model_files.SELF_TEST_VECTORS, np.stack([reference.embed(t) for t in texts]))


def _seal_the_best(reference: ReferenceModel, folder: Path) -> None:
    """Leave an int8 network if it agrees with the original on this machine, else the fp32 one."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    network = folder / model_files.NETWORK
    with _quiet():
        quantize_dynamic(
            folder / _TRACED,
            network,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=False,
            nodes_to_exclude=[
                f"/network/encoder/layer.{n}/output/dense/MatMul" for n in _KEPT_FP32
            ],
        )
    _seal(reference, folder, precision="int8")
    try:
        OnnxEmbedder(folder)
    except ModelDrifted:
        # Processors without VNNI can saturate in int8 sums.
        (folder / _TRACED).replace(network)
        _seal(reference, folder, precision="fp32")


def _seal(reference: ReferenceModel, folder: Path, *, precision: str) -> None:
    import onnxruntime
    import sentence_transformers
    import torch

    settings = {
        "opset": str(_OPSET),
        "quantisation": "dynamic, QInt8, per channel, feed-forward 0-2 in fp32"
        if precision == "int8"
        else "none",
        "onnxruntime": onnxruntime.__version__,
        "sentence_transformers": sentence_transformers.__version__,
        "torch": torch.__version__,
    }
    manifest = model_files.Manifest(
        model=reference.name,
        version=reference.version,
        precision=precision,
        dimensions=reference.dimensions,
        export=settings,
        sha256=model_files.digests(folder),
    )
    model_files.write_manifest(folder, manifest)


@contextmanager
def _quiet() -> Iterator[None]:
    """Hold back what exporter and quantiser say about themselves on every run."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
