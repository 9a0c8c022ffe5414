// Preloaded into the command line: its wall clock is wrong by MFA_TEST_CLOCK_MINUTES.
const SHIFT = Number(process.env.MFA_TEST_CLOCK_MINUTES ?? 0) * 60_000
const RealDate = Date

globalThis.Date = class extends RealDate {
  constructor(...given) {
    if (given.length === 0) super(RealDate.now() + SHIFT)
    else super(...given)
  }

  static now() {
    return RealDate.now() + SHIFT
  }
}
