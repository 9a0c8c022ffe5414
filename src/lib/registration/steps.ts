import type {TenantChange} from '../changes/tenant-change.js'
import type {ApplicationChange, RegisteredKey} from '../ports/app-registration.js'
import type {CertificateFacts} from '../ports/certificates.js'

/** One change, before the ids of what it builds on need to be known. */
export type Step =
  | {
      readonly kind: 'create-application'
      readonly displayName: string
      readonly set: ApplicationChange
      readonly permissions: readonly string[]
      /** Object ids of applications that had this name before: none of them is the new one. */
      readonly others?: readonly string[] | undefined
    }
  | {
      readonly kind: 'change-application'
      readonly before: ApplicationChange
      readonly after: ApplicationChange
      readonly says: string
    }
  | {readonly kind: 'create-principal'}
  | {
      readonly kind: 'make-certificate'
      readonly file: string
      readonly commonName: string
      readonly days: number
    }
  /** Undefined: the certificate that the step before makes. */
  | {readonly kind: 'add-key'; readonly file: string; readonly certificate?: CertificateFacts | undefined}
  | {readonly kind: 'remove-key'; readonly key: RegisteredKey}
  | {readonly kind: 'grant-role'; readonly permission: string; readonly roleId: string}
  | {
      readonly kind: 'revoke-role'
      readonly permission: string
      readonly roleId: string
      readonly assignmentId: string
    }
  | {
      readonly kind: 'grant-scopes'
      readonly grantId?: string | undefined
      readonly before: readonly string[]
      readonly after: readonly string[]
    }
  | {readonly kind: 'delete-application'; readonly displayName: string}
  | {readonly kind: 'delete-principal'}
  | {
      readonly kind: 'write-config'
      readonly file: string
      readonly before: Readonly<Record<string, unknown>>
      readonly after: Readonly<Record<string, unknown>>
    }
  | {
      readonly kind: 'take-over-certificate'
      readonly from: string
      readonly to: string
      readonly thumbprint: string

      /** The certificate that is there now. */
      readonly replaces: {
        readonly thumbprintSha256: string
        readonly thumbprintSha1: string
        readonly subject: string
      }
    }
  | {readonly kind: 'remove-file'; readonly file: string}

/** Ids that are known by now. */
export interface Known {
  readonly displayName: string
  readonly graphId: string
  readonly objectId?: string | undefined
  readonly appId?: string | undefined
  readonly principalId?: string | undefined
}

/** For people, in the imperative. */
export function says(step: Step): string {
  switch (step.kind) {
    case 'create-application':
      return `create the application "${step.displayName}"`
    case 'change-application':
      return step.says
    case 'create-principal':
      return "create the application's service principal, so that it can sign in"
    case 'make-certificate':
      return `make an RSA 3072 key and a self-signed certificate for ${step.days} days in ${step.file}`
    case 'add-key':
      return step.certificate === undefined
        ? 'add the new certificate to the application'
        : `add the certificate ${short(step.certificate.thumbprintSha256)} in ${step.file} to the application`
    case 'remove-key':
      return `remove the certificate ${keyName(step.key)} from the application`
    case 'grant-role':
      return `grant ${step.permission} to the application (admin consent)`
    case 'revoke-role':
      return `take ${step.permission} back from the application`
    case 'grant-scopes': {
      const more = step.after.filter((scope) => !step.before.includes(scope))
      const less = step.before.filter((scope) => !step.after.includes(scope))
      const grant = `grant ${more.join(', ')} to people who sign in through the application (admin consent)`
      const revoke = `take ${less.join(', ')} back from people who sign in through the application`
      return [...(more.length > 0 ? [grant] : []), ...(less.length > 0 ? [revoke] : [])].join('; ')
    }
    case 'delete-application':
      return `delete the application "${step.displayName}" with its certificates and grants`
    case 'delete-principal':
      return "delete the application's service principal"
    case 'write-config': {
      const removed = Object.keys(step.after).filter((key) => step.after[key] === null)
      const set = Object.keys(step.after).filter((key) => step.after[key] !== null)
      return [
        ...(set.length > 0 ? [`write ${set.join(', ')} to ${step.file}`] : []),
        ...(removed.length > 0 ? [`remove ${removed.join(', ')} from ${step.file}`] : []),
      ].join('; ')
    }
    case 'take-over-certificate':
      return `put the new certificate in the place of the old one: ${step.to}`
    case 'remove-file':
      return `remove the key file ${step.file}`
    default:
      return step satisfies never
  }
}

/** As the journal keeps it. The id is the same in a later run of the same command. */
export function changeOf(step: Step, known: Known): TenantChange {
  const {id, before, after} = dataOf(step)
  const target = targetOf(step, known)
  return {id, kind: step.kind, target, before, after, says: says(step)}
}

/** What exists already is named by its id, so that a resumed run finds its own intent. */
function targetOf(step: Step, known: Known): TenantChange['target'] {
  if (step.kind === 'create-application') return {id: `new ${step.displayName}`, name: step.displayName}
  if (step.kind === 'make-certificate' || step.kind === 'write-config' || step.kind === 'remove-file')
    return {id: step.file, name: step.file}
  if (step.kind === 'take-over-certificate') return {id: step.to, name: step.to}
  return {id: known.objectId ?? known.displayName, name: known.displayName}
}

function dataOf(step: Step): {readonly id: string; readonly before: unknown; readonly after: unknown} {
  switch (step.kind) {
    case 'create-application':
      return {
        id: step.kind,
        before: step.others === undefined ? null : {others: step.others},
        after: {displayName: step.displayName, ...step.set},
      }
    case 'change-application':
      return {id: step.kind, before: step.before, after: step.after}
    case 'create-principal':
      return {id: step.kind, before: null, after: {}}
    case 'make-certificate':
      return {id: `${step.kind} ${step.file}`, before: null, after: {file: step.file, days: step.days}}
    case 'add-key': {
      const {certificate, file} = step
      const facts = certificate === undefined ? {} : publicFacts(certificate)
      return {
        id: `${step.kind} ${certificate?.thumbprintSha256 ?? file}`,
        before: null,
        after: {file, ...facts},
      }
    }
    case 'remove-key':
      return {id: `${step.kind} ${step.key.keyId}`, before: step.key, after: null}
    case 'grant-role':
      return {
        id: `${step.kind} ${step.permission}`,
        before: null,
        after: {permission: step.permission, roleId: step.roleId},
      }
    case 'revoke-role':
      return {
        id: `${step.kind} ${step.permission}`,
        before: {permission: step.permission, roleId: step.roleId},
        after: null,
      }
    case 'grant-scopes':
      return {id: step.kind, before: step.before, after: step.after}
    case 'delete-application':
      return {id: step.kind, before: {displayName: step.displayName}, after: null}
    case 'delete-principal':
      return {id: step.kind, before: {}, after: null}
    case 'write-config':
      return {id: `${step.kind} ${step.file}`, before: step.before, after: step.after}
    case 'take-over-certificate':
      return {
        id: `${step.kind} ${step.thumbprint}`,
        before: step.replaces,
        after: {from: step.from, to: step.to, thumbprintSha256: step.thumbprint},
      }
    case 'remove-file':
      return {id: `${step.kind} ${step.file}`, before: {file: step.file}, after: null}
    default:
      return step satisfies never
  }
}

export function publicFacts({
  thumbprintSha256,
  thumbprintSha1,
  subject,
  notBefore,
  notAfter,
}: CertificateFacts) {
  return {
    thumbprintSha256,
    thumbprintSha1,
    subject,
    notBefore: notBefore.toISOString(),
    notAfter: notAfter.toISOString(),
  }
}

/** The beginning of a thumbprint tells certificates apart; nobody reads 64 digits. */
export const short = (thumbprint: string): string => thumbprint.slice(0, 12)

export const keyName = ({name, thumbprintSha1, keyId}: RegisteredKey): string =>
  `"${name}" (${thumbprintSha1 === undefined ? keyId : short(thumbprintSha1)})`
