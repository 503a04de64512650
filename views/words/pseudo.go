package words

import "strings"

// accents are letters that read alike and prove that a page keeps what it is given.
var accents = strings.NewReplacer(
	"a", "á", "b", "ƀ", "c", "ç", "d", "ð", "e", "é", "f", "ƒ", "g", "ĝ", "h", "ĥ", "i", "í", "j", "ĵ", "k", "ķ", "l", "ļ", "m", "ɱ",
	"n", "ñ", "o", "ó", "p", "þ", "q", "ǫ", "r", "ŕ", "s", "š", "t", "ţ", "u", "ú", "v", "ṽ", "w", "ŵ", "x", "ẋ", "y", "ý", "z", "ž",
	"A", "Å", "B", "Ɓ", "C", "Ç", "D", "Ð", "E", "É", "F", "Ƒ", "G", "Ĝ", "H", "Ĥ", "I", "Î", "J", "Ĵ", "K", "Ķ", "L", "Ļ", "M", "Ṁ",
	"N", "Ñ", "O", "Ó", "P", "Þ", "Q", "Ǫ", "R", "Ŕ", "S", "Š", "T", "Ţ", "U", "Û", "V", "Ṽ", "W", "Ŵ", "X", "Ẋ", "Y", "Ý", "Z", "Ž")

// pseudo is a key as the pseudo-locale says it: in brackets, with accents, two fifths
// longer. What stands in braces stays.
func pseudo(key string) string {
	var out strings.Builder
	out.WriteString("[")
	for rest := key; rest != ""; {
		open := strings.IndexByte(rest, '{')
		if open < 0 {
			out.WriteString(accents.Replace(rest))
			break
		}
		end := strings.IndexByte(rest[open:], '}')
		if end < 0 {
			out.WriteString(accents.Replace(rest))
			break
		}
		out.WriteString(accents.Replace(rest[:open]))
		out.WriteString(rest[open : open+end+1])
		rest = rest[open+end+1:]
	}
	for range (len(key) + 14) / 15 { // six signs more for every fifteen
		out.WriteString(" ~~~~~")
	}
	out.WriteString("]")
	return out.String()
}
