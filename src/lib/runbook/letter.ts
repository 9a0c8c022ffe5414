import {type Block, heading, paragraph} from './blocks.js'
import type {UserCases} from './cases.js'
import type {Values, Words} from './catalogue.js'

/** What all letters have in common. */
export interface LetterFacts {
  readonly words: Words
  /** The day on which SMS and voice end, in words of the language (`dateIn`); undefined if none is known. */
  readonly smsVoiceEnd: string | undefined
  /** RADIUS or LDAP services (C1–C3) still ask MFA Server, or nobody said that none do. */
  readonly oldPortal: boolean
  /** How to reach the helpdesk. */
  readonly contact: string | undefined
}

/** Values of `case.*` messages for one user, or for all. */
export const caseValues = ({smsVoiceEnd}: LetterFacts, tokens: readonly string[] = []): Values => ({
  date: smsVoiceEnd ?? '',
  tokens: tokens.length === 0 ? '–' : tokens.join(', '),
})

/** `1. Februar 2027` */
export const dateIn = (language: string, iso: string): string =>
  new Intl.DateTimeFormat(language, {dateStyle: 'long', timeZone: 'UTC'}).format(new Date(`${iso}T00:00:00Z`))

/** `27. November 2026 um 08:30 UTC` */
export const momentIn = (language: string, iso: string): string =>
  `${new Intl.DateTimeFormat(language, {dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC'}).format(new Date(iso))} UTC`

/** One paragraph a text. */
export function letterTexts(user: UserCases, facts: LetterFacts): readonly string[] {
  const {words, contact, oldPortal} = facts
  const values = caseValues(facts, user.tokens)
  return [
    words.text('letter.greeting'),
    words.text('letter.intro'),
    ...user.cases.flatMap((one) => words.list(`case.${one}.letter`, values)),
    words.text(oldPortal ? 'portal.old' : 'portal.new'),
    words.text('letter.safety'),
    contact === undefined
      ? words.text('letter.questions')
      : words.text('letter.questions-contact', {contact}),
  ]
}

/** A letter as a part of a document of many. */
export function letterBlocks(user: UserCases, facts: LetterFacts): readonly Block[] {
  const {words} = facts
  return [
    heading(2, words.text('letter.for', {user: user.userPrincipalName})),
    ...letterTexts(user, facts).map(paragraph),
  ]
}
