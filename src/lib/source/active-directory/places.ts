import {MfaError} from '../../errors/mfa-error.js'
import type {Controllers} from './controllers.js'
import {misconfigured} from './failure.js'
import {canonicalName, reference} from './naming.js'
import {checkBase, type Elsewhere, survey, type Survey} from './survey.js'

/** A part of the directory that is searched, and who is asked for it. */
export interface Place {
  readonly base: string
  readonly controllers: Controllers
}

export interface PlacesOptions {
  readonly base: string | undefined
  readonly attribute: string
  /** Whether other domains of the same forest are asked too, with the same account. */
  readonly follow: boolean
  readonly warn: (text: string) => void
  readonly controllers: (urls: readonly string[]) => Controllers
}

/**
 * All that is searched: what the named controllers hold and, where that is allowed, the other domains of the forest below
 * the base, each once. They are taken from the forest's own list, never from the address in an answer, so nothing can
 * lead elsewhere, in a circle, or ever deeper.
 */
export class Places {
  readonly all: readonly Place[]
  readonly survey: Survey
  readonly #warn: (text: string) => void
  readonly #unasked: string[]
  readonly #told = new Set<string>()

  private constructor(all: readonly Place[], known: Survey, unasked: string[], warn: (text: string) => void) {
    this.all = all
    this.survey = known
    this.#unasked = unasked
    this.#warn = warn
  }

  /** Throws MfaError. What one of the other domains refuses is a warning. */
  static async open(urls: readonly string[], options: PlacesOptions, signal: AbortSignal): Promise<Places> {
    const {follow, warn} = options
    const home = options.controllers(urls)
    const opened = [home]
    try {
      const known = await home.use((connection) => survey(connection, options, signal), signal)
      const enter = async ({domain, urls: others}: Elsewhere, base: string): Promise<Place> => {
        if (others.length === 0) throw misconfigured(`no address of ${domain.dns} is known`, '')
        const controllers = options.controllers(others)
        opened.push(controllers)
        await controllers.use((connection) => checkBase(connection, base, signal), signal)
        return {base, controllers}
      }
      const unasked: string[] = []
      const places = [await mainPlace(known, home, {follow, enter})]
      if (!follow && known.below.length > 0) {
        unasked.push(...known.below.map(({domain}) => domain.dns))
        warn(notAllowed(unasked))
      }
      // Side by side: one that is silent takes its time.
      const tried = await Promise.allSettled(
        (follow ? known.below : []).map((elsewhere) => enter(elsewhere, elsewhere.domain.base)),
      )
      for (const [at, result] of tried.entries()) {
        if (result.status === 'fulfilled') {
          places.push(result.value)
          continue
        }
        const {reason}: {reason: unknown} = result
        if (!(reason instanceof MfaError)) throw reason
        const dns = known.below[at]?.domain.dns ?? ''
        unasked.push(dns)
        warn(
          `Users of ${dns} are not looked up: ${reason.message}. Put that right, or run the command once more with an --ad-url for that domain.`,
        )
      }
      return new Places(places, known, unasked, warn)
    } catch (error) {
      // An open connection would keep the process alive.
      await Promise.all(opened.map((each) => each.close()))
      throw error
    }
  }

  /** Domains and other parts below the base that were not asked. */
  get unasked(): readonly string[] {
    return this.#unasked
  }

  /** Tells of parts of the directory that an answer points to and that the forest does not count among its own. */
  note(references: readonly string[]): void {
    for (const uri of references) {
      const found = reference(uri)
      if (found === undefined) continue
      const base = canonicalName(found.base)
      if (this.#told.has(base) || this.#isKnown(base)) continue
      this.#told.add(base)
      this.#unasked.push(found.base)
      this.#warn(
        `Users below ${found.base} are not looked up: an answer points to ${found.host} for them, which is no domain of this forest, so that the password is not sent there. Run the command once more with an --ad-url for that directory.`,
      )
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map(({controllers}) => controllers.close()))
  }

  /** Domains of the forest are asked or told of already, and its other partitions hold no users. */
  #isKnown(base: string): boolean {
    return this.survey.partitions.some((each) => each.kind !== 'foreign' && canonicalName(each.base) === base)
  }
}

async function mainPlace(
  {base, owner}: Survey,
  home: Controllers,
  {
    follow,
    enter,
  }: {readonly follow: boolean; readonly enter: (owner: Elsewhere, base: string) => Promise<Place>},
): Promise<Place> {
  if (owner === undefined) return {base, controllers: home}
  if (!follow)
    throw misconfigured(
      `--ad-base ${base} is in another domain of the forest, ${owner.domain.dns}`,
      `Give --ad-url a domain controller of ${owner.domain.dns}, or allow that this domain is asked with the same account (--ad-referrals follow).`,
    )
  await home.close()
  return enter(owner, base)
}

function notAllowed(domains: readonly string[]): string {
  const which = domains.length === 1 ? domains[0] : `${domains.length} more domains (${domains.join(', ')})`
  return `Users of ${which} are not looked up, nor is anybody there who has the same value: the password goes to the named domain controllers alone. Allow more with --ad-referrals follow, or ask the global catalog (--ad-url ldaps://…:3269).`
}
