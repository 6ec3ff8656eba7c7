import { promisify } from 'node:util'
import { gunzip, inflate } from 'node:zlib'
import { ServerError } from '../errors.ts'

/** How large a request may be: as it comes, and unpacked. */
export const maxBodyBytes = 16_000_000
export const maxUnpackedBytes = 64_000_000

const unpack = { gzip: promisify(gunzip), deflate: promisify(inflate) }

/** The bytes of a request's body, unpacked as its `content-encoding` says. */
export async function unpackedBody(body: Buffer, encoding: string | undefined): Promise<Buffer> {
  const name = encoding?.trim().toLowerCase() ?? 'identity'
  if (name === 'identity' || name === '') return body
  if (name !== 'gzip' && name !== 'deflate')
    throw new ServerError('malformed', `content-encoding ${name}: expected gzip, deflate or none`, { status: 415 })
  try {
    return await unpack[name](body, { maxOutputLength: maxUnpackedBytes })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new ServerError(
        'malformed',
        `the body unpacks to more than ${maxUnpackedBytes} bytes; send smaller batches`,
        {
          cause,
          status: 413,
        },
      )
    throw new ServerError('malformed', `the body is not ${name}: ${(cause as Error).message}`, { cause })
  }
}
