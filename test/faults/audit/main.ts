import { parseArgs } from 'node:util'
import { audit } from './audit.ts'
import { formatReport } from './report.ts'

const HELP = `Audits the evidence folder of a run of faults.

  node test/faults/audit/main.ts <folder> [--temporal host:port] [--namespace name] [--json]

Without --temporal the histories are those that an earlier audit has saved in the folder. Exit code 1: something was found.`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    temporal: { type: 'string' },
    namespace: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const [directory] = positionals
if (values.help || directory === undefined) {
  console.log(HELP)
  process.exit(values.help ? 0 : 2)
}
const report = await audit(directory, {
  temporalAddress: values.temporal ?? null,
  ...(values.namespace === undefined ? {} : { namespace: values.namespace }),
})
console.log(values.json ? JSON.stringify(report, null, 2) : formatReport(report))
process.exit(report.findings.length === 0 ? 0 : 1)
