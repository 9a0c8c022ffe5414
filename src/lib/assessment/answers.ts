import {CATALOGUE, type Dependency, type DependencyId} from './catalogue.js'

/** One thing that an answer is about: a RADIUS client, a relying party, a range of addresses. */
export interface AnswerItem {
  readonly name: string
  readonly status: 'open' | 'done'
  readonly who?: string | undefined
  readonly note?: string | undefined
}

export interface Answer {
  /** Whether there is any of what is asked for. */
  readonly answer: 'yes' | 'no' | 'unknown'
  /** What is done about it as a whole; an open item leaves it open all the same. */
  readonly status?: 'open' | 'done' | undefined
  readonly items?: readonly AnswerItem[] | undefined
  readonly who?: string | undefined
  readonly note?: string | undefined
}

/** What people know and no program can read. A dependency that is not in it was not answered. */
export type Answers = Readonly<Partial<Record<DependencyId, Answer>>>

/** What an answer leaves to be done. */
export type Standing =
  | {readonly state: 'unanswered'}
  | {readonly state: 'absent'}
  | {readonly state: 'open'; readonly items: readonly AnswerItem[]}
  | {readonly state: 'done'}

/** Pure: `unknown`, and a yes with anything left to do, are never settled. */
export function standing(answer: Answer | undefined): Standing {
  if (answer === undefined || answer.answer === 'unknown') return {state: 'unanswered'}
  if (answer.answer === 'no') return {state: 'absent'}
  const items = (answer.items ?? []).filter(({status}) => status === 'open')
  if (items.length > 0) return {state: 'open', items}
  const done = answer.status === 'done' || (answer.status === undefined && (answer.items ?? []).length > 0)
  return done ? {state: 'done'} : {state: 'open', items: []}
}

/** A dependency that stands in the way of Entra asking for MFA itself. */
export interface OpenDependency {
  readonly id: DependencyId
  readonly title: string
  readonly action: string
  readonly state: 'unanswered' | 'open'
  /** Names of the items that are open; empty where none were given. */
  readonly items: readonly string[]
}

/**
 * C1–C6 that are not settled, in their order: nobody answered, or something is left to do. Without answers all of them.
 * As long as there is one, `federatedIdpMfaBehavior` must not go to `rejectMfaByFederatedIdp`.
 */
export function openDependencies(answers: Answers | undefined): readonly OpenDependency[] {
  return CATALOGUE.filter(({blocks}) => blocks.includes('federation')).flatMap((each) =>
    openOf(each, answers),
  )
}

function openOf({id, title, action}: Dependency, answers: Answers | undefined): readonly OpenDependency[] {
  const found = standing(answers?.[id])
  if (found.state === 'unanswered') return [{id, title, action, state: 'unanswered', items: []}]
  if (found.state !== 'open') return []
  return [{id, title, action, state: 'open', items: found.items.map(({name}) => name)}]
}
