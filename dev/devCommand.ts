import { type Command, InvalidArgumentError } from 'commander'
import { putExamplePictures } from './exampleJobs.ts'
import { type DevSession, runStack, shown } from './runStack.ts'
import type { DevStack } from './stack.ts'

interface DevOptions {
  verbose?: boolean
  ui: boolean
  callbacks?: string
}

export function addDevCommand(program: Command, session: DevSession): void {
  program
    .command('dev')
    .description('start everything on this machine, until Ctrl-C')
    .option('-v, --verbose', 'show the logs of all parts')
    .option('--no-ui', "without Temporal's Web UI")
    .option(
      '--callbacks <url>',
      'post callbacks to your app, with your CALLBACK_TOKEN, not to the receiver',
      httpUrl,
    )
    .addHelpText(
      'after',
      `
Temporal, a control worker, a GPU worker, a store in a folder, and a receiver that keeps callbacks.
The engine draws test cards, unless ENGINE, in the environment or in .env, names another.
What it keeps is in DATA_DIR (.data) and is there again at the next start. Nothing leaves this machine, whatever .env says:
of CALLBACK_URL, SUPABASE_… and TEMPORAL_… nothing counts here.`,
    )
    .action((options: DevOptions) => dev(session, options))
}

async function dev(session: DevSession, { verbose = false, ui, callbacks }: DevOptions): Promise<void> {
  const tell = (line: string) => session.print(line)
  tell('Starting Temporal, the store, the receiver and both workers…')
  const options = {
    dataDirOf: (config: { dataDir: string }) => config.dataDir,
    previewSpeedOf: (config: { engine: { previewSpeed: number } }) => config.engine.previewSpeed,
    ui,
    callbackUrl: callbacks ?? null,
    verbose,
    tell,
  }
  await runStack(session, options, async ({ stack, interrupted }) => {
    await putExamplePictures(stack.store)
    tell(readyText(stack, session.readEnv().TEMPORAL_ADDRESS))
    await interrupted
  })
}

function httpUrl(given: string): string {
  if (!/^https?:$/.test(URL.parse(given)?.protocol ?? '')) {
    throw new InvalidArgumentError(
      'An http or https address is needed, such as http://127.0.0.1:3000/callback.',
    )
  }
  return given
}

/** `elsewhere` is the server that commands go to while TEMPORAL_ADDRESS names one. */
function readyText({ addresses, logDir }: DevStack, elsewhere = ''): string {
  const facts: [string, string][] = [
    ...(addresses.uiUrl === undefined ? [] : [['Web UI', addresses.uiUrl] satisfies [string, string]]),
    ...(addresses.codecUrl === undefined ? [] : [['Codec', addresses.codecUrl] satisfies [string, string]]),
    [
      'Callbacks',
      addresses.callbackUrl.startsWith(addresses.receiverUrl) ? addresses.receiverUrl : addresses.callbackUrl,
    ],
    ['Store', addresses.storeUrl],
    ['Temporal', addresses.temporalAddress],
    ['Logs', shown(logDir)],
  ]
  const here = elsewhere === '' ? '' : 'TEMPORAL_ADDRESS= '
  const why =
    elsewhere === ''
      ? ''
      : `TEMPORAL_ADDRESS is set: if it is not emptied as above, the command goes to ${elsewhere}.\n`
  return `
Ready. Ctrl-C ends it; jobs that are not done go on at the next start.

${facts.map(([name, value]) => `  ${name.padEnd(11)}${value}`).join('\n')}

Try in another terminal:
  ${here}npm run --silent ourvidz -- submit examples/video_high-start.json --wait
${why}`
}
