import type {Health, parseListen} from './lib/monitor/health-server.js'
import type {SyncNumbers} from './lib/monitor/sync-metrics.js'
import type {LoopState} from './lib/sync/loop.js'
import {isEmbedded} from './wire-tenant.js'
import type {Wiring} from './wire.js'

/** Rounds without success after which the service calls itself not ready. */
const STALE_ROUNDS = 3

/** `mfa sync run --listen`: health and metrics of this machine. */
export async function listen(
  wired: Wiring,
  at: ReturnType<typeof parseListen>,
  stands: () => {readonly state: LoopState | undefined; readonly leads: boolean},
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
    const now = stands().state
    const summary = now?.last?.summary
    const lastSuccess = seconds(now?.lastSuccessAt)
    return {
      rounds: now?.rounds ?? 0,
      skipped: now?.skipped ?? 0,
      errors: now?.errors ?? 0,
      lastSeconds: now?.last?.seconds ?? 0,
      lastSuccess,
      lagSeconds:
        lastSuccess === undefined ? undefined : Math.max(0, wired.clock.now().getTime() / 1000 - lastSuccess),
      users: {
        in_sync: (summary?.migrated ?? 0) + (summary?.unchanged ?? 0),
        pending: now?.last?.postponed ?? 0,
        failed: now?.last?.failing.length ?? 0,
        unmatched: summary?.unmatched ?? 0,
        disabled: summary?.disabled ?? 0,
      },
      requests: traffic.byResult,
      throttledSeconds: traffic.throttledMs / 1000,
      certificateDays: await certificateDays(wired),
    }
  }
  const health: Health = {
    notReady: () => {
      const {state: now, leads} = stands()
      // Whoever follows is ready to lead; whether rounds go well is the leader's to say.
      if (!leads) return undefined
      if (now?.lastSuccessAt === undefined) return now?.error?.message ?? 'no round has ended yet'
      const age = wired.clock.now().getTime() - Date.parse(now.lastSuccessAt)
      return age > STALE_ROUNDS * intervalMs ? `no round went well since ${now.lastSuccessAt}` : undefined
    },
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
