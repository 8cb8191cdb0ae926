export interface ModelRow {
  /** MiB of the card that its weights take. */
  residentMiB: number
}

export type ModelTable = Readonly<Record<string, ModelRow>>

/** Weights are told in GB of 10⁹ bytes (parameters × bytes each), the card in MiB of 2²⁰. */
const mib = (gigabytes: number) => Math.ceil((gigabytes * 1e9) / 2 ** 20)

/**
 * What the models weigh on the card, from their numbers of parameters: SDXL's UNet 2.57, CLIPs 0.82 and VAE 0.08 billion in fp16;
 * IP-Adapter (the larger, "plus") with ViT-H, 1.06; WAN's VACE DiT in bf16 (4.31 GB; plain T2V is 2.84) and its VAE in fp32 (0.51 GB); the encoder of
 * umT5-xxl, 5.68 billion, and Qwen2.5-7B, 7.62 billion, in bf16.
 */
export const MODELS = {
  lustify_sdxl: { residentMiB: mib(6.94) },
  sdxl_ip_adapter: { residentMiB: mib(2.11) },
  wan_2_1_1_3b: { residentMiB: mib(4.31 + 0.51) },
  umt5_xxl: { residentMiB: mib(11.36) },
  prompt_enhancer: { residentMiB: mib(15.23) },
} as const satisfies ModelTable

export type ModelId = keyof typeof MODELS

export function isModelId(name: string): name is ModelId {
  return Object.hasOwn(MODELS, name)
}

/** Estimate: the CUDA context (some 0.5 GB by nvidia-smi) and the kernels that are loaded into it. */
const CONTEXT_MIB = 512
/** Estimate: workspaces of libraries that allocate beside PyTorch. */
const BESIDE_ALLOCATOR = 0.02

/**
 * MiB that PyTorch may reserve on a card. Fragmentation needs no margin of its own: reserved memory has it in already.
 * `usedMiB` is what others had of the card before the program started; `limitMiB` what of the card is ours at most.
 */
export function budgetOf(totalMiB: number, usedMiB = 0, limitMiB: number | null = null): number {
  const budget = (mib: number) => Math.floor(mib * (1 - BESIDE_ALLOCATOR)) - CONTEXT_MIB
  return Math.max(0, Math.min(budget(totalMiB) - usedMiB, limitMiB === null ? Infinity : budget(limitMiB)))
}
