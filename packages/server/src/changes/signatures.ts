/** A header in which a tool signs its webhooks. */
export type SignatureHeader = 'x-hub-signature-256' | 'x-ld-signature'

/** The secret that each is signed with, where the server knows it. */
export type WebhookSecrets = { readonly [Header in SignatureHeader]?: string | undefined }

/** Where each has its secret from, and what stands before the signature: all are HMAC-SHA256 of the body, in hexadecimal. */
export const signatures: {
  readonly [Header in SignatureHeader]: { readonly variable: string; readonly prefix: string }
} = {
  'x-hub-signature-256': { variable: 'COALMINE_GITHUB_WEBHOOK_SECRET', prefix: '' },
  'x-ld-signature': { variable: 'COALMINE_LAUNCHDARKLY_WEBHOOK_SECRET', prefix: 'sha256=' },
}

/** The headers. */
export const signatureHeaders: readonly SignatureHeader[] = ['x-hub-signature-256', 'x-ld-signature']
