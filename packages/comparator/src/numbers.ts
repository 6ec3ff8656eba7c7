export function count(n: number): string {
  return String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, '\u202f')
}

export function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`
}

export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`
  return `${Number((seconds / 3600).toPrecision(2))} h`
}

export function milliseconds(seconds: number): string {
  const ms = seconds * 1000
  return ms >= 10_000 ? `${Number(seconds.toPrecision(3))} s` : `${Number(ms.toPrecision(3))} ms`
}

/** Three digits, thousands apart. */
export function number(value: number): string {
  const rounded = Number(value.toPrecision(3))
  return Math.abs(rounded) >= 1000 ? count(rounded) : String(rounded)
}

export function signed(value: number, unit: string): string {
  const rounded = Number(value.toPrecision(2))
  return `${rounded > 0 ? '+' : ''}${rounded}${unit}`
}

export function tidy(value: number): string {
  return String(Number(value.toPrecision(6)))
}
