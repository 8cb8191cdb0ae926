import { dirname, join } from 'node:path'
import type { Family } from '../../jobs/jobTypes.ts'

/** One thing that has to be there. Paths are within the set's directory; `bytes` is about what it has in half precision. */
export type WeightPart =
  | { kind: 'json'; path: string }
  /** Anything else. Of a zip archive, as torch's `.pth` are, the end is looked for. */
  | { kind: 'file'; path: string; bytes: number }
  | { kind: 'safetensors'; path: string; bytes: number }
  /** `<path>.safetensors`, or an index beside it with all the shards that it names. */
  | { kind: 'sharded'; path: string; bytes: number }

export type WeightSetName =
  | 'lustify_sdxl'
  | 'sdxl_ip_adapter'
  | 'sdxl_fp16_vae'
  | 'wan_2_1_vace'
  | 'wan_2_1_t2v'
  | 'wan_command_t2v'
  | 'wan_command_vace'
  | 'prompt_enhancer'

export interface WeightSet {
  name: WeightSetName
  title: string
  /** The family whose jobs without a reference it can render; of several such sets one is enough. */
  renders: Family | null
  /** Nothing is lost without it, as another set does its work. */
  spare: boolean
  directory: string
  parts: readonly WeightPart[]
  /** What is not possible without it, or what happens instead. */
  without: string
  /** Repository and files (all, if none) that `hf download` fetches; null where there is no repository that we know of. */
  source: { repository: string; files: readonly string[] } | null
}

/** The part of the `engine` configuration that says where weights are. */
export interface WeightSettings {
  modelsDir: string
  sdxlCheckpoint: string
  wanCommand: string | null
}

const GB = 1_000_000_000

const ADAPTERS = ['ip-adapter_sdxl_vit-h', 'ip-adapter-plus_sdxl_vit-h']
const adapterFiles = ADAPTERS.map(name => `sdxl_models/${name}.safetensors`)
const encoderFiles = ['models/image_encoder/config.json', 'models/image_encoder/model.safetensors']

const json = (...paths: string[]): WeightPart[] => paths.map(path => ({ kind: 'json', path }))

/** A WAN pipeline as diffusers keeps it; sizes are those of the files on the hub. */
const wanDiffusers = (transformerBytes: number): WeightPart[] => [
  ...json('scheduler/scheduler_config.json'),
  ...json('transformer/config.json', 'vae/config.json', 'text_encoder/config.json'),
  ...json('tokenizer/tokenizer_config.json', 'tokenizer/tokenizer.json'),
  { kind: 'sharded', path: 'transformer/diffusion_pytorch_model', bytes: transformerBytes },
  { kind: 'sharded', path: 'vae/diffusion_pytorch_model', bytes: 0.25 * GB },
  { kind: 'sharded', path: 'text_encoder/model', bytes: 11.36 * GB },
]

/** A WAN model in the format of its own program. */
const wanOriginal = (transformerBytes: number): WeightPart[] => [
  ...json('config.json', 'google/umt5-xxl/tokenizer_config.json', 'google/umt5-xxl/tokenizer.json'),
  { kind: 'sharded', path: 'diffusion_pytorch_model', bytes: transformerBytes },
  { kind: 'file', path: 'models_t5_umt5-xxl-enc-bf16.pth', bytes: 11.36 * GB },
  { kind: 'file', path: 'Wan2.1_VAE.pth', bytes: 0.5 * GB },
]

const everything = (repository: string) => ({ repository, files: [] })

/** The weights that an installation can use, and where each is expected. With `WAN_COMMAND`, WAN's own program has its own. */
export function weightSets({ modelsDir, sdxlCheckpoint, wanCommand }: WeightSettings): WeightSet[] {
  return [
    {
      name: 'lustify_sdxl',
      title: 'SDXL checkpoint',
      renders: 'sdxl',
      spare: false,
      directory: dirname(sdxlCheckpoint),
      parts: [
        {
          kind: 'safetensors',
          path: sdxlCheckpoint.slice(dirname(sdxlCheckpoint).length + 1),
          bytes: 6.94 * GB,
        },
      ],
      without: 'SDXL jobs wait for a machine that has it.',
      source: null,
    },
    {
      name: 'sdxl_ip_adapter',
      title: 'IP-Adapter for SDXL',
      renders: null,
      spare: false,
      directory: join(modelsDir, 'ip-adapter'),
      parts: [
        ...adapterFiles.map(path => ({ kind: 'safetensors', path, bytes: 0.7 * GB }) as const),
        ...json('models/image_encoder/config.json'),
        { kind: 'safetensors', path: 'models/image_encoder/model.safetensors', bytes: 1.26 * GB },
      ],
      without: 'Style, composition and character references are rendered as image-to-image.',
      source: { repository: 'h94/IP-Adapter', files: [...adapterFiles, ...encoderFiles] },
    },
    {
      name: 'sdxl_fp16_vae',
      title: "SDXL's VAE for half precision",
      renders: null,
      spare: true,
      directory: join(modelsDir, 'sdxl-vae-fp16-fix'),
      parts: [...json('config.json'), { kind: 'sharded', path: 'diffusion_pytorch_model', bytes: 0.17 * GB }],
      without: "The checkpoint's own VAE decodes, in fp32.",
      source: {
        repository: 'madebyollin/sdxl-vae-fp16-fix',
        files: ['config.json', 'diffusion_pytorch_model.safetensors'],
      },
    },
    ...(wanCommand === null ? wanForDiffusers(modelsDir) : wanForCommand(modelsDir)),
    {
      name: 'prompt_enhancer',
      title: 'Qwen2.5-7B-Instruct',
      renders: null,
      spare: false,
      directory: join(modelsDir, 'qwen2.5-7b-instruct'),
      parts: [
        ...json('config.json', 'tokenizer.json', 'tokenizer_config.json'),
        { kind: 'sharded', path: 'model', bytes: 15.23 * GB },
      ],
      without: 'Enhanced types are rendered with the original prompt.',
      source: everything('Qwen/Qwen2.5-7B-Instruct'),
    },
  ]
}

function wanForDiffusers(modelsDir: string): WeightSet[] {
  return [
    {
      name: 'wan_2_1_vace',
      title: 'WAN 2.1 VACE 1.3B',
      renders: 'wan',
      spare: false,
      directory: join(modelsDir, 'wan2.1-vace-1.3b-diffusers'),
      parts: wanDiffusers(4.31 * GB),
      without: 'WAN jobs with a reference fail (model_missing).',
      source: everything('Wan-AI/Wan2.1-VACE-1.3B-diffusers'),
    },
    {
      name: 'wan_2_1_t2v',
      title: 'WAN 2.1 T2V 1.3B',
      renders: 'wan',
      spare: true,
      directory: join(modelsDir, 'wan2.1-t2v-1.3b-diffusers'),
      parts: wanDiffusers(2.84 * GB),
      without: 'WAN jobs wait where VACE is missing too.',
      source: everything('Wan-AI/Wan2.1-T2V-1.3B-Diffusers'),
    },
  ]
}

function wanForCommand(modelsDir: string): WeightSet[] {
  return [
    {
      name: 'wan_command_t2v',
      title: 'WAN 2.1 T2V 1.3B, original format',
      renders: 'wan',
      spare: false,
      directory: join(modelsDir, 'wan2.1-t2v-1.3b'),
      parts: wanOriginal(2.84 * GB),
      without: 'WAN jobs wait for a machine that has it.',
      source: everything('Wan-AI/Wan2.1-T2V-1.3B'),
    },
    {
      name: 'wan_command_vace',
      title: 'WAN 2.1 VACE 1.3B, original format',
      renders: null,
      spare: false,
      directory: join(modelsDir, 'wan2.1-vace-1.3b'),
      parts: wanOriginal(4.31 * GB),
      without: 'WAN jobs with a reference fail (model_missing).',
      source: everything('Wan-AI/Wan2.1-VACE-1.3B'),
    },
  ]
}

/** The command that fetches a set, to be typed as it is; run again, it goes on where it stopped. */
export function fetchCommand({ source, directory, parts }: WeightSet, hf: string): string {
  if (source === null) {
    const names = parts.map(({ path }) => join(directory, path)).join(', ')
    return `copy it to ${names} (no public repository is known to have it; SDXL_CHECKPOINT says where else it is)`
  }
  return [hf, 'download', source.repository, ...source.files, '--local-dir', directory].map(quoted).join(' ')
}

/** For a POSIX shell. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}
