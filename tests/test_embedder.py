"""The embedding: one set of vectors from two backends, and an export that proves itself."""

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.adapters.embedder import (
    MANIFEST_FILE,
    MODEL_FILE,
    MODEL_ID,
    TOKENIZER_FILE,
    OnnxEmbedder,
    ReferenceEmbedder,
    open_embedder,
    sha256,
)
from core.adapters.embedder_export import CHECK_TEXTS, COSINE_FLOOR, export
from core.errors import Refused

BRAKES = "My brakes are grinding, can I bring the car in today?"
BRAKES_AGAIN = "The brakes on my car make a grinding noise, do you have time this afternoon?"
BOTOX = "How much is a Botox treatment for the forehead?"


@pytest.fixture(scope="session")
def exported(request: pytest.FixtureRequest) -> Path:
    """The export, kept between runs: 20 s the first time."""
    folder: Path = request.config.cache.mkdir("embedding")
    export(folder)
    return folder


@pytest.fixture(scope="module")
def onnx(exported: Path) -> Iterator[OnnxEmbedder]:
    loaded = OnnxEmbedder(exported)
    yield loaded
    loaded.close()


@pytest.fixture
def copy(exported: Path, tmp_path: Path) -> Path:
    """A folder of its own with the same export, to spoil."""
    for name in (MODEL_FILE, TOKENIZER_FILE, MANIFEST_FILE):
        (tmp_path / name).write_bytes((exported / name).read_bytes())
    return tmp_path


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export made over a spoilt one, beside a file of somebody else's."""
    folder = tmp_path_factory.mktemp("export")
    (folder / MODEL_FILE).write_bytes(b"half an export")
    (folder / MANIFEST_FILE).write_text("{}")
    (folder / "leads.db").write_text("not ours")
    export(folder)
    return folder


async def test_each_text_becomes_a_row_of_384_float32(onnx: OnnxEmbedder) -> None:
    vectors = await onnx.embed([BRAKES, BOTOX])
    assert vectors.shape == (2, 384)
    assert vectors.dtype == np.float32


async def test_no_text_becomes_no_row(onnx: OnnxEmbedder) -> None:
    assert (await onnx.embed([])).shape == (0, 384)


async def test_vectors_have_unit_length(onnx: OnnxEmbedder) -> None:
    vectors = await onnx.embed(CHECK_TEXTS)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)


async def test_texts_of_like_meaning_are_nearer_than_others(onnx: OnnxEmbedder) -> None:
    brakes, again, botox = await onnx.embed([BRAKES, BRAKES_AGAIN, BOTOX])
    assert brakes @ again > 0.7
    assert brakes @ botox < 0.2


async def test_rows_keep_the_order_of_the_texts_whatever_their_lengths(onnx: OnnxEmbedder) -> None:
    texts = [BRAKES * (1 + 7 * i % 11) + str(i) for i in range(50)]
    together = await onnx.embed(texts)
    alone = np.concatenate([await onnx.embed([text]) for text in texts])
    assert (together * alone).sum(axis=1) == pytest.approx(1, abs=1e-5)


async def test_text_beyond_256_tokens_is_not_read(onnx: OnnxEmbedder) -> None:
    long = "brakes " * 300
    first, second = await onnx.embed([long, long + BOTOX])
    assert first @ second == pytest.approx(1, abs=1e-6)


@given(texts=st.lists(st.text(max_size=60), max_size=5))
@settings(max_examples=40, deadline=None)
def test_any_text_has_a_vector(onnx: OnnxEmbedder, texts: list[str]) -> None:
    vectors = asyncio.run(onnx.embed(texts))
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(texts)), abs=1e-5)


async def test_half_a_surrogate_pair_is_a_text_too(onnx: OnnxEmbedder) -> None:
    assert (await onnx.embed(["\ud83d car"])).shape == (1, 384)


async def test_the_loop_runs_on_while_texts_are_embedded(onnx: OnnxEmbedder) -> None:
    work = asyncio.create_task(onnx.embed([BRAKES * 30] * 64))
    beats = 0
    while not work.done():
        await asyncio.sleep(0.001)
        beats += 1
    assert beats > 5


async def test_the_loops_own_executor_is_left_alone(onnx: OnnxEmbedder) -> None:
    await onnx.embed([BRAKES])
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("asyncio_")]


async def test_callers_at_once_get_each_their_own_vectors(onnx: OnnxEmbedder) -> None:
    texts = [f"{BRAKES} {i}" for i in range(20)]
    at_once = await asyncio.gather(*(onnx.embed([text]) for text in texts))
    together = await onnx.embed(texts)
    assert (np.concatenate(at_once) * together).sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_the_model_is_named_with_the_start_of_its_weights_sum(onnx: OnnxEmbedder) -> None:
    assert onnx.model == MODEL_ID == "all-MiniLM-L6-v2@53aa5117"


def test_the_export_is_taken_when_there_is_one(exported: Path) -> None:
    loaded = open_embedder(exported)
    loaded.close()
    assert isinstance(loaded, OnnxEmbedder)


def test_the_model_runs_without_reporting_to_its_maker(exported: Path, tmp_path: Path) -> None:
    """Where onnxruntime may report, it keeps what it will send in the home directory."""
    code = (
        "import sys; from pathlib import Path; from core.adapters.embedder import OnnxEmbedder;"
        "OnnxEmbedder(Path(sys.argv[1])).close()"
    )
    home = {"HOME": str(tmp_path), "PATH": os.environ["PATH"]}  # and no CI, where it is silent anyway
    command = [sys.executable, "-c", code, str(exported)]
    subprocess.run(command, env=home, check=True)
    assert list(tmp_path.rglob("*")) == []


def test_another_model_is_refused(exported: Path) -> None:
    with pytest.raises(Refused, match="EMBEDDING_MODEL"):
        open_embedder(exported, "all-mpnet-base-v2")


def test_an_export_with_changed_weights_is_refused_with_the_mend(copy: Path) -> None:
    with (copy / MODEL_FILE).open("r+b") as model:
        model.seek(1_000_000)
        model.write(b"changed")
    with pytest.raises(Refused, match="run `basecamp init`"):
        open_embedder(copy)


def test_an_export_with_a_file_missing_is_refused_with_the_mend(copy: Path) -> None:
    (copy / TOKENIZER_FILE).unlink()
    with pytest.raises(Refused, match="run `basecamp init`"):
        open_embedder(copy)


@pytest.mark.parametrize("manifest", ["", "[]", "{}", '{"onnx_sha256": 1}', "null"])
def test_an_export_with_a_broken_manifest_is_refused(copy: Path, manifest: str) -> None:
    (copy / MANIFEST_FILE).write_text(manifest)
    with pytest.raises(Refused, match="run `basecamp init`"):
        open_embedder(copy)


def test_an_export_of_other_weights_is_refused(copy: Path) -> None:
    manifest = json.loads((copy / MANIFEST_FILE).read_text())
    (copy / MANIFEST_FILE).write_text(json.dumps(manifest | {"weights_sha256": "0" * 64}))
    with pytest.raises(Refused, match="run `basecamp init`"):
        open_embedder(copy)


def test_a_sound_export_is_not_made_again(exported: Path) -> None:
    made = (exported / MODEL_FILE).stat().st_mtime_ns
    export(exported)
    assert (exported / MODEL_FILE).stat().st_mtime_ns == made


@pytest.mark.slow
def test_a_spoilt_export_is_replaced(fresh: Path) -> None:
    manifest = json.loads((fresh / MANIFEST_FILE).read_text())
    assert manifest["onnx_sha256"] == sha256(fresh / MODEL_FILE)


@pytest.mark.slow
def test_an_export_leaves_other_files_alone_and_no_draft_behind(fresh: Path) -> None:
    assert {file.name for file in fresh.iterdir()} == {
        MODEL_FILE,
        TOKENIZER_FILE,
        MANIFEST_FILE,
        "leads.db",
    }


@pytest.mark.slow
def test_the_manifest_tells_how_well_the_export_agrees(fresh: Path) -> None:
    assert json.loads((fresh / MANIFEST_FILE).read_text())["min_cosine"] >= COSINE_FLOOR


@pytest.mark.slow
async def test_both_backends_give_the_same_vectors(fresh: Path) -> None:
    texts = [*CHECK_TEXTS, BRAKES, BRAKES_AGAIN, BOTOX, "\ud83d car"]
    reference, exported = ReferenceEmbedder(), OnnxEmbedder(fresh)
    cosines = (await reference.embed(texts) * await exported.embed(texts)).sum(axis=1)
    reference.close()
    exported.close()
    assert cosines.min() >= COSINE_FLOOR


@pytest.mark.slow
async def test_the_reference_stands_in_while_nothing_is_exported(tmp_path: Path) -> None:
    loaded = open_embedder(tmp_path)
    assert isinstance(loaded, ReferenceEmbedder)
    assert (loaded.model, (await loaded.embed([])).shape) == (MODEL_ID, (0, 384))
    loaded.close()
