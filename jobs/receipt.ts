import type { ReferenceRole } from './plan.ts'

/** A reference image, as it was fetched or as the engine gets it (a PNG), kept by the hash of its bytes. */
export interface StagedFile {
  /** sha256 of the bytes, in hex. */
  sha256: string
  bytes: number
  width: number
  height: number
}

/** A reference that lies in staging: as it was fetched, or made ready for the engine. */
export interface StagedReference {
  role: ReferenceRole
  file: StagedFile
}

export interface RenderedFile {
  index: number
  /** File name inside the render's folder. */
  file: string
  /** File name of its WebP thumbnail, there too. */
  thumbnail: string
  sha256: string
  bytes: number
  contentType: 'image/png' | 'video/mp4'
  seed: number
  width: number
  height: number
  frames: number
}

/** What a finished render leaves behind, so that nothing after it ever renders again. Bytes stay on `host`. */
export interface RenderReceipt {
  /** Queue-safe id of the host that holds the files. */
  host: string
  jobId: string
  planHash: string
  seed: number
  files: RenderedFile[]
  /** `waitMs`: for the card; `cardMs`: holding it; `encodeMs`: making files, off the card. */
  timings: { waitMs: number; loadMs: number; cardMs: number; encodeMs: number; totalMs: number }
  memory: { peakMiB: number; totalMiB: number } | null
  /** `referenceMethod`: how the reference was honoured (`vace`, `img2img`, `ip-adapter`, …), or null. */
  engine: { name: string; version: string; device: string; referenceMethod: string | null }
}

/** One uploaded asset: object paths inside the bucket, in the order of `index`. */
export interface UploadedAsset {
  index: number
  path: string
  thumbnailPath: string
  /** Signed or public URLs where the installation wants them in its callbacks; null where paths are wanted. */
  url: string | null
  thumbnailUrl: string | null
  bytes: number
}
