import {execFile} from 'node:child_process'
import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {promisify} from 'node:util'

const run = promisify(execFile)
const openssl = (...args: readonly string[]) => run('openssl', [...args])

export interface TestCertificate {
  readonly certificate: string
  readonly key: string
  /** Both in one PEM text. */
  readonly pem: string
  /** The file that holds `pem`. */
  readonly file: string
}

/** A self-signed certificate made by openssl; `days` may be negative with `from` further back. */
export async function makeCertificate(
  folder: string,
  name: string,
  options: {readonly newkey?: readonly string[]; readonly notBefore?: Date; readonly notAfter?: Date} = {},
): Promise<TestCertificate> {
  const path = (end: string) => join(folder, `${name}.${end}`)
  const newkey = options.newkey ?? ['-newkey', 'rsa:2048']
  if (options.notAfter === undefined)
    await openssl(
      'req',
      '-x509',
      ...newkey,
      '-nodes',
      '-keyout',
      path('key'),
      '-out',
      path('crt'),
      '-days',
      '30',
      '-subj',
      `/CN=${name}.example.com`,
    )
  else await makeDated(folder, name, options.notBefore ?? new Date(0), options.notAfter)
  const certificate = await readFile(path('crt'), 'utf8')
  const key = await readFile(path('key'), 'utf8')
  const pem = `${certificate}${key}`
  await writeFile(path('pem'), pem)
  return {certificate, key, pem, file: path('pem')}
}

/** openssl gives any dates only to those who act as an authority. */
async function makeDated(folder: string, name: string, notBefore: Date, notAfter: Date): Promise<void> {
  const path = (end: string) => join(folder, `${name}.${end}`)
  const stamp = (date: Date) => date.toISOString().replace(/[-:T]|\.\d+/g, '')
  await writeFile(path('index'), '')
  await writeFile(
    path('cnf'),
    `[ca]\ndefault_ca=d\n[d]\ndatabase=${path('index')}\nnew_certs_dir=${folder}\nrand_serial=yes\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n`,
  )
  await openssl(
    'req',
    '-new',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    path('key'),
    '-out',
    path('csr'),
    '-subj',
    `/CN=${name}.example.com`,
  )
  await openssl(
    'ca',
    '-batch',
    '-selfsign',
    '-config',
    path('cnf'),
    '-keyfile',
    path('key'),
    '-in',
    path('csr'),
    '-out',
    path('crt'),
    '-notext',
    '-startdate',
    stamp(notBefore),
    '-enddate',
    stamp(notAfter),
  )
}

/** The same key under a password, and a PFX, as openssl makes them. */
export async function encryptKey(key: string, out: string, password: string): Promise<string> {
  await openssl('pkcs8', '-topk8', '-in', key, '-out', out, '-passout', `pass:${password}`)
  return readFile(out, 'utf8')
}

export async function makePfx(folder: string, name: string, password: string): Promise<string> {
  const out = join(folder, `${name}.pfx`)
  await openssl(
    'pkcs12',
    '-export',
    '-inkey',
    join(folder, `${name}.key`),
    '-in',
    join(folder, `${name}.crt`),
    '-out',
    out,
    '-passout',
    `pass:${password}`,
  )
  return out
}
