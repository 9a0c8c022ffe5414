import {resolve, win32} from 'node:path'

import {MfaError} from './lib/errors/mfa-error.js'
import {parseListen} from './lib/monitor/health-server.js'
import type {Settings} from './lib/config/settings.js'
import {serviceDefinition, type ServiceFormat} from './lib/sync/service-definitions.js'
import type {Wiring} from './wire.js'

type Flags = Readonly<Record<string, unknown>>

/** One piece of the command line as oclif read it. */
interface Token {
  readonly type: string
  readonly flag?: string
  readonly input?: string
}

/** A service starts in another folder; it may be on Windows, and this here not. */
function absolute(flag: string, value: string): string {
  const isFile = FILES.has(flag) && !/^https?:|^sqlite:|^postgres(ql)?:/.test(value)
  return isFile && !win32.isAbsolute(value) ? resolve(value) : value
}

const FILES = new Set([
  'source',
  'source-certificate',
  'source-ca',
  'seed-file',
  'mapping',
  'ad-ca',
  'config',
  'state',
])

/** Flags of this command that are not for `mfa sync run`. */
const OURS = new Set(['format', 'out', 'json', 'verbose'])

/** `mfa sync service`: repeats in the definition what was typed, since only that is known to be meant. */
export async function writeService(
  wired: Wiring,
  format: ServiceFormat,
  flags: Flags,
  typed: readonly Token[],
): Promise<Readonly<Record<string, unknown>>> {
  const {settings, ui, out, files} = wired
  if ((flags['group'] === undefined) === (flags['all-users'] !== true))
    throw new MfaError('SCOPE', 'give either --group or --all-users', {
      exit: 'usage',
      fix: 'See --help for examples.',
    })
  if (settings.source === undefined)
    throw new MfaError('MISSING_FLAG', '--source is missing (or set MFA_SOURCE)', {
      exit: 'usage',
      fix: 'See --help for examples.',
    })
  const words = wordsOf(settings, flags, typed)
  const {state, source} = settings
  const listen = typeof flags['listen'] === 'string' ? parseListen(flags['listen']) : undefined
  const made = serviceDefinition(format, {
    words,
    listen,
    bundle: source.value.kind === 'bundle' ? valueOf('source', words)[0] : undefined,
    files: [...FILES].flatMap((flag) => (flag === 'source' || flag === 'state' ? [] : valueOf(flag, words))),
    shared: state.value.kind === 'postgres',
  })
  const path = flags['out']
  if (typeof path === 'string') {
    await files.write(path, [made.text])
    out.line(`written to ${path}`)
  } else out.line(made.text.trimEnd())
  ui.emit({type: 'note', text: [`For ${made.file}:`, ...made.steps.map((step) => `  - ${step}`)].join('\n')})
  return {format, file: made.file, text: made.text, steps: made.steps}
}

/** What follows `mfa`: what was typed, and what stands in the environment or the config file here, which the service has not. */
function wordsOf(settings: Settings, flags: Flags, typed: readonly Token[]): readonly string[] {
  const words = ['sync', 'run']
  for (const {type, flag, input} of typed) {
    if (type !== 'flag' || flag === undefined || OURS.has(flag)) continue
    words.push(flags[flag] === false ? `--no-${flag}` : `--${flag}`)
    if (input !== undefined && typeof flags[flag] !== 'boolean') words.push(absolute(flag, input))
  }
  const {source, tenant, cloud, state} = settings
  const rest: readonly (readonly [string, string | undefined])[] = [
    ['source', source?.value.label],
    ['tenant', tenant?.value],
    ['cloud', cloud.value === 'global' ? undefined : cloud.value],
    // A folder is the service's own affair; what machines share is not.
    ['state', state.value.kind === 'postgres' ? state.value.address : undefined],
  ]
  for (const [flag, value] of rest)
    if (value !== undefined && !words.includes(`--${flag}`)) words.push(`--${flag}`, absolute(flag, value))
  return words
}

const valueOf = (flag: string, words: readonly string[]): readonly string[] =>
  words.filter((_, at) => words[at - 1] === `--${flag}`)
