package views

import "strings"

// Marks that turn the direction of reading (Unicode bidirectional overrides, embeddings and
// isolates) let a name look like another: "gnp.exe" reads as "exe.png". Letters of every
// script keep their own direction without them, so they are shown as what they are: a fault.

// Untwist replaces such marks in UTF-8 text, in place: each is as long as the sign for a
// letter that can't be shown.
func Untwist(text []byte) []byte {
	for i := 0; i+2 < len(text); i++ {
		if text[i] == 0xE2 && twists(text[i+1], text[i+2]) {
			copy(text[i:], "\uFFFD")
			i += 2
		}
	}
	return text
}

// UntwistText is Untwist for a string.
func UntwistText(text string) string {
	if !strings.Contains(text, "\xE2\x80") && !strings.Contains(text, "\xE2\x81") {
		return text
	}
	return string(Untwist([]byte(text)))
}

// twists knows U+202A to U+202E and U+2066 to U+2069 by their second and third byte.
func twists(second, third byte) bool {
	return second == 0x80 && third >= 0xAA && third <= 0xAE || second == 0x81 && third >= 0xA6 && third <= 0xA9
}
