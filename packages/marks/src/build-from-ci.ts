import type { Build } from './build.ts'
import { defined, first } from './fields.ts'
import { readText } from './files.ts'

type Env = Readonly<Record<string, string | undefined>>

/** A build as found in environment variables, and the revision of the previous build. */
type FoundBuild = Omit<Build, 'service' | 'version' | 'changes'> & { readonly previous?: string }

/**
 * Reads a build from the documented variables of CI systems, hosting platforms and Kubernetes. CI variables are set where the
 * build is made; at run time they exist only if it runs there, or if the image keeps them.
 *
 * @example buildFromCi({ GITHUB_SHA: 'aeb1d71' }) // { revision: 'aeb1d71' }
 */
export function buildFromCi(env: Env): FoundBuild {
  return defined({
    // A name, such as Buildkite's `HEAD`, does not identify a build.
    revision: first(...revisionVariables.map((name) => /^[0-9a-f]{7,64}$/i.exec(env[name] ?? '')?.[0])),
    repository: first(githubRepository(env), ...repositoryVariables.map((name) => env[name])),
    change: first(...changeVariables.map((name) => /\d+$/.exec(env[name] ?? '')?.[0])),
    run: first(...runVariables.map((name) => env[name])),
    deployment: replicaSetOf(podName(env)) ?? first(env['VERCEL_DEPLOYMENT_ID'], env['HEROKU_RELEASE_VERSION']),
    instance: first(podName(env), env['RENDER_INSTANCE_ID'], env['DYNO']),
    previous: first(...previousVariables.map((name) => env[name])),
    merger: first(...mergerVariables.map((name) => env[name])),
    author: first(...authorVariables.map((name) => env[name]?.replace(/\s*<.*>$/, ''))),
    ...githubEvent(env),
  })
}

const revisionVariables = [
  'GITHUB_SHA',
  'CI_COMMIT_SHA', // GitLab
  'GIT_COMMIT', // Jenkins
  'BUILDKITE_COMMIT',
  'CIRCLE_SHA1',
  'BUILD_SOURCEVERSION', // Azure Pipelines
  'RENDER_GIT_COMMIT',
  'VERCEL_GIT_COMMIT_SHA',
  'HEROKU_SLUG_COMMIT',
]

const repositoryVariables = [
  'CI_PROJECT_URL', // GitLab; its CI_REPOSITORY_URL has a token in it
  'GIT_URL', // Jenkins
  'BUILDKITE_REPO',
  'CIRCLE_REPOSITORY_URL',
  'BUILD_REPOSITORY_URI', // Azure Pipelines
]

/** Each holds a number or ends with one, as CircleCI's URL does. GitHub's `refs/pull/12/merge` is read from the event. */
const changeVariables = [
  'CI_MERGE_REQUEST_IID', // GitLab
  'CHANGE_ID', // Jenkins
  'BUILDKITE_PULL_REQUEST',
  'CIRCLE_PULL_REQUEST',
  'CIRCLE_PR_NUMBER', // of a fork
  'SYSTEM_PULLREQUEST_PULLREQUESTNUMBER', // Azure Pipelines, of GitHub
  'SYSTEM_PULLREQUEST_PULLREQUESTID', // of Azure Repos
]

const runVariables = [
  'GITHUB_RUN_ID',
  'CI_PIPELINE_ID', // GitLab
  'BUILD_TAG', // Jenkins; its BUILD_ID is unique within one job only
  'BUILDKITE_BUILD_ID',
  'CIRCLE_WORKFLOW_ID',
  'BUILD_BUILDID', // Azure Pipelines
]

const previousVariables = [
  'CI_COMMIT_BEFORE_SHA', // GitLab
  'GIT_PREVIOUS_SUCCESSFUL_COMMIT', // Jenkins
]

/** Variables naming who started the pipeline: after a merge, that is who merged. */
const mergerVariables = [
  'GITHUB_ACTOR',
  'GITLAB_USER_LOGIN',
  'BUILDKITE_BUILD_CREATOR',
  'CIRCLE_USERNAME',
  'BUILD_REQUESTEDFOR', // Azure Pipelines
]

const authorVariables = [
  'CI_COMMIT_AUTHOR', // GitLab, `Name <address>`
  'CHANGE_AUTHOR', // Jenkins
  'BUILDKITE_BUILD_AUTHOR',
  'CIRCLE_PR_USERNAME', // of a fork
]

function githubRepository(env: Env): string | undefined {
  const repository = first(env['GITHUB_REPOSITORY'])
  return repository && `${first(env['GITHUB_SERVER_URL']) ?? 'https://github.com'}/${repository}`
}

interface GithubEvent {
  readonly before?: string
  readonly commits?: readonly { readonly message?: string; readonly author?: { readonly username?: string } }[]
  readonly pull_request?: {
    readonly number?: number
    readonly user?: { readonly login?: string }
    readonly merged_by?: { readonly login?: string } | null
  }
}

/** Reads the author of the change from GitHub Actions' event file. */
function githubEvent(env: Env): FoundBuild {
  const text = env['GITHUB_EVENT_PATH'] && readText(env['GITHUB_EVENT_PATH'])
  if (!text) return {}
  try {
    const { before, commits, pull_request: pull } = JSON.parse(text) as GithubEvent
    return defined({
      previous: before,
      change: pull?.number === undefined ? undefined : String(pull.number),
      author:
        pull?.user?.login ?? commits?.findLast(({ message = '' }) => !message.startsWith('Merge '))?.author?.username,
      merger: pull?.merged_by?.login,
    })
  } catch {
    return {}
  }
}

/** The pod's name, under the names used in the examples of Kubernetes, the Collector and the OpenTelemetry operator. */
function podName(env: Env): string | undefined {
  return first(
    env['POD_NAME'],
    env['MY_POD_NAME'],
    env['K8S_POD_NAME'],
    env['OTEL_RESOURCE_ATTRIBUTES_POD_NAME'],
    env['KUBERNETES_SERVICE_HOST'] && env['HOSTNAME'],
  )
}

/** A Deployment's pods are named `<deployment>-<template hash>-<random>`, using letters that spell no words. */
function replicaSetOf(pod: string | undefined): string | undefined {
  return /^(.+-[bcdfghjklmnpqrstvwxz2456789]{6,10})-[bcdfghjklmnpqrstvwxz2456789]{5}$/.exec(pod ?? '')?.[1]
}
