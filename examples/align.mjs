// Aligns a motor on the beam without any server: the demo beamline in this process.
// Run `npm run build` once, then `node examples/align.mjs`.

import { openBeamline } from 'bandoneon'

const beamline = await openBeamline('demo.yaml', {
  data: 'bandoneon-data/align', // a folder of its own: the demo may be running beside
  onOutput: (line) => console.log(line),
})
try {
  const scan = await beamline.scan.ascan('mot01', 0, 1, 20, 0.01)
  const peak = scan.peak('ct01')
  console.log(`the beam is at ${peak} mm`)
  await beamline.move({ mot01: peak })
  console.log(await beamline.positions('mot01'), 'saved in', scan.file)
} finally {
  await beamline.close()
}
