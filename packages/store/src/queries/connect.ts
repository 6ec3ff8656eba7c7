/** What a server is, and whether its user may set anything: not when `readonly` is 1. */
export const serverFacts = `
  SELECT version() AS version, getSetting('readonly') AS readonly`

/** What holds where nothing may be set. */
export const fixedSettings = `
  SELECT
    toString(getSetting('output_format_json_quote_64bit_integers')) IN ('1', 'true') AS quotesNumbers,
    toString(getSetting('allow_experimental_analyzer')) IN ('1', 'true') AS analyzes`
