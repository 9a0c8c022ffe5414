import {defineConfig} from 'oxlint'

/** The folders of src/lib and who may import whom (docs/architecture.md). `npm run lint` enforces it. */
const DOMAIN = [
  'migration',
  'sync',
  'rollout',
  'federation',
  'registration',
  'backup',
  'assessment',
  'topology',
  'audit',
  'readiness',
  'rollback',
  'status',
  'runbook',
]
const ADAPTERS = [
  'source',
  'entra',
  'state',
  'sandbox',
  'terminal',
  'config',
  'storage',
  'probe',
  'monitor',
  'tracing',
]

/** Each SDK in one adapter folder. */
const SDKS: Readonly<Record<string, string>> = {
  '@azure/msal-node': 'entra',
  '@microsoft/microsoft-graph-client': 'entra',
  '@peculiar/x509': 'entra',
  'reflect-metadata': 'entra',
  'node-forge': 'entra',
  otplib: 'entra',
  undici: 'entra',
  soap: 'source',
  ldapts: 'source',
  'age-encryption': 'storage',
  yaml: 'config',
  'fast-xml-parser': 'source',
  'csv-parse': 'source',
  'node:sqlite': 'state|sandbox',
  pino: 'state',
  pg: 'state',
  'pg-boss': 'state',
  'prom-client': 'monitor',
  '@opentelemetry/api': 'tracing',
  '@opentelemetry/exporter-trace-otlp-http': 'tracing',
  '@opentelemetry/resources': 'tracing',
  '@opentelemetry/sdk-trace': 'tracing',
  'cli-table3': 'terminal',
  '@inquirer/prompts': 'terminal',
  'csv-stringify': 'report',
}
/** What a domain folder may not touch: the world. */
const WORLD = [
  'node:fs',
  'node:fs/promises',
  'node:net',
  'node:http',
  'node:https',
  'node:child_process',
  'node:os',
  'node:timers/promises',
]

const exact = (name: string) => `^${name.replaceAll('/', '\\/')}(/.*)?$`
const folder = (name: string) => `(^|/)${name}/`

function patterns(home: string, kind: 'pure' | 'domain' | 'adapter' | 'report') {
  const foreignFolders = [...DOMAIN, ...ADAPTERS].filter((name) => name !== home)
  const list = [
    {regex: '^@oclif/', message: 'oclif is known in src/commands and src/mfa-command.ts alone'},
    {
      regex: '/(commands/.*|wire|mfa-command|mfa-flags|cli)\\.js$',
      message: 'arrows never point back to the command line',
    },
  ]
  for (const [sdk, owner] of Object.entries(SDKS)) {
    if (!owner.split('|').includes(home))
      list.push({regex: exact(sdk), message: `${sdk} belongs to src/lib/${owner}`})
  }
  if (kind !== 'adapter') {
    for (const name of WORLD)
      list.push({regex: exact(name), message: `${home} does not touch the outside world: use a port`})
  }
  for (const name of foreignFolders) {
    const typesOnly = kind === 'report' && DOMAIN.includes(name)
    if (!typesOnly)
      list.push({regex: folder(name), message: `src/lib/${home} does not import src/lib/${name}`})
  }
  if (kind === 'pure') list.push({regex: folder('ports'), message: `src/lib/${home} is pure`})
  if (home !== 'report') list.push({regex: folder('report'), message: 'report is for commands'})
  return list
}

const importRule = (home: string, kind: 'pure' | 'domain' | 'adapter' | 'report') => ({
  files: [`src/lib/${home}/**/*.ts`],
  rules: {'eslint/no-restricted-imports': ['error', {patterns: patterns(home, kind)}]},
})

export default defineConfig({
  plugins: ['typescript', 'import', 'unicorn', 'oxc', 'vitest'],
  categories: {correctness: 'error', suspicious: 'error', perf: 'error'},
  options: {typeAware: true},
  ignorePatterns: ['dist', 'node_modules', 'coverage'],
  rules: {
    'typescript/no-explicit-any': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/switch-exhaustiveness-check': 'error',
    'typescript/consistent-type-imports': 'error',
    'typescript/ban-ts-comment': 'error',
    'import/no-cycle': 'error',
    'no-console': 'error',
    'no-await-in-loop': 'off',
    'no-underscore-dangle': 'off',
    'no-shadow': 'off',
    // Matters of taste, or slower code for a rule's sake.
    'unicorn/no-array-sort': 'off',
    'unicorn/consistent-function-scoping': 'off',
    'oxc/no-map-spread': 'off',
    'unicorn/prefer-array-flat-map': 'off',
    'import/no-named-as-default-member': 'off',
    // Names may hold control characters and any code point; handling them is the point.
    'no-control-regex': 'off',
    'typescript/no-misused-spread': 'off',
    // Brands are made by assertion.
    'typescript/no-unsafe-type-assertion': 'off',
  },
  overrides: [
    // An expectation may name its case, and stand in a hook.
    {
      files: ['test/**/*.ts'],
      rules: {
        'typescript/unbound-method': 'off',
        'vitest/valid-expect': 'off',
        'vitest/no-standalone-expect': 'off',
      },
    },
    importRule('model', 'pure'),
    importRule('errors', 'pure'),
    importRule('ports', 'domain'),
    ...DOMAIN.map((name) => importRule(name, 'domain')),
    importRule('report', 'report'),
    ...ADAPTERS.map((name) => importRule(name, 'adapter')),
    {
      files: ['src/commands/**/*.ts', 'src/*.ts'],
      rules: {
        'eslint/no-restricted-imports': [
          'error',
          {
            patterns: Object.keys(SDKS).map((sdk) => ({
              regex: exact(sdk),
              message: `${sdk} belongs to an adapter`,
            })),
          },
        ],
      },
    },
  ],
})
