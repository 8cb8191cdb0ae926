"""Stands in for the official program of Wan 2.1: takes its arguments as it does, and draws a test picture instead.

It finds `behaviour.json` beside itself (`ffmpeg`, and what to do wrong), and writes what it was given to `runs.jsonl`.
"""

import argparse
import hashlib
import json
import logging
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
BEHAVIOUR = json.loads((HERE / "behaviour.json").read_text(encoding="utf-8"))
DOES = BEHAVIOUR.get("does", "well")
FFMPEG = [BEHAVIOUR["ffmpeg"], "-nostdin", "-hide_banner", "-loglevel", "error"]
TASKS = ["t2v-14B", "t2v-1.3B", "i2v-14B", "t2i-14B", "flf2v-14B", "vace-1.3B", "vace-14B"]
SIZES = ["720*1280", "1280*720", "480*832", "832*480", "1024*1024"]
SWITCHES = ["t5_fsdp", "t5_cpu", "dit_fsdp", "use_prompt_extend"]
TEXTS = [
    "ckpt_dir",
    "save_file",
    "src_video",
    "src_mask",
    "src_ref_images",
    "prompt",
    "image",
    "first_frame",
    "last_frame",
]


def str2bool(text: str) -> bool:
    if text.lower() in ("yes", "true", "t", "y", "1"):
        return True
    if text.lower() in ("no", "false", "f", "n", "0"):
        return False
    raise argparse.ArgumentTypeError("Boolean value expected (True/False)")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--task", default="t2v-14B", choices=TASKS)
    parser.add_argument("--size", default="1280*720", choices=SIZES)
    parser.add_argument("--frame_num", type=int)
    parser.add_argument("--offload_model", type=str2bool)
    for name in SWITCHES:
        parser.add_argument(f"--{name}", action="store_true")
    for name in TEXTS:
        parser.add_argument(f"--{name}")
    parser.add_argument("--base_seed", type=int, default=-1)
    parser.add_argument("--sample_solver", default="unipc", choices=["unipc", "dpm++"])
    parser.add_argument("--sample_steps", type=int)
    parser.add_argument("--sample_shift", type=float)
    parser.add_argument("--sample_guide_scale", type=float, default=5.0)
    args = parser.parse_args()
    assert args.ckpt_dir is not None, "Please specify the checkpoint directory."
    args.base_seed = args.base_seed if args.base_seed >= 0 else random.randint(0, sys.maxsize)
    return args


def main() -> None:
    record = {"argv": sys.argv[1:], "pid": os.getpid(), "group": os.getpgid(0), "cwd": os.getcwd()}
    if DOES == "ignore SIGTERM":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    remember({**record, "environment": sorted(os.environ), "at": "start"})
    if DOES == "refuse its arguments":
        sys.argv.append("--no_such_option")
    args = parse()
    logging.basicConfig(
        level=logging.INFO, format="[%(asctime)s] %(levelname)s: %(message)s", stream=sys.stdout
    )
    logging.info(f"Generation job args: {args}")
    logging.info(f"Input prompt: {args.prompt}")
    for name in ("models_t5_umt5-xxl-enc-bf16.pth", "Wan2.1_VAE.pth"):
        open(os.path.join(args.ckpt_dir, name), "rb").close()
    if "vace" in args.task:
        remember({"at": "sources", **sources(args)})
    sample(args)
    save(args)
    logging.info("Finished.")


def remember(entry: dict[str, object]) -> None:
    with (HERE / "runs.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")


def sources(args: argparse.Namespace) -> dict[str, object]:
    """Frames as they decode: the number of them, and of each its sha256."""
    read = {name: getattr(args, name) for name in ("src_video", "src_mask", "src_ref_images")}
    # The official program parts pictures by commas, and takes none from the name of a video.
    paths = {"src_ref_images": (args.src_ref_images or "").split(",")}
    return {
        name: None
        if given is None
        else [frame for path in paths.get(name, [given]) for frame in frames(path, args.size)]
        for name, given in read.items()
    }


def frames(path: str, size: str) -> list[str]:
    width, height = (int(number) for number in size.split("*"))
    raw = subprocess.run(
        [*FFMPEG, "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"],
        check=True,
        capture_output=True,
    ).stdout
    one = width * height * 3
    return [hashlib.sha256(raw[start : start + one]).hexdigest() for start in range(0, len(raw), one)]


def sample(args: argparse.Namespace) -> None:
    if DOES == "run out of memory" or (DOES == "run out of memory once" and not args.t5_cpu):
        print('Traceback (most recent call last):\n  File "generate.py"\n', file=sys.stderr)
        sys.exit("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.")
    if DOES == "fail over the prompt":
        print("Namespace and all:", vars(args), file=sys.stderr)
        raise ValueError(f"cannot encode {args.prompt!r}")
    if DOES == "flood":
        for _ in range(200):
            os.write(1, b"y" * 100_000)
            os.write(2, b"x\n" * 50_000)
    for step in range(args.sample_steps + 1):
        share = step / args.sample_steps
        bar = ("█" * int(share * 10)).ljust(10)
        print(
            f"\r{share:4.0%}|{bar}| {step}/{args.sample_steps} [00:00<00:00, 1.00it/s]",
            end="",
            file=sys.stderr,
        )
        time.sleep(0.02)
        if DOES in ("hang", "ignore SIGTERM"):
            subprocess.Popen(["sleep", "600"])
        if DOES in ("hang", "hang alone", "ignore SIGTERM"):
            time.sleep(600)
    print(file=sys.stderr)


def save(args: argparse.Namespace) -> None:
    if DOES == "fail to save":
        print("cache_video failed, error: a codec is missing")
        return
    if DOES == "fill the disk":
        print("cache_video failed, error: [Errno 28] No space left on device")
        return
    target, count, size = args.save_file, args.frame_num, args.size.replace("*", "x")
    if DOES == "write text":
        Path(target).write_text("no picture")
        return
    count = {"lose frames": 77, "add a frame": count + 1, "animate": 3}.get(DOES, count)
    size = "64x64" if DOES == "change the size" else size
    colour = f"0x{hashlib.sha256(str(args.base_seed).encode()).hexdigest()[:6]}"
    picture = [
        "-f",
        "lavfi",
        "-i",
        f"color=c={colour}:size={size}:rate=16,format=rgb24",
        "-frames:v",
        str(count),
    ]
    if target.endswith(".png"):
        output = ["-f", "apng" if count > 1 else "image2"]
    else:
        output = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-f", "mp4"]
    subprocess.run([*FFMPEG, *picture, *output, "-y", target], check=True)
    if DOES == "cut the file":
        data = Path(target).read_bytes()
        Path(target).write_bytes(data[: len(data) // 2])


main()
