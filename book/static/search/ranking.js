// Finds the sections of the book that answer a query. It needs MiniSearch, the stemmer and the index; it runs in a browser and,
// for the tests, in Python.
var bookSearch = (({stopWords, pages, entries}) => {
  const stemmer = new Stemmer();
  const stops = new Set(stopWords);
  const BRITISH = [[/is(e|ed|er|es|ing|ation|ations)$/, "iz$1"], [/our(s|ed|ing|less)?$/, "or$1"], [/ll(ed|ing|er)$/, "l$1"],
    [/tre(s?)$/, "ter$1"], [/^grey/, "gray"], [/reparametri[sz]/, "reparameteriz"], [/^artefact/, "artifact"]];

  const known = new Map();

  // What a word is looked up as: without accents, in one spelling, without its ending; or null for a word that says nothing.
  const term = word => {
    if (!known.has(word)) known.set(word, stem(word));
    return known.get(word);
  };

  const stem = word => {
    let plain = word.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
    if (stops.has(plain) || /^[a-z]$/.test(plain)) return null;
    if (!/^[a-z]+$/.test(plain)) return plain;
    for (const [british, american] of BRITISH) plain = plain.replace(british, american);
    return stemmer.stemWord(plain);
  };

  const WORD = /[\p{L}\p{M}\p{N}]+/gu;
  const words = text => text.match(WORD) || [];
  const phrase = text => words(text).map(term).filter(Boolean).join(" ");

  const engine = new MiniSearch({
    fields: ["title", "names", "page", "text"],
    tokenize: words,
    processTerm: term,
    extractField: (entry, field) => ({
      id: entry.id, title: entry[2], names: entry[3].join(" "), page: pages[entry[0]][1], text: entry[4],
    })[field],
    searchOptions: {
      boost: {title: 4, names: 6, page: 1.5},
      boostDocument: id => entries[id][5],
      prefix: (word, number, all) => number === all.length - 1 && word.length > 2,
      fuzzy: word => word.length > 5 ? 0.2 : false,
      weights: {prefix: 0.3, fuzzy: 0.2},
    },
  });
  entries.forEach((entry, id) => { entry.id = id; });
  engine.addAll(entries);

  // Some words around those that were found, as [text, whether it was found] in turn.
  const LENGTH = 28;
  const excerpt = (text, terms) => {
    const found = [...text.matchAll(WORD)].map(({0: word, index}) => ({
      start: index, end: index + word.length, hit: terms.has(term(word)) && term(word),
    }));
    let first = 0, most = 0;
    const hits = found.flatMap(({hit}, place) => hit ? [place] : []);
    for (const place of hits) {
      const kinds = new Set(hits.filter(other => other >= place && other < place + LENGTH - 4).map(other => found[other].hit));
      if (kinds.size > most) [first, most] = [place < 8 ? 0 : place - 4, kinds.size];
    }
    const last = Math.min(found.length, first + LENGTH);
    if (first === last) return [];
    const pieces = [[first ? "… " : "", false]];
    let at = first ? found[first].start : 0;
    for (const {start, end, hit} of found.slice(first, last)) {
      if (hit) {
        pieces.push([text.slice(at, start), false], [text.slice(start, end), true]);
        at = end;
      }
    }
    pieces.push([last < found.length ? text.slice(at, found[last - 1].end) + " …" : text.slice(at), false]);
    return pieces.filter(([piece]) => piece);
  };

  // The sections for a query, best first, each with its address from the book's first page, its title, its page and an excerpt.
  const find = (query, most = 10) => {
    let found = engine.search(query, {combineWith: "AND"});
    if (!found.length) found = engine.search(query, {combineWith: "OR"});
    const wanted = phrase(query);
    const isName = /[a-z][A-Z]|\w[_.]\w/.test(query); // of something in a program: who writes one means the reference
    const exactly = ({id}) => {
      const [, , title, names] = entries[id];
      if (isName && title === query.trim()) return 20;
      return [title, ...names].some(name => phrase(name) === wanted) ? 4 : 1;
    };
    found = found.map(result => ({...result, score: result.score * exactly(result)})).sort((a, b) => b.score - a.score);
    const sections = found.slice(0, most).map(({id, score, terms}) => {
      const [page, anchor, title, , text] = entries[id];
      const [address, pageTitle] = pages[page];
      return {address: `${address}#${anchor}`, title, page: pageTitle, excerpt: excerpt(text, new Set(terms)), score};
    });
    return {count: found.length, sections};
  };
  return {find};
})(bookIndex);
