import {createCertificates} from './lib/entra/certificates/certificates.js'
import type {Certificates} from './lib/ports/certificates.js'
import {restrictToOwner} from './lib/state/restrict.js'
import type {Wiring} from './wire.js'

/** Certificates of the app registration: kept for their owner only. */
export const certificatesFor = ({clock}: Pick<Wiring, 'clock'>): Certificates =>
  createCertificates({clock, restrict: restrictToOwner})
