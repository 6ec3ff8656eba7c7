import type { Engine } from './engine/engine.ts'
import type { Access } from './opening.ts'

/** Details shown next to the last verdict of a comparison, stored so that they outlive its spans. */
export interface ComparisonViews {
  /** Stores the view of a comparison, as JSON. Resolves to false if the store is read-only or its disk is full. */
  readonly keep: (comparison: string, view: string) => Promise<boolean>
  /** The view stored last, as JSON; undefined if there is none. */
  readonly of: (comparison: string) => Promise<string | undefined>
}

/** Reads and keeps views in an engine's store. */
export function comparisonViewsOf(
  engine: Engine,
  { access, isSpent }: { readonly access: Access; readonly isSpent: () => boolean },
): ComparisonViews {
  return {
    keep: async (comparison, view) => {
      if (access !== 'all' || isSpent()) return false
      await engine.write(keepView, { comparison, view })
      return true
    },
    of: async (comparison) => {
      if (access === 'spans') return undefined
      const [row] = await engine.read<{ view: string }>(newestView, { comparison })
      return row?.view
    },
  }
}

/** Stores the view of a comparison. */
export const keepView = `
  INSERT INTO coalmine_comparison_views
  SELECT {comparison:String}, now64(3), {view:String}`

/** The view stored last. */
export const newestView = `
  SELECT View AS view
  FROM coalmine_comparison_views
  WHERE Comparison = {comparison:String}
  ORDER BY At DESC
  LIMIT 1`
