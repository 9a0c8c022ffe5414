// Preloaded into the command line: its wall clock jumps between ten minutes behind and ten minutes ahead.
const TEN_MINUTES = 600_000
const EVERY_MS = Number(process.env.MFA_FAULT_JUMP_MS ?? 700)
const RealDate = Date
const from = performance.now()
const ahead = () => [0, TEN_MINUTES, -TEN_MINUTES][Math.floor((performance.now() - from) / EVERY_MS) % 3]
const now = () => RealDate.now() + ahead()

globalThis.Date = class extends RealDate {
  constructor(...given) {
    if (given.length === 0) super(now())
    else super(...given)
  }

  static now() {
    return now()
  }
}
