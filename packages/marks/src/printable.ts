const printable = /^[^\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]*$/

/**
 * Whether untrusted text may become an attribute. Control characters could forge lines where it is printed, and
 * bidirectional ones could disguise it.
 *
 * @example isPrintable('cart:7') // true; false for 'cart\n7'
 */
export function isPrintable(text: string): boolean {
  return printable.test(text)
}
