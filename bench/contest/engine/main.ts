/** The inference program of `ours`: it speaks the pipeline's protocol and computes on the simulated card. `node main.ts <options as JSON>`. */

import { openChannel } from '../../../engines/preview/channel.ts'
import { connectCard } from '../card/client.ts'
import { nowMs } from '../clock.ts'
import { COSTS } from '../costs.ts'
import { createFileMaker } from '../files.ts'
import { untilMs } from '../pause.ts'
import { templatesOf } from '../templates.ts'
import { engineOptionsSchema } from './options.ts'
import { createProgram } from './program.ts'

const startedMs = nowMs()
const channel = openChannel()
const { scale, cardSocket, dir, ffmpeg } = engineOptionsSchema.parse(JSON.parse(process.argv[2] ?? ''))
const program = createProgram({
  scale,
  card: await connectCard(cardSocket, 'ours'),
  files: createFileMaker({ folder: templatesOf({ dir }), ffmpeg }),
  send: event => channel.send(event),
})
await untilMs(startedMs + COSTS.processStartSeconds * scale * 1000)
program.greet()
for await (const command of channel.commands(() => console.error('a line that is no command'))) {
  program.handle(command)
}
process.exit(0)
