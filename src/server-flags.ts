import {Flags} from '@oclif/core'

/** What the commands about the server's own data have in common. */
export const dataFlag = Flags.string({
  summary: 'Data folder of MFA Server, or any copy of it. Default: where the installer puts it.',
  helpValue: 'FOLDER',
  helpGroup: 'WHERE',
})

export const registryFlag = Flags.string({
  summary: 'Registry export (.reg) of the server: may name data folder, role, version and redistributables.',
  helpValue: 'FILE',
  helpGroup: 'WHERE',
})

export const serverFlag = Flags.string({
  summary: 'Name of the server, where this is another machine.',
  helpValue: 'NAME',
})

export const backupsFlag = Flags.string({
  summary: 'Folder of backups.',
  helpValue: 'FOLDER',
  helpGroup: 'WHERE',
  required: true,
})

export const installerFlag = Flags.string({
  summary: 'Installer of the version in use; going back needs it.',
  helpValue: 'FILE',
})

export const identityFlag = Flags.string({
  summary: 'File with the age identity (AGE-SECRET-KEY-1…) that the backup was sealed for.',
  helpValue: 'FILE',
})
