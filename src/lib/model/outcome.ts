/** What became of one write (R1). */
export type Outcome =
  | {readonly status: 'done'; readonly requestId?: string | undefined}
  /** The tenant already was as asked. */
  | {readonly status: 'already-done'; readonly requestId?: string | undefined}
  /** Known not to have happened. */
  | {
      readonly status: 'failed'
      readonly code: string
      readonly message: string
      readonly requestId?: string | undefined
    }
  /** Sent, answer lost. Read back before anything is sent again. */
  | {readonly status: 'unknown'; readonly code: string; readonly message: string}
