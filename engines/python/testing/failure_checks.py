"""What becomes of files that are missing, broken or out of reach, of pixels that are no numbers, and of what an operator is
told: prints one JSON object of facts about tiny models in argv[1]."""

import json
import logging
import resource
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, AutoencoderKLWan, UNet2DConditionModel
from doubles import OpenGates
from PIL import Image

from ourvidz_engine.enhancer import PromptEnhancer
from ourvidz_engine.failures import LONGEST_TRACE, EngineFailure, as_failure, described
from ourvidz_engine.gates import holding
from ourvidz_engine.jobs import EnhanceJob, Reference, RenderJob
from ourvidz_engine.libraries import quieten
from ourvidz_engine.options import parse_options
from ourvidz_engine.sdxl import Sdxl
from ourvidz_engine.sdxl import checkpoint as checkpoint_module
from ourvidz_engine.sdxl import decoding as sdxl_decoding
from ourvidz_engine.sdxl.adapters import Adapters, installed_adapter
from ourvidz_engine.sdxl.checkpoint import load_pipeline
from ourvidz_engine.sdxl.text import TextEncoding
from ourvidz_engine.there import is_file, is_folder
from ourvidz_engine.tiny import sdxl, wan
from ourvidz_engine.wan import decoding as wan_decoding
from ourvidz_engine.wan import wan_family
from ourvidz_engine.wan.checks import check_job
from ourvidz_engine.wan.command import WanCommand
from ourvidz_engine.wan.installed import VACE_FOLDER, source_folder
from ourvidz_engine.weights import weight_files

FOLDER = Path(sys.argv[1])
PATHS = ["--models-dir", str(FOLDER), "--sdxl-checkpoint", str(FOLDER / sdxl.CHECKPOINT)]
OPTIONS = parse_options(["--device", "cpu", *PATHS, "--cache-dir", str(FOLDER / "cache")])
#: Its first bytes cannot be read: a real EIO.
OUT_OF_REACH = Path("/proc/self/mem")
JOB = RenderJob(
    type="video_fast", family="wan", model="wan_2_1_1_3b", prompt="a lighthouse", negative_prompt="", steps=1,
    guidance=1.0, solver="unipc", shift=5.0, width=64, height=32, frames=9, fps=16, images=1, seed=7,
    reference_mode="none", references=(), reference_strength=None, reference_type=None,
)  # fmt: skip


def outcome(do: Callable[[], object]) -> str:
    try:
        do()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        return as_failure(error).code
    return "well"


def without_files(do: Callable[[], object]) -> object:
    """As where too many files are open already."""
    usual = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, usual[1]))
    try:
        return do()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, usual)


def entered(manager: AbstractContextManager[object]) -> None:
    with manager:
        pass


def pictures() -> dict[str, list[str]]:
    """For a job of SDXL and one of WAN."""
    picture, text, absent, cut, small = (
        FOLDER / f"{name}.png" for name in ("picture", "text", "absent", "cut", "small")
    )
    Image.effect_noise((JOB.width, JOB.height), 60).save(picture)
    Image.new("RGB", (JOB.height, JOB.height)).save(small)
    text.write_text("no picture")
    cut.write_bytes(picture.read_bytes()[:500])
    sdxl_family = Sdxl(OPTIONS)

    def looks(path: Path) -> list[Callable[[], None]]:
        single = replace(JOB, reference_mode="single", reference_strength=0.5)
        job = replace(single, references=(Reference("single", path),))
        return [lambda: sdxl_family.check(replace(job, frames=1)), lambda: check_job(job)]

    cases = {
        "well": picture,
        "absent": absent,
        "a folder": FOLDER,
        "text": text,
        "cut": cut,
        "of another size": small,
        "out of reach": OUT_OF_REACH,
    }
    said = {name: [outcome(look) for look in looks(path)] for name, path in cases.items()}
    said["too many files"] = [outcome(lambda look=look: without_files(look)) for look in looks(picture)]
    return said


def checkpoint() -> dict[str, str]:
    def load() -> object:
        return load_pipeline(OPTIONS)

    file = FOLDER / sdxl.CHECKPOINT
    whole = file.read_bytes()
    said = {"well": outcome(load), "too many files": outcome(lambda: without_files(load))}
    file.write_bytes(whole[:-9])
    said["cut"] = outcome(load)
    file.unlink()
    said["absent"] = outcome(load)
    file.mkdir()
    said["a folder"] = outcome(load)
    file.rmdir()
    file.symlink_to(OUT_OF_REACH)
    said["out of reach"] = outcome(load)
    file.unlink()
    file.write_bytes(whole)
    return said


def safe_vae() -> dict[str, list[str]]:
    """In which precision a card's VAE decodes, and what an operator is told, by how much of the optional one is there."""

    def decodes_in() -> list[str]:
        with listening() as messages:
            vae = str(load_pipeline(OPTIONS).vae.dtype).removeprefix("torch.")
        return [vae, *(message.replace(str(FOLDER), "MODELS") for message in messages)]

    usual, checkpoint_module.precision = checkpoint_module.precision, lambda _device: torch.float16
    folder = FOLDER / checkpoint_module.SAFE_VAE
    said = {"absent": decodes_in()}
    config = {**sdxl.CONFIGS["vae"], "force_upcast": False}
    AutoencoderKL.from_config(config).save_pretrained(folder)
    for file in (folder / "diffusion_pytorch_model.safetensors", folder / "config.json"):
        whole = file.read_bytes()
        file.write_bytes(whole[:-9])
        said[f"{file.suffix} cut"] = decodes_in()
        file.unlink()
        said[f"{file.suffix} absent"] = decodes_in()
        file.write_bytes(whole)
    said["whole"] = decodes_in()
    shutil.rmtree(folder)
    checkpoint_module.precision = usual
    return said


def adapter() -> dict[str, str]:
    folder = FOLDER / "ip-adapter"
    style = installed_adapter("style", folder)
    assert style is not None
    unet = UNet2DConditionModel.from_config(sdxl.CONFIGS["unet"])
    adapters = Adapters(folder, "cpu")

    def attach() -> None:
        entered(adapters.attached(style, unet))

    def installed() -> None:
        assert installed_adapter("style", folder) is None

    said = {"too many files": outcome(lambda: without_files(attach))}
    # A volume that is out of reach makes no other picture of it.
    said["installed, too many files"] = outcome(lambda: without_files(installed))
    file = folder / style.file
    whole = file.read_bytes()
    file.write_bytes(whole[:-9])
    said["cut"] = outcome(attach)
    said["installed, cut"] = outcome(installed)
    file.write_bytes(whole)
    return said


def index() -> dict[str, str]:
    folder = FOLDER / "index"
    folder.mkdir()
    file = folder / "model.safetensors.index.json"
    file.write_text("{")
    said = {"cut": outcome(lambda: weight_files(folder))}
    file.unlink()
    file.symlink_to(OUT_OF_REACH)
    said["out of reach"] = outcome(lambda: weight_files(folder))
    return said


def not_finite() -> dict[str, list[str]]:
    """Good latents, bad ones, and good ones that a VAE of bad weights decodes; by SDXL's and by WAN's."""

    def all_of(
        decode: Callable[[torch.Tensor, Any], object], vae: torch.nn.Module, good: torch.Tensor
    ) -> list[str]:
        bad = good.clone()
        bad.flatten()[5] = float("nan")
        said = [outcome(lambda: decode(good, vae)), outcome(lambda: decode(bad, vae))]
        next(vae.decoder.parameters()).fill_(float("nan"))
        return [*said, outcome(lambda: decode(good, vae))]

    def sdxl_decode(latents: torch.Tensor, vae: AutoencoderKL) -> object:
        return sdxl_decoding.decode(latents, vae, lambda: None)

    wan_vae = AutoencoderKLWan.from_pretrained(FOLDER / VACE_FOLDER / "vae")
    channels = wan_vae.config.z_dim
    return {
        "sdxl": all_of(sdxl_decode, AutoencoderKL.from_config(sdxl.CONFIGS["vae"]), torch.zeros(2, 4, 4, 4)),
        "wan": all_of(wan_decoding.decode, wan_vae, torch.zeros(1, channels, 2, 4, 4)),
    }


def without_its_folder() -> list[str]:
    """A job of WAN whose models are in memory asks no disk; one that lacks any does."""
    family = wan_family(OPTIONS)
    for model in family.models:
        family.load(model)
    for folder in FOLDER.glob("wan2.1-*"):
        shutil.move(folder, FOLDER / f"away-{folder.name}")
    said = [outcome(lambda: family.check(JOB))]
    family.unload(family.models[0])
    return [*said, outcome(lambda: family.check(JOB))]


def missing() -> dict[str, str]:
    """What is told of weights that are not there, in a folder whose name a shell would take apart."""
    by_command = replace(OPTIONS, wan_command=Path(__file__), wan_command_python=sys.executable)
    options = replace(by_command, models_dir=Path("/a b/it's"))
    image = FOLDER / "portrait.png"
    Image.new("RGB", (480, 832)).save(image)
    job = replace(JOB, width=480, height=832)
    start = replace(
        job, reference_mode="start", reference_strength=0.5, references=(Reference("start", image),)
    )
    checks = {
        "wan": lambda: source_folder(options.models_dir),
        "vace": lambda: wan_family(replace(options, wan_command=None)).check(start),
        "wan by command": lambda: WanCommand(options).check(job),
        "vace by command": lambda: WanCommand(options).check(start),
        "enhancer": lambda: PromptEnhancer(options).check(EnhanceJob("a lighthouse", "image")),
    }
    return {name: told(check) for name, check in checks.items()}


def told(do: Callable[[], object]) -> str:
    try:
        do()
    except EngineFailure as failure:
        return f"{failure.code}: {failure}"
    return "well"


class Heard(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


@contextmanager
def listening() -> Iterator[list[str]]:
    """What the operator is told within."""
    heard = Heard()
    logging.getLogger("ourvidz_engine").addHandler(heard)
    yield heard.messages
    logging.getLogger("ourvidz_engine").removeHandler(heard)


def left_out() -> list[str]:
    with listening() as messages, holding(OpenGates()):
        TextEncoding(load_pipeline(OPTIONS)).encode("a lighthouse", "(sea:0.5)," * 500, "job-7")
    return messages


def trace() -> list[bool]:
    """Of a failure of nobody's, deep down: code, kind and where, cut from its beginning, and no word of the error's own."""

    def deep_down(left: int) -> None:
        if left == 0:
            raise ValueError(JOB.prompt)
        # On two lines, as one that repeats itself is told once.
        if left % 2:
            deep_down(left - 1)
        deep_down(left - 1)

    try:
        deep_down(100)
        raise AssertionError("it raises")
    except ValueError as error:
        first, *rest = described(error).split("\n")
        told = "\n".join(rest)
    return [
        first == "internal: an unexpected ValueError; the worker's log has its trace",
        told.rstrip().endswith("raise ValueError(JOB.prompt)") and len(told) == LONGEST_TRACE,
        JOB.prompt not in told,
        "\n" not in described(FileNotFoundError(28, "full")),
    ]


def there() -> dict[str, str]:
    """A name too long is one that the system does not look for."""
    (FOLDER / "there").mkdir()
    file, unsaid = FOLDER / "there" / "file", FOLDER / ("x" * 300)
    file.touch()
    looks = {
        "a file": file,
        "a folder": file.parent,
        "nothing": FOLDER / "nothing",
        "within a file": file / "x",
    }
    said = {name: f"{is_file(path)} {is_folder(path)}" for name, path in looks.items()}
    return said | {"unsaid": f"{outcome(lambda: is_file(unsaid))} {outcome(lambda: is_folder(unsaid))}"}


def main() -> None:
    quieten()
    torch.set_grad_enabled(False)
    for tiny in (sdxl, wan):
        tiny.write(FOLDER)
    facts = {
        "pictures": pictures(),
        "checkpoint": checkpoint(),
        "safeVae": safe_vae(),
        "adapter": adapter(),
        "index": index(),
        "there": there(),
        "notFinite": not_finite(),
        "leftOut": left_out(),
        "trace": trace(),
        "missing": missing(),
        "withoutItsFolder": without_its_folder(),
    }
    print(json.dumps(facts))


main()
