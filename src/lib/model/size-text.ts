const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB']

/** `812 bytes`, `1.4 MB`, `10 GB`: decimal, as disks are sold. */
export function sizeText(bytes: number): string {
  let [value, unit] = [bytes, 0]
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000
    unit += 1
  }
  return unit === 0
    ? `${bytes} ${bytes === 1 ? 'byte' : 'bytes'}`
    : `${Number(value.toPrecision(3))} ${UNITS[unit]}`
}
