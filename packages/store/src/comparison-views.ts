import type { Engine } from './engine/engine.ts'
import type { Access } from './opening.ts'

/** What people look at beside the last verdict of a comparison: kept, so that it is the same when its spans are gone. */
export interface ComparisonViews {
  /** Keeps the view of a comparison, as JSON, and says whether it did: not where nothing may be written, or the disk is full. */
  readonly keep: (comparison: string, view: string) => Promise<boolean>
  /** The view that was kept last, as JSON; undefined where there is none. */
  readonly of: (comparison: string) => Promise<string | undefined>
}

/** The views that an engine's store keeps. */
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

/** Keeps what is looked at beside the verdict of a comparison. */
export const keepView = `
  INSERT INTO coalmine_comparison_views
  SELECT {comparison:String}, now64(3), {view:String}`

/** The view that was kept last. */
export const newestView = `
  SELECT View AS view
  FROM coalmine_comparison_views
  WHERE Comparison = {comparison:String}
  ORDER BY At DESC
  LIMIT 1`
