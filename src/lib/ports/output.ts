/** One column of a list: in a table, a CSV file or JSON. */
export interface Column<Row> {
  readonly key: string
  readonly title: string
  /** A list of texts takes a line each in a table, and is joined by `; ` elsewhere. */
  readonly value: (row: Row) => string | number | boolean | readonly string[] | undefined
  readonly align?: 'left' | 'right' | undefined
  /** Share of the width when it gets tight; 1 unless set. */
  readonly weight?: number | undefined
  /** Terminal columns that it needs at least. */
  readonly min?: number | undefined
}

/** The command's data for people, on stdout; silent under --json, where the result itself is the data. */
export interface Output {
  line(text?: string): void
  /**
   * Text for people, broken to the width of the terminal; what scripts look for or people copy is a `line`. Lines that
   * go on begin `hang` columns further in.
   */
  prose(text: string, hang?: number): void
  /** At most `limit` rows, then how many more there are. */
  table<Row>(
    columns: readonly Column<Row>[],
    rows: Iterable<Row>,
    options?: {readonly limit?: number | undefined; readonly empty?: string | undefined},
  ): Promise<void>
}
