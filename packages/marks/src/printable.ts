const printable = /^[^\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]*$/

/**
 * Whether a text from outside may become an attribute: control characters would forge lines in whatever prints it, and
 * those that turn the direction of writing would disguise it.
 *
 * @example isPrintable('cart:7') // true; of 'cart\n7' false
 */
export function isPrintable(text: string): boolean {
  return printable.test(text)
}
