package words

import (
	"bytes"
	"html"
	"strings"
	"unicode"
)

// Page words the texts and the human attributes of HTML that our components drew;
// everything else stays byte for byte. It reads only what they write: attributes in
// double quotes, no comments within tags.
func (r Reader) Page(page []byte) []byte {
	if r.Plain() {
		return page
	}
	w := rewriter{reader: r, in: page, out: make([]byte, 0, len(page)+len(page)/6)}
	for w.at < len(w.in) {
		next := bytes.IndexByte(w.in[w.at:], '<')
		if next < 0 {
			next = len(w.in) - w.at
		}
		w.text(w.in[w.at : w.at+next])
		w.at += next
		if w.at < len(w.in) {
			w.tag()
		}
	}
	return w.out
}

// rewriter goes through a page once.
type rewriter struct {
	reader Reader
	in     []byte
	out    []byte
	at     int
	// kept is the element whose content is not touched, depth how deep in its like we are.
	kept  string
	depth int
	// pressed is the element that is pressed, such as a button; empty outside.
	pressed string
}

// attribute is where a value stands between its quotes.
type attribute struct {
	name     string
	from, to int
}

// spoken are the attributes that people read or hear.
func spoken(name string) bool {
	switch name {
	case "placeholder", "title", "aria-label", "alt", "data-label", "aria-description", "aria-valuetext", "aria-roledescription", "label":
		return true
	}
	return false
}

// raw are elements whose content is no HTML.
func raw(name string) bool { return name == "script" || name == "style" || name == "textarea" }

// quoted are elements that show what somebody or something wrote.
func quoted(name string) bool {
	switch name {
	case "code", "pre", "kbd", "samp", "var":
		return true
	}
	return false
}

func (w *rewriter) text(text []byte) {
	if w.kept != "" || len(text) == 0 {
		w.out = append(w.out, text...)
		return
	}
	core := bytes.TrimFunc(text, unicode.IsSpace)
	if len(core) == 0 {
		w.out = append(w.out, text...)
		return
	}
	before := bytes.Index(text, core)
	plain := string(core)
	if bytes.IndexByte(core, '&') >= 0 {
		plain = html.UnescapeString(plain)
	}
	said := w.reader.say(plain, w.pressed != "")
	if said == plain {
		w.out = append(w.out, text...)
		return
	}
	w.out = append(w.out, text[:before]...)
	w.out = append(w.out, html.EscapeString(said)...)
	w.out = append(w.out, text[before+len(core):]...)
}

// tag copies one tag, its spoken attributes worded, and notes where it leads.
func (w *rewriter) tag() {
	in := w.in
	if bytes.HasPrefix(in[w.at:], []byte("<!--")) {
		end := bytes.Index(in[w.at:], []byte("-->"))
		if end < 0 {
			w.copyTo(len(in))
			return
		}
		w.copyTo(w.at + end + 3)
		return
	}
	name, closing, from := tagName(in, w.at+1)
	if name == "" { // a doctype, or no tag at all
		w.copyTo(endOfTag(in, w.at))
		return
	}
	if closing {
		w.leave(name)
		w.copyTo(endOfTag(in, w.at))
		return
	}
	attributes, end := readAttributes(in, from)
	w.enter(name, attributes, end)
	if raw(name) {
		w.skip(name)
	}
}

func (w *rewriter) copyTo(end int) {
	w.out = append(w.out, w.in[w.at:end]...)
	w.at = end
}

// enter writes the tag and says whether what follows is kept or pressed.
func (w *rewriter) enter(name string, attributes []attribute, end int) {
	empty := void(name) || end >= 2 && w.in[end-2] == '/'
	if w.kept != "" {
		if name == w.kept && !empty {
			w.depth++
		}
		w.copyTo(end)
		return
	}
	keep, buttonlike, valued := quoted(name), name == "button" || name == "summary", false
	for _, a := range attributes {
		switch a.name {
		case "translate":
			keep = keep || string(w.in[a.from:a.to]) == "no"
		case "value":
			valued = true
		case "class":
			buttonlike = buttonlike || name == "a" && hasClass(w.in[a.from:a.to], "button")
		}
	}
	keep = keep || name == "option" && !valued // its text is what goes back to the server
	if keep {
		if !empty {
			w.kept, w.depth = name, 1
		}
		w.copyTo(end)
		return
	}
	for _, a := range attributes {
		switch {
		case spoken(a.name):
			w.attribute(a, buttonlike || w.pressed != "")
		case name == "html" && a.name == "lang":
			w.copyTo(a.from)
			w.out = append(w.out, w.reader.lang()...)
			w.at = a.to
		}
	}
	w.copyTo(end)
	if buttonlike && w.pressed == "" && !empty {
		w.pressed = name
	}
}

func (r Reader) lang() string {
	if r.Language.Known() {
		return string(r.Language)
	}
	return string(English)
}

func (w *rewriter) attribute(a attribute, pressed bool) {
	value := string(w.in[a.from:a.to])
	plain := html.UnescapeString(value)
	said := w.reader.say(plain, pressed)
	if said == plain {
		return
	}
	w.copyTo(a.from)
	w.out = append(w.out, html.EscapeString(said)...)
	w.at = a.to
}

func (w *rewriter) leave(name string) {
	if w.kept == name {
		if w.depth--; w.depth == 0 {
			w.kept = ""
		}
		return
	}
	if w.kept == "" && w.pressed == name {
		w.pressed = ""
	}
}

// skip copies up to the end tag of an element that holds no HTML.
func (w *rewriter) skip(name string) {
	end := bytes.Index(w.in[w.at:], []byte("</"+name))
	if end < 0 {
		w.copyTo(len(w.in))
		return
	}
	w.copyTo(w.at + end)
}

func tagName(in []byte, at int) (name string, closing bool, end int) {
	if at < len(in) && in[at] == '/' {
		closing = true
		at++
	}
	from := at
	for at < len(in) && (in[at] >= 'a' && in[at] <= 'z' || in[at] >= 'A' && in[at] <= 'Z' || at > from && (in[at] >= '0' && in[at] <= '9' || in[at] == '-')) {
		at++
	}
	return strings.ToLower(string(in[from:at])), closing, at
}

func endOfTag(in []byte, at int) int {
	end := bytes.IndexByte(in[at:], '>')
	if end < 0 {
		return len(in)
	}
	return at + end + 1
}

// readAttributes reads up to the end of a tag; end is what follows it.
func readAttributes(in []byte, at int) (all []attribute, end int) {
	for at < len(in) {
		switch c := in[at]; {
		case c == '>':
			return all, at + 1
		case c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '/':
			at++
		default:
			from := at
			for at < len(in) && !strings.ContainsRune(" \n\t\r=>/", rune(in[at])) {
				at++
			}
			name := string(in[from:at])
			if at+1 >= len(in) || in[at] != '=' || in[at+1] != '"' {
				if at < len(in) && in[at] == '=' {
					at++ // a value without quotes is read as another attribute, and left alone
				}
				if at == from {
					at++
				}
				continue
			}
			at += 2
			length := bytes.IndexByte(in[at:], '"')
			if length < 0 {
				return all, len(in)
			}
			all = append(all, attribute{name, at, at + length})
			at += length + 1
		}
	}
	return all, len(in)
}

func hasClass(list []byte, name string) bool {
	for _, class := range bytes.Fields(list) {
		if string(class) == name {
			return true
		}
	}
	return false
}

// void elements have no end tag.
func void(name string) bool {
	switch name {
	case "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr":
		return true
	}
	return false
}
