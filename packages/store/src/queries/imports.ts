export const rememberImport = `
  INSERT INTO coalmine_imports (File, Line, Bytes, Finished, Totals)
  SELECT {file:String}, {line:UInt64}, {bytes:UInt64}, {finished:Bool}, {totals:String}`

export const importSoFar = `
  SELECT Line AS line, Bytes AS bytes, Finished AS finished, Totals AS totals
  FROM coalmine_imports
  WHERE File = {file:String}
  ORDER BY At DESC
  LIMIT 1`
