// Pages made from the oclif manifest and the exit-code table. Pure: same input, same bytes out.

const DO_NOT_EDIT = '<!-- Written by `npm run docs`; do not edit by hand. -->'

/** Exit codes that a command may end with besides those that any command may. */
const EXITS = {
  migrate: [
    'differences',
    'partial',
    'auth',
    'locked',
    'unavailable',
    'stale',
    'refused',
    'declined',
    'data',
    'interrupted',
  ],
  verify: ['differences', 'auth', 'unavailable', 'data', 'interrupted'],
  'app:certificate:add': [
    'partial',
    'auth',
    'locked',
    'unavailable',
    'refused',
    'declined',
    'data',
    'interrupted',
  ],
  'app:certificate:list': ['auth', 'unavailable', 'data', 'interrupted'],
  'app:certificate:remove': [
    'partial',
    'auth',
    'locked',
    'unavailable',
    'refused',
    'declined',
    'data',
    'interrupted',
  ],
  'app:certificate:rotate': [
    'partial',
    'auth',
    'locked',
    'unavailable',
    'refused',
    'declined',
    'data',
    'interrupted',
  ],
  'app:configure': ['partial', 'auth', 'locked', 'unavailable', 'refused', 'declined', 'data', 'interrupted'],
  'app:grant': ['partial', 'auth', 'locked', 'unavailable', 'refused', 'declined', 'data', 'interrupted'],
  'app:remove': ['partial', 'auth', 'locked', 'unavailable', 'refused', 'declined', 'data', 'interrupted'],
  'app:show': ['auth', 'unavailable', 'refused', 'data', 'interrupted'],
  'audit:list': ['auth', 'unavailable', 'data', 'interrupted'],
  'audit:query': ['auth', 'unavailable', 'data', 'interrupted'],
  'audit:reconcile': ['differences', 'auth', 'unavailable', 'data', 'interrupted'],
  'audit:summary': ['auth', 'unavailable', 'data', 'interrupted'],
  'auth:login': ['auth', 'unavailable', 'interrupted'],
  'auth:logout': [],
  'auth:status': ['auth'],
  'federation:list': ['auth', 'unavailable', 'data', 'interrupted'],
  'federation:set': [
    'partial',
    'auth',
    'locked',
    'unavailable',
    'stale',
    'refused',
    'declined',
    'data',
    'interrupted',
  ],
  'federation:show': ['auth', 'unavailable', 'data', 'interrupted'],
  'ha:check': ['differences', 'data'],
  'ha:generate': ['data'],
  'ha:probe': ['partial', 'data', 'interrupted'],
  'locks:list': ['unavailable', 'data'],
  'locks:release': ['unavailable', 'declined', 'data'],
  'mapping:export': ['auth', 'unavailable', 'data', 'interrupted'],
  'plan:show': ['data'],
  'portal:redirect': [],
  readiness: ['differences', 'partial', 'auth', 'unavailable', 'data', 'interrupted'],
  'readiness:campaign': [
    'partial',
    'auth',
    'locked',
    'unavailable',
    'stale',
    'declined',
    'data',
    'interrupted',
  ],
  'readiness:issue-tap': [
    'partial',
    'auth',
    'locked',
    'unavailable',
    'refused',
    'declined',
    'data',
    'interrupted',
  ],
  rollback: ['partial', 'auth', 'locked', 'unavailable', 'refused', 'declined', 'data', 'interrupted'],
  'rollout:add-group': [
    'partial',
    'auth',
    'locked',
    'unavailable',
    'refused',
    'declined',
    'data',
    'interrupted',
  ],
  'rollout:advance': [
    'partial',
    'auth',
    'locked',
    'unavailable',
    'refused',
    'declined',
    'data',
    'interrupted',
  ],
  'rollout:check': ['auth', 'unavailable', 'refused', 'data', 'interrupted'],
  'rollout:create': [
    'partial',
    'auth',
    'locked',
    'unavailable',
    'refused',
    'declined',
    'data',
    'interrupted',
  ],
  'rollout:delete': [
    'partial',
    'auth',
    'locked',
    'unavailable',
    'refused',
    'declined',
    'data',
    'interrupted',
  ],
  'rollout:disable': [
    'partial',
    'auth',
    'locked',
    'unavailable',
    'refused',
    'declined',
    'data',
    'interrupted',
  ],
  'rollout:enable': [
    'partial',
    'auth',
    'locked',
    'unavailable',
    'refused',
    'declined',
    'data',
    'interrupted',
  ],
  'rollout:list': ['auth', 'unavailable', 'refused', 'data', 'interrupted'],
  'rollout:remove-group': [
    'partial',
    'auth',
    'locked',
    'unavailable',
    'refused',
    'declined',
    'data',
    'interrupted',
  ],
  'rollout:show': ['auth', 'unavailable', 'refused', 'data', 'interrupted'],
  'runs:forget': ['unavailable', 'declined', 'data'],
  'runs:list': ['unavailable', 'data'],
  'runs:show': ['unavailable', 'data'],
  runbook: ['auth', 'unavailable', 'data', 'interrupted'],
  'sandbox:advance': ['unavailable', 'data'],
  'sandbox:reset': ['unavailable', 'declined', 'data'],
  'sandbox:serve': ['unavailable', 'data'],
  'sandbox:show': ['unavailable', 'data'],
  'sandbox:sign-in': ['unavailable', 'data'],
  'server:assess': ['differences', 'auth', 'unavailable', 'data', 'interrupted'],
  'server:backup': ['unavailable', 'refused', 'data', 'interrupted'],
  'server:backups': ['data', 'interrupted'],
  'server:preflight': ['differences', 'data', 'interrupted'],
  'server:restore': ['unavailable', 'refused', 'declined', 'data', 'interrupted'],
  'server:verify-backup': ['unavailable', 'data', 'interrupted'],
  'source:check': ['auth', 'unavailable', 'data', 'interrupted'],
  'state:copy': ['locked', 'unavailable', 'data', 'interrupted'],
  status: ['data', 'interrupted'],
  'status:check': ['auth', 'locked', 'unavailable', 'declined'],
  'status:confirm': ['auth', 'locked', 'unavailable'],
  'sync:once': ['partial', 'auth', 'locked', 'unavailable', 'refused', 'data', 'interrupted'],
  'sync:run': ['auth', 'locked', 'unavailable', 'data'],
  'sync:service': [],
  'sync:status': ['unavailable', 'data'],
  undo: ['partial', 'auth', 'locked', 'unavailable', 'refused', 'declined', 'data', 'interrupted'],
  'users:list': ['auth', 'unavailable', 'data', 'interrupted'],
  'users:show': ['auth', 'unavailable', 'data', 'interrupted'],
}
const ANY_COMMAND = ['ok', 'bug', 'usage']

/** Headings of the groups of flags, in the order of the page. */
const GROUPS = {
  '': 'Flags',
  WHERE: 'Where things are',
  RULES: 'Rules',
  GLOBAL: 'Every command',
}

/** Every page by its path below docs/. */
export function pages(manifest, oclif, table) {
  const commands = Object.values(manifest.commands)
    .filter((command) => command.hidden !== true)
    .sort((one, other) => (one.id < other.id ? -1 : 1))
  const byPage = new Map()
  for (const command of commands) {
    const [name] = command.id.split(':')
    byPage.set(name, [...(byPage.get(name) ?? []), command])
  }
  const made = new Map([['exit-codes.md', exitCodePage(table)]])
  for (const [name, members] of byPage)
    made.set(`commands/${name}.md`, commandPage(name, members, oclif, table))
  made.set('commands/README.md', indexPage(byPage, oclif))
  return made
}

function indexPage(byPage, oclif) {
  const rows = [...byPage].flatMap(([name, commands]) =>
    commands.map(
      ({id, summary}) => `| [\`${typed(id, oclif)}\`](${name}.md${anchor(id, oclif)}) | ${summary} |`,
    ),
  )
  return text([
    DO_NOT_EDIT,
    '# Commands',
    table(['command', 'what it does'], rows),
    'Every command has `--help` and `--json`. Exit codes: [exit-codes.md](../exit-codes.md). JSON keys: [json.md](../json.md).',
    'Tab completion for your shell: `mfa autocomplete`.',
  ])
}

function commandPage(name, commands, oclif, exits) {
  const one = commands.length === 1 && commands[0].id === name
  const blocks = [DO_NOT_EDIT, `# ${oclif.bin} ${name}`]
  const topic = oclif.topics?.[name]?.description
  if (!one && topic !== undefined) blocks.push(topic)
  for (const command of commands) {
    if (!one) blocks.push(`## ${typed(command.id, oclif)}`)
    blocks.push(...commandBlocks(command, oclif, exits, one ? '##' : '###'))
  }
  return text(blocks)
}

function commandBlocks(command, oclif, exits, level) {
  const {id, summary, description, args, flags} = command
  const blocks = [summary]
  if (description !== undefined && description !== summary) blocks.push(filled(description, command, oclif))
  blocks.push(code([usage(command, oclif)]))
  const shownArgs = Object.values(args ?? {}).filter(({hidden}) => hidden !== true)
  if (shownArgs.length > 0) {
    blocks.push(`${level} Arguments`)
    blocks.push(
      table(
        ['argument', 'what for'],
        shownArgs.map(({name, description: what}) => `| \`${name.toUpperCase()}\` | ${cell(what)} |`),
      ),
    )
  }
  const shown = Object.values(flags ?? {}).filter(({hidden}) => hidden !== true)
  const groups = [...new Set(shown.map(({helpGroup}) => helpGroup ?? ''))].sort(
    (a, b) => order(a) - order(b) || (a < b ? -1 : 1),
  )
  for (const group of groups) {
    const members = shown
      .filter(({helpGroup}) => (helpGroup ?? '') === group)
      .sort((a, b) => (a.name < b.name ? -1 : 1))
    blocks.push(`${level} ${GROUPS[group] ?? group}`)
    blocks.push(
      table(
        ['flag', 'what for'],
        members.map((flag) => `| ${flagName(flag)} | ${flagMeaning(flag)} |`),
      ),
    )
  }
  if (command.examples?.length > 0) {
    blocks.push(`${level} Examples`)
    for (const example of command.examples) {
      const {description: what, command: line} = typeof example === 'string' ? {command: example} : example
      if (what !== undefined) blocks.push(`${what}:`)
      blocks.push(code(filled(line, command, oclif).split('\n')))
    }
  }
  const mine = EXITS[id]
  if (mine === undefined) throw new Error(`scripts/docs-pages.js has no exit codes for ${id}`)
  const names = new Set([...ANY_COMMAND, ...mine])
  blocks.push(`${level} Exit codes`)
  const list = exits.filter(({name}) => names.has(name)).map(({code: number, name}) => `${number} ${name}`)
  blocks.push(`${list.join(', ')}. What they mean: [exit-codes.md](../exit-codes.md).`)
  return blocks
}

function exitCodePage(exits) {
  return text([
    DO_NOT_EDIT,
    '# Exit codes',
    'The same with and without `--json`. A number never changes its meaning. Treat a code that is not in this table as a failure.',
    table(
      ['code', 'name', 'meaning'],
      exits.map(({code: number, name, meaning}) => `| ${number} | \`${name}\` | ${cell(meaning)} |`),
    ),
    'What to do about each: [troubleshooting.md](troubleshooting.md).',
  ])
}

const typed = (id, {bin}) => `${bin} ${id.replaceAll(':', ' ')}`
const anchor = (id, oclif) => (id.includes(':') ? `#${typed(id, oclif).replaceAll(' ', '-')}` : '')
const order = (group) => {
  const at = Object.keys(GROUPS).indexOf(group)
  return at === -1 ? Object.keys(GROUPS).length : at
}

function usage({id, args, flags}, oclif) {
  const named = Object.values(args ?? {}).map(({name, required}) =>
    required ? name.toUpperCase() : `[${name.toUpperCase()}]`,
  )
  const needed = Object.values(flags ?? {})
    .filter(({required}) => required)
    .map((flag) => `--${flag.name} ${flag.helpValue ?? 'VALUE'}`)
  return [typed(id, oclif), ...named, ...needed, '[flags]'].join(' ')
}

function flagName(flag) {
  const short = flag.char === undefined ? '' : `-${flag.char}, `
  const no = flag.allowNo ? '[no-]' : ''
  const value =
    flag.type === 'option'
      ? ` ${flag.options?.join('\\|') ?? flag.helpValue?.replaceAll('|', '\\|') ?? 'N'}`
      : ''
  return `\`${short}--${no}${flag.name}${value}\``
}

function flagMeaning(flag) {
  const what = cell(flag.summary ?? flag.description ?? '')
  const notes = []
  if (flag.required) notes.push('Required.')
  if (flag.default !== undefined && flag.default !== false && flag.type === 'option')
    notes.push(`Default: \`${flag.default}\`.`)
  if (flag.dependsOn?.length > 0)
    notes.push(`Only with ${flag.dependsOn.map((name) => `\`--${name}\``).join(', ')}.`)
  if (flag.exclusive?.length > 0)
    notes.push(`Not with ${flag.exclusive.map((name) => `\`--${name}\``).join(', ')}.`)
  return [what, ...notes].join(' ')
}

function filled(words, {id}, {bin}) {
  return words
    .replaceAll(/<%=\s*config\.bin\s*%>/g, bin)
    .replaceAll(/<%=\s*command\.id\s*%>/g, id.replaceAll(':', ' '))
}

const cell = (words) => words.replaceAll('|', '\\|').replaceAll('\n', ' ')
const code = (lines) => ['```', ...lines, '```'].join('\n')
const table = (titles, rows) =>
  [`| ${titles.join(' | ')} |`, `|${titles.map(() => '---').join('|')}|`, ...rows].join('\n')
const text = (blocks) => `${blocks.join('\n\n')}\n`

/** Commands for which this file names exit codes; a test compares. */
export const KNOWN_COMMANDS = Object.keys(EXITS)
