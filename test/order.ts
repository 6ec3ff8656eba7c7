import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** They take longest: started last, they would be waited for when everything else is done. */
const longest = /\/(matrix|cli|host|register|demo|identical|downstream|closing|fairness|calibration|page)\.test\.ts$/
/** Projects in the order in which they begin; a worker goes on with a file of the same project, and with what it has loaded. */
const projects = ['architecture', 'e2e', 'engine', 'contract', 'unit', 'pure']

/** Goes through the projects one by one, those that wait for processes first, and begins with what takes longest. */
export default class Order extends BaseSequencer {
  /** Called by vitest with the files that run together. */
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const rank = ({ project, moduleId }: TestSpecification): number =>
      2 * projects.indexOf(project.name) + (longest.test(moduleId) ? 0 : 1)
    return sorted.sort((a, b) => rank(a) - rank(b))
  }
}
