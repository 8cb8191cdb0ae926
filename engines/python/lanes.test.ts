import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { beforeAll, expect, it } from 'vitest'
import { enginePython } from './testing/enginePython.ts'
import { tinyImage } from './testing/tinyJobs.ts'

const CHECKS = fileURLToPath(new URL('testing/lane_checks.py', import.meta.url))

let facts: Record<string, unknown>
let lastEvents: Record<string, unknown>[]
let exitCode: number | undefined

/** The program's own lanes, with models that load for as long as a test wants. */
beforeAll(async () => {
  const { python, env } = await enginePython()
  const ended = await execa(python, [CHECKS, JSON.stringify(tinyImage)], {
    env,
    extendEnv: false,
    reject: false,
    timeout: 180_000,
  })
  exitCode = ended.exitCode
  const [first = '', ...events] = ended.stdout.split('\n').map(line => JSON.parse(line))
  facts = first
  lastEvents = events
}, 200_000)

it('a job is cancelled while its models are still being loaded', () => {
  expect(facts.cancelledWhileLoading).toBe(true)
})

it('a job whose models are there does not wait for those of another', () => {
  expect(facts.computesWhileOthersLoad).toBe(true)
})

it('a model that must leave the card leaves it though the job never needed it, and while another is loaded', () => {
  expect(facts.dropsWhileOthersLoad).toEqual([true, ['accepted', 'want', 'unneeded', 'released', 'done']])
})

it('a job keeps its turn when one of another lane is cancelled', () => {
  expect(facts.anotherIsCancelled).toEqual(['accepted', 'want', 'released', 'done'])
})

it('a job that waits for the card is spoken for, one that hangs is not, and what it does is told, until it goes on', () => {
  expect(facts.stalls).toEqual([true, true, ['wait'], true, 'done'])
})

it('an operator is told where a job failed that nobody knows why, and of a model that cannot be loaded', () => {
  expect(facts.tellsItsOperator).toEqual([
    "job: internal: an unexpected ValueError; the worker's log has its trace",
    'raise ValueError(JOB["prompt"])',
    false,
    'nowhere: invalid_input: no such model',
  ])
})

it('of memory that ran out it is said whether anything was tried to save some', () => {
  expect(facts.outOfMemory).toEqual([
    'oom: out of memory',
    'oom: out of memory, also with everything that saves some',
  ])
})

it('every thread that computes may compile as many graphs as there are sizes', () => {
  expect(facts.graphs).toEqual([true, true])
})

it('memory that runs out beside the allocator is no lost card, and a lost card is told as one', () => {
  expect(facts.codes).toEqual({
    'RuntimeError: CUDA error: out of memory': 'oom',
    'RuntimeError: CUDA driver error: out of memory': 'oom',
    "RuntimeError: CUDA ran out of memory outside PyTorch's allocator.": 'oom',
    'RuntimeError: Triton Error [CUDA]: out of memory': 'oom',
    'RuntimeError: CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`': 'oom',
    'RuntimeError: cuDNN error: CUDNN_STATUS_ALLOC_FAILED': 'oom',
    'RuntimeError: cuDNN error: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED': 'oom',
    'RuntimeError: CUDA error: an illegal memory access was encountered': 'cuda_error',
    'RuntimeError: CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasGemmEx`': 'cuda_error',
    'RuntimeError: cuDNN error: CUDNN_STATUS_EXECUTION_FAILED': 'cuda_error',
    'RuntimeError: cuDNN error: CUDNN_STATUS_INTERNAL_ERROR': 'cuda_error',
    'RuntimeError: cuDNN error: CUDNN_STATUS_NOT_INITIALIZED': 'cuda_error',
    'RuntimeError: cuDNN error: CUDNN_STATUS_NOT_SUPPORTED': 'internal',
    'RuntimeError: cuDNN error: CUDNN_STATUS_BAD_PARAM': 'internal',
    'RuntimeError: Triton Error [CUDA]: device-side assert triggered': 'cuda_error',
    'RuntimeError: mat1 and mat2 shapes cannot be multiplied': 'internal',
    'OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB': 'oom',
    'AcceleratorError: CUDA error: out of memory': 'oom',
    'AcceleratorError: an error of some card': 'cuda_error',
    'AcceleratorError: ': 'cuda_error',
    'ValueError: CUDA error: said by one that is none': 'internal',
  })
})

it('a job’s peak is its own time’s, whoever cuts in', () => {
  expect(facts.peaks).toEqual([900, 700])
})

it('compiles nothing where there is no compiler', () => {
  expect(facts.compilesWithoutCompiler).toBe(false)
})

it('tells text that is no Unicode', () => {
  expect(facts.oddText).toBe('fffe00d8')
})

it('a program whose card is lost says so of the job, though it cannot even give the turn back, and exits', () => {
  const told = lastEvents.filter(({ type }) => type !== 'progress' && type !== 'ready')
  expect(told.map(({ type }) => type)).toEqual(['accepted', 'want', 'failed'])
  expect(told.at(-1)).toMatchObject({
    code: 'cuda_error',
    message: 'CUDA error: an illegal memory access was encountered',
  })
  expect(exitCode).toBe(1)
})
