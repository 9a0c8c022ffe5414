import type {Settings} from './lib/config/settings.js'
import {MfaError} from './lib/errors/mfa-error.js'
import {Secret} from './lib/model/secret.js'
import type {Clock} from './lib/ports/clock.js'
import type {Scratch} from './lib/ports/scratch.js'
import type {Source} from './lib/ports/source.js'
import type {Ui} from './lib/ports/ui.js'

interface SourceDeps {
  readonly clock: Clock
  readonly ui: Ui
  readonly scratch: Scratch
  /** Requests a second to the Web Service SDK; no limit unless set. */
  readonly ratePerSecond?: number | undefined
}

/** The bundle or the Web Service SDK that the settings name, with the seed files joined. */
export async function openSource(settings: Settings, deps: SourceDeps): Promise<Source> {
  const {source, seedFiles} = settings
  if (source === undefined) {
    throw new MfaError('MISSING_FLAG', '--source is missing', {
      exit: 'usage',
      fix: 'Give a bundle folder or an https://…/PfWsSdk.asmx address, or set MFA_SOURCE.',
    })
  }
  const opened =
    source.value.kind === 'bundle' ? await bundle(source.value.folder, deps) : await sdk(settings, deps)
  if (seedFiles.value.length === 0) return opened
  const {openSeedFiles} = await import('./lib/source/seed-file/seed-index.js')
  const {withSeeds} = await import('./lib/source/seed-file/with-seeds.js')
  return withSeeds(opened, await openSeedFiles(seedFiles.value))
}

async function bundle(folder: string, {scratch}: SourceDeps): Promise<Source> {
  const {openBundle} = await import('./lib/source/bundle/bundle-source.js')
  return openBundle(folder, {scratch})
}

async function sdk(settings: Settings, {clock, scratch, ui, ratePerSecond}: SourceDeps): Promise<Source> {
  const {openWebServiceSdk} = await import('./lib/source/web-service-sdk/web-service-sdk.js')
  const {source, sourceCertificate, sourceCa, sourceUsername} = settings
  if (source?.value.kind !== 'web-service-sdk') throw new Error('not an address')
  const sourcePassword = await passwordOf(settings, ui)
  return openWebServiceSdk(source.value.url, {
    username: sourceUsername?.value,
    password: sourcePassword,
    certificate:
      sourceCertificate === undefined
        ? undefined
        : {file: sourceCertificate.value, password: settings.sourceCertificatePassword?.value},
    caFile: sourceCa?.value,
    clock,
    scratch,
    ratePerSecond,
    onProgress: (done, total) => ui.emit({type: 'progress', phase: 'reading the server', done, total}),
  })
}

/** Asked for at a terminal where a user name is set without it. */
export async function passwordOf(
  {sourceUsername, sourcePassword}: Settings,
  ui: Ui,
): Promise<Secret | undefined> {
  if (sourceUsername === undefined || sourcePassword !== undefined) return sourcePassword?.value
  const answer = await ui.ask(`Password of ${sourceUsername.value}`, 'MFA_SOURCE_PASSWORD', {hidden: true})
  return new Secret(answer)
}
