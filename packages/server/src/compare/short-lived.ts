import type { InstanceLife } from '@coalmine/store'

// Fewer instances than these are processes, even if they served hardly anything.
const fewestInstances = 50
/** What an instance must serve, in the mean, for its requests to have anything in common. */
const fewestRequests = 3

/**
 * Whether instances live so briefly that they are requests rather than processes, as with one function call, or one PHP process, for
 * each request: they show nothing about hosts, and all of them are forever starting.
 *
 * @example areShortLived(lives) // true: 400 instances served 450 requests
 */
export function areShortLived(instances: readonly Pick<InstanceLife, 'requests'>[]): boolean {
  const requests = instances.reduce((sum, one) => sum + one.requests, 0)
  return instances.length >= fewestInstances && requests < fewestRequests * instances.length
}
