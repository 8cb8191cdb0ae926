import type { JobType } from '../../jobs/jobTypes.ts'
import type { ReferenceMode } from '../../jobs/plan.ts'

interface ExpectedExample {
  type: JobType
  mode: ReferenceMode
  width: number
  height: number
  images?: number
  /** null: the payload has none, so the pipeline chooses. */
  seed: number | null
  expectedSeconds: number
  /** Of the callback's metadata: where the references are, as the payload has them, and how they are to act. */
  reference?: Record<string, string | number>
}

const HERE = 'reference_images/d3a0d3a0-0000-4000-8000-000000000001'
const square = { width: 1024, height: 1024 }
const wide = { width: 832, height: 480 }
const tall = { width: 480, height: 832 }

/** What must come of each file in `examples/`, written down by hand from the payloads and the job contract. */
export const EXPECTED: Readonly<Record<string, ExpectedExample>> = {
  sdxl_image_fast: {
    type: 'sdxl_image_fast',
    mode: 'none',
    ...square,
    seed: 20250716,
    expectedSeconds: 4,
  },
  'sdxl_image_fast-style': {
    type: 'sdxl_image_fast',
    mode: 'single',
    ...square,
    images: 3,
    seed: 7,
    expectedSeconds: 85,
    reference: {
      reference_image_url: `${HERE}/bicycle.png`,
      reference_strength: 0.6,
      reference_type: 'style',
    },
  },
  'sdxl_image_high-composition': {
    type: 'sdxl_image_high',
    mode: 'single',
    width: 832,
    height: 1216,
    images: 6,
    seed: 421,
    expectedSeconds: 8,
    reference: {
      reference_image_url: `${HERE}/lighthouse.png`,
      reference_strength: 0.5,
      reference_type: 'composition',
    },
  },
  'sdxl_image_high-character': {
    type: 'sdxl_image_high',
    mode: 'single',
    width: 1216,
    height: 832,
    seed: null,
    expectedSeconds: 100,
    // Its URL is signed for the store of the moment.
    reference: { reference_strength: 0.8, reference_type: 'character' },
  },
  image_fast: { type: 'image_fast', mode: 'none', ...wide, seed: 0, expectedSeconds: 25 },
  'image_high-single': {
    type: 'image_high',
    mode: 'single',
    ...wide,
    seed: 99,
    expectedSeconds: 40,
    reference: { reference_image_url: `${HERE}/boat.jpg`, reference_strength: 0.7 },
  },
  video_fast: { type: 'video_fast', mode: 'none', ...tall, seed: 1001, expectedSeconds: 135 },
  'video_fast-single': {
    type: 'video_fast',
    mode: 'single',
    ...tall,
    seed: 1002,
    expectedSeconds: 135,
    reference: {
      reference_image_url: `${HERE}/bicycle.png`,
      reference_strength: 0.85,
      reference_type: 'character',
    },
  },
  'video_high-start': {
    type: 'video_high',
    mode: 'start',
    ...tall,
    seed: 1003,
    expectedSeconds: 180,
    reference: { start_reference_url: `${HERE}/lighthouse.png`, reference_strength: 0.85 },
  },
  image7b_fast_enhanced: {
    type: 'image7b_fast_enhanced',
    mode: 'none',
    ...tall,
    seed: 31,
    expectedSeconds: 85,
  },
  image7b_high_enhanced: {
    type: 'image7b_high_enhanced',
    mode: 'none',
    ...wide,
    seed: 32,
    expectedSeconds: 100,
  },
  'video7b_fast_enhanced-end': {
    type: 'video7b_fast_enhanced',
    mode: 'end',
    ...tall,
    seed: 33,
    expectedSeconds: 195,
    reference: { end_reference_url: `${HERE}/lighthouse-night.png`, reference_strength: 0.9 },
  },
  'video7b_high_enhanced-both': {
    type: 'video7b_high_enhanced',
    mode: 'both',
    ...tall,
    seed: 34,
    expectedSeconds: 240,
    reference: {
      start_reference_url: `${HERE}/lighthouse.png`,
      end_reference_url: `${HERE}/lighthouse-night.png`,
      reference_strength: 1,
    },
  },
}
