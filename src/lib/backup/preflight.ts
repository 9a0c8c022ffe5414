import {countOf} from '../model/count-of.js'
import {sizeText} from '../model/size-text.js'
import {shellWord} from '../model/shell-word.js'
import type {BackupStore} from '../ports/backup-store.js'
import type {Clock} from '../ports/clock.js'
import type {Ui} from '../ports/ui.js'
import {type ListedBackup, listBackups, newestGood} from './list-backups.js'
import {isDataFile, type RegistryFacts} from './locate.js'
import type {CheckStatus, PreflightCheck} from './preflight-check.js'
import {loadBalancer, redistributables, secondaries} from './preflight-questions.js'
import type {Answers} from './questions.js'

/** Whose backups count, as they have it. */
export interface Upgraded {
  readonly server: string
  /** Undefined where the backups were made elsewhere, and this machine calls the folder otherwise. */
  readonly data?: string | undefined
}

export interface PreflightRequest {
  /** The folder of backups. */
  readonly to: string
  readonly maxAgeMs: number
  /** The data folder; undefined where it is not on this machine. */
  readonly data: string | undefined
  /** Undefined where it is another machine that nobody named: then all backups have to be of one server. */
  readonly of: Upgraded | undefined
  readonly installer: string | undefined
  readonly registry: RegistryFacts | undefined
  readonly answers: Answers
}

export interface PreflightDeps {
  readonly store: BackupStore
  readonly clock: Clock
  readonly ui: Ui
}

/** Clocks of two machines may differ by so many milliseconds. */
const CLOCKS_DIFFER = 5 * 60_000

/** What has to be so before the installer of 8.1 runs on the primary (H1, H12, H13, and its notes on secondaries). */
export async function preflight(
  request: PreflightRequest,
  deps: PreflightDeps,
): Promise<readonly PreflightCheck[]> {
  const backups = await listBackups(request.to, deps)
  // Of several servers nobody knows which one is upgraded.
  const isUnclear = request.of === undefined && serversOf(backups).length > 1
  const newest = isUnclear ? undefined : newestGood(backups.filter((backup) => isOf(request.of, backup)))
  return [
    ...backupChecks(backups, newest, request, deps.clock.now()),
    await installerCheck(newest, request, deps),
    ...(await dataChecks(newest, request, deps)),
    await loadBalancer(request.answers, deps.ui),
    await redistributables(request.answers, request.registry?.redistributables, deps.ui),
    ...(await secondaries(request.answers, deps.ui)),
  ]
}

/** Exit code 2. */
export const isReady = (checks: readonly PreflightCheck[]): boolean =>
  checks.every(({status}) => status === 'ok' || status === 'attention')

function isOf(of: Upgraded | undefined, {server, data}: ListedBackup): boolean {
  if (of === undefined) return true
  return server?.toLowerCase() === of.server.toLowerCase() && (of.data === undefined || data === of.data)
}

const serversOf = (backups: readonly ListedBackup[]): readonly string[] =>
  [...new Set(backups.filter(({good}) => good).map(({server}) => server ?? ''))].toSorted()

function backupChecks(
  backups: readonly ListedBackup[],
  newest: ListedBackup | undefined,
  {to, maxAgeMs, of}: PreflightRequest,
  now: Date,
): readonly PreflightCheck[] {
  const check = (
    status: CheckStatus,
    id: string,
    title: string,
    detail: string,
    fix?: string,
  ): PreflightCheck => ({
    id,
    title,
    status,
    detail,
    from: 'seen',
    fix,
  })
  const again = `mfa server backup --to ${shellWord(to)}`
  const fresh = 'Backup is fresh'
  const servers = serversOf(backups)
  if (of === undefined && servers.length > 1)
    return [
      check(
        'open',
        'backup-fresh',
        fresh,
        `several servers have backups in ${to}: ${servers.join(', ')}`,
        '--server NAME',
      ),
    ]
  if (newest === undefined) {
    const why =
      backups.length === 0
        ? `no backup in ${to}`
        : of === undefined || servers.length === 0
          ? `none of ${countOf(backups.length, 'backup')} in ${to} is good`
          : `none in ${to} is of ${[of.server, of.data ?? []].flat().join(', ')}; those are of ${servers.join(', ')}`
    return [check('blocks', 'backup-fresh', fresh, why, again)]
  }
  const {name, madeAt, verified, role, encrypted} = newest
  const hours = (now.getTime() - Date.parse(madeAt ?? '')) / 3_600_000
  const early = hours * 3_600_000 < -CLOCKS_DIFFER
  const old = early || !(hours * 3_600_000 <= maxAgeMs)
  const isProved = verified?.mode === 'full' && verified.good
  const verify = `mfa server verify-backup ${shellWord(newest.folder)}`
  return [
    check(
      old ? 'blocks' : 'ok',
      'backup-fresh',
      fresh,
      early
        ? `${name}, made ${(-hours).toFixed(1)} hours from now: a clock is wrong`
        : `${name}, made ${Math.max(0, hours).toFixed(1)} hours ago`,
      early ? `Set the clock right, then ${again}` : old ? again : undefined,
    ),
    isProved
      ? check('ok', 'backup-verified', 'Backup is verified', `every hash, ${verified.at}`)
      : check('blocks', 'backup-verified', 'Backup is verified', 'never in full', verify),
    ...(encrypted === true && verified?.opened !== true
      ? [
          check(
            'attention',
            'backup-opens',
            'Backup can be decrypted',
            'the key was never tried',
            `${verify} --identity FILE`,
          ),
        ]
      : []),
    role === 'primary'
      ? check('ok', 'backup-primary', 'Backup is from the primary', 'as it was told when it was made (H1)')
      : check(
          role === 'subordinate' ? 'blocks' : 'attention',
          'backup-primary',
          'Backup is from the primary',
          role === 'subordinate'
            ? 'it is of a subordinate’s replica: back up on the primary (H1)'
            : 'nobody said so: back up on the primary (H1)',
          `${again} --role primary`,
        ),
  ]
}

async function installerCheck(
  newest: ListedBackup | undefined,
  {installer, to}: PreflightRequest,
  {store}: PreflightDeps,
): Promise<PreflightCheck> {
  const check = {
    id: 'installer-kept',
    title: 'Installer of the version in use is kept',
    from: 'seen',
  } as const
  if (newest !== undefined && newest.installer !== null)
    return {...check, status: 'ok', detail: `${newest.installer}, in ${newest.name}`}
  const file = installer === undefined ? undefined : await store.look(installer)
  if (file?.kind === 'file') return {...check, status: 'ok', detail: `${file.path}, outside of the backup`}
  return {
    ...check,
    status: 'blocks',
    detail: installer === undefined ? 'not in the backup; the way back needs it' : `${installer} is no file`,
    fix: `mfa server backup --to ${shellWord(to)} --installer FILE, or name it here: --installer FILE`,
  }
}

/** Room for the data twice is a rule of thumb of ours: the upgrade rewrites the data file. */
async function dataChecks(
  newest: ListedBackup | undefined,
  {data}: PreflightRequest,
  {store}: PreflightDeps,
): Promise<readonly PreflightCheck[]> {
  const room = {id: 'disk-space', title: 'Disk has room for the upgrade', from: 'seen'} as const
  const place = data === undefined ? undefined : await store.look(data)
  if (place === undefined)
    return [{...room, status: 'open', detail: 'the data folder is not on this machine', fix: '--data FOLDER'}]
  const files = (await store.scan(place.path)).entries.filter((entry) => entry.kind === 'file')
  const needed = 2 * files.reduce((sum, {bytes}) => sum + bytes, 0)
  const enough = place.freeBytes >= needed
  const figures = `${sizeText(place.freeBytes)} free, ${sizeText(needed)} wanted (the data twice)`
  const since = newest?.madeAt
  const changed = since == null ? [] : files.filter(({modified}) => modified > Date.parse(since))
  const file = changed.some(({path}) => isDataFile(path))
  return [
    {
      ...room,
      status: enough ? 'ok' : 'blocks',
      detail: figures,
      fix: enough ? undefined : 'Free some space.',
    },
    ...(since == null
      ? []
      : [
          {
            id: 'backup-current',
            title: 'Nothing changed since the backup',
            status: changed.length === 0 ? 'ok' : 'attention',
            detail:
              changed.length === 0
                ? 'no file has a later time'
                : `${countOf(changed.length, 'file')} changed later${file ? ', the data file too' : ''}; a way back would lose that`,
            from: 'seen',
            fix: changed.length === 0 ? undefined : 'Back up again as the last thing before the upgrade.',
          } as const,
        ]),
  ]
}
