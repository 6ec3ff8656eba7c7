/** The headers that hold webhook signatures. */
export type SignatureHeader = 'x-hub-signature-256' | 'x-ld-signature' | 'x-growthbook-signature'

/** The secret for each header, if the server has it. */
export type WebhookSecrets = { readonly [Header in SignatureHeader]?: string | undefined }

/** The variable that holds each secret, and the prefix of the signature: an HMAC-SHA256 of the body, in hexadecimal. */
export const signatures: {
  readonly [Header in SignatureHeader]: { readonly variable: string; readonly prefix: string }
} = {
  'x-hub-signature-256': { variable: 'COALMINE_GITHUB_WEBHOOK_SECRET', prefix: '' },
  'x-ld-signature': { variable: 'COALMINE_LAUNCHDARKLY_WEBHOOK_SECRET', prefix: 'sha256=' },
  'x-growthbook-signature': { variable: 'COALMINE_GROWTHBOOK_WEBHOOK_SECRET', prefix: 'sha256=' },
}

/** All of these headers. */
export const signatureHeaders: readonly SignatureHeader[] = [
  'x-hub-signature-256',
  'x-ld-signature',
  'x-growthbook-signature',
]
