import {shellWord} from '../model/shell-word.js'
import {countOf} from '../model/count-of.js'
import type {Ui} from '../ports/ui.js'
import type {WaveReport} from '../rollout/wave-report.js'
import {blockersJson, refuseUnaccepted, type Telling} from './rollout-objections.js'
import {checkJson, tellEffect} from './rollout-report.js'
import {utc} from './utc.js'
import type {Show} from './show.js'

type Json = Readonly<Record<string, unknown>>

/** Names of people that a warning gives before it counts the rest. */
const NAMED_MAX = 20

/** One set of waves after `add-group --wave` or `advance`. Throws MfaError `refused` where something was not accepted. */
export async function showWave(
  report: WaveReport,
  telling: Telling,
  show: Show,
  ui: Pick<Ui, 'emit'>,
  also: Json = {},
): Promise<Json> {
  const {out} = show
  warn(report, ui)
  await refuseUnaccepted(report.objections, telling, show, {...waveFacts(report), ...also})
  if (report.status === 'filled') tellEffect(report.effect, out)
  out.line(waveVerdict(report))
  if (report.status === 'filled' && report.nextDue !== undefined && report.placed < report.members)
    out.line(`The next wave may begin at ${utc(report.nextDue)}.`)
  out.line(nextLine(report, telling.again))
  return {...waveFacts(report), ...(await blockersJson(report.objections, telling.folder, show))}
}

/** `mfa rollout advance`: every set of waves that it looked at. */
export async function showAdvanced(
  reports: readonly WaveReport[],
  telling: Telling,
  show: Show,
  ui: Pick<Ui, 'emit'>,
): Promise<Json> {
  const waves: Json[] = []
  const isRefused = ({status}: WaveReport): boolean => status === 'refused'
  const [first, ...others] = reports.filter(isRefused)
  for (const report of reports.filter((each) => !isRefused(each)))
    waves.push(await showWave(report, telling, show, ui))
  for (const other of others)
    ui.emit({
      type: 'warning',
      text: `${waveVerdict(other)}: mfa rollout advance "${other.source.displayName}" says why`,
    })
  if (first !== undefined) await showWave(first, telling, show, ui, {waves})
  return {action: 'advance', waves, writes: reports.reduce((sum, {writes}) => sum + writes, 0)}
}

function waveFacts(report: WaveReport): Json {
  const {action, status, tenantId, source, waveGroup, people, wave, members, placed} = report
  const {nextDue, left, gone, unseen, writes, run, effect, check, says} = report
  return {
    action,
    status,
    tenantId,
    source,
    group: waveGroup ?? null,
    people,
    wave: wave ?? null,
    members,
    placed,
    nextDue: nextDue ?? null,
    left,
    gone,
    unseen,
    says,
    writes,
    run: run ?? null,
    effect: effect ?? null,
    ...(check === undefined ? {} : checkJson(check)),
  }
}

/** Who is not where the waves say is named, never passed over. */
function warn({left, gone, unseen, source, waveGroup}: WaveReport, ui: Pick<Ui, 'emit'>): void {
  const into = waveGroup?.displayName ?? ''
  const tell = (text: string): void => ui.emit({type: 'warning', text})
  if (left.length > 0)
    tell(
      `no longer in "${source.displayName}", but still in "${into}": ${named(left)}; mfa rollout remove-group ${shellWord(source.displayName)} --user NAME takes them back`,
    )
  if (gone.length > 0)
    tell(`put into "${into}" by a wave, and taken out by somebody else: ${named(gone)}; they stay out`)
  if (unseen.length > 0)
    tell(
      `"${into}" does not show ${countOf(unseen.length, 'new member')} yet; mfa rollout show and the next advance look again`,
    )
}

const named = (names: readonly string[]): string =>
  names.length <= NAMED_MAX
    ? names.join(', ')
    : `${names.slice(0, NAMED_MAX).join(', ')} and ${names.length - NAMED_MAX} more`

function waveVerdict(report: WaveReport): string {
  const {status, source, wave, members, placed, nextDue} = report
  const group = `"${source.displayName}"`
  const all = `${placed} of ${countOf(members, 'member')} of ${group}`
  switch (status) {
    case 'filled':
      return `wave ${wave?.number ?? ''} is in: ${all} are in the staged rollout of MFA`
    case 'stands':
      return `nothing to do: the waves of ${group} are set up; ${all} are in the staged rollout of MFA`
    case 'not-due':
      return `nothing to do: the next wave of ${group} may begin at ${utc(nextDue ?? '')}`
    case 'complete':
      return placed < members
        ? `nothing to do: ${all} are in the staged rollout of MFA; the others were taken out, or the group is full`
        : `nothing to do: ${all} are in the staged rollout of MFA, and nobody is left to put in`
    case 'refused':
      return `refused: no wave of ${group} was put in`
  }
  return status satisfies never
}

const nextLine = ({placed, members}: WaveReport, again: string): string =>
  `Next: mfa rollout ${placed >= members ? 'show' : 'advance'}${again}`
