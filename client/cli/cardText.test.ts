import { expect, test } from 'vitest'
import type { CardStatus, LaneStatus } from '../../jobs/cardStatus.ts'
import { LANES, type Lane } from '../../jobs/jobTypes.ts'
import { cardText } from './cardText.ts'

const VIDEO = '5c1d2f6e-8f0b-4c55-9d0e-0d8a5b2f7a11'
const NEXT = '8a2f0f34-6a8e-4a40-9a6f-3a1f6f0f2d22'

function lane(name: Lane, more: Partial<LaneStatus> = {}): LaneStatus {
  return {
    lane: name,
    mode: 'open',
    ready: true,
    reason: null,
    running: [],
    waiting: [],
    guaranteedShare: 1 / 3,
    heldSeconds: 0,
    ...more,
  }
}

const idle: CardStatus = {
  hostId: 'gpu-1',
  at: '2026-01-02T03:04:05.678Z',
  card: null,
  program: { status: 'ready', name: 'preview', version: '1.0.0', device: 'cpu', crashes: 0, lastDeath: null },
  holder: null,
  lanes: LANES.map(name => lane(name)),
  memory: null,
}

test('a card at work: who has it, what is in its memory, who waits', () => {
  const busy: CardStatus = {
    ...idle,
    card: { name: 'NVIDIA RTX 6000 Ada Generation', uuid: 'GPU-1', totalMiB: 49_140 },
    holder: { lane: 'wan.video', taskId: VIDEO, heldMs: 75_400 },
    lanes: [
      lane('sdxl', { mode: 'paused', ready: false, reason: 'the lane is paused', heldSeconds: 7_260 }),
      lane('wan.video', { running: [VIDEO], waiting: [NEXT], heldSeconds: 12.34 }),
    ],
    memory: {
      budgetMiB: 47_104,
      reservedMiB: 20_480,
      models: [
        { model: 'wan_2_1_1_3b', residentMiB: 4_096, inUse: true, idleSeconds: 0 },
        { model: 'lustify_sdxl', residentMiB: 7_168, inUse: false, idleSeconds: 90 },
      ],
      workingMiB: 9_216,
    },
  }
  expect(`\n${cardText(busy)}\n`).toBe(`
host      gpu-1, at 2026-01-02 03:04:05 UTC
card      NVIDIA RTX 6000 Ada Generation, 48.0 GiB (GPU-1)
program   ready: preview 1.0.0 on cpu
memory    20.0 of 46.0 GiB: wan_2_1_1_3b 4.0, in use; lustify_sdxl 7.0, idle for 1 min 30 s; work 9.0
computes  ${VIDEO} (wan.video), has held the card for 1 min 15 s

LANE       MODE    RUNNING  WAITING  SHARE  HELD       READY
sdxl       paused  0        0        33 %   2 h 1 min  no: the lane is paused
wan.video  open    1        1        33 %   12.3 s     yes

JOB                                   LANE       STATE
${VIDEO}  wan.video  computes
${NEXT}  wan.video  waits
`)
})

test('a program that died says so in one line, and a card without jobs has no list of them', () => {
  const program = {
    ...idle.program,
    status: 'broken',
    name: null,
    crashes: 5,
    lastDeath: 'It ended with exit code 3.\nstderr line 1',
  }
  const text = cardText({ ...idle, program })
  expect(text).toContain('program   broken, 5 crashes in a row, died before: It ended with exit code 3.\n')
  expect(text).not.toContain('stderr')
  expect(text).not.toContain('JOB')
})
