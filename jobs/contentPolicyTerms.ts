const list = (terms: string) => terms.split(',').map(term => term.trim())

/**
 * Vocabulary of the content policy: English, lower case, singular (a plural in -s is found too). Single words are compared
 * with whole words, phrases with neighbouring ones.
 */
export const POLICY_TERMS = {
  /** Denote somebody under 18, whoever else is in the picture. */
  minor: list(`child, children, childlike, kid, kiddie, kiddo, minor, underage, underaged, under age,
    infant, toddler, newborn, baby, babies, juvenile, adolescent, teen, teenage, teenaged, teenager, preteen, pre teen, tween,
    pubescent, prepubescent, loli, lolita, shota, jailbait, barely legal, schoolgirl, schoolboy, schoolchild, schoolchildren,
    schoolkid, school girl, school boy, school child, school kid, high school, highschool, highschooler, high schooler,
    middle school, middle schooler, elementary school, primary school, grade school, grade schooler, kindergarten,
    kindergartner, kindergartener, preschool, preschooler, grandchild, stepchild, youngster, little girl, little boy, young girl,
    young boy, small girl, small boy, tiny girl, tiny boy, baby girl, baby boy, little sister, little brother`),
  /** Denote a minor or an adult: only a stated adult age, or "adult", makes the difference. */
  ambiguous: list(
    `girl, boy, girlie, daughter, son, stepdaughter, stepson, granddaughter, grandson, niece, nephew, youth, lad`,
  ),
  sexual:
    list(`nude, nudity, nudist, naked, nakedness, topless, bottomless, undressed, undressing, undress, unclothed, unclad,
    disrobed, bare breast, bare breasted, bare chested, bare butt, bare ass, no clothes, without clothes, no clothing,
    without clothing, no underwear, no panties, wearing nothing, sex, sexy, sexual, sexually, sexualized, sexualised, seductive,
    seductively, sensual, sultry, erotic, erotica, lewd, nsfw, xxx, porn, porno, pornography, pornographic, hentai, ahegao, horny,
    aroused, arousal, orgasm, intercourse, masturbate, masturbating, masturbation, blowjob, blow job, handjob, fellatio,
    cunnilingus, deepthroat, creampie, cum, cumshot, semen, anal, gangbang, threesome, orgy, incest, rape, raped, raping, molest,
    molested, molesting, fuck, fucked, fucking, penetrated, penetration, doggystyle, doggy style, missionary position, genital,
    genitalia, penis, penises, vagina, vulva, pussy, dick, cock, clitoris, breast, boob, tit, titties, nipple, areola, cleavage,
    buttock, butt, ass, asses, crotch, cameltoe, camel toe, upskirt, spread leg, leg spread, lingerie, underwear, panty,
    panties, thong, negligee, striptease, strip tease, stripper, stripping, fetish, bdsm, bondage, kinky, slut, slutty, whore,
    prostitute, see through, fondle, fondled, fondling, groped, groping`),
  /** Sexualise minors by themselves. */
  refused:
    list(`lolicon, shotacon, toddlercon, pedo, pedophile, pedophilia, pedophilic, paedo, paedophile, paedophilia,
    childporn, csam`),
  /** Taken out before anything else is looked for: they only look like a term. */
  harmless:
    list(`naked eye, baby blue, baby pink, baby oil, baby doll, kid glove, kid leather, minor key, minor chord,
    minor scale, minor detail, ursa minor, asia minor, chicken breast, breast pocket, no child, no children, no kid,
    no minor, without child, without children, without kid, without minor, not a child, not a minor`),
} as const satisfies Record<string, readonly string[]>

export type TermKind = keyof typeof POLICY_TERMS
