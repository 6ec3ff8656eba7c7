import { sql } from '../sql.ts'

const ofAsked = `({service:String} = '' OR Service = {service:String})`

// The newest sum of each hour.
const newestSums = sql`
SELECT Service, Hour, argMax(Sum, At) AS Newest
FROM coalmine_summed_flag_hours
WHERE ${ofAsked}
  AND Hour >= fromUnixTimestamp({from:UInt32}) AND Hour < fromUnixTimestamp({to:UInt32})
GROUP BY Service, Hour`

/** Days of one service, or of all, whose sums are missing or older than their hours, newest first, with checksums of these hours. */
export const unsummedFlagDays: string = sql`
  SELECT Service AS service, toUnixTimestamp(Day) AS day, toString(Hours) AS hours
  FROM (
    SELECT Service, toStartOfDay(Hour) AS Day, sum(cityHash64(Hour, Newest)) AS Hours
    FROM (
      ${newestSums}
    )
    GROUP BY Service, Day
  ) AS there
  LEFT JOIN (
    SELECT Service, Day, argMax(Hours, At) AS Summed
    FROM coalmine_summed_flag_days
    WHERE ${ofAsked}
      AND Day >= fromUnixTimestamp({from:UInt32}) AND Day < fromUnixTimestamp({to:UInt32})
    GROUP BY Service, Day
  ) AS summed USING (Service, Day)
  WHERE Hours != Summed
  ORDER BY day DESC, service`

/** Sums up a day of some services. */
export const sumFlagDay: string = sql`
  INSERT INTO coalmine_flag_days (
    Sum, Service, Day, Environment, Build, Flag, Variant, Requests, FirstTick, LastTick)
  SELECT
    {sum:UInt64}, Service, fromUnixTimestamp({from:UInt32}), Environment, Build, Flag, Variant,
    sum(Requests), min(FirstTick), max(LastTick)
  FROM coalmine_flag_hours
  WHERE Service IN {services:Array(String)}
    AND Hour >= fromUnixTimestamp({from:UInt32}) AND Hour < fromUnixTimestamp({to:UInt32})
    AND (Service, Hour, Sum) IN (
      ${newestSums}
    )
  GROUP BY Service, Environment, Build, Flag, Variant`

/** Makes the sum of a day count, with the checksum of the hours that it was made of, taken before they were read. */
export const commitFlagDay = `
  INSERT INTO coalmine_summed_flag_days (Service, Day, Sum, Hours)
  SELECT row.1 AS Service, fromUnixTimestamp({from:UInt32}) AS Day, {sum:UInt64} AS Sum, toUInt64(row.2) AS Hours
  FROM (SELECT arrayJoin(arrayZip({services:Array(String)}, {hours:Array(String)})) AS row)`
