/** Rows of an answer in JSONEachRow: one a line. */
export function rowsOf<Row>(answer: string): Row[] {
  return answer
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row)
}
