/**
 * Which folder may import which: one way only, as the table in CONTRIBUTING.md has it. Type imports count too. That workflow code is free
 * of zod and Node at run time is checked on the bundle itself, in workflows/bundle.test.ts.
 */
const layers = {
  jobs: [],
  gpu: ['jobs'],
  assets: ['jobs'],
  engines: ['jobs', 'gpu', 'assets'],
  runtime: ['jobs'],
  workflows: ['jobs', 'activities'],
  activities: ['jobs', 'assets', 'engines', 'gpu', 'runtime', 'workflows'],
  client: ['jobs', 'workflows', 'runtime'],
  workers: ['jobs', 'assets', 'engines', 'gpu', 'runtime', 'workflows', 'activities'],
  dev: ['jobs', 'assets', 'engines', 'gpu', 'runtime', 'workflows', 'activities', 'client', 'workers'],
  ops: ['jobs', 'assets', 'engines', 'gpu', 'runtime', 'client'],
  bin: ['jobs', 'runtime', 'client', 'ops', 'dev'],
}

/** Tests and what only tests use may import from everywhere. */
const tests = '(\\.test\\.ts$|/(testing|imitation)/)'
const group = names => `(${names.join('|')})`

const directions = Object.entries(layers).map(([layer, below]) => ({
  name: `${layer}-direction`,
  severity: 'error',
  from: { path: `^${layer}/`, pathNot: tests },
  to: {
    path: `^${group([...Object.keys(layers), 'test', 'bench'])}/`,
    pathNot: `^${group([layer, ...below])}/`,
  },
}))

module.exports = {
  forbidden: [
    ...directions,
    {
      name: 'no-test-code-in-programs',
      severity: 'error',
      from: { path: `^${group(Object.keys(layers))}/`, pathNot: tests },
      to: { path: tests },
    },
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'nothing-missing', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'jobs-import-zod-and-entities-only',
      severity: 'error',
      from: { path: '^jobs/', pathNot: tests },
      to: {
        dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-no-pkg', 'npm-unknown'],
        pathNot: '^node_modules/(zod|entities)/',
      },
    },
    {
      name: 'workflows-import-temporal-only',
      comment: 'Workflow code is replayed: it gets everything from its input, its activities and the SDK.',
      severity: 'error',
      from: { path: '^workflows/', pathNot: tests },
      to: {
        dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-no-pkg', 'npm-unknown'],
        pathNot: '^node_modules/@temporalio/(workflow|common)/',
      },
    },
    {
      name: 'no-temporal-below',
      comment: 'The engines, the card and the stores work without Temporal.',
      severity: 'error',
      from: { path: '^(jobs|engines|gpu|assets)/', pathNot: tests },
      to: { path: '^node_modules/@temporalio/' },
    },
    {
      name: 'no-development-package-in-programs',
      severity: 'error',
      from: { path: `^${group(Object.keys(layers))}/`, pathNot: tests },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg'], pathNot: '^node_modules/@types/' },
    },
    {
      name: 'auditor-apart',
      comment:
        'The auditor of runs of faults shares no code with what it audits: a mistake there must not be made again.',
      severity: 'error',
      from: { path: '^test/faults/audit/', pathNot: tests },
      to: {
        pathNot: `^(test/faults/audit/|node_modules/(zod|sharp|@ffmpeg-installer/ffmpeg|@temporalio/(client|proto))/)`,
        dependencyTypesNot: ['core'],
      },
    },
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(node_modules/.*/node_modules|\\.data)' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
}
