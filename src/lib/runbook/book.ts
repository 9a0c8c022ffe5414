import {shellWord} from '../model/shell-word.js'
import type {Topology} from '../model/topology.js'
import {type Block, heading, paragraph} from './blocks.js'
import {type CaseCounts, CASES} from './cases.js'
import {caseValues, type LetterFacts, momentIn} from './letter.js'

export const CHECKS = [
  'methods-visible',
  'calls-and-texts',
  'sign-in',
  'notifications',
  'hardware-token',
] as const

/** Services that ask MFA Server (C1–C6 of the guide): as long as one is left, the cut-over waits. */
export const SERVICE_DEPENDENCIES = ['C1', 'C2', 'C3', 'C4', 'C5', 'C6'] as const
export type ServiceDependency = (typeof SERVICE_DEPENDENCIES)[number]

/** Flags as they were typed, such as ` --tenant contoso.com`, so that the commands of the runbook do what its plan says. */
export interface BookFlags {
  /** Of every command that asks the tenant. */
  readonly tenant: string
  /** How the source is read, besides where it is: certificates, seed files. */
  readonly reading: string
  /** How users are matched. */
  readonly matching: string
  /** The rules of the plan. */
  readonly rules: string
}

/** What the runbook is about, besides the counts. */
export interface BookFacts extends LetterFacts {
  readonly tenantId: string
  readonly group: string
  readonly source: string
  readonly plannedAt: string
  readonly flags: BookFlags
  /** Those that are not settled. */
  readonly dependencies: readonly {
    readonly id: ServiceDependency
    readonly state: 'open' | 'unanswered'
    readonly items: readonly string[]
  }[]
  readonly hasAnswers: boolean
  readonly topology: Topology | undefined
}

/** The operator's runbook, in the order of the migration guide. */
export function bookBlocks(counts: CaseCounts, facts: BookFacts): readonly Block[] {
  const {words} = facts
  return [
    heading(1, words.text('book.title', {group: facts.group})),
    paragraph(words.text('book.intro')),
    {
      kind: 'table',
      head: [words.text('column.fact'), words.text('column.value')],
      rows: [
        [words.text('fact.group'), facts.group],
        [words.text('fact.tenant'), facts.tenantId],
        [words.text('fact.source'), facts.source],
        [words.text('fact.planned'), momentIn(words.language, facts.plannedAt)],
        [words.text('fact.users'), words.number(counts.users)],
        [words.text('fact.changes'), words.number(counts.changes)],
        [words.text('fact.letters'), words.number(counts.letters)],
      ],
    },
    ...casesPart(counts, facts),
    ...beforePart(facts),
    ...serversPart(facts),
    ...pilotPart(facts),
    ...movePart(facts),
  ]
}

function casesPart(counts: CaseCounts, facts: BookFacts): readonly Block[] {
  const {words} = facts
  const values = caseValues(facts)
  const findings = [...counts.findings.values()].sort(
    (one, other) => other.users - one.users || (one.code < other.code ? -1 : 1),
  )
  return [
    heading(2, words.text('book.cases')),
    paragraph(words.text('book.cases-intro')),
    {
      kind: 'table',
      head: [words.text('column.case'), words.text('column.users'), words.text('column.what')],
      rows: CASES.filter((one) => counts.cases.has(one)).map((one) => [
        words.text(`case.${one}.title`, values),
        words.number(counts.cases.get(one) ?? 0),
        words.text(`case.${one}.operator`, values),
      ]),
    },
    heading(3, words.text('book.findings')),
    paragraph(words.text(findings.length === 0 ? 'book.no-findings' : 'book.findings-intro')),
    ...(findings.length === 0
      ? []
      : [
          {
            kind: 'table' as const,
            head: [words.text('column.finding'), words.text('column.rule'), words.text('column.users')],
            rows: findings.map(({code, rule, users}) => [code, rule, words.number(users)]),
          },
        ]),
  ]
}

function beforePart({words, dependencies, hasAnswers, source, flags}: BookFacts): readonly Block[] {
  const from = `--source ${shellWord(source)}${flags.reading}`
  return [
    heading(2, words.text('book.before')),
    {kind: 'steps', items: words.list('book.before-steps')},
    {
      kind: 'commands',
      lines: [
        'mfa server backup --to BACKUPS --installer INSTALLER --role primary',
        'mfa server verify-backup BACKUP',
        `mfa app show${flags.tenant}`,
        `mfa source check ${from}`,
        `mfa server assess ${from}${flags.matching}${flags.tenant} --answers ANSWERS`,
      ],
    },
    heading(3, words.text('book.dependencies')),
    paragraph(words.text(hasAnswers ? 'book.dependencies-intro' : 'book.dependencies-unknown')),
    dependencies.length === 0
      ? paragraph(words.text('book.dependencies-none'))
      : {
          kind: 'table',
          head: [words.text('column.dependency'), words.text('column.state'), words.text('column.what')],
          rows: dependencies.map(({id, state, items}) => [
            `${id} ${words.text(`dependency.${id}.title`)}`,
            [words.text(`state.${state}`), ...items].join(', '),
            words.text(`dependency.${id}.action`),
          ]),
        },
  ]
}

function serversPart({words, topology}: BookFacts): readonly Block[] {
  const title = heading(2, words.text('book.servers'))
  const steps: Block = {kind: 'steps', items: words.list('book.servers-steps')}
  if (topology === undefined) return [title, paragraph(words.text('book.servers-unknown')), steps]
  const head = (...keys: readonly ('server' | 'role' | 'host' | 'services')[]) =>
    keys.map((key) => words.text(`column.${key}`))
  return [
    title,
    {
      kind: 'table',
      head: head('server', 'role', 'host', 'services'),
      rows: [
        ...topology.servers.map(({name, role, host, components}) => [
          name,
          words.text(`role.${role}`),
          host,
          components.join(', '),
        ]),
        ...topology.webServers.map(({name, host, components}) => [name, 'web', host, components.join(', ')]),
        ...(topology.adfs?.servers ?? []).map(({name, host}) => [name, 'AD FS', host, '']),
      ],
    },
    steps,
    heading(3, words.text('book.balanced')),
    topology.balancedNames.length === 0
      ? paragraph(words.text('none'))
      : {
          kind: 'table',
          head: head('host', 'services', 'server'),
          rows: topology.balancedNames.map(({host, services, members}) => [
            host,
            services.join(', '),
            members.join(', '),
          ]),
        },
    heading(3, words.text('book.radius')),
    (topology.radius?.clients ?? []).length === 0
      ? paragraph(words.text('none'))
      : {
          kind: 'table',
          head: ['RADIUS', words.text('column.server')],
          rows: (topology.radius?.clients ?? []).map(({name, targets}) => [name, targets.join(', ')]),
        },
  ]
}

function pilotPart({words, flags}: BookFacts): readonly Block[] {
  return [
    heading(2, words.text('book.pilot')),
    paragraph(words.text('book.pilot-intro')),
    {
      kind: 'table',
      head: [words.text('column.check'), words.text('column.what'), words.text('column.who')],
      rows: CHECKS.map((id) => [
        id,
        words.text(`check.${id}`),
        words.text(id === 'hardware-token' ? 'who.pilot-token' : 'who.pilot'),
      ]),
    },
    {
      kind: 'commands',
      lines: [
        `mfa status check USER${flags.tenant}`,
        ...CHECKS.map((id) => `mfa status check USER --passed ${id}${flags.tenant}`),
      ],
    },
  ]
}

function movePart({words, group, source, flags, dependencies}: BookFacts): readonly Block[] {
  const {tenant} = flags
  const from = `--source ${shellWord(source)}${flags.reading}${flags.matching}${tenant}`
  const users = `--group ${shellWord(group)} ${from}`
  return [
    heading(2, words.text('book.migrate')),
    paragraph(words.text('book.migrate-intro')),
    {
      kind: 'commands',
      lines: [
        `mfa migrate ${users}${flags.rules} --dry-run --out plan.json`,
        'mfa plan show plan.json',
        `mfa migrate --plan plan.json ${from}`,
        `mfa verify ${users}${flags.rules}`,
      ],
    },
    heading(2, words.text('book.waves')),
    paragraph(words.text('book.waves-intro')),
    {
      kind: 'commands',
      lines: [
        `mfa rollout check ${shellWord(group)} ${from}`,
        `mfa rollout add-group ${shellWord(group)} --wave 50 --every 1d ${from}`,
        `mfa rollout advance ${from}`,
        `mfa rollout show${tenant}`,
      ],
    },
    heading(2, words.text('book.cut-over')),
    ...(dependencies.length === 0
      ? []
      : [paragraph(words.text('book.cut-over-blocked', {count: dependencies.length}))]),
    {kind: 'steps', items: words.list('book.cut-over-steps')},
    {
      kind: 'commands',
      lines: [
        `mfa federation show --domain DOMAIN${tenant}`,
        `mfa federation set reject --domain DOMAIN ${users} --answers ANSWERS --emergency-account ACCOUNT`,
        `mfa federation show --domain DOMAIN --watch${tenant}`,
        'mfa portal redirect --out FOLDER',
      ],
    },
    heading(2, words.text('book.after')),
    {kind: 'steps', items: words.list('book.after-steps')},
    {kind: 'commands', lines: [`mfa status${tenant}`]},
    heading(2, words.text('book.back')),
    paragraph(words.text('book.back-intro')),
    {
      kind: 'commands',
      lines: [
        `mfa undo last --user USER${tenant} --dry-run`,
        `mfa rollback${tenant} --dry-run`,
        `mfa rollback${tenant} --accept onprem-mfa --backup BACKUP --data DATA`,
      ],
    },
  ]
}
