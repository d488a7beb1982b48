// mocha reporter: the spec output, and a summary file for test/run.mjs.
const { writeFileSync } = require('node:fs')
const { reporters } = require('mocha')

module.exports = class SummaryReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options)
    const skippedTitles = []
    runner.on('pending', (test) => skippedTitles.push(test.fullTitle()))
    runner.once('end', () => {
      const { passes, failures, pending } = runner.stats
      writeFileSync(options.reporterOptions.output, JSON.stringify({ passes, failures, pending, skippedTitles }))
    })
  }
}
