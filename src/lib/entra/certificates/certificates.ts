import type {Clock} from '../../ports/clock.js'
import type {Certificates} from '../../ports/certificates.js'
import {keepCertificate, type Restrict} from './keep.js'
import {factsOf, keyPairOf, pkcs8, readCertificateFile} from './key-pair.js'

export interface CertificatesDeps {
  readonly clock: Pick<Clock, 'now'>
  /** R8: takes every right from others. */
  readonly restrict: Restrict
}

/** Keys by Node's own crypto; the libraries for X.509 and PFX are loaded when they are needed. */
export function createCertificates({clock, restrict}: CertificatesDeps): Certificates {
  return {
    async make(request) {
      const {makeCertificate} = await import('./make.js')
      return makeCertificate(request, clock)
    },
    keep: (path, certificate, password) => keepCertificate(path, certificate, password, restrict),
    async read(path, password) {
      const {own, key} = await keyPairOf(path, await readCertificateFile(path), password)
      return {facts: factsOf(own), privateKey: pkcs8(key)}
    },
  }
}
