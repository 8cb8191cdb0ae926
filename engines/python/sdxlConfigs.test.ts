import { expect, it } from 'vitest'
import { temporaryDirectory } from '../../test/temporaryDirectory.ts'
import { runPython } from './testing/runPython.ts'

const LOAD = `
import json, os, sys
from pathlib import Path
from diffusers import AutoencoderKL, EulerDiscreteScheduler, UNet2DConditionModel
from transformers import CLIPTokenizer
from ourvidz_engine.sdxl.configs import generated_configs
synced = []
fsync = os.fsync
os.fsync = lambda descriptor: (synced.append(os.readlink(f"/proc/self/fd/{descriptor}")), fsync(descriptor))
folder = generated_configs(Path(json.load(sys.stdin)))
unnamed = {Path(path).relative_to(synced[-1]) for path in synced}
tokenizers = [CLIPTokenizer.from_pretrained(folder / part, local_files_only=True) for part in ("tokenizer", "tokenizer_2")]
again = generated_configs(folder.parent)
print(json.dumps({
    "words": [len(each) for each in tokenizers],
    "cat": tokenizers[0]("a photo of a cat").input_ids,
    "pads": [each("a cat", padding="max_length", max_length=6).input_ids for each in tokenizers],
    "unet": UNet2DConditionModel.load_config(folder / "unet")["cross_attention_dim"],
    "vae": AutoencoderKL.load_config(folder / "vae")["scaling_factor"],
    "scheduler": EulerDiscreteScheduler.from_pretrained(folder / "scheduler").config.num_train_timesteps,
    "kept": again == folder,
    "synced": unnamed == {path.relative_to(folder) for path in (*folder.rglob("*"), folder)},
}))`

it('a checkpoint without a configuration beside it gets SDXL’s, with CLIP’s own tokenizers, offline', async () => {
  expect(await runPython(LOAD, await temporaryDirectory())).toEqual({
    words: [49_408, 49_408],
    // Ids that CLIP gives this sentence everywhere.
    cat: [49_406, 320, 1125, 539, 320, 2368, 49_407],
    pads: [
      [49_406, 320, 2368, 49_407, 49_407, 49_407],
      [49_406, 320, 2368, 49_407, 0, 0],
    ],
    unet: 2048,
    vae: 0.13025,
    scheduler: 1000,
    kept: true,
    synced: true,
  })
}, 120_000)
