/** Everything the library tells while it works. It never prints and never prompts by itself. */
export type UiEvent =
  /** A step begins, before anything of it is done. */
  | {readonly type: 'phase'; readonly phase: string}
  /** A step with a known or unknown number of parts; `done` grows. */
  | {
      readonly type: 'progress'
      readonly phase: string
      readonly done: number
      readonly total?: number | undefined
    }
  | {readonly type: 'phase-end'; readonly phase: string}
  /** A plain line for people, not part of the result. */
  | ({readonly type: 'note'} & Line)
  /** Also part of the result's `warnings`. */
  | ({readonly type: 'warning'} & Line)

interface Line {
  readonly text: string
  /** Set where what stands in double quotes names users. */
  readonly quotes?: 'people' | undefined
}

export interface Ui {
  emit(event: UiEvent): void
  /**
   * Anything but an explicit yes is no. Without a terminal: MfaError `usage` that names `flag`.
   */
  confirm(question: string, flag: string): Promise<boolean>
  /** A line of text, or a hidden one. Without a terminal: MfaError `usage` that names `flag`. */
  ask(question: string, flag: string, options?: {readonly hidden?: boolean}): Promise<string>
}
