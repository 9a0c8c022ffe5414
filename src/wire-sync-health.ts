import type {Health, parseListen} from './lib/monitor/health-server.js'
import type {SyncNumbers} from './lib/monitor/sync-metrics.js'
import type {LoopState} from './lib/sync/loop.js'
import {isEmbedded} from './wire-tenant.js'
import type {Trouble} from './wire-workers.js'
import type {Wiring} from './wire.js'

/** Rounds without success after which the service calls itself not ready. */
const STALE_ROUNDS = 3

/** How this machine stands. */
export interface Standing {
  readonly state: LoopState | undefined
  readonly leads: boolean
  /** When a round last went well before this process began; ISO 8601. */
  readonly before: string | undefined
  /** What last kept this machine from working or leading; `at` in Unix milliseconds. */
  readonly trouble: Trouble | undefined
}

/** Why a machine is not ready, without anybody's name: the code of an error, whose text is in the log. */
export function whyNotReady(
  {state: now, leads, before, trouble}: Standing,
  longestMs: number,
  at: Date,
): string | undefined {
  const age = (then: number) => at.getTime() - then
  // Whoever follows is ready to lead; whether rounds go well is the leader's to say.
  if (!leads) return trouble === undefined || age(trouble.at) > longestMs ? undefined : trouble.code
  const success = now?.lastSuccessAt ?? before
  if (success === undefined) return now?.error?.code ?? 'no round has ended yet'
  if (age(Date.parse(success)) <= longestMs) return undefined
  return [`no round went well since ${success}`, now?.error?.code ?? []].flat().join(': ')
}

/** `mfa sync run --listen`: health and metrics of this machine. */
export async function listen(
  wired: Wiring,
  at: ReturnType<typeof parseListen>,
  stands: () => Standing,
  intervalMs: number,
) {
  const {isPrivate, startHealthServer} = await import('./lib/monitor/health-server.js')
  const {createMetrics} = await import('./lib/monitor/sync-metrics.js')
  if (!isPrivate(at))
    wired.ui.emit({
      type: 'warning',
      text: `--listen ${at.host}: other machines can ask; nothing secret is answered, but put a firewall in front`,
    })
  const {traffic} = await wired.tenant()
  const seconds = (iso: string | undefined) => (iso === undefined ? undefined : Date.parse(iso) / 1000)
  const numbers = async (): Promise<SyncNumbers> => {
    const {state: now, leads, before} = stands()
    const summary = now?.last?.summary
    const lastSuccess = seconds(now?.lastSuccessAt ?? (leads ? before : undefined))
    return {
      rounds: now?.rounds ?? 0,
      skipped: now?.skipped ?? 0,
      errors: now?.failed ?? 0,
      lastSeconds: now?.last?.seconds,
      lastSuccess,
      lagSeconds:
        lastSuccess === undefined ? undefined : Math.max(0, wired.clock.now().getTime() / 1000 - lastSuccess),
      users:
        summary === undefined
          ? undefined
          : {
              in_sync: summary.migrated + summary.unchanged,
              pending: now?.last?.postponed ?? 0,
              failed: now?.last?.failing.length ?? 0,
              unmatched: summary.unmatched,
              disabled: summary.disabled,
            },
      requests: traffic.byResult,
      throttledSeconds: traffic.throttledMs / 1000,
      certificateDays: await certificateDays(wired),
    }
  }
  const health: Health = {
    notReady: () => whyNotReady(stands(), STALE_ROUNDS * intervalMs, wired.clock.now()),
    metrics: await createMetrics(numbers),
  }
  const server = await startHealthServer(at, health)
  wired.ui.emit({type: 'note', text: `health and metrics: ${server.url}/live, /ready, /metrics`})
  return server
}

/** Of the certificate that signs in, read anew, since it may be renewed meanwhile; undefined where none does. */
async function certificateDays(wired: Wiring): Promise<number | undefined> {
  if (isEmbedded(wired.settings)) return undefined
  const {signInStatus} = await import('./lib/entra/auth/sign-in-status.js')
  try {
    return (await signInStatus(wired.settings, wired.signInDeps())).certificate?.daysLeft
  } catch {
    // What is wrong with it is said where a round signs in.
    return undefined
  }
}
