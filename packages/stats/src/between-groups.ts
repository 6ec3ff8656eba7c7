/** How much groups differ from each other beyond chance, and the degrees of freedom of that estimate. */
export interface Between {
  readonly sd: number
  readonly df: number
}

/**
 * The standard deviation of the true means of groups, from values of each: the one-way random-effects analysis of variance,
 * (MSB - MSW) / n0, groups of any sizes (Searle, Casella and McCulloch 1992, Variance Components, 3.6). Zero where the means
 * differ by no more than the spread within groups explains; undefined for fewer than two groups, or if no group has two
 * values.
 *
 * @example sdBetweenMeans([[1, 2, 3], [4, 5, 6]]) // { sd: 2.041, df: 1 }
 */
export function sdBetweenMeans(groups: readonly (readonly number[])[]): Between | undefined {
  const filled = groups.filter((group) => group.length > 0)
  const df = filled.length - 1
  const total = filled.reduce((sum, group) => sum + group.length, 0)
  if (df < 1 || total <= filled.length) return undefined
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  const grand = mean(filled.flat())
  const between = filled.reduce((sum, group) => sum + group.length * (mean(group) - grand) ** 2, 0) / df
  const within =
    filled.reduce((sum, group) => {
      const own = mean(group)
      return sum + group.reduce((squares, value) => squares + (value - own) ** 2, 0)
    }, 0) /
    (total - filled.length)
  return { sd: Math.sqrt(Math.max(0, between - within) / sizeFor(filled.map((group) => group.length))), df }
}

/**
 * The standard deviation of the logarithms of the true rates of groups, from the events of each beside those expected if all
 * had one rate: the moment estimator of DerSimonian and Laird 1986 for Poisson counts. Zero where the events differ by no
 * more than chance; undefined for fewer than two groups that expect any.
 *
 * @example sdBetweenRates([{ events: 30, expected: 20 }, { events: 10, expected: 20 }]) // { sd: 0.671, df: 1 }
 */
export function sdBetweenRates(
  groups: readonly { readonly events: number; readonly expected: number }[],
): Between | undefined {
  const expecting = groups.filter(({ expected }) => expected > 0)
  const df = expecting.length - 1
  if (df < 1) return undefined
  const chiSquare = expecting.reduce((sum, { events, expected }) => sum + (events - expected) ** 2 / expected, 0)
  const excess = Math.max(0, chiSquare / df - 1)
  return { sd: Math.sqrt(excess / sizeFor(expecting.map(({ expected }) => expected))), df }
}

/** The effective group size in both estimators: for equal groups, the size itself. */
function sizeFor(sizes: readonly number[]): number {
  const total = sizes.reduce((sum, size) => sum + size, 0)
  const squares = sizes.reduce((sum, size) => sum + size * size, 0)
  return (total - squares / total) / (sizes.length - 1)
}
