"""Exports the reference embedding model to ONNX, once: ``python -m core.adapters.embedder_export FOLDER``.

Torch and sentence-transformers need 8 s and 550 MB to start, the export 0.5 s and 180 MB (DESIGN 2).
"""

import json
import os
import shutil
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.adapters.embedder import (
    MANIFEST_FILE,
    MODEL,
    MODEL_FILE,
    SERVICE,
    TOKENIZER_FILE,
    WEIGHTS_SHA256,
    OnnxEmbedder,
    ReferenceEmbedder,
    reference_folder,
    sha256,
    verify,
)
from core.errors import Refused

OPSET = 17
COSINE_FLOOR = 0.9999
"""Least agreement with the reference, text by text; backends further apart may not share an index."""

EXTRA = "pip install 'basecamp-slack[reference]'"

TOOLS = ("onnx", "onnxruntime", "sentence-transformers", "tokenizers", "torch", "transformers")

CHECK_TEXTS = (
    "My 2019 Honda Civic squeals when I brake, can you look at it this Friday?",
    "quote",
    "",
    " \n\t ",
    "?!",
    "👍🏽🚗💨",
    "Ich hätte gern einen Termin für eine Hautberatung, möglichst am Nachmittag.",
    "ブレーキから音がします。金曜日に見てもらえますか。",
    "هل يمكنني الحصول على عرض سعر لتغيير الزيت؟",
    "Сколько стоит консультация по стратегии для компании из 40 человек?",
    "e\u0301te\u0301 \u200bzero\u200bwidth \u202eright to left\u202c \x00 \ufffd",
    "[CLS] [SEP] [PAD] ##ing <script>alert(1)</script>",
    "call me " * 40,
    "We run twelve delivery vans and need them serviced at night, brakes and tyres first. " * 60,
    "a" * 3000,
)
"""What the check compares: short, beyond 256 tokens, empty-ish, emoji, other scripts, control characters."""


@dataclass(frozen=True, kw_only=True)
class ExportReport:
    """What lies in an export's folder; the manifest beside it says the same."""

    model: str
    weights_sha256: str
    onnx_sha256: str
    tokenizer_sha256: str
    opset: int
    min_cosine: float
    versions: dict[str, str]


def export(folder: Path) -> ExportReport:
    """Export the model into ``folder`` unless a sound export is there already; blocks some 20 s, or 0.1.

    What is in ``folder`` is replaced in one step, after the check against the reference. Raises Refused, the
    mend in the message, when the tools are missing or the export differs from the reference.
    """
    try:
        return ExportReport(**verify(folder))
    except (Refused, TypeError):  # none, damaged, or another version's manifest
        return _export(folder)


def main() -> None:
    """Export into the folder named on the command line and say so in one line."""
    if len(sys.argv) != 2:  # noqa: PLR2004 - the program and its one argument
        raise SystemExit("usage: python -m core.adapters.embedder_export FOLDER")
    started = time.monotonic()
    try:
        report = export(Path(sys.argv[1]))
    except Refused as error:
        raise SystemExit(str(error)) from None
    sys.stdout.write(
        f"{report.model} in {sys.argv[1]}: {time.monotonic() - started:.1f} s, "
        f"agrees with the reference to a cosine of {report.min_cosine:.6f}\n"
    )


def _export(folder: Path) -> ExportReport:
    draft = folder / f".draft-{os.getpid()}"
    draft.mkdir(parents=True, exist_ok=True)
    try:
        report = _export_into(draft)
        # The manifest goes first and comes last: at no moment does it vouch for files that are not its own.
        (folder / MANIFEST_FILE).unlink(missing_ok=True)
        for name in (MODEL_FILE, TOKENIZER_FILE, MANIFEST_FILE):
            (draft / name).replace(folder / name)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return report


def _export_into(draft: Path) -> ExportReport:
    try:
        versions = {tool: version(tool) for tool in TOOLS}
    except PackageNotFoundError as error:
        raise Refused(SERVICE, f"the export needs {error.name}: {EXTRA}") from error
    reference = ReferenceEmbedder()
    expected = reference.encode(CHECK_TEXTS)
    _trace(reference.transformer, draft / MODEL_FILE)
    reference.close()
    shutil.copyfile(reference_folder() / TOKENIZER_FILE, draft / TOKENIZER_FILE)
    report = ExportReport(
        model=MODEL,
        weights_sha256=WEIGHTS_SHA256,
        onnx_sha256=sha256(draft / MODEL_FILE),
        tokenizer_sha256=sha256(draft / TOKENIZER_FILE),
        opset=OPSET,
        min_cosine=-1.0,
        versions=versions,
    )
    _write_manifest(draft, report)
    report = replace(report, min_cosine=_min_cosine(draft, expected))
    if report.min_cosine < COSINE_FLOOR:
        raise Refused(
            SERVICE,
            f"the export agrees with the reference to {report.min_cosine:.6f} only, not {COSINE_FLOOR}; "
            "install the pinned versions of torch and transformers",
        )
    _write_manifest(draft, report)
    return report


def _trace(transformer: Any, file: Path) -> None:
    import torch  # noqa: PLC0415 - 3 s, at set-up only

    class Pooled(torch.nn.Module):
        """The whole reference, pooling and norm included, with tensors for arguments as tracing wants."""

        def __init__(self) -> None:
            super().__init__()
            self.transformer = transformer

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            features = {"input_ids": input_ids, "attention_mask": attention_mask}
            return self.transformer(features)["sentence_embedding"]

    # The plain attention traces without branches on tensors, and its export takes 450 MB less for long texts.
    transformer[0].auto_model.set_attn_implementation("eager")
    # Two texts of unlike length, so that the padding mask is part of the trace.
    texts = ["two texts", "of which this is the longer one"]
    example = transformer.tokenizer(texts, padding=True, return_tensors="pt")
    with _tracing_noise_silenced(), torch.no_grad():
        torch.onnx.export(
            Pooled().eval(),
            (example["input_ids"], example["attention_mask"]),
            str(file),
            input_names=["input_ids", "attention_mask"],
            output_names=["sentence_embedding"],
            dynamic_axes={
                "input_ids": {0: "texts", 1: "tokens"},
                "attention_mask": {0: "texts", 1: "tokens"},
                "sentence_embedding": {0: "texts"},
            },
            opset_version=OPSET,
            dynamo=False,
        )


@contextmanager
def _tracing_noise_silenced() -> Iterator[None]:
    with warnings.catch_warnings():
        # The tracing exporter is chosen on purpose (DESIGN 2): it works offline, without onnxscript.
        warnings.filterwarnings("ignore", "You are using the legacy TorchScript-based ONNX export")
        warnings.filterwarnings("ignore", "The feature will be removed", DeprecationWarning)
        # What a trace may get wrong is just what the comparison with the reference looks for.
        warnings.filterwarnings("ignore", "Converting a tensor to a Python boolean")
        warnings.filterwarnings("ignore", "Exporting aten::index operator of advanced indexing")
        yield


def _min_cosine(folder: Path, expected: NDArray[np.float32]) -> float:
    """Least cosine over the check's texts, each alone and all padded together."""
    embedder = OnnxEmbedder(folder)
    together = embedder.encode(CHECK_TEXTS)
    alone = np.concatenate([embedder.encode([text]) for text in CHECK_TEXTS])
    embedder.close()
    return min(float((vectors * expected).sum(axis=1).min()) for vectors in (together, alone))


def _write_manifest(folder: Path, report: ExportReport) -> None:
    (folder / MANIFEST_FILE).write_text(json.dumps(asdict(report), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
