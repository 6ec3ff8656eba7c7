/**
 * What the events of a service say of each flag, most evaluated first: since a time or, where that is 0, in the hour before
 * the last event, which is looked for as far back as is said. Tables of older exporters have no EventName: a key shows what is an evaluation.
 */
export const evaluations = (logs: string): string => `
  SELECT
    LogAttributes['feature_flag.key'] AS flag,
    count() AS evaluations,
    groupUniqArrayIf(10)(LogAttributes['feature_flag.provider.name'],
      LogAttributes['feature_flag.provider.name'] != '') AS providers,
    groupUniqArrayIf(10)(LogAttributes['feature_flag.result.reason'],
      LogAttributes['feature_flag.result.reason'] != '') AS reasons,
    countIf(LogAttributes['error.type'] != '') AS errors,
    groupUniqArrayIf(10)(LogAttributes['error.type'], LogAttributes['error.type'] != '') AS errorTypes,
    toUnixTimestamp64Milli(min(Timestamp)) AS firstMs,
    toUnixTimestamp64Milli(max(Timestamp)) AS lastMs
  FROM ${logs}
  WHERE ServiceName = {service:String} AND LogAttributes['feature_flag.key'] != ''
    AND Timestamp >= if({sinceMs:Int64} > 0, fromUnixTimestamp64Milli({sinceMs:Int64}), (
      SELECT max(Timestamp) - INTERVAL 1 HOUR
      FROM ${logs}
      WHERE ServiceName = {service:String} AND LogAttributes['feature_flag.key'] != ''
        AND Timestamp >= fromUnixTimestamp64Milli({lookBackMs:Int64})))
  GROUP BY flag
  ORDER BY evaluations DESC, flag
  LIMIT 100`
