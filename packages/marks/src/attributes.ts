/**
 * Every attribute key that Coalmine writes on spans or reads from them.
 * Keys that begin with `coalmine.` are ours; the others belong to the OpenTelemetry semantic conventions.
 */

/** The service, on the resource. https://opentelemetry.io/docs/specs/semconv/registry/attributes/service/#service-name */
export const SERVICE_NAME = 'service.name'

/** Version of the build that made the span. https://opentelemetry.io/docs/specs/semconv/registry/attributes/service/#service-version */
export const SERVICE_VERSION = 'service.version'

/** Revision of the build, on the resource. https://opentelemetry.io/docs/specs/semconv/registry/attributes/vcs/#vcs-ref-head-revision */
export const REVISION = 'vcs.ref.head.revision'

/** The repository's URL, on the resource. https://opentelemetry.io/docs/specs/semconv/registry/attributes/vcs/#vcs-repository-url-full */
export const REPOSITORY = 'vcs.repository.url.full'

/** The pull or merge request, on the resource. https://opentelemetry.io/docs/specs/semconv/registry/attributes/vcs/#vcs-change-id */
export const CHANGE_ID = 'vcs.change.id'

/** The author of the change, on the resource. The semantic conventions have no attribute for it. */
export const CHANGE_AUTHOR = 'coalmine.change.author'

/** Who merged the change, on the resource. */
export const CHANGE_MERGER = 'coalmine.change.merger'

/** How many changes the build adds to the previous one. */
export const CHANGE_COUNT = 'coalmine.change.count'

/** The roll-out, on the resource. https://opentelemetry.io/docs/specs/semconv/registry/attributes/deployment/#deployment-id */
export const DEPLOYMENT = 'deployment.id'

/** The process, on the resource. https://opentelemetry.io/docs/specs/semconv/registry/attributes/service/#service-instance-id */
export const INSTANCE = 'service.instance.id'

/** The pipeline's run, on the resource. https://opentelemetry.io/docs/specs/semconv/registry/attributes/cicd/#cicd-pipeline-run-id */
export const RUN = 'cicd.pipeline.run.id'

/** `coalmine.flag.<key>` = variant: the variant of the flag that this request got. */
export const FLAG_PREFIX = 'coalmine.flag.'

/** All flags in one attribute, `a=on;b=off`; `;`, `=` and `%` inside a key or variant are percent-encoded. */
export const FLAGS = 'coalmine.flags'

/** The value of a flag that had two variants in one request. Such a request belongs to no cohort of that flag. */
export const MIXED = '(mixed)'

/** How many flags of this request were dropped because there were too many or they were too long. */
export const FLAGS_DROPPED = 'coalmine.flags.dropped'

/** Flags whose variant was chosen by targeting rather than at random, as `a;b`, percent-encoded like `coalmine.flags`. */
export const FLAGS_TARGETED = 'coalmine.flags.targeted'

/** On a local root: how many of its spans could not be held until it ended, and so may lack flags evaluated late. */
export const SPANS_EARLY = 'coalmine.spans.early'

/** True on every span of a request that is trusted test traffic. */
export const TEST = 'coalmine.test'

/** True when the request claims to be test traffic but is not trusted. It is judged like any other request. */
export const TEST_CLAIMED = 'coalmine.test.claimed'

/** Why a signed marker was not believed: `expired`, `other-audience`, `revoked`, `bad-signature`, `unknown-key`, `malformed`. */
export const TEST_REFUSED = 'coalmine.test.refused'

/** A baggage entry, not an attribute: the signed marker as it travels from service to service. */
export const TEST_MARKER = 'coalmine.test.marker'

/** The HTTP header that carries a signed marker from outside. */
export const TEST_HEADER = 'coalmine-test'

/** The test entities, as `kind:id` joined by commas: `user:42,cart:7`. */
export const TEST_ENTITY = 'coalmine.test.entity'

/** The named test run that the request belongs to: `load-7`. */
export const TEST_RUN = 'coalmine.test.run'

/** The owner of the test run, if its signed marker names one: `ana@shop.example`. */
export const TEST_OWNER = 'coalmine.test.owner'

/** When the request's signed marker expires, ISO 8601. Requests that carry it later are not trusted. */
export const TEST_EXPIRES = 'coalmine.test.expires'

/** `test` on test traffic. https://opentelemetry.io/docs/specs/semconv/registry/attributes/user-agent/#user-agent-synthetic-type */
export const SYNTHETIC_TYPE = 'user_agent.synthetic.type'

/** A group of real users that is reported separately: `beta`, `internal`. */
export const AUDIENCE = 'coalmine.audience'

/** `coalmine.via.<service>` = version: an upstream build that the request passed through. */
export const VIA_PREFIX = 'coalmine.via.'
