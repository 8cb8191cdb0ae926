"""Reading weights by hand, held against `from_pretrained`: prints one JSON object of facts about tiny models in argv[1]."""

import json
import resource
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from diffusers import AutoencoderKL, AutoencoderKLWan, WanVACETransformer3DModel
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    CLIPVisionModelWithProjection,
    Qwen2ForCausalLM,
    UMT5EncoderModel,
)

from ourvidz_engine.enhancer_model import choose_the_likeliest, is_installed, read_language_model
from ourvidz_engine.failures import EngineFailure, is_out_of_memory
from ourvidz_engine.libraries import quieten
from ourvidz_engine.sdxl.adapters import ENCODER
from ourvidz_engine.sdxl.weights import read_clip, read_diffusers
from ourvidz_engine.tiny import qwen, sdxl, wan
from ourvidz_engine.wan.installed import VACE_FOLDER
from ourvidz_engine.wan.weights import read_model, read_text_encoder

FOLDER = Path(sys.argv[1])
QWEN = FOLDER / qwen.FOLDER
VACE = FOLDER / VACE_FOLDER
FILE = "model.safetensors"
DTYPES = (torch.float32, torch.bfloat16, torch.float16)
MIB = 2**20


def same(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    mine, theirs = ({**dict(each.named_parameters()), **dict(each.named_buffers())} for each in (one, other))
    return mine.keys() == theirs.keys() and all(
        tensor.dtype == theirs[name].dtype and torch.equal(tensor, theirs[name])
        for name, tensor in mine.items()
    )


def wan_as_pretrained(dtype: torch.dtype) -> bool:
    pairs = [
        (kind.from_pretrained(VACE / part, torch_dtype=dtype), read_model(kind, VACE / part, dtype, "cpu"))
        for kind, part in ((WanVACETransformer3DModel, "transformer"), (AutoencoderKLWan, "vae"))
    ]
    encoder = VACE / "text_encoder"
    if (
        dtype != torch.float16
    ):  # WAN has no use for it, and transformers keeps parts of the encoder in fp32 then.
        pairs.append(
            (UMT5EncoderModel.from_pretrained(encoder, dtype=dtype), read_text_encoder(encoder, dtype, "cpu"))
        )
    return all(same(one, other) for one, other in pairs)


def sdxl_as_pretrained(dtype: torch.dtype) -> bool:
    """The VAE from a folder with a file of half precision only, also under old names, and the image encoder."""
    vae, old, encoder = FOLDER / "vae", FOLDER / "vae-old", FOLDER / "ip-adapter" / ENCODER
    if not vae.is_dir():
        AutoencoderKL.from_config(sdxl.CONFIGS["vae"]).half().save_pretrained(vae, variant="fp16")
        shutil.copytree(vae, old)
        rewrite(old / "diffusion_pytorch_model.fp16.safetensors", under_old_names)
    wanted = AutoencoderKL.from_pretrained(vae, torch_dtype=dtype, variant="fp16")
    pairs = [
        *((wanted, read_diffusers(AutoencoderKL, folder, dtype, "cpu")) for folder in (vae, old)),
        (
            CLIPVisionModelWithProjection.from_pretrained(encoder, dtype=dtype),
            read_clip(CLIPVisionModelWithProjection, encoder, dtype, "cpu"),
        ),
    ]
    return all(same(one, other) for one, other in pairs)


def under_old_names(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    old = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}

    def renamed(key: str) -> str:
        block, dot, rest = key.rpartition(".attentions.0.")
        name, _, kind = rest.rpartition(".")
        return f"{block}{dot}{old[name]}.{kind}" if name in old else key

    renamed_state = {renamed(key): each for key, each in state.items()}
    assert any("proj_attn" in key for key in renamed_state), "nothing to rename"
    return renamed_state


def rewrite(file: Path, change: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]) -> None:
    state = {key: each.clone() for key, each in load_file(file).items()}
    save_file(change(state), file, metadata={"format": "pt"})


def enhancer_folders() -> dict[str, Path]:
    """One file, several, and one table of words for both ends, which a file may have under either name or both."""
    several, *tied = folders = [FOLDER / f"qwen-{name}" for name in ("several", "first", "last", "both")]
    for folder in folders:
        shutil.copytree(QWEN, folder)
    (several / FILE).unlink()
    Qwen2ForCausalLM.from_pretrained(QWEN).save_pretrained(several, max_shard_size="30KB")
    shutil.copy(QWEN / "generation_config.json", several)
    first, last = "model.embed_tokens.weight", "lm_head.weight"
    kept = {"qwen-first": (first,), "qwen-last": (last,), "qwen-both": (first, last)}
    for folder in tied:
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, "tie_word_embeddings": True}))

        def change(state: dict[str, torch.Tensor], names=kept[folder.name]) -> dict[str, torch.Tensor]:
            table = state[last]
            others = {key: each for key, each in state.items() if key not in (first, last)}
            return others | {name: table.clone() for name in names}

        rewrite(folder / FILE, change)
    return {"one": QWEN, **{folder.name.removeprefix("qwen-"): folder for folder in folders}}


def enhancer_as_pretrained(folder: Path, dtype: torch.dtype) -> bool:
    """Tensors, logits, and the text of one prompt."""
    wanted = AutoModelForCausalLM.from_pretrained(folder, local_files_only=True, dtype=dtype).eval()
    choose_the_likeliest(wanted.generation_config)
    model = read_language_model(folder, dtype, "cpu")
    asked = AutoTokenizer.from_pretrained(folder)("a red bicycle leans on a lighthouse", return_tensors="pt")
    said, wish = (each.generate(**asked, max_new_tokens=40) for each in (model, wanted))
    tied = model.config.tie_word_embeddings
    return (
        same(model, wanted)
        and torch.equal(model(**asked).logits, wanted(**asked).logits)
        and torch.equal(said, wish)
        and said.shape[1] > asked["input_ids"].shape[1] + 5
        and (model.lm_head.weight is model.model.embed_tokens.weight) == tied
        and model.generation_config.to_dict() == wanted.generation_config.to_dict()
    )


def damaged() -> dict[str, str]:
    """What is said of the enhancer's folder after each kind of damage."""
    index = f"{FILE}.index.json"
    damages: dict[str, tuple[str, Callable[[Path], object]]] = {
        "no file": ("one", lambda folder: (folder / FILE).unlink()),
        "cut file": ("one", lambda folder: (folder / FILE).write_bytes((folder / FILE).read_bytes()[:-9])),
        "no shard": ("several", lambda folder: next(folder.glob("model-*2-of*")).unlink()),
        "cut index": ("several", lambda folder: (folder / index).write_text('{"weight_map": {')),
        "no tensor": (
            "one",
            lambda folder: rewrite(
                folder / FILE, lambda state: {key: state[key] for key in state if "norm" not in key}
            ),
        ),
    }
    said = {}
    for name, (whole, damage) in damages.items():
        folder = FOLDER / "damaged"
        shutil.copytree(QWEN if whole == "one" else FOLDER / f"qwen-{whole}", folder)
        damage(folder)
        said[name] = outcome(folder)
        shutil.rmtree(folder)
    return said


def outcome(folder: Path) -> str:
    try:
        read_language_model(folder, torch.float32, "cpu")
    except EngineFailure as failure:
        return failure.code
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        return "oom" if is_out_of_memory(error) else repr(error)
    return "read"


def without_memory() -> str:
    """A sparse file of a gibibyte, where the kernel refuses to map more than a quarter of it."""
    folder = FOLDER / "large"
    shutil.copytree(QWEN, folder)
    size = 1024 * MIB
    header = json.dumps({"large": {"dtype": "F32", "shape": [size // 4], "data_offsets": [0, size]}}).encode()
    with (folder / FILE).open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(8 + len(header) + size)
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    usual = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (mapped + size // 4, usual[1]))
    try:
        return outcome(folder)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, usual)


def main() -> None:
    quieten()
    torch.set_grad_enabled(False)
    for tiny in (qwen, sdxl, wan):
        tiny.write(FOLDER)
    facts = {
        "wan": [wan_as_pretrained(dtype) for dtype in DTYPES],
        "sdxl": [sdxl_as_pretrained(dtype) for dtype in DTYPES],
        "enhancer": {
            name: [enhancer_as_pretrained(folder, dtype) for dtype in DTYPES]
            for name, folder in enhancer_folders().items()
        },
        "damaged": damaged(),
        "installed": [is_installed(QWEN), is_installed(FOLDER / "qwen-several"), is_installed(FOLDER)],
        "withoutMemory": without_memory(),
    }
    print(json.dumps(facts))


main()
