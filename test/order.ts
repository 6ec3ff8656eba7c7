import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** They take longest, most of it waiting: started last, they would be waited for when everything else is done. */
const first = /\/(demo|matrix|identical|calibration|host)\.test\.ts$/

/** Begins with the files that take longest; the others come in vitest's order, project by project. */
export default class Order extends BaseSequencer {
  /** Called by vitest with the files that run together. */
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const long = sorted.filter(({ moduleId }) => first.test(moduleId))
    return [...long, ...sorted.filter(({ moduleId }) => !first.test(moduleId))]
  }
}
