import {MfaError} from '../errors/mfa-error.js'
import type {ServiceControl} from '../ports/backup-store.js'

/** Throws MfaError `usage` where there is no service to control, `refused` where one runs and may not be stopped. */
export async function refuseService(
  controlService: boolean,
  service: ServiceControl | undefined,
): Promise<void> {
  if (controlService && service === undefined)
    throw new MfaError('NO_SERVICE', '--control-service: there are no Windows services on this machine', {
      exit: 'usage',
      fix: 'Leave it out, and stop and start the service on the server yourself.',
    })
  if (!controlService && (await service?.state()) === 'running') throw serviceRuns()
}

const serviceRuns = (): MfaError =>
  new MfaError('SERVICE_RUNS', 'the service MultiFactorAuth is running: it would go on with its own data', {
    exit: 'refused',
    fix: 'Stop it (sc stop MultiFactorAuth), or let this command do so: --control-service.',
  })

/** True where the service was running and is stopped now. */
export async function stopService(
  controlService: boolean,
  service: ServiceControl | undefined,
): Promise<boolean> {
  if (service === undefined || (await service.state()) !== 'running') return false
  if (!controlService) throw serviceRuns()
  await service.stop()
  return true
}
