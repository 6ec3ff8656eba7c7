/** A recurring window: hours on some days of the week. */
export interface TimeWindow {
  /** 0 is Sunday. */
  readonly days: readonly number[]
  /** Minutes since midnight; `to` is exclusive. */
  readonly from: number
  readonly to: number
}

const names = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

/**
 * Parses a window such as `Mon-Thu 09:00-16:00`, `Sat 10:00-12:00` or `09:00-17:00`; undefined if invalid.
 *
 * @example parseTimeWindow('Mon-Tue 09:00-16:00') // { days: [1, 2], from: 540, to: 960 }
 */
export function parseTimeWindow(text: string): TimeWindow | undefined {
  const match = /^(?:([a-z]{3})(?:-([a-z]{3}))? +)?(\d\d):(\d\d)-(\d\d):(\d\d)$/i.exec(text.trim())
  if (!match) return undefined
  const [, first = 'sun', last = match[1] ?? 'sat', ...clock] = match
  const [dayFrom, dayTo] = [names.indexOf(first.toLowerCase()), names.indexOf(last.toLowerCase())]
  const [fromHour, fromMinute, toHour, toMinute] = clock.map(Number) as [number, number, number, number]
  const [from, to] = [fromHour * 60 + fromMinute, toHour * 60 + toMinute]
  if (dayFrom < 0 || dayTo < 0 || fromMinute > 59 || toMinute > 59 || from >= to || to > 24 * 60) return undefined
  const length = ((dayTo - dayFrom + 7) % 7) + 1
  return { days: Array.from({ length }, (_, at) => (dayFrom + at) % 7), from, to }
}

/** Whether a time zone of that name exists. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/** Whether a time, in milliseconds since 1970, is inside one of the windows; always true if there are none. */
export function isInWindow(windows: readonly TimeWindow[], timeZone: string, atMs: number): boolean {
  if (windows.length === 0) return true
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(atMs)
  const part = (type: string): string => parts.find((one) => one.type === type)!.value
  const day = names.indexOf(part('weekday').toLowerCase())
  const minute = Number(part('hour')) * 60 + Number(part('minute'))
  return windows.some(({ days, from, to }) => days.includes(day) && minute >= from && minute < to)
}
