/**
 * Draws the pictures that the examples refer to: `node examples/pictures.ts`. They are ours, made of nothing but the shapes
 * below, so they may be used for anything.
 */
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'

interface Picture {
  file: string
  width: number
  height: number
  shapes: string
}

const stars = (count: number, width: number, height: number) =>
  Array.from({ length: count }, (_, index) => {
    // The golden ratio spreads them evenly without a pattern, and the same each time.
    const x = ((index * 0.618034) % 1) * width
    const y = ((index * 0.754877) % 1) * height
    return `<circle cx="${x.toFixed(0)}" cy="${y.toFixed(0)}" r="${index % 4 === 0 ? 1.8 : 1}" fill="#fff" opacity="${0.4 + (index % 5) * 0.12}"/>`
  }).join('')

const wave = (y: number, amplitude: number, length: number, width: number, bottom: number, fill: string) => {
  const crests = Array.from(
    { length: Math.ceil(width / length) + 1 },
    () => `q${length / 4} ${-amplitude} ${length / 2} 0t${length / 2} 0`,
  )
  return `<path d="M${-length / 2} ${y}${crests.join('')}V${bottom}H${-length / 2}z" fill="${fill}"/>`
}

const gradient = (id: string, stops: readonly [number, string][]) =>
  `<linearGradient id="${id}" x1="0" y1="0" x2="0" y2="1">${stops
    .map(([at, colour]) => `<stop offset="${at}" stop-color="${colour}"/>`)
    .join('')}</linearGradient>`

/** The same view by day and by night, so that a video can go from one to the other. */
function lighthouse(night: boolean): string {
  const [sky, tower, band, rock, seas] = night
    ? (['#0b1736', '#aab4cc', '#7c2634', '#151a2b', ['#16305c', '#10254a', '#0b1b38']] as const)
    : (['#4fa3dd', '#fbf7ee', '#d5382f', '#5a4a42', ['#2f86b5', '#21719f', '#155a83']] as const)
  const horizon = night ? '#39507f' : '#f7e3bd'
  const lamp = night ? '#fff3b0' : '#ffe27a'
  const bands = [0, 1, 2].map(index => {
    const top = 470 + index * 130
    const half = (y: number) => 44 + (y - 400) * 0.058
    return `<path d="M${330 - half(top)} ${top}H${330 + half(top)}L${330 + half(top + 62)} ${top + 62}H${330 - half(top + 62)}z" fill="${band}"/>`
  })
  return `
    <defs>${gradient('sky', [
      [0, sky],
      [1, horizon],
    ])}
    <radialGradient id="glow"><stop offset="0" stop-color="${lamp}"/><stop offset="1" stop-color="${lamp}" stop-opacity="0"/></radialGradient></defs>
    <rect width="600" height="1040" fill="url(#sky)"/>
    ${
      night
        ? `${stars(90, 600, 560)}<path d="M110 105A46 46 0 1 0 165 158A40 40 0 0 1 110 105z" fill="#f4f1de"/>
           <path d="M330 352L-40 210V300z" fill="${lamp}" opacity=".28"/><path d="M330 352L640 250V350z" fill="${lamp}" opacity=".28"/>`
        : `<circle cx="125" cy="170" r="58" fill="#fff2c4"/>
           <g fill="#fff" opacity=".85"><ellipse cx="440" cy="180" rx="90" ry="24"/><ellipse cx="490" cy="160" rx="56" ry="26"/><ellipse cx="70" cy="330" rx="80" ry="18"/><ellipse cx="530" cy="420" rx="70" ry="16"/></g>
           <g fill="none" stroke="#33506b" stroke-width="5" stroke-linecap="round"><path d="M180 290q14-16 28 0q14-16 28 0"/><path d="M110 410q11-12 22 0q11-12 22 0"/></g>`
    }
    ${wave(800, 10, 150, 600, 1040, seas[0])}
    <path d="M140 1040q10-130 80-150q40-50 110-46q80-4 110 50q90 20 100 146z" fill="${rock}"/>
    <path d="M286 400H374L402 870H258z" fill="${tower}"/>
    ${bands.join('')}
    <path d="M330 400H374L402 870H330z" fill="#000" opacity=".09"/>
    <rect x="274" y="386" width="112" height="18" rx="4" fill="${rock}"/>
    <rect x="298" y="322" width="64" height="66" fill="${night ? '#ffe9a0' : '#cfe8f5'}"/>
    <path d="M298 322V388M320 322V388M340 322V388M362 322V388" stroke="${rock}" stroke-width="5"/>
    <path d="M286 324Q330 262 374 324z" fill="${band}"/><rect x="326" y="262" width="8" height="26" fill="${rock}"/>
    ${night ? '<circle cx="330" cy="354" r="95" fill="url(#glow)"/>' : ''}
    <path d="M318 868V824a12 12 0 0 1 24 0V868z" fill="${rock}"/>
    <rect x="322" y="640" width="16" height="26" rx="8" fill="${night ? '#ffe9a0' : rock}"/>
    ${wave(905, 12, 120, 600, 1040, seas[1])}${wave(965, 14, 180, 600, 1040, seas[2])}`
}

function bicycle(): string {
  const wheel = (x: number) => {
    const spokes = Array.from({ length: 10 }, (_, index) => {
      const angle = (index * Math.PI) / 10
      const [dx, dy] = [Math.cos(angle) * 148, Math.sin(angle) * 148]
      return `M${(x - dx).toFixed(1)} ${(610 - dy).toFixed(1)}L${(x + dx).toFixed(1)} ${(610 + dy).toFixed(1)}`
    })
    return `<circle cx="${x}" cy="610" r="160" stroke="#23262b" stroke-width="20"/><circle cx="${x}" cy="610" r="145" stroke="#b9bec6" stroke-width="6"/>
      <path d="${spokes.join('')}" stroke="#9aa1ab" stroke-width="2.5"/><circle cx="${x}" cy="610" r="13" fill="#23262b"/>`
  }
  return `
    <rect width="900" height="900" fill="#f3d9a4"/><rect width="900" height="560" fill="#f0c987"/>
    <rect x="90" y="90" width="230" height="300" rx="8" fill="#7fb7be"/><path d="M205 90V390M90 240H320" stroke="#fff" stroke-width="14"/><rect x="90" y="90" width="230" height="300" rx="8" fill="none" stroke="#fff" stroke-width="18"/>
    <g fill="#3f7d58"><circle cx="120" cy="392" r="26"/><circle cx="165" cy="380" r="32"/><circle cx="215" cy="386" r="30"/><circle cx="262" cy="378" r="34"/><circle cx="300" cy="394" r="24"/></g>
    <g fill="#e4572e"><circle cx="150" cy="372" r="10"/><circle cx="206" cy="366" r="10"/><circle cx="258" cy="360" r="10"/><circle cx="292" cy="384" r="9"/></g>
    <rect x="76" y="404" width="258" height="36" rx="6" fill="#9c5c33"/>
    <rect y="770" width="900" height="130" fill="#c9a877"/><path d="M0 770H900" stroke="#a9855a" stroke-width="8"/>
    <ellipse cx="450" cy="778" rx="390" ry="16" fill="#8d6c43" opacity=".5"/>
    <g fill="none" stroke-linecap="round" stroke-linejoin="round">${wheel(240)}${wheel(660)}
      <path d="M240 610L350 380H590L430 610zM330 340L430 610" stroke="#d62828" stroke-width="24"/>
      <path d="M660 610L585 330" stroke="#d62828" stroke-width="24"/>
      <path d="M575 330q-8-60 40-62q60 0 76 26" stroke="#23262b" stroke-width="18"/>
      <path d="M270 334H392" stroke="#4a2c1a" stroke-width="34"/>
      <circle cx="430" cy="610" r="40" stroke="#23262b" stroke-width="12"/><path d="M430 610L478 660M456 662H506" stroke="#23262b" stroke-width="14"/>
      <path d="M240 594L430 572M240 626L430 648" stroke="#555b63" stroke-width="6"/>
      <path d="M86 560a164 164 0 0 1 130-112M510 540a164 164 0 0 1 110-92" stroke="#d62828" stroke-width="14"/></g>
    <path d="M590 352H670" stroke="#23262b" stroke-width="10"/><rect x="664" y="330" width="120" height="84" rx="10" fill="#b9834a"/><path d="M664 356H784M664 384H784M694 330V414M724 330V414M754 330V414" stroke="#8f5f30" stroke-width="6"/>
    <g fill="#fff"><circle cx="690" cy="322" r="15"/><circle cx="724" cy="312" r="17"/><circle cx="758" cy="322" r="15"/></g><g fill="#f2b134"><circle cx="690" cy="322" r="6"/><circle cx="724" cy="312" r="7"/><circle cx="758" cy="322" r="6"/></g>`
}

function boat(): string {
  return `
    <defs>${gradient('dusk', [
      [0, '#2b2a5c'],
      [0.45, '#a04c7d'],
      [0.8, '#f28c5a'],
      [1, '#ffd27a'],
    ])}${gradient('water', [
      [0, '#e98d5b'],
      [0.35, '#7d4a78'],
      [1, '#232450'],
    ])}</defs>
    <rect width="1040" height="600" fill="url(#dusk)"/>
    ${stars(40, 1040, 170)}
    <circle cx="730" cy="372" r="74" fill="#ffe9b0"/>
    <path d="M0 380L120 330L210 362L330 310L450 372L560 350L640 384H0z" fill="#5d3566" opacity=".75"/>
    <path d="M780 384L900 338L1040 372V390H780z" fill="#5d3566" opacity=".6"/>
    <rect y="382" width="1040" height="218" fill="url(#water)"/>
    <g fill="#ffe4a6" opacity=".75">${[0, 1, 2, 3, 4, 5, 6].map(row => `<rect x="${730 - 70 + row * 6}" y="${392 + row * 24}" width="${140 - row * 12}" height="${5 + (row % 2) * 2}" rx="3"/>`).join('')}</g>
    <path d="M402 452V96" stroke="#2a1a2e" stroke-width="8"/>
    <path d="M412 104Q560 250 548 418H412z" fill="#fff4df"/><path d="M412 104Q470 260 466 418H412z" fill="#000" opacity=".07"/>
    <path d="M392 140Q300 280 262 418H392z" fill="#e85d4a"/>
    <path d="M402 92l54 14l-54 16z" fill="#ffd27a"/>
    <path d="M222 446H592Q566 520 508 520H300Q248 516 222 446z" fill="#3b2036"/><path d="M222 446H592l-7 18H229z" fill="#f5e6d0"/>
    <path d="M300 524H508Q470 560 404 560Q340 560 300 524z" fill="#1c1236" opacity=".45"/>
    <g stroke="#ffd9a8" stroke-width="4" stroke-linecap="round" opacity=".6"><path d="M60 470h90M880 480h100M150 540h120M620 556h140M820 540h60M30 580h70"/></g>
    <g fill="none" stroke="#2a1a2e" stroke-width="4" stroke-linecap="round"><path d="M150 180q12-14 24 0q12-14 24 0"/><path d="M230 130q10-11 20 0q10-11 20 0"/></g>`
}

const pictures: readonly Picture[] = [
  { file: 'lighthouse.png', width: 600, height: 1040, shapes: lighthouse(false) },
  { file: 'lighthouse-night.png', width: 600, height: 1040, shapes: lighthouse(true) },
  { file: 'bicycle.png', width: 900, height: 900, shapes: bicycle() },
  { file: 'boat.jpg', width: 1040, height: 600, shapes: boat() },
]

for (const { file, width, height, shapes } of pictures) {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">${shapes}</svg>`
  const picture = sharp(Buffer.from(svg)).flatten({ background: '#000' })
  const encoded = file.endsWith('.jpg')
    ? picture.jpeg({ quality: 88 })
    : picture.png({ palette: true, effort: 10 })
  const target = fileURLToPath(new URL(`./pictures/${file}`, import.meta.url))
  const { size } = await encoded.toFile(target)
  console.log(`${file}: ${width}×${height}, ${size} bytes`)
}
