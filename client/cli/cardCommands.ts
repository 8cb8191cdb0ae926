import { type Command, InvalidArgumentError as InvalidOption } from 'commander'
import type { CardStatus } from '../../jobs/cardStatus.ts'
import { LANES, type Lane } from '../../jobs/jobTypes.ts'
import type { CardControl } from '../card.ts'
import { cardText } from './cardText.ts'
import type { Session } from './session.ts'
import { watchCard } from './watchCard.ts'

interface CardOptions {
  host?: string
  json?: boolean
}

const ACTIONS = [
  ['pause', 'stop lanes where they are; their jobs keep their places, and nothing new is taken'],
  ['resume', 'let lanes work again'],
  ['drain', 'have lanes finish what they have and take nothing new'],
] as const

/** `card status|pause|resume|drain`: looking after the card of a host. */
export function addCardCommands(program: Command, session: Session): void {
  const card = program
    .command('card')
    .description('look after the card of a host: who computes, who waits, which lanes work')
    .addHelpText(
      'after',
      `
Lanes: ${LANES.join(', ')}. What is decided of a lane holds until it is resumed, over restarts too.

Examples:
  ourvidz card status --watch
  ourvidz card status --host gpu-1 --json | jq '.lanes[] | select(.ready | not)'
  ourvidz card pause wan.video
  ourvidz card drain all --host gpu-1
  ourvidz card resume all --host gpu-1

When Temporal is down, the GPU worker's health server gives the status: curl http://127.0.0.1:9465/card`,
    )
  addStatus(card, session)
  for (const [name, description] of ACTIONS) {
    options(card.command(name).description(description))
      .argument('<lane...>', `${LANES.join(', ')}, or all`, collectLanes)
      .action(async (lanes: Lane[], { host, json }: CardOptions) => {
        const control = await controlOf(session, host)
        show(session, await control[name](...lanes), json)
      })
  }
}

function addStatus(card: Command, session: Session): void {
  options(card.command('status').description('show the card as it is now'))
    .option('-w, --watch', 'show it again and again, until Ctrl-C')
    .action(async ({ host, json = false, watch }: CardOptions & { watch?: boolean }) => {
      const control = await controlOf(session, host)
      if (watch) await watchCard(session, control, { json })
      else show(session, await control.status(), json)
    })
}

function options(command: Command): Command {
  return command
    .option('--host <id>', "HOST_ID of the card's GPU worker; by default HOST_ID, or this machine's name")
    .option('--json', 'as JSON')
}

async function controlOf(session: Session, host: string | undefined): Promise<CardControl> {
  const pipeline = await session.pipeline()
  return pipeline.card(host ?? session.config().hostId)
}

function show(session: Session, status: CardStatus, json: boolean | undefined): void {
  session.print(json ? JSON.stringify(status) : cardText(status))
}

function collectLanes(value: string, before: Lane[] = []): Lane[] {
  if (value === 'all') return [...LANES]
  const lane = LANES.find(name => name === value)
  if (lane === undefined) throw new InvalidOption(`It must be ${LANES.join(', ')}, or all.`)
  return [...new Set([...before, lane])]
}
