import {MfaError} from './lib/errors/mfa-error.js'
import {createRolloutPolicies} from './lib/entra/rollout.js'
import {undo} from './lib/migration/undo.js'
import type {BehaviorWord} from './lib/model/mfa-behavior.js'
import type {RollbackDeps, RollbackRequest, Skip} from './lib/rollback/request.js'
import {findRun} from './lib/report/runs-report.js'
import {showUndoPlan} from './lib/report/undo-report.js'
import {standingDeps} from './wire-federation.js'
import type {Wiring} from './wire.js'

type Flags = Readonly<Record<string, unknown>>

export async function rollbackDeps(wired: Wiring, flags: Flags): Promise<RollbackDeps> {
  return {
    ...(await standingDeps(wired)),
    ui: wired.ui,
    rollout: async () => createRolloutPolicies((await wired.personTenant()).graph),
    undo: async (run, yes, signal) => {
      const request = {
        run,
        users: [],
        force: false,
        dryRun: false,
        yes,
        errorsMax: 50,
        consistencyMs: consistencyMs(flags),
        logFile: (await wired.log()).file,
        preview: showUndoPlan(wired.show),
      }
      const report = await undo(request, await wired.undoing(), signal)
      if (report.stop !== undefined) throw report.stop.error
      const {partly, failed} = report.results.summary
      return {run: report.run, failed: partly + failed}
    },
  }
}

/** Flags of `mfa rollback` as the library wants them. */
export async function rollbackRequest(
  flags: Flags,
  wired: Wiring,
  show: Pick<RollbackRequest, 'preview' | 'reached'>,
): Promise<RollbackRequest> {
  const text = (name: string) => (typeof flags[name] === 'string' ? flags[name] : undefined)
  const list = (name: string) => [flags[name] ?? []].flat().map(String)
  const journal = await wired.journal()
  const undo = []
  for (const name of list('undo')) undo.push(await findRun(name, journal, 'migrate'))
  return {
    to: text('to') as BehaviorWord | undefined,
    domains: list('domain'),
    undo,
    skip: list('skip').map(skipOf),
    again: flags['again'] === true,
    step: text('step'),
    accept: list('accept'),
    confirm: list('confirm'),
    backup: text('backup'),
    data: text('data'),
    yes: flags['yes'] === true,
    dryRun: flags['dry-run'] === true,
    consistencyMs: consistencyMs(flags),
    logFile: (await wired.log()).file,
    ...show,
  }
}

function skipOf(text: string): Skip {
  const [, step, why] = /^([^=]+)=(.*\S.*)$/s.exec(text) ?? []
  if (step !== undefined && why !== undefined) return {step: step.trim(), why: why.trim()}
  throw new MfaError('SKIP_WITHOUT_WHY', `--skip ${text} does not say why`, {
    exit: 'usage',
    fix: `Write it as --skip ${text.split('=')[0] ?? 'STEP'}="why it is skipped"; the words go on record.`,
  })
}

const consistencyMs = (flags: Flags): number => Number(flags['consistency'] ?? 60) * 1000
