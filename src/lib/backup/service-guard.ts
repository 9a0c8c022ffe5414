import {MfaError} from '../errors/mfa-error.js'
import type {ServiceControl} from '../ports/backup-store.js'
import type {Ui} from '../ports/ui.js'

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

/** Users cannot sign in meanwhile, so it is said whatever the error says. */
export const tellStopped = (ui: Ui): void =>
  ui.emit({
    type: 'warning',
    text: 'the service MultiFactorAuth was stopped and still is; once the data are right: sc start MultiFactorAuth',
  })

/** With the data that were there before; an error here must not hide the one that led to it. */
export async function startAgain(service: ServiceControl | undefined, ui: Ui): Promise<void> {
  try {
    await service?.start()
  } catch {
    tellStopped(ui)
  }
}

/** With the data of the backup. Throws MfaError `unavailable` that names both folders. */
export async function startAfter(
  data: string,
  aside: string | null,
  service: ServiceControl | undefined,
): Promise<void> {
  try {
    await service?.start()
  } catch (cause) {
    const {message, fix} = cause instanceof MfaError ? cause : {message: String(cause), fix: undefined}
    throw new MfaError('SERVICE', `the backup is in place, and was compared, but ${message}`, {
      exit: 'unavailable',
      fix: [
        ...(fix === undefined ? [] : [fix]),
        `The data of the backup are in ${data}.`,
        ...(aside === null ? [] : [`What was there before is in ${aside}.`]),
      ].join('\n'),
      cause,
    })
  }
}
