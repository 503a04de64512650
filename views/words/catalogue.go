package words

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

//go:embed de.json
var germanTexts []byte

const (
	// pressedMark begins the key of what is pressed.
	pressedMark = "button|"
	// deepest is how often a text within a text is looked up.
	deepest = 4
	// remembered is how many texts a book keeps worded; past it, it begins anew.
	remembered = 8192
	// longest is how long a text may be to be looked up; longer ones are data.
	longest = 2000
)

// book is one language's catalogue, ready to be looked up.
type book struct {
	texts    map[string]string
	patterns map[string][]*pattern // by their rarest word
	// figures words what was not found.
	figures func(string) string

	mu    sync.RWMutex
	cache map[asked]answer
}

type asked struct {
	text    string
	pressed bool
}

type answer struct {
	said  string
	known bool
}

var (
	germanBook = sync.OnceValue(func() *book { return newBook(mustRead(germanTexts), germanFigures) })
	pseudoBook = sync.OnceValue(func() *book {
		marked := map[string]string{}
		for key := range mustRead(germanTexts) {
			marked[key] = pseudo(strings.TrimPrefix(key, pressedMark))
		}
		return newBook(marked, func(text string) string { return text })
	})
	plainBook = sync.OnceValue(func() *book {
		return newBook(nil, func(text string) string { return text })
	})
)

func bookOf(l Language) *book {
	switch l {
	case German:
		return germanBook()
	case Pseudo:
		return pseudoBook()
	}
	return plainBook()
}

// mustRead reads a catalogue that is part of the program: a test reads it before anybody else does.
func mustRead(catalogue []byte) map[string]string {
	texts, err := read(catalogue)
	if err != nil {
		panic(err)
	}
	return texts
}

func read(catalogue []byte) (map[string]string, error) {
	var texts map[string]string
	if err := json.Unmarshal(catalogue, &texts); err != nil {
		return nil, fmt.Errorf("read catalogue: %w", err)
	}
	return texts, nil
}

func newBook(texts map[string]string, figures func(string) string) *book {
	b := &book{texts: map[string]string{}, patterns: map[string][]*pattern{}, figures: figures, cache: map[asked]answer{}}
	var all []*pattern
	often := map[string]int{}
	for key, said := range texts {
		if !strings.Contains(key, "{") {
			b.texts[key] = said
			continue
		}
		p := compile(key, said)
		if p == nil {
			b.texts[key] = said
			continue
		}
		all = append(all, p)
		for _, word := range p.words() {
			often[word]++
		}
	}
	for _, p := range all {
		rarest := ""
		for _, word := range p.words() {
			if rarest == "" || often[word] < often[rarest] || often[word] == often[rarest] && (len(word) > len(rarest) || len(word) == len(rarest) && word < rarest) {
				rarest = word
			}
		}
		b.patterns[rarest] = append(b.patterns[rarest], p)
	}
	return b
}

// say words a text, or its figures where the catalogue does not know it.
func (b *book) say(text string, pressed bool) string {
	if len(text) > longest {
		return text
	}
	key := asked{text, pressed}
	b.mu.RLock()
	a, hit := b.cache[key]
	b.mu.RUnlock()
	if hit {
		return a.said
	}
	a.said, a.known = b.aroundQuotes(text, pressed)
	if !a.known {
		a.said, a.known = b.phrase(text, pressed, 0)
	}
	if !a.known {
		a.said = b.figures(text)
	}
	b.mu.Lock()
	if len(b.cache) >= remembered {
		clear(b.cache)
	}
	b.cache[key] = a
	b.mu.Unlock()
	return a.said
}

// typedQuote is what somebody typed, as our texts show it.
var typedQuote = regexp.MustCompile(`“[^“”]*”`)

// halfGerman is a quote that a wording opens and that the sign after the text still closes in English.
var halfGerman = regexp.MustCompile(`„([^„“”]*)”`)

// quotesAtMost bounds the quotes in one text that are held apart.
const quotesAtMost = 16

// aroundQuotes words a text but for what it quotes: that was typed, and a stop or a
// comma in it parts nothing. A quote that is itself a text of ours is worded.
func (b *book) aroundQuotes(text string, pressed bool) (string, bool) {
	quotes := typedQuote.FindAllString(text, -1)
	if len(quotes) == 0 || len(quotes) > quotesAtMost {
		return "", false
	}
	if b.wholly(text, pressed) || !slices.ContainsFunc(splitSentences(text), func(one string) bool { return !b.wholly(one, pressed) }) {
		return "", false // the quotes are ours
	}
	var back []string
	held := typedQuote.ReplaceAllStringFunc(text, func(quote string) string {
		inner := strings.TrimSuffix(strings.TrimPrefix(quote, "“"), "”")
		if said, ok := b.exact(inner, false); ok {
			inner = said
		}
		stand := string(firstStand + rune(len(back)/2))
		back = append(back, stand, inner)
		return "“" + stand + "”"
	})
	said, ok := b.phrase(held, pressed, 0)
	return strings.NewReplacer(back...).Replace(halfGerman.ReplaceAllString(said, "„$1“")), ok
}

// wholly says whether a text stands in the catalogue as it is, but for the signs around it.
func (b *book) wholly(text string, pressed bool) bool {
	_, core, _ := unwrap(text)
	_, is := b.exact(text, pressed)
	_, within := b.exact(core, pressed)
	return is || within
}

// firstStand is the first of the private characters that stand for quotes.
const firstStand = '\uE000'

// phrase words a text that the catalogue knows as a whole, without the signs around
// it, by a pattern, or part by part where it knows one part at least.
func (b *book) phrase(text string, pressed bool, depth int) (string, bool) {
	if depth > deepest || !hasLetter(text) {
		return "", false
	}
	if strings.ContainsAny(text, "\n\t") || strings.Contains(text, "  ") {
		text = strings.Join(strings.Fields(text), " ")
	}
	if said, ok := b.exact(text, pressed); ok {
		return said, true
	}
	before, core, after := unwrap(text)
	if core != text {
		if said, ok := b.exact(core, pressed); ok {
			return before + said + after, true
		}
	}
	if said, ok := b.sentences(text, depth); ok {
		return said, true
	}
	for _, between := range []string{" · ", "; "} {
		if said, ok := b.list(text, between, depth); ok {
			return said, true
		}
	}
	best, args := b.bestPattern(text)
	if core != text {
		// The signs around a text may be a pattern's own, or stand in the way of a better one.
		if inner, found := b.bestPattern(core); inner != nil && (best == nil || inner.weight > best.weight) {
			return before + b.filled(inner, found, depth) + after, true
		}
	}
	if best != nil {
		return b.filled(best, args, depth), true
	}
	if core != text {
		if said, ok := b.phrase(core, pressed, depth+1); ok {
			return before + said + after, true
		}
		return "", false
	}
	return b.parts(text, depth)
}

// exact finds the text itself, with or without the full stop that ends it.
func (b *book) exact(text string, pressed bool) (string, bool) {
	if pressed {
		if said, ok := b.texts[pressedMark+text]; ok {
			return said, true
		}
	}
	if said, ok := b.texts[text]; ok {
		return said, true
	}
	if said, ok := b.texts[text+"."]; ok {
		return strings.TrimSuffix(said, "."), true
	}
	// A text that begins a sentence is the text in the middle of one.
	if first, size := utf8.DecodeRuneInString(text); unicode.IsUpper(first) {
		if said, ok := b.texts[string(unicode.ToLower(first))+text[size:]]; ok {
			return capital(said), true
		}
	}
	return "", false
}

func capital(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[size:]
}

// sentences words a run of sentences one by one, when it knows each of them.
func (b *book) sentences(text string, depth int) (string, bool) {
	all := splitSentences(text)
	if len(all) < 2 {
		return "", false
	}
	for i, one := range all {
		said, ok := b.phrase(one, false, depth+1)
		if !ok {
			return "", false
		}
		all[i] = said
	}
	return strings.Join(all, " "), true
}

func splitSentences(text string) (all []string) {
	from := 0
	for i := 0; i+2 < len(text); i++ {
		if (text[i] == '.' || text[i] == '?' || text[i] == '!') && text[i+1] == ' ' && (text[i+2] >= 'A' && text[i+2] <= 'Z' || text[i+2] >= '0' && text[i+2] <= '9') {
			all = append(all, text[from:i+1])
			from = i + 2
		}
	}
	return append(all, text[from:])
}

// list words a list part by part, when it knows each part that has letters.
func (b *book) list(text, between string, depth int) (string, bool) {
	if !strings.Contains(text, between) {
		return "", false
	}
	parts := strings.Split(text, between)
	for i, part := range parts {
		said, ok := b.phrase(part, false, depth+1)
		if !ok && hasLetter(part) {
			return "", false
		}
		if ok {
			parts[i] = said
		} else {
			parts[i] = b.figures(part)
		}
	}
	return strings.Join(parts, between), true
}

// separators stand between parts that are worded each for itself, the strongest first.
var separators = []string{" · ", " – ", " — ", ". ", "; ", ": ", ", ", " / ", " + ", " → "}

// parts words a text part by part; one known part at least makes it a text of ours.
func (b *book) parts(text string, depth int) (string, bool) {
	for _, between := range separators {
		if !strings.Contains(text, between) {
			continue
		}
		parts, known := strings.Split(text, between), false
		for i, part := range parts {
			if said, ok := b.phrase(part, false, depth+1); ok {
				parts[i], known = said, true
			} else {
				parts[i] = b.figures(part)
			}
		}
		if known {
			return strings.Join(parts, between), true
		}
	}
	return "", false
}

// bestPattern is the pattern that says most of a text, with what stands in its places; nil when none fits.
func (b *book) bestPattern(text string) (best *pattern, args []string) {
	eachWord(text, func(word string) {
		for _, p := range b.patterns[word] {
			if best != nil && best.weight >= p.weight {
				continue
			}
			if found, ok := p.match(text); ok {
				best, args = p, found
			}
		}
	})
	return best, args
}

// filled words a text by a pattern that fits it.
func (b *book) filled(best *pattern, args []string, depth int) string {
	for i, arg := range args {
		if said, ok := b.phrase(arg, false, depth+1); ok {
			args[i] = said
		} else {
			args[i] = b.figures(arg)
		}
	}
	return best.fill(args)
}

// unwrap takes the signs off that stand around a text.
func unwrap(text string) (before, core, after string) {
	core = strings.TrimLeft(text, " \u00a0·,;:(–—→/|+•*“„\"[…")
	// "(3) Alarms": how many wait, before a title.
	if counted := strings.TrimLeft(core, "0123456789"); len(counted) < len(core) && strings.HasPrefix(counted, ") ") {
		core = counted[2:]
	}
	before = text[:len(text)-len(core)]
	trimmed := strings.TrimRight(core, " \u00a0·,;:.)–—→/|…?!”“\"]")
	if strings.Count(trimmed, "(") > strings.Count(trimmed, ")") && strings.HasPrefix(core[len(trimmed):], ")") {
		trimmed += ")" // it ends what began within
	}
	return before, trimmed, core[len(trimmed):]
}

func hasLetter(text string) bool {
	return strings.ContainsFunc(text, unicode.IsLetter)
}

// eachWord calls for every run of letters.
func eachWord(text string, call func(string)) {
	from := -1
	for i, r := range text {
		if unicode.IsLetter(r) {
			if from < 0 {
				from = i
			}
			continue
		}
		if from >= 0 {
			call(text[from:i])
			from = -1
		}
	}
	if from >= 0 {
		call(text[from:])
	}
}
