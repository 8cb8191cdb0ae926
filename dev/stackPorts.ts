import { freePort } from './freePort.ts'

const USUAL = { temporal: 7233, ui: 8233, receiver: 8787, store: 8788, control: 9464, gpu: 9465 } as const
const PARTS = ['temporal', 'ui', 'receiver', 'store', 'control', 'gpu'] as const

export type StackPorts = Record<(typeof PARTS)[number], number>

/** The usual port of each part, or a free one where that is taken, which is told. */
export async function chooseStackPorts(tell: (line: string) => void): Promise<StackPorts> {
  const ports: StackPorts = { ...USUAL }
  const taken: number[] = []
  for (const part of PARTS) {
    ports[part] = await freePort(USUAL[part])
    if (ports[part] !== USUAL[part]) taken.push(USUAL[part])
  }
  if (taken.length > 0) tell(`In use by other programs, so others are taken: port ${taken.join(', ')}.`)
  return ports
}
