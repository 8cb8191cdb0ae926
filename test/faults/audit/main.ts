import { readOptions } from '../../../dev/commandLine.ts'
import { audit } from './audit.ts'
import { formatReport } from './report.ts'

const HELP = `Audits the evidence folder of a run of faults.

  node test/faults/audit/main.ts <folder> [--temporal host:port] [--namespace name] [--json]

Without --temporal the histories are those that an earlier audit has saved in the folder. Exit code 1: something was found.`

const { values, positionals } = readOptions(
  HELP,
  {
    temporal: { type: 'string' },
    namespace: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
  { allowPositionals: true },
)
const [directory] = positionals
if (directory === undefined) {
  console.error(HELP)
  process.exit(2)
}
const report = await audit(directory, {
  temporalAddress: values.temporal ?? null,
  ...(values.namespace === undefined ? {} : { namespace: values.namespace }),
})
console.log(values.json ? JSON.stringify(report, null, 2) : formatReport(report))
process.exit(report.findings.length === 0 ? 0 : 1)
