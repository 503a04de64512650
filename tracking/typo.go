package tracking

import (
	"slices"
	"strings"
	"unicode"
)

// Scanned is true for what is scanned rather than said: one word with several digits in it.
func Scanned(text string) bool {
	const fewest = 4
	digits := 0
	for _, r := range text {
		if unicode.IsSpace(r) {
			return false
		}
		if unicode.IsDigit(r) {
			digits++
		}
	}
	return digits >= fewest
}

// mostMeant is how many kinds are offered in place of a word that nobody knows.
const mostMeant = 3

// meant are the kinds that somebody may have meant whose words name none: each word is a
// slip of the finger away from one of the kind's words, or from how it begins. The
// nearest come first.
func meant(kinds, words []string) (near []string) {
	far := map[string]int{}
	for _, kind := range kinds {
		if slips, is := slipsTo(kind, words); is {
			far[kind] = slips
			near = append(near, kind)
		}
	}
	slices.SortStableFunc(near, func(a, b string) int { return far[a] - far[b] })
	return near[:min(mostMeant, len(near))]
}

// slipsTo is how many slips lie between what was typed and a kind.
func slipsTo(kind string, words []string) (all int, near bool) {
	of := wordsOf(kind)
	for _, word := range words {
		word = singular(word)
		least := allowed(word) + 1
		for _, other := range of {
			least = min(least, slips(word, other), slips(word, begins(other, len([]rune(word)))))
		}
		if least > allowed(word) {
			return 0, false
		}
		all += least
	}
	return all, len(words) > 0
}

// allowed is how many slips a word may hold. Short words and numbers are too near each other to guess.
func allowed(word string) int {
	n := len([]rune(word))
	switch {
	case n < 4 || strings.ContainsAny(word, "0123456789"):
		return 0
	case n < 7:
		return 1
	}
	return 2
}

func begins(word string, n int) string {
	runes := []rune(word)
	return string(runes[:min(n, len(runes))])
}

// slips is the optimal string alignment distance of two words: letters left out, put in,
// taken for another, or two beside each other swapped.
func slips(a, b string) int {
	from, to := []rune(a), []rune(b)
	before, last, now := make([]int, len(to)+1), make([]int, len(to)+1), make([]int, len(to)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(from); i++ {
		now[0] = i
		for j := 1; j <= len(to); j++ {
			other := 1
			if from[i-1] == to[j-1] {
				other = 0
			}
			now[j] = min(last[j]+1, now[j-1]+1, last[j-1]+other)
			if i > 1 && j > 1 && from[i-1] == to[j-2] && from[i-2] == to[j-1] {
				now[j] = min(now[j], before[j-2]+1)
			}
		}
		before, last, now = last, now, before
	}
	return last[len(to)]
}
