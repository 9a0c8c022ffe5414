import {MfaError} from '../errors/mfa-error.js'

/** A plan file that cannot be used. `where`: file and line, or file and field. */
export const brokenPlan = (where: string, what: string): MfaError =>
  new MfaError('PLAN_INVALID', `${where}: ${what}`, {
    exit: 'data',
    fix: 'Make the plan again: mfa migrate … --dry-run --out plan.json',
  })
