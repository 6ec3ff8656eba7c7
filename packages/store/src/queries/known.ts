export const knownServices = `
  SELECT ServiceName AS service
  FROM coalmine_traces
  WHERE Timestamp >= toDateTime64({from:UInt32}, 9)
  GROUP BY service
  ORDER BY count() DESC, service
  LIMIT 100`

/** What is stored of a service that no closed tick counts yet. */
export const openSpans = `
  SELECT
    uniqExact(intDiv(toUnixTimestamp(Timestamp), 5)) AS ticks,
    count() AS spans,
    toUnixTimestamp64Milli(min(Timestamp)) AS firstMs
  FROM coalmine_traces
  WHERE ServiceName = {service:String} AND Timestamp >= toDateTime64({from:UInt32}, 9)
    AND intDiv(toUnixTimestamp(Timestamp), 5) * 5 NOT IN
      (SELECT toUnixTimestamp(Tick) FROM coalmine_closed WHERE Service = {service:String})`

/** Builds and flag variants that closed ticks of a service have, most requests first. */
export const knownValues = `
  SELECT
    if(FlagKey = '', 'service.version', concat('coalmine.flag.', FlagKey)) AS key,
    if(FlagKey = '', Build, FlagVariant) AS value,
    sum(Requests) AS requests,
    toUnixTimestamp(min(Tick)) AS first
  FROM coalmine_ticks
  WHERE Service = {service:String} AND FlagKey != '(instance)' AND (Tick, Batch) IN (
      SELECT Tick, argMax(Batch, ClosedAt) FROM coalmine_closed WHERE Service = {service:String} GROUP BY Tick)
  GROUP BY key, value
  HAVING value != ''
  ORDER BY requests DESC, key, value
  LIMIT 100`

/** The operations of closed ticks, most requests first. */
export const knownOperations = `
  SELECT Operation AS operation, sum(Requests) AS requests
  FROM coalmine_ticks
  WHERE Service = {service:String} AND FlagKey = ''
    AND (Tick, Batch) IN (
      SELECT Tick, argMax(Batch, ClosedAt) FROM coalmine_closed WHERE Service = {service:String} GROUP BY Tick)
  GROUP BY operation
  ORDER BY requests DESC, operation
  LIMIT 501`

/** What arrived from a service in the hour before its last span. */
export const doctor = `
  SELECT
    count() AS spans,
    toUnixTimestamp64Milli(min(Timestamp)) AS firstMs,
    toUnixTimestamp64Milli(max(Timestamp)) AS lastMs,
    countIf(SpanKind IN ('Server', 'Consumer', 'SPAN_KIND_SERVER', 'SPAN_KIND_CONSUMER')
      OR ParentSpanId IN ('', '0000000000000000')) AS requests,
    countIf(SpanAttributes['service.version'] != '' OR ResourceAttributes['service.version'] != '') AS withBuild,
    countIf(SpanAttributes['coalmine.flags'] != ''
      OR arrayExists(key -> startsWith(key, 'coalmine.flag.'), mapKeys(SpanAttributes))) AS withFlags,
    countIf(SpanAttributes['coalmine.test'] = 'true') AS test,
    countIf(SpanKind IN ('Server', 'SPAN_KIND_SERVER')
      AND (SpanAttributes['http.request.method'] != '' OR SpanAttributes['http.method'] != '')
      AND SpanAttributes['http.route'] = '') AS withoutRoute,
    groupUniqArray(20)(if(SpanAttributes['service.version'] != '',
      SpanAttributes['service.version'], ResourceAttributes['service.version'])) AS builds,
    groupUniqArrayArray(10000)(arrayConcat(
      arrayMap(key -> substring(key, 15),
        arrayFilter(key -> startsWith(key, 'coalmine.flag.'), mapKeys(SpanAttributes))),
      arrayMap(pair -> decodeURLComponent(splitByChar('=', pair)[1]),
        arrayFilter(pair -> position(pair, '=') > 1, splitByChar(';', SpanAttributes['coalmine.flags']))))) AS flags,
    groupUniqArray(50)(multiIf(
      ResourceAttributes['service.instance.id'] != '', ResourceAttributes['service.instance.id'],
      ResourceAttributes['k8s.pod.name'] != '', ResourceAttributes['k8s.pod.name'],
      ResourceAttributes['host.name'])) AS instances,
    groupUniqArray(10)((ResourceAttributes['telemetry.sdk.name'], ResourceAttributes['telemetry.sdk.language'],
      ResourceAttributes['telemetry.sdk.version'])) AS sdks
  FROM coalmine_traces
  WHERE ServiceName = {service:String} AND Timestamp >= (
    SELECT max(Timestamp) - INTERVAL 1 HOUR FROM coalmine_traces WHERE ServiceName = {service:String})`
