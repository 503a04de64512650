package words

import (
	"regexp"
	"strconv"
	"strings"
)

// pattern is a key with places in it: "{#1} of {2} are free".
type pattern struct {
	literals []string // what stands before, between and after the places
	numeric  []bool   // whether a place takes a number alone
	names    []int    // the number that each place has in the key
	// say is the wording, cut at its places; order names them.
	say    []string
	order  []int
	weight int // how much of it is said and not filled in
}

var place = regexp.MustCompile(`\{(#?)([1-9])\}`)

// compile reads a key with places; nil when it has none.
func compile(key, said string) *pattern {
	p := &pattern{}
	from := 0
	for _, at := range place.FindAllStringSubmatchIndex(key, -1) {
		p.literals = append(p.literals, key[from:at[0]])
		p.numeric = append(p.numeric, at[3] > at[2])
		p.names = append(p.names, number(key[at[4]:at[5]]))
		from = at[1]
	}
	if len(p.names) == 0 {
		return nil
	}
	p.literals = append(p.literals, key[from:])
	for i, literal := range p.literals {
		p.weight += 4 * len(literal)
		if i < len(p.numeric) && p.numeric[i] {
			p.weight++ // a number is surer than any text
		}
	}
	from = 0
	for _, at := range place.FindAllStringSubmatchIndex(said, -1) {
		p.say = append(p.say, said[from:at[0]])
		p.order = append(p.order, number(said[at[4]:at[5]]))
		from = at[1]
	}
	p.say = append(p.say, said[from:])
	return p
}

func number(digit string) int {
	n, _ := strconv.Atoi(digit) // one digit, as the expression says
	return n
}

// words are the words that a text must have to fit.
func (p *pattern) words() (all []string) {
	for _, literal := range p.literals {
		eachWord(literal, func(word string) { all = append(all, word) })
	}
	return all
}

// match is what stands in the places of a text that fits.
func (p *pattern) match(text string) ([]string, bool) {
	rest, ok := strings.CutPrefix(text, p.literals[0])
	if !ok || !strings.HasSuffix(rest, p.literals[len(p.literals)-1]) {
		return nil, false
	}
	args := make([]string, len(p.names))
	if !p.matchFrom(rest, 0, args) {
		return nil, false
	}
	return args, true
}

func (p *pattern) matchFrom(text string, i int, args []string) bool {
	literal := p.literals[i+1]
	if i+1 == len(p.names) {
		arg, ok := strings.CutSuffix(text, literal)
		args[i] = arg
		return ok && p.fits(i, arg)
	}
	if literal == "" {
		return false
	}
	for from := 0; ; {
		at := strings.Index(text[from:], literal)
		if at < 0 {
			return false
		}
		at += from
		if p.fits(i, text[:at]) && p.matchFrom(text[at+len(literal):], i+1, args) {
			args[i] = text[:at]
			return true
		}
		from = at + 1
	}
}

func (p *pattern) fits(i int, arg string) bool {
	if !p.numeric[i] {
		return strings.TrimSpace(arg) != ""
	}
	digit := false
	for _, r := range arg {
		switch {
		case r >= '0' && r <= '9':
			digit = true
		case strings.ContainsRune(".,'’+-−–\u202f\u00a0", r):
		default:
			return false
		}
	}
	return digit
}

// fill says the wording with what stood in the places of the key.
func (p *pattern) fill(args []string) string {
	var out strings.Builder
	for i, literal := range p.say {
		out.WriteString(literal)
		if i < len(p.order) {
			for at, name := range p.names {
				if name == p.order[i] {
					out.WriteString(args[at])
				}
			}
		}
	}
	return out.String()
}
