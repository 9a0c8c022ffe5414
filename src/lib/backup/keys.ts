import {MfaError} from '../errors/mfa-error.js'
import {Secret} from '../model/secret.js'
import type {BackupCrypto, BackupStore, Recode} from '../ports/backup-store.js'
import type {Ui} from '../ports/ui.js'
import {KEY_FILE, type Manifest} from './manifest.js'

/** The variable that holds the passphrase; never a flag, which others could see in the list of processes. */
const PASSPHRASE_VARIABLE = 'MFA_BACKUP_PASSPHRASE'

export type SealRequest =
  | {readonly kind: 'none'}
  | {readonly kind: 'recipients'; readonly recipients: readonly string[]}
  | {readonly kind: 'passphrase'}

export interface KeyDeps {
  readonly ui: Ui
  readonly crypto: () => Promise<BackupCrypto>
  /** From the environment. */
  readonly passphrase: Secret | undefined
}

export interface Sealing {
  readonly sealed: Manifest['sealed']
  readonly recipients: readonly string[]
  readonly seal: Recode | undefined
  /** Only where this side can open what it seals. */
  readonly open: Recode | undefined
  readonly keyFile: string | undefined
}

/** Asks for the passphrase, twice, where the environment has none. */
export async function sealing(request: SealRequest, deps: KeyDeps): Promise<Sealing> {
  const none = {recipients: [], seal: undefined, open: undefined, keyFile: undefined}
  if (request.kind === 'none') return {...none, sealed: 'none'}
  const crypto = await deps.crypto()
  if (request.kind === 'recipients') {
    const {recipients} = request
    return {...none, sealed: 'recipients', recipients, seal: crypto.sealFor(recipients)}
  }
  const passphrase = deps.passphrase ?? (await askTwice(deps.ui))
  if (passphrase.isEmpty)
    throw new MfaError('PASSPHRASE', 'the passphrase is empty', {
      exit: 'usage',
      fix: `Set ${PASSPHRASE_VARIABLE}, or type one.`,
    })
  return {...none, sealed: 'passphrase', ...renamed(await crypto.newKey(passphrase))}
}

const renamed = ({seal, open, keyFile}: Awaited<ReturnType<BackupCrypto['newKey']>>) => ({
  seal,
  open,
  keyFile,
})

async function askTwice(ui: Ui): Promise<Secret> {
  const first = await ui.ask('Passphrase for the backup', PASSPHRASE_VARIABLE, {hidden: true})
  const second = await ui.ask('The same again', PASSPHRASE_VARIABLE, {hidden: true})
  if (first === second) return new Secret(first)
  throw new MfaError('PASSPHRASE', 'the two passphrases differ; nothing was backed up', {
    exit: 'usage',
    fix: 'Type the same twice.',
  })
}

/** What opens a backup; undefined where it is not sealed, or is sealed for a key that was not given. */
export async function opening(
  folder: string,
  manifest: Pick<Manifest, 'sealed' | 'extras'>,
  identities: {readonly file: string; readonly text: Secret} | undefined,
  deps: KeyDeps & {readonly store: BackupStore},
): Promise<Recode | undefined> {
  if (manifest.sealed === 'none') return undefined
  if (manifest.sealed === 'recipients')
    return identities && (await deps.crypto()).openWith(identities.text, identities.file)
  const keyFile = await deps.store.text(folder, KEY_FILE)
  const hash = await deps.store.hash(folder, KEY_FILE)
  const wanted = manifest.extras.find(({stored}) => stored === KEY_FILE)?.storedSha256
  // Missing or damaged: one of the faults that the check names, and no fault of the passphrase.
  if (keyFile === undefined || hash?.sha256 !== wanted) return undefined
  const passphrase =
    deps.passphrase ??
    new Secret(await deps.ui.ask('Passphrase of the backup', PASSPHRASE_VARIABLE, {hidden: true}))
  return (await deps.crypto()).openKey(keyFile, passphrase)
}
