/** `blocks`: not before this is mended. `open`: nobody has answered. `attention`: know it, and go on. */
export type CheckStatus = 'ok' | 'attention' | 'open' | 'blocks'

export interface PreflightCheck {
  readonly id: string
  readonly title: string
  readonly status: CheckStatus
  readonly detail: string
  /** `operator`: somebody says so; the tool cannot see it. */
  readonly from: 'seen' | 'operator'
  readonly fix?: string | undefined
}
