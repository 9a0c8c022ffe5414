/** A value together with the place a person set it in: `--tenant`, `MFA_TENANT_ID`, `mfa.config.json: tenant`, `default`. */
export interface Setting<T> {
  readonly value: T
  readonly from: string
}
