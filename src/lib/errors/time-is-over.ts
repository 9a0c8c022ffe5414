import {MfaError} from './mfa-error.js'

/** R2, --max-duration: nothing more was begun. */
export const timeIsOver = (): MfaError =>
  new MfaError('MAX_DURATION', 'stopped: the time that --max-duration gives is over', {
    exit: 'unavailable',
    fix: 'The same command goes on where it stopped.',
  })
