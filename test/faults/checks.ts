import {openState} from '../../src/lib/state/open-state.js'
import type {ActionRecord, RunRecord} from '../../src/lib/ports/journal.js'
import type {TenantFile} from '../../src/lib/sandbox/tenant-file.js'

export interface Recorded {
  readonly runs: readonly RunRecord[]
  readonly actions: readonly ActionRecord[]
}

const CLOCK = {now: () => new Date(), monotonic: () => performance.now(), sleep: async () => {}}

/** What the journal of a state folder says about all runs; oldest action first. */
export async function recordedIn(folder: string): Promise<Recorded> {
  const state = await openState({kind: 'folder', path: folder}, {clock: CLOCK})
  try {
    const runs = await state.journal.runs()
    const actions: ActionRecord[] = []
    for (const {id} of runs.toReversed())
      for await (const action of state.journal.actions(id)) actions.push(action)
    return {runs, actions}
  } finally {
    await state.close()
  }
}

/** Actions of which the journal does not know what became. */
export function unsettledIn({actions}: Recorded): readonly string[] {
  return actions
    .filter(({outcome}) => outcome === undefined || outcome.status === 'unknown')
    .map(({userPrincipalName, intent}) => `${userPrincipalName} ${String(intent['kind'])}`)
}

/** What the journal of migrations calls done and the tenant does not show. */
export function notInTenant({actions}: Recorded, tenant: TenantFile): readonly string[] {
  const done = actions.filter(({outcome}) => outcome?.status === 'done' || outcome?.status === 'already-done')
  return done
    .filter((record) => !shows(tenant, record))
    .map(({userPrincipalName, intent}) => `${userPrincipalName} ${JSON.stringify(intent)}`)
}

function shows(tenant: TenantFile, {user: id, userPrincipalName, intent}: ActionRecord): boolean {
  const user = tenant.users.find((one) => one.id === id)
  const devices = (tenant.hardwareOathDevices ?? []).filter(
    ({serialNumber}) => serialNumber === intent['serialNumber'],
  )
  const theirs = devices.filter(({assignedTo}) => assignedTo === id || assignedTo === userPrincipalName)
  switch (intent['kind']) {
    case 'set-phone':
      return (user?.phoneMethods ?? []).some(
        ({phoneType, phoneNumber}) => phoneType === intent['slot'] && phoneNumber === intent['number'],
      )
    case 'create-token':
      return devices.length === 1
    case 'update-token':
      return devices.some(({model}) => model === intent['model'])
    case 'assign-token':
      return theirs.length === 1
    case 'activate-token':
      return theirs.some(({activated}) => activated === true)
    case 'set-default':
      return user?.signInPreferences?.userPreferredMethodForSecondaryAuthentication === intent['method']
    case 'disable-sms-sign-in':
      return (user?.phoneMethods ?? []).every(({smsSignInState}) => smsSignInState !== 'ready')
    default:
      return false
  }
}
