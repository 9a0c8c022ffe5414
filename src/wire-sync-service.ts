import {resolve} from 'node:path'

import {MfaError} from './lib/errors/mfa-error.js'
import {parseListen} from './lib/monitor/health-server.js'
import {serviceDefinition, type ServiceFormat} from './lib/sync/service-definitions.js'
import type {Wiring} from './wire.js'

type Flags = Readonly<Record<string, unknown>>

/** One piece of the command line as oclif read it. */
interface Token {
  readonly type: string
  readonly flag?: string
  readonly input?: string
}

/** A service starts in another folder. */
function absolute(flag: string, value: string): string {
  const isFile = FILES.has(flag) && !/^https?:|^sqlite:|^postgres(ql)?:/.test(value)
  return isFile ? resolve(value) : value
}

const FILES = new Set([
  'source',
  'source-certificate',
  'source-ca',
  'seed-file',
  'mapping',
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
  const named = (name: string) => typed.some(({flag}) => flag === name)
  const words = ['sync', 'run']
  for (const {type, flag, input} of typed) {
    if (type !== 'flag' || flag === undefined || OURS.has(flag)) continue
    words.push(`--${flag}`)
    if (input !== undefined && typeof flags[flag] !== 'boolean') words.push(absolute(flag, input))
  }
  // From the environment or the config file here; the service has neither.
  if (!named('source')) words.push('--source', absolute('source', settings.source.value.label))
  if (!named('tenant') && settings.tenant !== undefined) words.push('--tenant', settings.tenant.value)
  const listen = typeof flags['listen'] === 'string' ? parseListen(flags['listen']) : undefined
  const made = serviceDefinition(format, {words, listen})
  const path = flags['out']
  if (typeof path === 'string') {
    await files.write(path, [made.text])
    out.line(`written to ${path}`)
  } else out.line(made.text.trimEnd())
  ui.emit({type: 'note', text: [`For ${made.file}:`, ...made.steps.map((step) => `  - ${step}`)].join('\n')})
  return {format, file: made.file, text: made.text, steps: made.steps}
}
