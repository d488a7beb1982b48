// Hosts, instruments, sessions and properties of drivers in a beamline file: what they come to, and every mistake with its place.
import assert from 'node:assert/strict'
import { parseBeamline } from '../../../../db-config/config/beamline-file.ts'
import { wholeWishOf } from '../../../../db-config/config/wish.ts'
import { DevFailed } from '../../../../tango/errors/dev-failed.ts'
import { DRIVERS, FULL as FILE } from './corpus.ts'

const parse = (text: string) => parseBeamline(text, 'full.yaml', { drivers: DRIVERS })

function findings(...replacements: readonly (readonly [string, string])[]): string[] {
  let text = FILE
  for (const [from, to] of replacements) {
    assert.ok(text.includes(from), `${from} is not in the file`)
    text = text.replace(from, to)
  }
  try {
    parse(text)
  } catch (error) {
    assert.ok(error instanceof DevFailed)
    return (error.errors[0]?.desc ?? '').split('\n')
  }
  return []
}

function finds(title: string, from: string, to: string, finding: RegExp): void {
  it(`finds ${title}`, () => {
    const found = findings([from, to])
    assert.ok(
      found.some((line) => finding.test(line)),
      `${finding} is not in\n${found.join('\n')}`,
    )
  })
}

describe('a beamline description', () => {
  describe('of hosts and servers', () => {
    it('gives each server with a host its start-up record', () => {
      const { hosts, servers, startup } = parse(FILE)
      assert.deepEqual(hosts, [
        { name: 'control1', description: 'in the hutch' },
        { name: 'control2', description: undefined },
      ])
      assert.deepEqual(servers, ['Controllers/full', 'Pool/full', 'MacroServer/full'])
      assert.deepEqual(startup, [
        { server: 'Controllers/full', host: 'control1', level: 4, controlled: true },
        { server: 'Pool/full', host: 'control2', level: 2, controlled: false },
      ])
    })

    it('puts all servers on the only host, the macro server last', () => {
      const { startup } = parse(FILE.replace('  - { name: control2 }\n', '').replace(', host: control2', ''))
      assert.deepEqual(
        startup.map(({ server, host, level }) => [server, host, level]),
        [
          ['Controllers/full', 'control1', 4],
          ['Pool/full', 'control1', 2],
          ['MacroServer/full', 'control1', 3],
        ],
      )
    })

    finds(
      'a host that is not listed',
      'host: control1',
      'host: contrl1',
      /:7:37: .*no host contrl1; did you mean control1\?/,
    )
    finds(
      'a host listed twice',
      '{ name: control2 }',
      '{ name: Control1 }',
      /:5:13: host Control1 is already named in line 4/,
    )
    finds(
      'a level without host',
      '- MacroServer/full',
      '- { name: MacroServer/full, level: 1 }',
      /:9:38: .*no host; add the field host/,
    )
    finds('a level that is none', 'level: 4', 'level: 100', /:7:54: .*level is 100, it should be 0 to 99/)
    finds(
      'a mode that is none',
      'controlled: false',
      'controlled: never',
      /controlled is "never", it should be true or false/,
    )
    finds(
      'a server that is none',
      '- MacroServer/full',
      '- MacroServer',
      /:9:5: servers: MacroServer should be executable\/instance/,
    )
  })

  describe('of instruments', () => {
    it('is a tree of which the parents come first', () => {
      assert.deepEqual(
        parse(FILE).instruments.map(({ name, class: nexus, elements }) => [name, nexus, elements]),
        [
          ['/slits', 'NXcollection', []],
          ['/slits/front', 'NXslit', ['left', 'right', 'top']],
          ['/diode', 'NXcollection', ['c1']],
        ],
      )
    })

    finds(
      'an element that does not exist',
      'elements: [c1]',
      'elements: [c9]',
      /:29:32: instrument \/diode: there is no motor or counter c9; did you mean c1\?/,
    )
    finds(
      'an element of two instruments',
      'elements: [c1]',
      'elements: [left]',
      /:29:32: .*left belongs to instrument \/slits\/front, see line 28; an element has one instrument/,
    )
    finds(
      'an axis of another instrument',
      'axis: 3, instrument: /slits/front',
      'axis: 3, instrument: /slits/frnt',
      /:20:43: top: there is no instrument \/slits\/frnt; did you mean \/slits\/front\?/,
    )
    finds('a group as element', 'elements: [c1]', 'elements: [mg]', /no motor or counter mg/)
    finds(
      'an instrument described twice',
      '{ name: /diode,',
      '{ name: /Slits/Front,',
      /:29:13: instrument \/Slits\/Front is already described in line 28/,
    )
    finds(
      'a path that is none',
      '{ name: /diode,',
      '{ name: diode,',
      /name is "diode", it should be a path like \/slits\/front/,
    )
    finds(
      'a class that is none',
      'class: NXslit',
      'class: Slit',
      /class is "Slit", it should be a NeXus class like NXslit/,
    )
  })

  describe('of sessions', () => {
    it('comes to elements and defaults, with what is taken over', () => {
      const sessions = parse(FILE).sessions.map(({ name, elements, defaults }) => ({ name, elements, defaults }))
      assert.deepEqual(sessions, [
        { name: 'everything', elements: ['left', 'right', 'top', 'alone', 'c1', 'c2', 'gap', 'mg'], defaults: {} },
        { name: 'slits', elements: ['left', 'right', 'top', 'gap'], defaults: { ScanDir: '/data', 'a.b': [1] } },
        {
          name: 'align',
          elements: ['left', 'right', 'c1', 'c2', 'gap', 'mg'],
          defaults: { ScanDir: '/tmp', 'a.b': [1], ActiveMntGrp: 'mg' },
        },
      ])
      const align = parse(FILE).sessions[2]
      assert.deepEqual(
        [align?.extends, align?.include, align?.exclude, align?.setup],
        [['slits'], ['mg'], ['top'], undefined],
      )
    })

    it('records elements, and has macros, with what is taken over', () => {
      const [, slits, align] = parse(FILE).sessions
      assert.deepEqual([slits?.metadata, slits?.techniques, slits?.macroPath], [['left'], {}, ['macros/slits']])
      assert.deepEqual(align?.metadata, ['left', 'c1'])
      assert.deepEqual(align?.techniques, { XRPD: ['right'], FLUO: ['c2', 'c1'] })
      assert.deepEqual(align?.macroPath, ['macros/align', 'macros/slits'])
    })

    it('does not record what was taken over and is excluded', () => {
      const text = FILE.replace('exclude: [top]', 'exclude: [left, gap]').replace('[/diode, left]', '[/diode]')
      assert.deepEqual(parse(text).sessions[2]?.metadata, ['c1'])
    })

    it('includes the axes of a controller by its name', () => {
      const { sessions } = parse(FILE.replace('include: [/slits, gap]', 'include: [rack]'))
      assert.deepEqual(sessions[1]?.elements, ['left', 'right', 'top', 'alone'])
    })

    finds(
      'a name that nothing has',
      'include: [mg]',
      'include: [mgg]',
      /:42:15: session align: there is no element, group or controller mgg; did you mean mg\?/,
    )
    finds(
      'an instrument that does not exist',
      '[/slits, gap]',
      '[/slit, gap]',
      /there is no instrument \/slit; did you mean \/slits\?/,
    )
    finds(
      'a session that names nothing',
      'include: [/slits, gap]',
      'include: []',
      /:33:11: session slits: it has no element/,
    )
    finds(
      'a session that extends one that does not exist',
      'extends: [slits]',
      'extends: [slit]',
      /there is no session slit; did you mean slits\?/,
    )
    finds(
      'sessions that extend each other',
      '    include: [/slits, gap]',
      '    extends: [align]',
      /the sessions extend each other: slits -> align -> slits/,
    )
    finds(
      'a session that extends itself',
      'extends: [slits]',
      'extends: [align]',
      /the sessions extend each other: align -> align/,
    )
    finds(
      'two sessions with one name',
      '{ name: everything }',
      '{ name: Slits }',
      /session slits is already described in line 32/,
    )
    finds(
      'a group without its members',
      'exclude: [top]',
      'exclude: [left]',
      /:43:15: session align: gap needs left, which is excluded; exclude gap too/,
    )
    finds(
      'an exclusion without effect',
      'exclude: [top]',
      'exclude: [alone]',
      /alone is excluded, but nothing includes it/,
    )
    finds(
      'an active group that does not exist',
      'ActiveMntGrp: mg, ',
      'ActiveMntGrp: nono, ',
      /session align: there is no measurement group nono/,
    )
    finds(
      'an active group of another session',
      'ScanDir: /data',
      'ActiveMntGrp: mg',
      /session slits: ActiveMntGrp mg is not in the session/,
    )
    finds(
      'an active group of the macro server that does not exist',
      'environment: { ActiveMntGrp: mg }',
      'environment: { ActiveMntGrp: mg2 }',
      /macroServer: there is no measurement group mg2; did you mean mg\?/,
    )
    finds(
      'a recorded element of another session',
      'XRPD: [right]',
      'XRPD: [alone]',
      /alone is to be recorded, but it is not in the session; include it/,
    )
    finds(
      'a recorded element that does not exist',
      'XRPD: [right]',
      'XRPD: [rigth]',
      /session align: there is no element, group or controller rigth; did you mean right\?/,
    )
    finds(
      'a recorded group',
      'metadata: [left]',
      'metadata: [gap]',
      /gap is a group; name what is to be recorded of it/,
    )
    finds(
      'techniques that are no map',
      'techniques: { XRPD: [right], FLUO: [c2, /diode] }',
      'techniques: [XRPD]',
      /session align, techniques: a list should be a map/,
    )
    finds(
      'a setup that cannot run',
      'sessions/slits.ts',
      'sessions/slits.py',
      /setup is "sessions\/slits\.py", it should be a TypeScript or JavaScript file/,
    )
    finds('a variable that is none', 'a.b: [1]', 'a b: [1]', /a b should be the name of an environment variable/)
  })

  describe('of groups and names', () => {
    finds(
      'a motor that is twice in a group',
      'motors: [left, right]',
      'motors: [left, left]',
      /motor left is there twice/,
    )
    finds('a motor group without motors', 'motors: [left, right]', 'motors: []', /it needs at least one motor/)
    finds(
      'a device that is the one of an axis',
      'device: pool/full/1',
      'device: Motor/Rack/1',
      /:10:36: device motor\/rack\/1 is the one of left; take another name/,
    )
    finds(
      'kinds of later versions',
      'hosts:',
      'pseudoMotors: []\nhosts:',
      /:3:1: beamline: pseudoMotors come with a later version/,
    )
    finds(
      'controllers of later versions',
      'type: counter',
      'type: PseudoMotor',
      /controller type PseudoMotor is not known; this version knows motor and counter/,
    )
    finds(
      'a name that YAML reads as a number',
      'name: alone',
      'name: 010',
      /:21:17: .*name is 010, which YAML reads as the number 10; put it in quotes: '010'/,
    )
  })

  describe('of properties', () => {
    it('writes them under their Tango names, in any spelling of the first letter', () => {
      const text = FILE.replace(
        'port: 5001',
        "Port: 5001, FAST: true, odd_name: 3, serial: 12, axes: 5, slots: [1, b], timeoutms: '7'",
      )
      assert.deepEqual(parse(text).controllers[0]?.properties, {
        Host: ['box.example'],
        Port: ['5001'],
        Fast: ['true'],
        Odd_Name: ['3'],
        Serial: ['12'],
        Axes: ['5'],
        Slots: ['1', 'b'],
        TimeoutMs: ['7'],
      })
    })

    it('leaves drivers alone of which only the name is known, and those of somebody else', () => {
      assert.deepEqual(findings(['driver: box', 'driver: plain'], ['port: 5001', 'any: thing']), [])
      assert.deepEqual(findings(['driver: box', 'driver: mine'], ['port: 5001', 'pluginPath: /beamline/drivers']), [])
    })

    const of = (title: string, to: string, finding: RegExp): void => finds(title, 'port: 5001', to, finding)
    of(
      'one that the driver has not',
      'prt: 5001',
      /:16:38: controller rack: driver box has no property prt; did you mean port\?/,
    )
    of(
      'a text for a whole number',
      'port: high',
      /:16:44: .*property port is "high", it should be a whole number from 1 to 65535/,
    )
    of('half a port', 'port: 1.5', /property port is 1\.5, it should be a whole number from 1 to 65535/)
    of('a number out of range', 'port: 0', /property port is 0, it should be a whole number from 1 to 65535/)
    of('a number that is too large', 'gain: 11', /property gain is 11, it should be a number of at most 10/)
    of('a number beyond what Tango can keep', 'axes: [3000000000]', /it should be a list of whole numbers/)
    of(
      'a unit',
      'timeoutMs: 5 ms',
      /property timeoutMs is "5 ms", it should be a whole number of at least 1 ms; leave the unit out/,
    )
    of('another unit', 'timeoutMs: 5 s', /; give it in ms, without the unit/)
    of('a word for true', 'fast: yes', /property fast is "yes", it should be true or false/)
    of(
      'a choice that there is not',
      'mode: clsed',
      /property mode is "clsed", it should be one of open, closed; did you mean closed\?/,
    )
    of('a list for one value', 'port: [1, 2]', /:16:44: .*property port is a list, it should be a whole number/)
    of('a map', 'serial: { a: 1 }', /property serial is a map, it should be a text/)
    of('nothing', 'serial: ', /property serial is empty, it should be a text/)
    of(
      'digits that would be lost',
      'serial: 007',
      /property serial is 007, which YAML reads as the number 7; put it in quotes: '007'/,
    )
    of('the same one twice', 'port: 1, Port: 2', /property Port is there twice/)
    of('one that the program sets', 'klass: x', /klass is set by the program; remove it/)
    finds(
      'a missing one',
      'host: box.example, ',
      '',
      /:12:5: controller rack: property host is missing \(a text\), or a simulator/,
    )
    finds(
      'a simulator of a driver without address',
      'driver: dummy,',
      'driver: dummy, simulator: s,',
      /driver dummy has no host and port, so it cannot use a simulator/,
    )
  })
})

describe('wholeWishOf', () => {
  const ids = new Map<string, number>()
  const idOf = (name: string): number => {
    const id = ids.get(name) ?? ids.size + 1
    ids.set(name, id)
    return id
  }
  const wish = wholeWishOf(parse(FILE), { idOf, boxes: {}, dataFolder: undefined })

  it('creates what is referred to before what refers to it', () => {
    const order = wish.devices.map((device) => device.class)
    const last = (name: string) => order.lastIndexOf(name)
    assert.ok(last('Controller') < order.indexOf('Pool'))
    assert.ok(last('Motor') < order.indexOf('MotorGroup'))
    assert.ok(last('CTExpChannel') < order.indexOf('MeasurementGroup'))
    assert.ok(last('MeasurementGroup') < order.indexOf('MacroServer'))
  })

  it('writes instruments as Sardana does: a list at the pool, a number at the element', () => {
    const pool = wish.devices.find((device) => device.class === 'Pool')
    const front = String(ids.get('bandoneon/instrument/slits/front'))
    assert.deepEqual(pool?.properties.InstrumentList?.slice(6, 9), ['NXslit', '/slits/front', front])
    const left = wish.devices.find((device) => device.alias === 'left')
    assert.deepEqual([left?.properties.Instrument, left?.properties.Instrument_id], [['/slits/front'], [front]])
    const alone = wish.devices.find((device) => device.alias === 'alone')
    assert.deepEqual([alone?.properties.Instrument, alone?.properties.Instrument_id], [[], []])
  })

  it('keeps instruments, sessions and start-up records', () => {
    assert.deepEqual(
      wish.objects.map(({ name }) => name),
      [
        'bandoneon/instrument/slits',
        'bandoneon/instrument/slits/front',
        'bandoneon/instrument/diode',
        'bandoneon/session/everything',
        'bandoneon/session/slits',
        'bandoneon/session/align',
      ],
    )
    assert.deepEqual(wish.objects[5]?.properties, {
      Name: ['align'],
      Description: ['mornings'],
      Extends: ['slits'],
      Include: ['mg'],
      Exclude: ['top'],
      Elements: ['left', 'right', 'c1', 'c2', 'gap', 'mg'],
      Defaults: ['ScanDir="/tmp"', 'a.b=[1]', 'ActiveMntGrp="mg"'],
      Metadata: ['left', 'c1'],
      Techniques: ['XRPD=["right"]', 'FLUO=["c2","c1"]'],
      MacroPath: ['macros/align', 'macros/slits'],
      Setup: [],
    })
    assert.equal(wish.servers.length, 2)
  })
})
