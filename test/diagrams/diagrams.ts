/** A box of a diagram, in pixels; the one that the diagram is about has an accent. */
export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly heading: string
  readonly lines?: readonly string[]
  readonly accent?: boolean
}

/** A diagram of the documentation; arrows are SVG paths. */
export interface Diagram {
  readonly name: string
  readonly title: string
  readonly width: number
  readonly height: number
  readonly boxes: readonly Box[]
  readonly arrows: readonly string[]
  readonly labels: readonly { readonly x: number; readonly y: number; readonly text: string }[]
}

const spansToVerdict: Diagram = {
  name: 'spans-to-verdict',
  title: 'How spans become a verdict',
  width: 860,
  height: 190,
  boxes: [
    { x: 5, y: 20, width: 150, height: 56, heading: 'stable 1.9.0', lines: ['spans with marks'] },
    { x: 5, y: 114, width: 150, height: 56, heading: 'canary 2.0.0', lines: ['spans with marks'] },
    {
      x: 215,
      y: 50,
      width: 190,
      height: 90,
      heading: 'store',
      lines: ['sums up every 5 seconds', 'by operation, build, flag', 'and instance'],
    },
    {
      x: 455,
      y: 50,
      width: 190,
      height: 90,
      heading: 'comparator',
      lines: ['weighs canary against stable', 'in the same 5 seconds,', 'as often as you look'],
      accent: true,
    },
    { x: 705, y: 8, width: 150, height: 36, heading: 'PASS' },
    { x: 705, y: 54, width: 150, height: 36, heading: 'FAIL, and why' },
    { x: 705, y: 100, width: 150, height: 36, heading: 'INCONCLUSIVE' },
    { x: 705, y: 146, width: 150, height: 36, heading: 'INVALID' },
  ],
  arrows: [
    'M155 48 H185 V84 H213',
    'M155 142 H185 V106 H213',
    'M405 95 H453',
    'M645 95 H675 V26 H703',
    'M645 95 H675 V72 H703',
    'M645 95 H675 V118 H703',
    'M645 95 H675 V164 H703',
  ],
  labels: [{ x: 80, y: 100, text: 'OTLP, Collector, files' }],
}

const inAPipeline: Diagram = {
  name: 'in-a-pipeline',
  title: 'Where Coalmine stands in a pipeline',
  width: 860,
  height: 190,
  boxes: [
    { x: 5, y: 70, width: 120, height: 50, heading: 'build and test' },
    { x: 165, y: 70, width: 140, height: 50, heading: 'deploy canary', lines: ['prints the link'] },
    {
      x: 345,
      y: 60,
      width: 190,
      height: 70,
      heading: 'coalmine watch',
      lines: ['or a gate of Argo Rollouts,', 'Flagger, Spinnaker'],
      accent: true,
    },
    { x: 700, y: 10, width: 155, height: 44, heading: 'promote' },
    { x: 700, y: 73, width: 155, height: 44, heading: 'wait, or ask' },
    { x: 700, y: 136, width: 155, height: 44, heading: 'roll back', lines: ['and tell the author'] },
  ],
  arrows: ['M125 95 H163', 'M305 95 H343', 'M535 95 H560 V32 H698', 'M535 95 H698', 'M535 95 H560 V158 H698'],
  labels: [
    { x: 625, y: 26, text: 'PASS (0)' },
    { x: 625, y: 89, text: 'INCONCLUSIVE (2)' },
    { x: 625, y: 152, text: 'FAIL (1)' },
  ],
}

const rollout: Diagram = {
  name: 'rollout',
  title: 'The line of a rollout',
  width: 860,
  height: 170,
  boxes: [
    { x: 5, y: 10, width: 140, height: 50, heading: '1 host', lines: ['for 30 minutes'] },
    { x: 243, y: 10, width: 140, height: 50, heading: '10 %', lines: ['of the traffic'] },
    { x: 481, y: 10, width: 140, height: 50, heading: '50 %', lines: ['of the traffic'] },
    { x: 715, y: 10, width: 140, height: 50, heading: 'everybody', accent: true },
    { x: 243, y: 120, width: 378, height: 44, heading: 'back to stable, within seconds' },
  ],
  arrows: ['M145 35 H241', 'M383 35 H479', 'M621 35 H713', 'M75 60 V142 H241', 'M313 60 V118', 'M551 60 V118'],
  labels: [
    { x: 193, y: 27, text: 'judged' },
    { x: 431, y: 27, text: 'judged' },
    { x: 667, y: 27, text: 'judged' },
    { x: 103, y: 100, text: 'worse' },
    { x: 341, y: 94, text: 'worse' },
    { x: 579, y: 94, text: 'worse' },
  ],
}

/** All of them. */
export const diagrams: readonly Diagram[] = [spansToVerdict, inAPipeline, rollout]
