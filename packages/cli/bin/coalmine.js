#!/usr/bin/env node
// Any Node can parse this file, so that an old one is told what it needs instead of showing a syntax error.
var parts = process.versions.node.split('.')
if (Number(parts[0]) < 22 || (Number(parts[0]) === 22 && Number(parts[1]) < 15)) {
  console.error(
    'coalmine: needs Node 22.15 or newer, but this is ' + process.version + '. Run it with: npx -y -p node@24 coalmine ...',
  )
  process.exitCode = 69
} else {
  // Four are too few where four connections of the store's engine hold one each: files and gzip wait for them.
  process.env.UV_THREADPOOL_SIZE = process.env.UV_THREADPOOL_SIZE || '16'
  // Its modules are compiled once, and not for each command.
  process.getBuiltinModule('module').enableCompileCache()
  process.on('uncaughtException', bug)
  process.on('unhandledRejection', bug)
  import('../dist/run.js')
    .then(function (cli) {
      return cli.run(process)
    })
    .catch(bug)
}

function bug(error) {
  var what = error instanceof Error ? error.message : String(error)
  console.error('coalmine: a bug in coalmine, not in your release: ' + what)
  console.error('Please report it with the command you ran; COALMINE_DEBUG=1 shows where it happened.')
  if (process.env.COALMINE_DEBUG) console.error(error)
  process.exit(70)
}
