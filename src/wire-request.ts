import {paceSettings} from './lib/config/pace-settings.js'
import type {Settings} from './lib/config/settings.js'
import {MfaError} from './lib/errors/mfa-error.js'
import type {MigrateInput} from './lib/migration/migrate.js'
import type {MigrationRequest} from './lib/migration/request.js'
import {attributeOf} from './wire-active-directory.js'
import type {Wiring} from './wire.js'

type Flags = Readonly<Record<string, unknown>>

/** What is to be migrated, and how: settings and flags as the library wants them. */
export async function migrationRequest(settings: Settings, flags: Flags): Promise<MigrationRequest> {
  const group = flags['group']
  const users = flags['user']
  const {mapping} = settings
  const rows =
    mapping === undefined
      ? []
      : (await (await import('./lib/source/mapping-file.js')).readMapping(mapping.value)).rows
  return {
    group: typeof group === 'string' ? group : '',
    users: Array.isArray(users) ? (users as string[]) : [],
    options: {
      defaultMethod: settings.defaultMethod?.value ?? 'if-unset',
      phones: settings.phones?.value ?? 'safe',
      appCodes: settings.appCodes?.value ?? 'carry',
      smsSignIn: settings.smsSignIn?.value ?? 'prevent',
      promoteBackup: settings.promoteBackup?.value ?? true,
      includeDisabled: settings.includeDisabled?.value ?? false,
      defaultCountry: settings.defaultCountry?.value,
      cloud: settings.cloud.value,
    },
    match: {
      ...(settings.defaultDomain === undefined ? {} : {defaultDomain: settings.defaultDomain.value}),
      netbios: settings.netbios?.value ?? {},
      ...(settings.adUrls === undefined ? {} : {directoryAttribute: attributeOf(settings)}),
    },
    mapping: rows,
    all: flags['all'] === true,
    consistencyMs: (typeof flags['consistency'] === 'number' ? flags['consistency'] : 60) * 1000,
  }
}

/** Flags of `mfa migrate` as the library wants them; `--plan` brings its own request. */
export async function migrateInput(
  wired: Wiring,
  flags: Flags,
  preview: MigrateInput['preview'],
): Promise<MigrateInput> {
  const text = (name: string) => (typeof flags[name] === 'string' ? flags[name] : undefined)
  const savedPlan = text('plan')
  if (savedPlan !== undefined && text('workers') === 'shared')
    throw new MfaError('WORKERS_PLAN', '--workers shared does not go with --plan', {
      exit: 'usage',
      fix: 'Workers plan their users anew; leave out --workers shared to write a plan exactly.',
    })
  const request = await wired.request(flags)
  if (savedPlan === undefined && text('retry') === undefined && request.group === '')
    throw missing('--group', 'or --plan, or --retry')
  if (wired.settings.source === undefined) throw missing('--source', 'or set MFA_SOURCE')
  const {parseChangeLimit} = await import('./lib/migration/max-changes.js')
  const {maxChanges, errorsMax, source} = wired.settings
  const pace = paceSettings(flags)
  const {paceRates} = await import('./wire-pace.js')
  return {
    request: await requestFor(wired, savedPlan, text('retry'), request),
    dryRun: flags['dry-run'] === true,
    out: text('out'),
    savedPlan,
    maxChanges: maxChanges === undefined ? undefined : parseChangeLimit(maxChanges.value),
    errorsMax: errorsMax?.value ?? 50,
    maxDurationMs: pace.maxDurationMs,
    rates: paceRates(pace, wired.settings),
    yes: flags['yes'] === true,
    sourceLabel: source.value.label,
    logFile: (await wired.log()).file,
    preview,
  }
}

async function requestFor(
  wired: Wiring,
  savedPlan: string | undefined,
  retry: string | undefined,
  request: MigrationRequest,
): Promise<MigrationRequest> {
  if (savedPlan !== undefined) return savedRequest(wired, savedPlan, request)
  if (retry === undefined) return request
  const {retryRequest} = await import('./lib/migration/retry.js')
  const {findRun} = await import('./lib/report/runs-report.js')
  const journal = await wired.journal()
  return retryRequest(request, await findRun(retry, journal, 'migrate'), journal)
}

async function savedRequest(wired: Wiring, path: string, asked: MigrationRequest): Promise<MigrationRequest> {
  const {openPlan} = await import('./lib/migration/plan-file.js')
  const {requestOf} = await import('./lib/migration/migrate.js')
  const {header} = await openPlan(path, wired.files)
  const {directoryAttribute: planned} = header.match
  if (planned !== asked.match.directoryAttribute) {
    const made = planned === undefined ? 'without Active Directory' : `with --ad-attribute ${planned}`
    throw new MfaError('PLAN_AD', `the plan was made ${made}, and would not come out the same now`, {
      exit: 'usage',
      fix:
        planned === undefined
          ? 'Leave out --ad-url (and MFA_AD_URL, adUrls).'
          : `Give --ad-url and --ad-attribute ${planned}, as when the plan was made.`,
    })
  }
  if (asked.group !== '' && asked.group !== header.group.id && asked.group !== header.group.displayName) {
    throw new MfaError(
      'PLAN_GROUP',
      `the plan is for group "${header.group.displayName}", --group says "${asked.group}"`,
      {
        exit: 'usage',
        fix: 'Leave out --group: the plan names its group.',
      },
    )
  }
  return requestOf(header, asked.consistencyMs)
}

const missing = (flag: string, otherwise: string): MfaError =>
  new MfaError('MISSING_FLAG', `${flag} is missing (${otherwise})`, {
    exit: 'usage',
    fix: 'See --help for examples.',
  })
