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

/** Who wrote the change, on the resource: the conventions have no word for it. */
export const CHANGE_AUTHOR = 'coalmine.change.author'

/** Who merged it. */
export const CHANGE_MERGER = 'coalmine.change.merger'

/** How many changes the build has that the one before had not. */
export const CHANGE_COUNT = 'coalmine.change.count'

/** The roll-out, on the resource. https://opentelemetry.io/docs/specs/semconv/registry/attributes/deployment/#deployment-id */
export const DEPLOYMENT = 'deployment.id'

/** The process, on the resource. https://opentelemetry.io/docs/specs/semconv/registry/attributes/service/#service-instance-id */
export const INSTANCE = 'service.instance.id'

/** The pipeline's run, on the resource. https://opentelemetry.io/docs/specs/semconv/registry/attributes/cicd/#cicd-pipeline-run-id */
export const RUN = 'cicd.pipeline.run.id'

/** `coalmine.flag.<key>` = variant: which variant of the flag this request got. */
export const FLAG_PREFIX = 'coalmine.flag.'

/** All flags in one attribute, `a=on;b=off`; `;`, `=` and `%` inside a key or variant are percent-encoded. */
export const FLAGS = 'coalmine.flags'

/** The value of a flag that had two variants in one request: such a request is in no cohort of that flag. */
export const MIXED = '(mixed)'

/** How many flags of this request were left out, because of their number or their length. */
export const FLAGS_DROPPED = 'coalmine.flags.dropped'

/** Flags of this request whose variant targeting chose, `a;b`, encoded likewise: such users are chosen, not drawn. */
export const FLAGS_TARGETED = 'coalmine.flags.targeted'

/** On a local root: how many of its spans could not be held back for it, so that they may lack flags evaluated late. */
export const SPANS_EARLY = 'coalmine.spans.early'

/** True on every span of a request that is test traffic, and trusted to be. */
export const TEST = 'coalmine.test'

/** True when the request only says that it is test traffic. Such a request is judged like any other. */
export const TEST_CLAIMED = 'coalmine.test.claimed'

/** Why a signed marker was not believed: `expired`, `other-audience`, `revoked`, `bad-signature`, `unknown-key`, `malformed`. */
export const TEST_REFUSED = 'coalmine.test.refused'

/** Not an attribute but a baggage entry: the signed marker, on its way from service to service. */
export const TEST_MARKER = 'coalmine.test.marker'

/** The header that a signed marker comes in from outside. */
export const TEST_HEADER = 'coalmine-test'

/** What the test is about, as `kind:id`, several joined by commas: `user:42,cart:7`. */
export const TEST_ENTITY = 'coalmine.test.entity'

/** The named test run that the request belongs to: `load-7`. */
export const TEST_RUN = 'coalmine.test.run'

/** Who answers for the test run, where its signed marker says so: `ana@shop.example`. */
export const TEST_OWNER = 'coalmine.test.owner'

/** When the signed marker ends that the request came with, ISO 8601: no request of the run is believed after that. */
export const TEST_EXPIRES = 'coalmine.test.expires'

/** `test` on test traffic. https://opentelemetry.io/docs/specs/semconv/registry/attributes/user-agent/#user-agent-synthetic-type */
export const SYNTHETIC_TYPE = 'user_agent.synthetic.type'

/** Real users that are reported apart: `beta`, `internal`. */
export const AUDIENCE = 'coalmine.audience'

/** `coalmine.via.<service>` = version: a build that the request came through on its way here. */
export const VIA_PREFIX = 'coalmine.via.'
