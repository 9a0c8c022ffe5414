import {makeFolders} from '../../disk/make-folders.js'
import {createPrivateKey, randomBytes, X509Certificate} from 'node:crypto'
import {constants, copyFile, link, open, rm} from 'node:fs/promises'
import {dirname} from 'node:path'
import {errorCode} from '../../errors/error-code.js'
import {MfaError} from '../../errors/mfa-error.js'
import type {Secret} from '../../model/secret.js'
import type {OwnCertificate} from '../../ports/certificates.js'
import {refuse} from './refuse.js'

/** R8: takes every right from others. */
export type Restrict = (path: string) => Promise<void>

/** As `Certificates.keep`. Written beside and linked to its name, which fails where the name is taken. */
export async function keepCertificate(
  path: string,
  certificate: OwnCertificate,
  password: Secret | undefined,
  restrict: Restrict,
): Promise<void> {
  const content = await contentFor(path, certificate, password)
  const beside = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.part`
  try {
    await makeFolders(dirname(path), 0o700)
    const file = await open(beside, 'wx', 0o600)
    try {
      await restrict(beside)
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await name(beside, path, restrict)
  } catch (error) {
    throw error instanceof MfaError ? error : unwritten(path, errorCode(error))
  } finally {
    await rm(beside, {force: true}).catch(() => undefined)
  }
}

async function contentFor(
  path: string,
  certificate: OwnCertificate,
  password: Secret | undefined,
): Promise<string | Buffer> {
  if (/\.(pfx|p12)$/i.test(path)) {
    const {toPfx} = await import('./pfx.js')
    return toPfx(certificate, password)
  }
  const pem = new X509Certificate(Buffer.from(certificate.facts.der, 'base64')).toString()
  if (password === undefined || password.isEmpty) return pem + certificate.privateKey.reveal()
  const key = createPrivateKey(certificate.privateKey.reveal()).export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: password.reveal(),
  })
  return pem + key.toString()
}

async function name(beside: string, path: string, restrict: Restrict): Promise<void> {
  try {
    await link(beside, path)
  } catch (error) {
    // Some file systems have no links.
    if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EOPNOTSUPP'].includes(errorCode(error) ?? '')) throw error
    await copyFile(beside, path, constants.COPYFILE_EXCL)
    await restrict(path)
  }
}

function unwritten(path: string, code: string | undefined): MfaError {
  return code === 'EEXIST'
    ? refuse('CERTIFICATE_EXISTS', `${path} exists already and is not overwritten.`, {
        fix: 'Choose another name; a key that is still in use would be lost.',
      })
    : refuse(
        'CERTIFICATE_NOT_KEPT',
        `The certificate cannot be written to ${path} (${code ?? 'unknown reason'}).`,
        {
          fix: 'Check the folder, its rights and the space on the disk.',
        },
      )
}
