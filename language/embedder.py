"""Text to a unit vector, while serving.

Owns the exported model's session: tokenizers and onnxruntime only, one thread, one text at a time
(dynamic int8 scales by the whole batch, so a batch would change each vector). Safe from many
threads. Refuses to load a model whose vectors have drifted from those stored at export: all of them
are compared once on each machine, a few at every later start.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from language import model_files
from language.lexical import LexicalEmbedder
from language.vector import Vector, unit

TOKEN_LIMIT: Final = 256
_AGREEMENT: Final = 0.97
# Each costs a start some ten milliseconds; a processor that saturates fails on any of them.
_COMPARED_AGAIN: Final = 3

__all__ = ["Embedder", "LexicalEmbedder", "ModelDrifted", "OnnxEmbedder", "load_embedder"]


class ModelDrifted(model_files.ModelUnusable):
    """The model loads, but this machine computes other vectors from it than the exporter did."""

    def __init__(self, cosine: float) -> None:
        self.cosine = cosine
        super().__init__(
            f"The exported model disagrees with its self-test on this machine (cosine {cosine:.3f}, "
            f"needed {_AGREEMENT}). Export it again here."
        )


class Embedder(Protocol):
    """What turns a text into a unit vector; safe to call from several threads at once."""

    @property
    def model_id(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    def embed(self, text: str) -> Vector: ...


class OnnxEmbedder:
    """The exported sentence model. Loading takes about 0.2 s, a sentence about 5 ms."""

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        manifest = model_files.verified(folder)
        self.model_id = manifest.model_id
        self.dimensions = manifest.dimensions
        self._tokenizer = _tokenizer(folder / model_files.TOKENIZER)
        self._session = _session(folder / model_files.NETWORK, threads)
        self._inputs = [given.name for given in self._session.get_inputs()]
        self.self_test_cosine = self._self_tested(folder)

    def embed(self, text: str) -> Vector:
        encoded = self._tokenizer.encode(text)
        ids = np.array([encoded.ids], dtype=np.int64)
        feed = dict(zip(self._inputs, (ids, np.ones_like(ids)), strict=True))
        return unit(self._session.run(None, feed)[0][0])

    def _self_tested(self, folder: Path) -> float:
        """The worst cosine. The whole test is taken once for each machine, model and runtime."""
        pairs, runtime = model_files.self_test(folder), _runtime()
        agreed = model_files.agreement(folder, runtime)
        if agreed is not None and agreed >= _AGREEMENT:
            pairs.sort(key=lambda pair: len(pair[0]))
            return min(agreed, self._agree(pairs[:_COMPARED_AGAIN]))
        worst = self._agree(pairs)
        model_files.remember_agreement(folder, runtime, worst)
        return worst

    def _agree(self, pairs: Iterable[tuple[str, Vector]]) -> float:
        worst = min(float(self.embed(text) @ vector) for text, vector in pairs)
        if not worst >= _AGREEMENT:
            raise ModelDrifted(worst)
        return worst


def load_embedder(folder: Path) -> Embedder:
    """The exported model in `folder`. Raises ModelUnusable; the caller decides on a fallback."""
    return OnnxEmbedder(folder)


def _tokenizer(path: Path) -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(path.read_text(encoding="utf-8"))
    tokenizer.enable_truncation(TOKEN_LIMIT)
    tokenizer.no_padding()
    return tokenizer


def _runtime() -> str:
    import onnxruntime as ort

    return f"onnxruntime {ort.__version__}"


def _session(path: Path, threads: int) -> Any:
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # A spinning thread would steal the core from the event loop between two texts.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # An arena keeps the most that any text ever needed; without one a text costs the same time.
    options.enable_cpu_mem_arena = options.enable_mem_pattern = False
    options.log_severity_level = 3
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
