/** The codes of gRPC by their names, in the order of their numbers: grpc.io/docs/guides/status-codes */
const names: readonly string[] = [
  ...['OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS'],
  ...['PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNIMPLEMENTED'],
  ...['INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED'],
]

const listed = names.map((name) => `'${name}'`).join(', ')

/** The gRPC status code of a span, from a number or a name as gRPC and Connect spell it; 0 if it has none. */
export const grpcCode: string = `if(RpcStatus = '', toUInt16(0), transform(
      upper(RpcStatus),
      [${[...names.map((_, code) => `'${code}'`)].join(', ')},
        ${listed}, 'CANCELED'],
      [${[...names.keys(), ...names.keys(), 1].join(', ')}],
      toUInt16(0)))`

/** The name of GrpcCode. */
export const grpcName: string = `arrayElement([${listed}], GrpcCode + 1)`

/**
 * The name of a client error code: HTTP from 400 on, gRPC below.
 *
 * @example clientCodeName(16) // 'gRPC UNAUTHENTICATED'
 */
export function clientCodeName(code: number): string {
  return code >= 400 ? `HTTP ${code}` : `gRPC ${names[code]}`
}
