import {readdirSync, readFileSync} from 'node:fs'
import {join, relative} from 'node:path'

import {expect, it} from 'vitest'

const SRC = join(import.meta.dirname, '..', '..', 'src')

/** Who may look into a Secret, and what for. A new line here is a decision. */
const MAY: Readonly<Record<string, string>> = {
  'lib/audit/decode.ts': 'words for values of the audit log; device tokens are never taken over',
  'lib/entra/auth/app-only.ts': 'the key or the federated token that signs in',
  'lib/entra/auth/as-person.ts': 'claims of a ready token',
  'lib/entra/auth/certificate.ts': 'PEM out of a variable',
  'lib/entra/auth/login.ts': 'the cache of a sign-in',
  'lib/entra/auth/sign-in-file.ts': 'the cache of a sign-in, into its file',
  'lib/entra/auth/sign-in-status.ts': 'claims of tokens',
  'lib/entra/auth/token-provider.ts': 'tokens, for the transport',
  'lib/entra/auth/user-sign-in.ts': 'the cache of a sign-in',
  'lib/entra/certificates/keep.ts': 'the key, into its file',
  'lib/entra/certificates/pem.ts': 'passwords of keys',
  'lib/entra/certificates/pfx.ts': 'keys and passwords of PFX files',
  'lib/entra/registration/app-sign-in.ts': 'the key that proves the registration',
  'lib/entra/registration/proof.ts': 'the key that signs a proof',
  'lib/entra/token-writer.ts': 'seeds of OATH tokens, on their way to Graph',
  'lib/model/secret.ts': 'hashes and checks of itself',
  'lib/probe/radius.ts': 'the shared secret of RADIUS',
  'lib/source/active-directory/connection.ts': 'the password of the bind',
  'lib/source/web-service-sdk/tls-context.ts': 'the password of a certificate',
  'lib/source/web-service-sdk/transport.ts': 'the password of Basic authentication',
  'lib/storage/age.ts': 'passphrases and identities of age',
  'lib/storage/seal-passes.ts': 'Temporary Access Passes, on their way into an encrypted file',
}

it('a Secret is revealed in these places and nowhere else', () => {
  const found = readdirSync(SRC, {recursive: true, encoding: 'utf8'})
    .filter((name) => name.endsWith('.ts'))
    .filter((name) => readFileSync(join(SRC, name), 'utf8').includes('.reveal()'))
    .map((name) => relative('.', name).replaceAll('\\', '/'))
  expect(found.toSorted()).toEqual(Object.keys(MAY).toSorted())
})
