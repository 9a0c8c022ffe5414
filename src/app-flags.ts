import {Flags} from '@oclif/core'

/** Which application, and who signs in to change it. */
export const appFlags = {
  'client-id': Flags.string({
    summary: 'The application by its application (client) id.',
    helpValue: 'ID',
  }),
  name: Flags.string({
    summary: 'Display name of the application. Default: "MFA Server Migration Utility".',
    helpValue: 'NAME',
  }),
  'bootstrap-client': Flags.string({
    summary: "Public client to sign in through, instead of Microsoft's own for Graph command lines.",
    helpValue: 'ID',
  }),
  browser: Flags.boolean({summary: 'Sign in through the browser on this machine instead of a code.'}),
}

export const asFlag = Flags.string({
  summary:
    'Who asks: the app with its certificate, or a person who signs in for this command. Default: app, where a certificate is set up.',
  options: ['app', 'person'],
})

export const certificateFlags = {
  'certificate-out': Flags.string({
    summary: 'Where the new key and certificate go: PEM, or PFX (.pfx, .p12) with a password.',
    helpValue: 'FILE',
  }),
  days: Flags.integer({summary: 'Lifetime of a new certificate.', min: 1, max: 365, default: 365}),
}

export const changeFlags = {
  yes: Flags.boolean({char: 'y', summary: 'Change without asking.'}),
  consistency: Flags.integer({
    summary: 'Seconds that Entra may take to show what was written (60 unless set).',
    min: 0,
  }),
}

export const waitFlag = Flags.string({
  summary: 'How long an administrator may take to consent, such as 15m; 0 does not wait.',
  helpValue: 'TIME',
  default: '15m',
})
