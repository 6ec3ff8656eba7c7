// Says plainly when the scripts do not run on the Node that this project's own install brings.
const major = Number(process.versions.node.split('.')[0])
if (major < 24) {
  console.error(
    `This project's scripts run on Node 24, which "npm ci" installs (devDependency "node"), but this is ${process.version}.\n` +
      'Run "npm ci" again without --ignore-scripts, and start the scripts with "npm run".',
  )
  process.exit(1)
}
