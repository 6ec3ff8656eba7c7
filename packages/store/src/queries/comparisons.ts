/** Inserts nothing, and is refused where nothing may be inserted. */
export const mayWrite = `
  INSERT INTO coalmine_comparisons SELECT * FROM coalmine_comparisons WHERE false`

export const comparisonStart = `
  SELECT toUnixTimestamp(argMin(Start, FirstLook)) AS start, count() AS looks
  FROM coalmine_comparisons
  WHERE Service = {service:String} AND Stable = {stable:String} AND Canary = {canary:String}`

export const rememberComparison = `
  INSERT INTO coalmine_comparisons
  SELECT {service:String}, {stable:String}, {canary:String}, fromUnixTimestamp({start:UInt32}), now64(3)`

export const rememberLook = `
  INSERT INTO coalmine_looks
  SELECT {service:String}, {stable:String}, {canary:String}, fromUnixTimestamp({end:UInt32}), now64(3)`

/** Which look it is that saw the data up to this end: how many ends were seen before it, and itself. */
export const looksSoFar = `
  SELECT countIf(first <= this) AS look
  FROM (
    SELECT DataEnd, min(At) AS first, anyIf(first, DataEnd = fromUnixTimestamp({end:UInt32})) OVER () AS this
    FROM coalmine_looks
    WHERE Service = {service:String} AND Stable = {stable:String} AND Canary = {canary:String}
    GROUP BY DataEnd)`

/** One row for each change: looking again at what is settled adds nothing. */
export const rememberVerdict = `
  INSERT INTO coalmine_verdicts
  SELECT {service:String}, {stable:String}, {canary:String}, {verdict:String}, now64(3)
  WHERE (
    SELECT argMax(Verdict, At) FROM coalmine_verdicts WHERE Service = {service:String} AND Canary = {canary:String}
  ) != {verdict:String}`

export const failedCanaries = `
  SELECT Canary AS canary
  FROM coalmine_verdicts
  WHERE Service = {service:String}
  GROUP BY Canary
  HAVING argMax(Verdict, At) = 'fail'
  ORDER BY max(At) DESC, Canary
  LIMIT 20`
