/** Where marks are drawn, in the pixels of an SVG. */
export interface Area {
  readonly width: number
  readonly height: number
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}
