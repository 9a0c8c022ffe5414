import {happened, pastChanges} from '../changes/past-changes.js'
import type {ApplicationChange} from '../ports/app-registration.js'
import type {Journal} from '../ports/journal.js'

/** What runs of this tool did to the registration of a tenant, as far as it was not undone since. */
export interface MadeHere {
  /** Object id of an application that was created. */
  readonly application?: string | undefined
  readonly principal: boolean
  /** SHA-256 thumbprints of certificates that were registered. */
  readonly keys: ReadonlySet<string>
  /** Graph's ids of them, as far as it told. */
  readonly keyIds: ReadonlySet<string>
  readonly roles: ReadonlySet<string>
  readonly scopes: ReadonlySet<string>
  /** Ids that the application was made to ask for. */
  readonly asks: ReadonlySet<string>
  readonly publicClient: boolean
  readonly replyAddresses: ReadonlySet<string>
  /** Key files that were made. */
  readonly files: ReadonlySet<string>
  /** Settings file → key → what stood there first, and everything that was written. */
  readonly config: ReadonlyMap<string, ReadonlyMap<string, WrittenKey>>
}

export interface WrittenKey {
  readonly first: unknown
  readonly written: readonly unknown[]
}

type Data = Readonly<Record<string, unknown>> | null

export async function madeHere(journal: Journal, tenantId: string): Promise<MadeHere> {
  const made = {
    application: undefined as string | undefined,
    principal: false,
    keys: new Set<string>(),
    keyIds: new Set<string>(),
    roles: new Set<string>(),
    scopes: new Set<string>(),
    asks: new Set<string>(),
    publicClient: false,
    replyAddresses: new Set<string>(),
    files: new Set<string>(),
    config: new Map<string, Map<string, WrittenKey>>(),
  }
  for await (const past of pastChanges(journal, tenantId, ['app'])) {
    const {kind, target} = past.change
    const before = past.change.before as Data
    const after = past.change.after as Data
    // Key files and settings may be there though a kill kept that off the record.
    const local = kind === 'make-certificate' || kind === 'write-config' || kind === 'take-over-certificate'
    if (!local && !happened(past)) continue
    switch (kind) {
      case 'create-application':
        made.application = past.made?.['objectId']
        break
      case 'delete-application':
        made.application = undefined
        made.principal = false
        made.publicClient = false
        for (const set of [made.keys, made.keyIds, made.roles, made.scopes, made.asks, made.replyAddresses])
          set.clear()
        break
      case 'create-principal':
        made.principal = past.outcome?.status === 'done'
        break
      case 'delete-principal':
        made.principal = false
        break
      case 'add-key':
        made.keys.add(text(after?.['thumbprintSha256']))
        if (past.made?.['keyId'] !== undefined) made.keyIds.add(past.made['keyId'])
        break
      case 'remove-key':
        made.keys.delete(text(before?.['thumbprintSha256']))
        made.keyIds.delete(text(before?.['keyId']))
        break
      case 'grant-role':
        if (past.outcome?.status === 'done') made.roles.add(text(after?.['roleId']))
        break
      case 'revoke-role':
        made.roles.delete(text(before?.['roleId']))
        break
      case 'grant-scopes':
        differ(past.change.before, past.change.after).forEach((scope) => made.scopes.add(scope))
        differ(past.change.after, past.change.before).forEach((scope) => made.scopes.delete(scope))
        break
      case 'change-application': {
        const [from, to] = [before as ApplicationChange, after as ApplicationChange]
        const ids = (change: ApplicationChange) => (change.asksFor ?? []).map(({id}) => id)
        differ(ids(from), ids(to)).forEach((id) => made.asks.add(id))
        differ(ids(to), ids(from)).forEach((id) => made.asks.delete(id))
        differ(from.replyAddresses, to.replyAddresses).forEach((each) => made.replyAddresses.add(each))
        if (to.isPublicClient !== undefined) made.publicClient = to.isPublicClient
        break
      }
      case 'make-certificate':
        made.files.add(target.id)
        break
      case 'take-over-certificate':
        if (made.files.delete(text(after?.['from']))) made.files.add(text(after?.['to']))
        break
      case 'remove-file':
        made.files.delete(target.id)
        break
      case 'write-config': {
        const keys = made.config.get(target.id) ?? new Map<string, WrittenKey>()
        made.config.set(target.id, keys)
        for (const [key, value] of Object.entries(after ?? {})) {
          const known = keys.get(key) ?? {first: before?.[key] ?? null, written: []}
          keys.set(key, {...known, written: [...known.written, ...(value === null ? [] : [value])]})
        }
        break
      }
      default:
    }
  }
  return made
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

/** Of the second list what the first does not have. */
function differ(before: unknown, after: unknown): readonly string[] {
  const had = new Set(Array.isArray(before) ? before : [])
  return Array.isArray(after)
    ? after.filter((each): each is string => typeof each === 'string' && !had.has(each))
    : []
}
