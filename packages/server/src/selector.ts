// How cohorts are chosen, without the server and its store.

export { parseSelector } from '@coalmine/store/selector'
