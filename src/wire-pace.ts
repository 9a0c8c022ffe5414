import type {PaceSettings, QuotaSetting} from './lib/config/pace-settings.js'
import type {Settings} from './lib/config/settings.js'
import type {PaceStats} from './lib/entra/transport/pace-stats.js'
import {ACTIVATION_QUOTA, WRITE_QUOTA} from './lib/entra/transport/pacer.js'
import type {QuotaLimit} from './lib/entra/transport/quota.js'
import type {PaceRates, Rate} from './lib/migration/forecast.js'
import {isEmbedded} from './wire-tenant.js'

/** For the forecast: Graph's quotas unless told, and none for the tenant inside the tool. */
export function paceRates(pace: PaceSettings, settings: Settings): PaceRates {
  const rate = (asked: QuotaSetting | 'none' | undefined, usual: QuotaLimit): Rate | undefined => {
    const quota = asked ?? (isEmbedded(settings) ? 'none' : usual)
    return quota === 'none' ? undefined : {count: quota.count, seconds: quota.windowMs / 1000}
  }
  return {
    writes: rate(pace.writeQuota, WRITE_QUOTA),
    activations: rate(pace.activationQuota, ACTIVATION_QUOTA),
    requests: pace.tps === undefined ? undefined : {count: pace.tps, seconds: 1},
  }
}

/** What a run's record keeps of the pace. */
export const sentSoFar = ({
  reads,
  writes,
  throttled,
  retried,
}: PaceStats): Readonly<Record<string, number>> => ({
  reads,
  writes,
  throttled,
  retried,
})
